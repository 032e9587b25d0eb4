#include "host/report/diff.h"

#include "host/base/memory.h"
#include "host/report/diff_match.h"
#include "host/report/read_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- clips ---- */

static enum error_code add_pair(struct diff *diff, enum diff_kind kind, size_t old, size_t new,
                                struct error *error) {
    struct diff_pairs *pairs = &diff->kinds[kind];
    TRY(memory_grow(&pairs->list, &pairs->capacity, pairs->count + 1, sizeof *pairs->list,
                    "a comparison", error));
    pairs->list[pairs->count++] = (struct diff_pair){old, new};
    if (old != DIFF_NO_ROW) diff->old.clips[old].reported = true;
    if (new != DIFF_NO_ROW) diff->new.clips[new].reported = true;
    return ERROR_NONE;
}

static size_t partner_of(const struct diff_clip *clip) {
    return clip->partner == 0 ? DIFF_NO_ROW : clip->partner - 1;
}

static bool is_relabelled(const struct diff *diff, size_t old, size_t new) {
    return diff->old.clips[old].label != diff->new.clips[new].label;
}

/* What was flagged in OLD. A clip that lost its label or can no longer be read is not fixed. */
static enum error_code sort_old_issues(struct diff *diff, struct error *error) {
    const struct run_results *results = diff->old.results;
    for (size_t i = 0; i < results->issue_count && error->code == ERROR_NONE; i++) {
        const size_t row = results->issues[i].row, now = partner_of(&diff->old.clips[row]);
        if (now == DIFF_NO_ROW) {
            add_pair(diff, DIFF_GONE, row, now, error);
            continue;
        }
        const struct diff_clip *clip = &diff->new.clips[now];
        if (clip->issue != 0) continue;
        const bool given = clip->status == CLIP_OK || clip->status == CLIP_TOO_FEW_EXAMPLES ||
                           clip->status == CLIP_LABEL_NOT_IN_TRAINING;
        add_pair(diff, given && is_relabelled(diff, row, now) ? DIFF_FIXED : DIFF_GONE, row, now,
                 error);
    }
    return error->code;
}

static enum error_code sort_new_issues(struct diff *diff, struct error *error) {
    const struct run_results *results = diff->new.results;
    for (size_t i = 0; i < results->issue_count && error->code == ERROR_NONE; i++) {
        const size_t row = results->issues[i].row, then = partner_of(&diff->new.clips[row]);
        if (then == DIFF_NO_ROW || diff->old.clips[then].issue == 0)
            add_pair(diff, DIFF_NEW, then, row, error);
        else if (is_relabelled(diff, then, row))
            add_pair(diff, DIFF_REOPENED, then, row, error);
        else
            diff->open++;
    }
    return error->code;
}

static void count_clips(struct diff *diff, bool every) {
    for (size_t row = 0; row < diff->old.count; row++)
        if (diff->old.clips[row].partner == 0) {
            diff->removed++;
            diff->old.clips[row].reported |= every;
        }
    for (size_t row = 0; row < diff->new.count; row++) {
        struct diff_clip *clip = &diff->new.clips[row];
        const size_t then = partner_of(clip);
        if (then == DIFF_NO_ROW) {
            diff->added++;
            clip->reported |= every;
            continue;
        }
        struct diff_clip *before = &diff->old.clips[then];
        diff->common++;
        diff->moved += before->id != clip->id;
        diff->relabelled += before->label != clip->label;
        if (before->id == clip->id && before->label == clip->label) continue;
        clip->reported |= every;
        before->reported |= every;
    }
}

enum diff_cause diff_cause(const struct diff *diff, enum diff_kind kind,
                           const struct diff_pair *pair) {
    if (pair->old == DIFF_NO_ROW) return DIFF_CLIP_ADDED;
    if (pair->new == DIFF_NO_ROW) return DIFF_CLIP_REMOVED;
    if (kind == DIFF_GONE && diff->new.clips[pair->new].status != CLIP_OK) return DIFF_NOT_AUDITED;
    if (is_relabelled(diff, pair->old, pair->new)) return DIFF_LABEL_CHANGED;
    if (kind == DIFF_NEW && diff->old.clips[pair->old].status != CLIP_OK) return DIFF_NOT_AUDITED;
    return DIFF_JUDGED_ANEW;
}

const char *diff_kind_name(enum diff_kind kind) {
    static const char *const names[DIFF_KINDS] = {[DIFF_FIXED] = "fixed",
                                                  [DIFF_NEW] = "new",
                                                  [DIFF_REOPENED] = "reopened",
                                                  [DIFF_GONE] = "gone"};
    return names[kind];
}

/* ---- classes ---- */

static int compare_classes(const void *a, const void *b) {
    const struct diff_class *first = a, *second = b;
    if (first->moved != second->moved) return first->moved < second->moved ? 1 : -1;
    return strcmp(first->name, second->name);
}

static void measure_move(struct diff_class *class) {
    const double old = class->old == NULL ? (double)NAN : class->old->label_quality;
    const double new = class->new == NULL ? (double)NAN : class->new->label_quality;
    if (isfinite(old) && isfinite(new))
        class->moved = fabs(new - old);
    else
        class->moved = isfinite(old) != isfinite(new) ? 1 : 0;
}

static enum error_code compare_health(struct diff *diff, struct error *error) {
    const struct run_results *old = diff->old.results, *new = diff->new.results;
    const size_t most = old->class_count + new->class_count;
    const struct run_class **found =
        memory_array(old->class_count, sizeof(struct run_class *), "classes", error);
    diff->classes = memory_array(most, sizeof *diff->classes, "classes", error);
    for (size_t k = 0; error->code == ERROR_NONE && k < old->class_count; k++)
        found[old->classes[k].index] = &old->classes[k];
    for (size_t k = 0; error->code == ERROR_NONE && k < new->class_count; k++) {
        const struct run_class *class = &new->classes[k];
        const char *name = new->class_names[class->index];
        const int32_t then = run_read_find_class(diff->old.read, name);
        diff->classes[diff->class_count++] =
            (struct diff_class){.name = name, .old = then < 0 ? NULL : found[then], .new = class};
        if (then >= 0) found[then] = NULL;
    }
    for (size_t k = 0; error->code == ERROR_NONE && k < old->class_count; k++)
        if (found[k] != NULL)
            diff->classes[diff->class_count++] =
                (struct diff_class){.name = old->class_names[k], .old = found[k]};
    free((void *)found);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t k = 0; k < diff->class_count; k++) measure_move(&diff->classes[k]);
    qsort(diff->classes, diff->class_count, sizeof *diff->classes, compare_classes);
    return ERROR_NONE;
}

/* ---- settings ---- */

/* The facts of run.json that say how a run judged. */
static bool is_compared(const char *section, const char *name) {
    static const char *const facts[][2] = {
        {"versions", "earmark"}, {"device", "precision"}, {"model", "hash"},    {"model", "name"},
        {"model", "views"},      {"input", "kind"},       {"input", "resample"}};
    if (strcmp(section, "settings") == 0) return strcmp(name, "near_duplicates_among") != 0;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        if (strcmp(section, facts[i][0]) == 0 && strcmp(name, facts[i][1]) == 0) return true;
    return false;
}

static enum error_code add_setting(struct diff *diff, const struct diff_setting *setting,
                                   struct error *error) {
    TRY(memory_grow(&diff->settings, &diff->setting_capacity, diff->setting_count + 1,
                    sizeof *diff->settings, "settings", error));
    diff->settings[diff->setting_count++] = *setting;
    return ERROR_NONE;
}

static enum error_code compare_settings(struct diff *diff, struct error *error) {
    const struct run_facts *old = &diff->old.results->facts, *new = &diff->new.results->facts;
    for (size_t i = 0; i < old->count; i++) {
        const struct run_fact *fact = &old->list[i];
        const char *now = run_fact_find(new, fact->section, fact->name);
        if (is_compared(fact->section, fact->name) && (now == NULL || strcmp(now, fact->json) != 0))
            TRY(add_setting(
                diff, &(struct diff_setting){fact->section, fact->name, fact->json, now}, error));
    }
    for (size_t i = 0; i < new->count; i++) {
        const struct run_fact *fact = &new->list[i];
        if (is_compared(fact->section, fact->name) &&
            run_fact_find(old, fact->section, fact->name) == NULL)
            TRY(add_setting(
                diff, &(struct diff_setting){fact->section, fact->name, NULL, fact->json}, error));
    }
    return ERROR_NONE;
}

/* ---- both ---- */

enum error_code diff_open(const char *old, const char *new, bool every, enum progress_style style,
                          struct diff *diff, struct error *error) {
    *diff = (struct diff){.old = {.folder = FOLDER_INITIAL}, .new = {.folder = FOLDER_INITIAL}};
    TRY(diff_side_open(old, style, &diff->old, error));
    TRY(diff_side_open(new, style, &diff->new, error));
    TRY(diff_match(&diff->old, &diff->new, error));
    TRY(sort_old_issues(diff, error));
    TRY(sort_new_issues(diff, error));
    count_clips(diff, every);
    TRY(compare_health(diff, error));
    TRY(compare_settings(diff, error));
    TRY(diff_side_texts(&diff->old, error));
    return diff_side_texts(&diff->new, error);
}

void diff_close(struct diff *diff) {
    diff_side_close(&diff->old);
    diff_side_close(&diff->new);
    for (int kind = 0; kind < DIFF_KINDS; kind++) free(diff->kinds[kind].list);
    free(diff->classes);
    free(diff->settings);
}
