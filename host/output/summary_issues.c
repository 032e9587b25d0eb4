/* The first issues and groups, for the summary. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/output/findings.h"
#include "host/output/summary.h"
#include "host/output/summary_internal.h"

#define LABEL_WIDTH 24 /* of the label columns at most */
#define PATH_WIDTH 20  /* left to the clips' column at least */
#define NARROW 64      /* below it an issue takes two lines */

static void pad(struct text *text, int from, int to) {
    for (; from < to; from++) text_string(text, " ");
}

/* A label, or a set of them, as it is shown, freed with text_free. */
static struct text shown_label(const struct run_results *results, const struct run_issue *issue,
                               bool suggested) {
    struct text shown = TEXT_INITIAL;
    char number[16];
    if (suggested && issue->none_of_classes && run_has_marks(results)) {
        text_string(&shown, "none of these");
        return shown;
    }
    name_visible(&shown, suggested ? run_suggested_label(results, issue, number)
                                   : run_given_label(results, issue, number));
    if (shown.length == 0) text_string(&shown, results->multilabel ? "(none)" : "(empty)");
    return shown;
}

/* Columns of the given and the suggested label and of the clip; 0: no limit. */
struct widths {
    int labels[2];
    int clip;
    bool narrow; /* the clip is on a line below the labels */
};

/* The widest labels among the first issues, within what the terminal has room for. */
static struct widths measure_issues(const struct run_results *results, size_t count, int width) {
    struct widths widths = {.labels = {terminal_columns("given"), terminal_columns("suggested")},
                            .narrow = width > 0 && width < NARROW};
    int limit = LABEL_WIDTH;
    int beside = widths.narrow ? 6 + 4 : 19 + 4 + 2; /* rank and score, arrow, space */
    if (width > 0 && limit > (width - beside - (widths.narrow ? 0 : PATH_WIDTH)) / 2)
        limit = (width - beside - (widths.narrow ? 0 : PATH_WIDTH)) / 2;
    for (size_t i = 0; i < count; i++) {
        for (int side = 0; side < 2; side++) {
            struct text label = shown_label(results, &results->issues[i], side != 0);
            int columns = label.data == NULL ? 0 : terminal_columns(label.data);
            if (columns > limit) columns = limit;
            if (columns > widths.labels[side]) widths.labels[side] = columns;
            text_free(&label);
        }
    }
    if (width > 0)
        widths.clip =
            widths.narrow ? width - 6 : width - beside - widths.labels[0] - widths.labels[1];
    return widths;
}

/* Appends a cell, cut to `limit` columns (0: whole) and padded to `width`, and frees it. */
static void append_cell(struct text *text, struct text *cell, int limit, int width) {
    struct text shown = TEXT_INITIAL;
    if (cell->data != NULL) terminal_cut(&shown, cell->data, limit);
    if (cell->failed || shown.failed)
        text->failed = true;
    else if (shown.data != NULL)
        text_string(text, shown.data);
    pad(text, shown.data == NULL ? 0 : terminal_columns(shown.data), width);
    text_free(&shown);
    text_free(cell);
}

/* The clip's name, and where it starts in its file. */
static struct text shown_clip(const struct run_results *results, size_t row) {
    struct text shown = TEXT_INITIAL;
    struct run_clip clip = run_clip_at(&results->clips, row);
    if (clip.path == NULL)
        text_format(&shown, "row %zu", row);
    else
        name_visible(&shown, run_clip_shown(&clip));
    if (clip.start > 0.0 && run_clip_shown(&clip) == clip.path)
        text_format(&shown, " from %.10g s", clip.start);
    return shown;
}

/* Appends the text, cut to `limit` columns (0: whole), and frees it. */
static void append_cut(struct text *line, struct text *text, int limit) {
    if (text->failed)
        line->failed = true;
    else if (text->data != NULL)
        terminal_cut(line, text->data, limit);
    text_free(text);
}

/* "certain: low/clip3.wav has the same sound and is labelled low" */
static void append_certain(struct text *text, const struct run_results *results,
                           const struct run_issue *issue, int indent, int width) {
    struct text line = TEXT_INITIAL, label = TEXT_INITIAL;
    struct text clip = shown_clip(results, issue->same_sound);
    struct run_clip same = run_clip_at(&results->clips, issue->same_sound);
    text_string(&line, "certain: ");
    append_cut(&line, &clip, width == 0 ? 0 : width - indent - (int)line.length);
    text_string(&line, " has the same sound and ");
    if (same.label == NULL) {
        text_string(&line, "another label");
    } else {
        text_string(&line, "is labelled ");
        name_visible(&label, same.label[0] == '\0' ? "(none)" : same.label);
        append_cut(&line, &label, width == 0 ? 0 : LABEL_WIDTH);
    }
    if (run_copy_is_wrong(issue)) text_string(&line, ", more probably wrongly");
    text_format(text, "%*s", indent, "");
    summary_wrapped(text, &line, indent, width);
}

static void append_issue(struct text *text, const struct run_results *results, size_t index,
                         const struct widths *widths, int width) {
    const struct run_issue *issue = &results->issues[index];
    struct text given = shown_label(results, issue, false);
    struct text suggested = shown_label(results, issue, true);
    struct text clip = shown_clip(results, issue->row);
    bool cut = widths->clip > 0;
    if (widths->narrow)
        text_format(text, "%4zu  ", index + 1);
    else
        text_format(text, "%6zu  %-9.4g  ", index + 1, issue->score);
    append_cell(text, &given, cut ? widths->labels[0] : 0, widths->labels[0]);
    text_string(text, " -> ");
    append_cell(text, &suggested, cut ? widths->labels[1] : 0,
                widths->narrow ? 0 : widths->labels[1]);
    text_string(text, widths->narrow ? "\n      " : "  ");
    append_cell(text, &clip, widths->clip, 0);
    text_string(text, "\n");
    if (issue->certain && run_has_marks(results))
        append_certain(text, results, issue, widths->narrow ? 6 : 19, width);
}

void summary_issues(struct text *text, const struct run_results *results, int width) {
    size_t count = results->issue_count < SUMMARY_ISSUES ? results->issue_count : SUMMARY_ISSUES;
    if (count == 0) return;
    struct widths widths = measure_issues(results, count, width);
    if (widths.narrow)
        text_format(text, "\nrank  %-*s -> suggested\n", widths.labels[0], "given");
    else
        text_format(text, "\n  rank  score      %-*s -> %-*s  clip\n", widths.labels[0], "given",
                    widths.labels[1], "suggested");
    for (size_t i = 0; i < count; i++) append_issue(text, results, i, &widths, width);
}

void summary_groups(struct text *text, const struct run_results *results, int width) {
    if (results->group_error_count == 0) return;
    text_string(text, "\n");
    terminal_wrap(text, "groups with many labels that look wrong:", 0, 0, width);
    text_string(text, "\n");
    for (size_t i = 0; i < results->group_error_count && i < SUMMARY_ISSUES; i++) {
        struct text line = TEXT_INITIAL;
        run_group_words(&line, results, &results->group_errors[i], name_visible);
        text_string(text, "  ");
        summary_wrapped(text, &line, 2, width);
    }
    if (results->group_error_count > SUMMARY_ISSUES) {
        struct text line = TEXT_INITIAL;
        text_string(&line, "and ");
        number_thousands(&line, results->group_error_count - SUMMARY_ISSUES);
        text_string(&line, " more in group_errors.csv");
        text_string(text, "  ");
        summary_wrapped(text, &line, 2, width);
    }
}
