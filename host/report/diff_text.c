/* A comparison for people. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/report/diff.h"

#include <errno.h>
#include <string.h>

#define LISTED 20 /* of each list; --json has all */

/* Adds the line, broken to the width, and frees it. */
static void add_line(struct text *text, struct text *line, int indent, int width) {
    text_format(text, "%*s", indent, "");
    terminal_add_line(text, line, indent, indent == 0 ? 4 : indent + 2, width);
}

static void append_amount(struct text *line, size_t count, const char *what) {
    number_thousands(line, count);
    text_format(line, " %s", what);
}

static void append_label(struct text *line, const char *label) {
    if (label[0] == '\0')
        text_string(line, "(none)");
    else
        name_visible(line, label);
}

/* ---- the beginning ---- */

static void append_run(struct text *text, const char *name, const struct diff_side *side,
                       int width) {
    struct text line = TEXT_INITIAL;
    text_format(&line, "%s  ", name);
    name_visible(&line, side->folder.path);
    text_string(&line, ": ");
    append_amount(&line, side->count, side->count == 1 ? "clip, " : "clips, ");
    append_amount(&line, side->results->issue_count, "flagged");
    if (side->results->error_count.estimated) {
        text_string(&line, ", about ");
        const uint64_t wrong = (uint64_t)(side->results->error_count.errors.number + 0.5);
        append_amount(&line, wrong, wrong == 1 ? "label wrong" : "labels wrong");
    }
    add_line(text, &line, 0, width);
}

static void append_clips(struct text *text, const struct diff *diff, int width) {
    struct text line = TEXT_INITIAL;
    text_string(&line, "clips: ");
    append_amount(&line, diff->common, "in both, ");
    append_amount(&line, diff->added, "added, ");
    append_amount(&line, diff->removed, "removed, ");
    append_amount(&line, diff->moved, "moved or renamed, ");
    append_amount(&line, diff->relabelled, "with another label");
    add_line(text, &line, 0, width);
}

static void append_issues(struct text *text, const struct diff *diff, int width) {
    struct text line = TEXT_INITIAL;
    text_string(&line, "issues: ");
    for (int kind = 0; kind < DIFF_KINDS; kind++) {
        append_amount(&line, diff->kinds[kind].count, diff_kind_name((enum diff_kind)kind));
        text_string(&line, ", ");
    }
    append_amount(&line, diff->open, "still open");
    add_line(text, &line, 0, width);
}

static void append_value(struct text *line, const char *json) {
    if (json == NULL)
        text_string(line, "not stated");
    else
        name_visible(line, json);
}

/* What may have changed the judgement though no label did. */
static void append_settings(struct text *text, const struct diff *diff, int width) {
    struct text line = TEXT_INITIAL;
    if (diff->setting_count == 0) return;
    text_string(&line, "note: the runs have other settings, from which changes may come: ");
    for (size_t i = 0; i < diff->setting_count; i++) {
        const struct diff_setting *setting = &diff->settings[i];
        text_string(&line, i == 0 ? "" : "; ");
        if (strcmp(setting->section, "settings") != 0) {
            name_visible(&line, setting->section);
            text_string(&line, " ");
        }
        name_visible(&line, setting->name);
        text_string(&line, " ");
        append_value(&line, setting->old);
        text_string(&line, " -> ");
        append_value(&line, setting->new);
    }
    add_line(text, &line, 0, width);
}

/* ---- lists ---- */

static void append_suggestion(struct text *line, const struct diff_side *side, size_t row) {
    char number[16];
    const struct run_issue *issue = &side->results->issues[side->clips[row].issue - 1];
    text_string(line, ", looks like ");
    append_label(line, run_suggested_label(side->results, issue, number));
}

/* "cat -> dog", or the one label. */
static void append_labels(struct text *line, const struct diff *diff,
                          const struct diff_pair *pair) {
    const bool is_old = pair->old != DIFF_NO_ROW, is_new = pair->new != DIFF_NO_ROW;
    const bool changed =
        is_old && is_new && diff->old.clips[pair->old].label != diff->new.clips[pair->new].label;
    if (is_old) append_label(line, diff_label(&diff->old, pair->old));
    if (changed) text_string(line, " -> ");
    if (is_new && (changed || !is_old)) append_label(line, diff_label(&diff->new, pair->new));
}

static void append_cause(struct text *line, const struct diff *diff, enum diff_kind kind,
                         const struct diff_pair *pair) {
    const struct diff_side *side = kind == DIFF_NEW ? &diff->old : &diff->new;
    const size_t row = kind == DIFF_NEW ? pair->old : pair->new;
    const char *status = row == DIFF_NO_ROW || side->clips[row].status == CLIP_OK
                             ? NULL
                             : run_status_words((enum clip_status)side->clips[row].status);
    switch (diff_cause(diff, kind, pair)) {
    case DIFF_CLIP_ADDED: text_string(line, "; the clip is new"); break;
    case DIFF_CLIP_REMOVED: text_string(line, "; the clip is gone"); break;
    default:
        if (status != NULL)
            text_format(line, "; not audited %s: %s", kind == DIFF_NEW ? "in OLD" : "now", status);
    }
}

static void append_pair(struct text *text, const struct diff *diff, enum diff_kind kind,
                        const struct diff_pair *pair, int width) {
    struct text line = TEXT_INITIAL;
    const bool is_old = pair->old != DIFF_NO_ROW, is_new = pair->new != DIFF_NO_ROW;
    name_visible(&line, is_new ? diff_id(&diff->new, pair->new) : diff_id(&diff->old, pair->old));
    text_string(&line, ": ");
    append_labels(&line, diff, pair);
    if (is_new && diff->new.clips[pair->new].issue != 0)
        append_suggestion(&line, &diff->new, pair->new);
    append_cause(&line, diff, kind, pair);
    if (is_old && is_new && diff->old.clips[pair->old].id != diff->new.clips[pair->new].id) {
        text_string(&line, "; was ");
        name_visible(&line, diff_id(&diff->old, pair->old));
    }
    add_line(text, &line, 2, width);
}

static void append_rest(struct text *text, size_t count, int width) {
    struct text line = TEXT_INITIAL;
    if (count <= LISTED) return;
    text_string(&line, "and ");
    append_amount(&line, count - LISTED, "more; --json lists all");
    add_line(text, &line, 2, width);
}

static void append_kind(struct text *text, const struct diff *diff, enum diff_kind kind,
                        int width) {
    static const char *const titles[DIFF_KINDS] = {
        [DIFF_FIXED] = "fixed since: flagged in OLD, given another label, not flagged now",
        [DIFF_NEW] = "new: flagged now, not in OLD",
        [DIFF_REOPENED] = "reopened: flagged in OLD, given another label, flagged again",
        [DIFF_GONE] = "gone: flagged in OLD, not now, though no other label was given"};
    const struct diff_pairs *pairs = &diff->kinds[kind];
    struct text line = TEXT_INITIAL;
    if (pairs->count == 0) return;
    text_string(&line, titles[kind]);
    text_string(text, "\n");
    add_line(text, &line, 0, width);
    for (size_t i = 0; i < pairs->count && i < LISTED; i++)
        append_pair(text, diff, kind, &pairs->list[i], width);
    append_rest(text, pairs->count, width);
}

static void append_side(struct text *line, const struct run_class *class) {
    if (class == NULL) {
        text_string(line, "no such class");
        return;
    }
    number_percent(line, class->label_quality);
    text_string(line, " of ");
    append_amount(line, (size_t) class->examples, class->examples == 1 ? "clip" : "clips");
}

static void append_classes(struct text *text, const struct diff *diff, int width) {
    size_t moved = 0;
    struct text line = TEXT_INITIAL;
    while (moved < diff->class_count && diff->classes[moved].moved >= DIFF_MOVED) moved++;
    if (moved == 0) return;
    text_string(&line, "label quality of ");
    append_amount(&line, moved, "of ");
    append_amount(&line, diff->class_count, "classes moved by 1% or more:");
    text_string(text, "\n");
    add_line(text, &line, 0, width);
    for (size_t k = 0; k < moved && k < LISTED; k++) {
        append_label(&line, diff->classes[k].name);
        text_string(&line, ": ");
        append_side(&line, diff->classes[k].old);
        text_string(&line, " -> ");
        append_side(&line, diff->classes[k].new);
        add_line(text, &line, 2, width);
    }
    append_rest(text, moved, width);
}

enum error_code diff_print(FILE *stream, int width, const struct diff *diff, struct error *error) {
    struct text text = TEXT_INITIAL;
    append_run(&text, "OLD", &diff->old, width);
    append_run(&text, "NEW", &diff->new, width);
    append_clips(&text, diff, width);
    append_issues(&text, diff, width);
    append_settings(&text, diff, width);
    for (int kind = 0; kind < DIFF_KINDS; kind++)
        append_kind(&text, diff, (enum diff_kind)kind, width);
    append_classes(&text, diff, width);
    if (text_check(&text, error) == ERROR_NONE) {
        terminal_print(stream, text.data);
        if (fflush(stream) != 0 || ferror(stream) != 0)
            FAIL(error, ERROR_FILE, "cannot write the comparison: %s", strerror(errno));
    }
    text_free(&text);
    return error->code;
}
