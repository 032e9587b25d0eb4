#include "host/review/agreement.h"

#include "host/base/memory.h"
#include "host/clips/string_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what each of them said ---- */

static bool is_usable(const struct decided *decided) {
    return decided->decision.kind != DECISION_UNDO &&
           (decided->state == DECISION_OPEN || decided->state == DECISION_APPLIED);
}

static void count_reviewers(struct agreement *agreement) {
    const struct decisions *decisions = agreement->decisions;
    for (size_t i = 0; i < decisions->count; i++) {
        const struct decided *decided = &decisions->list[i];
        struct agreement_reviewer *reviewer = &agreement->reviewers[decided->reviewer];
        if (decided->decision.kind == DECISION_UNDO) continue;
        reviewer->stale += decided->state == DECISION_STALE;
        reviewer->gone += decided->state == DECISION_GONE;
        if (!is_usable(decided)) continue;
        reviewer->kinds[decided->decision.kind]++;
        reviewer->decided++;
    }
    for (size_t i = 0; i < decisions->reviewer_count; i++)
        agreement->active += agreement->reviewers[i].decided > 0;
}

static int compare_places(const struct decided *one, const struct decided *other) {
    if (one->file != other->file) return one->file < other->file ? -1 : 1;
    return (one->line > other->line) - (one->line < other->line);
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct decided *list = context;
    const struct decided *one = &list[*(const size_t *)a];
    const struct decided *other = &list[*(const size_t *)b];
    if (one->row != other->row) return one->row < other->row ? -1 : 1;
    return compare_places(one, other);
}

static int compare_reviewers(const void *a, const void *b, void *context) {
    const struct decided *list = context;
    const struct decided *one = &list[*(const size_t *)a];
    const struct decided *other = &list[*(const size_t *)b];
    if (one->reviewer != other->reviewer) return one->reviewer < other->reviewer ? -1 : 1;
    return compare_places(one, other);
}

static enum error_code find_lists(struct agreement *agreement, struct error *error) {
    const struct decisions *decisions = agreement->decisions;
    agreement->conflicts =
        memory_array(decisions->clip_count, sizeof *agreement->conflicts, "conflicts", error);
    agreement->unusable =
        memory_array(decisions->count, sizeof *agreement->unusable, "stale decisions", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t i = 0; i < decisions->count; i++) {
        const struct decided *decided = &decisions->list[i];
        if (decided->first && decisions_conflict(decisions, i))
            agreement->conflicts[agreement->conflict_count++] = decisions_answer(decisions, i);
        if (decided->decision.kind != DECISION_UNDO && !is_usable(decided))
            agreement->unusable[agreement->unusable_count++] = i;
    }
    if (agreement->conflict_count > 1)
        qsort_r(agreement->conflicts, agreement->conflict_count, sizeof *agreement->conflicts,
                compare_rows, decisions->list);
    if (agreement->unusable_count > 1)
        qsort_r(agreement->unusable, agreement->unusable_count, sizeof *agreement->unusable,
                compare_reviewers, decisions->list);
    return ERROR_NONE;
}

/* ---- pairs ---- */

#define NO_ANSWER UINT32_MAX

/* The answers of one reviewer: category by clip, numbered in the order of first decisions. */
struct answers {
    size_t clips, reviewers;
    uint32_t *of; /* (clips, reviewers) category */
    struct string_table categories;
};

static enum error_code name_category(const struct decision *decision, struct text *name,
                                     struct error *error) {
    text_clear(name);
    text_string(name, decision_kind_name(decision->kind));
    if (decision->kind == DECISION_RELABEL) text_format(name, " %s", decision->label);
    return text_check(name, error);
}

static enum error_code fill_answers(const struct decisions *decisions, struct answers *answers,
                                    struct text *name, struct error *error) {
    size_t clip = 0;
    answers->of = memory_array(answers->clips * answers->reviewers, sizeof *answers->of,
                               "the answers of the reviewers", error);
    if (answers->of == NULL) return error->code;
    memset(answers->of, 0xff, answers->clips * answers->reviewers * sizeof *answers->of);
    for (size_t i = 0; i < decisions->count; i++) {
        if (!decisions->list[i].first) continue;
        for (size_t at = decisions_answer(decisions, i); at != DECISIONS_NONE;
             at = decisions_answer(decisions, decisions->list[at].next)) {
            const struct decided *decided = &decisions->list[at];
            uint32_t category;
            TRY(name_category(&decided->decision, name, error));
            TRY(string_table_add(&answers->categories, name->data, &category, error));
            answers->of[clip * answers->reviewers + decided->reviewer] = category;
        }
        clip++;
    }
    return ERROR_NONE;
}

/* (observed - expected) / (1 - expected), where expected is how often two that answer at random,
 * each with the shares of its answers, would agree (Cohen, 1960). counts: (categories) each, zero
 * before and after. */
static void compare_pair(const struct answers *answers, struct agreement_pair *pair, size_t *counts,
                         size_t *other_counts) {
    double expected = 0.0;
    pair->kappa = (double)NAN;
    for (size_t clip = 0; clip < answers->clips; clip++) {
        const uint32_t *of = answers->of + clip * answers->reviewers;
        if (of[pair->one] == NO_ANSWER || of[pair->other] == NO_ANSWER) continue;
        pair->common++;
        pair->agreed += of[pair->one] == of[pair->other];
        counts[of[pair->one]]++;
        other_counts[of[pair->other]]++;
    }
    for (size_t i = 0; i < answers->categories.count; i++) {
        expected += (double)counts[i] * (double)other_counts[i];
        counts[i] = other_counts[i] = 0;
    }
    const double common = (double)pair->common;
    expected /= common * common;
    if (pair->common > 0 && expected < 1.0)
        pair->kappa = ((double)pair->agreed / common - expected) / (1.0 - expected);
}

static enum error_code compare_pairs(struct agreement *agreement, const struct answers *answers,
                                     struct error *error) {
    const size_t reviewers = answers->reviewers;
    size_t *counts =
        memory_array(2 * answers->categories.count, sizeof *counts, "the answers", error);
    agreement->pairs =
        memory_array(reviewers * reviewers, sizeof *agreement->pairs, "pairs of reviewers", error);
    for (size_t one = 0; error->code == ERROR_NONE && one < reviewers; one++)
        for (size_t other = one + 1; other < reviewers; other++) {
            struct agreement_pair *pair = &agreement->pairs[agreement->pair_count];
            if (agreement->reviewers[one].decided == 0 || agreement->reviewers[other].decided == 0)
                continue;
            *pair = (struct agreement_pair){.one = one, .other = other};
            compare_pair(answers, pair, counts, counts + answers->categories.count);
            agreement->pair_count++;
        }
    free(counts);
    return error->code;
}

static enum error_code find_pairs(struct agreement *agreement, struct error *error) {
    const struct decisions *decisions = agreement->decisions;
    struct answers answers = {.clips = decisions->clip_count,
                              .reviewers = decisions->reviewer_count};
    struct text name = TEXT_INITIAL;
    if (fill_answers(decisions, &answers, &name, error) == ERROR_NONE)
        compare_pairs(agreement, &answers, error);
    text_free(&name);
    string_table_free(&answers.categories);
    free(answers.of);
    return error->code;
}

enum error_code agreement_find(const struct decisions *decisions, struct agreement *agreement,
                               struct error *error) {
    *agreement = (struct agreement){.decisions = decisions};
    agreement->reviewers = memory_array(decisions->reviewer_count, sizeof *agreement->reviewers,
                                        "the reviewers of a run", error);
    if (agreement->reviewers == NULL) return error->code;
    count_reviewers(agreement);
    TRY(find_lists(agreement, error));
    return find_pairs(agreement, error);
}

void agreement_close(struct agreement *agreement) {
    free(agreement->reviewers);
    free(agreement->pairs);
    free(agreement->conflicts);
    free(agreement->unusable);
    *agreement = (struct agreement){0};
}
