#include "host/output/summary.h"

#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LABEL_WIDTH 24 /* of the label columns at most */
#define PATH_WIDTH 20  /* left to the clips' column at least */
#define NARROW 64      /* below it an issue takes two lines */
#define COUNT_WIDTH 9  /* of the numbers of clips with a reason */

static void pad(struct text *text, int from, int to) {
    for (; from < to; from++) text_string(text, " ");
}

/* A label, or a set of them, as it is shown, freed with text_free. */
static struct text shown_label(const struct run_results *results, const struct run_issue *issue,
                               bool suggested) {
    struct text shown = TEXT_INITIAL;
    char number[16];
    name_visible(&shown, suggested ? run_suggested_label(results, issue, number)
                                   : run_given_label(results, issue, number));
    if (shown.length == 0) text_string(&shown, results->multilabel ? "(none)" : "(empty)");
    return shown;
}

static uint64_t all_clips(const struct run_results *results) {
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    return clips;
}

/* Appends the line, broken to fit after `indent` columns, with its end; empties it. */
static void append_wrapped(struct text *text, struct text *line, int indent, int width) {
    if (line->failed)
        text->failed = true;
    else if (line->data != NULL)
        terminal_wrap(text, line->data, indent, indent, width);
    text_string(text, "\n");
    text_free(line);
}

static void append_plural(struct text *text, uint64_t count, const char *one, const char *many) {
    number_thousands(text, count);
    text_format(text, " %s", count == 1 ? one : many);
}

/* The first clip of a status with its reason, which says what to do. */
static void append_example(struct text *text, const struct run_results *results,
                           enum clip_status status, int width) {
    for (size_t row = 0; results->clips.get != NULL && row < results->clips.count; row++) {
        struct run_clip clip = {.path = NULL};
        results->clips.get(results->clips.context, row, &clip);
        if (clip.status != status) continue;
        const char *shown = run_clip_shown(&clip);
        if (shown == NULL || clip.reason == NULL) return;
        struct text line = TEXT_INITIAL;
        text_string(&line, "first: ");
        name_visible(&line, shown);
        if (shown[0] != '\0') text_string(&line, ": "); /* a row may have no path */
        name_visible(&line, clip.reason);
        text_format(text, "%*s", COUNT_WIDTH + 4, "");
        append_wrapped(text, &line, COUNT_WIDTH + 4, width);
        return;
    }
}

/* A number, and what it counts. */
static void append_count(struct text *text, uint64_t count, const char *what, int width) {
    struct text number = TEXT_INITIAL, line = TEXT_INITIAL;
    number_thousands(&number, count);
    if (number.failed) text->failed = true;
    pad(text, (int)number.length, COUNT_WIDTH);
    text_string(text, number.failed ? "" : number.data);
    text_string(text, "  ");
    text_string(&line, what);
    append_wrapped(text, &line, COUNT_WIDTH + 2, width);
    text_free(&number);
}

static void append_counts(struct text *text, const struct run_results *results, int width) {
    uint64_t clips = all_clips(results);
    uint64_t audited = results->status_counts[CLIP_OK];
    struct text line = TEXT_INITIAL;
    append_plural(&line, clips, "clip", "clips");
    text_string(&line, ", ");
    append_plural(&line, results->class_count, "class", "classes");
    text_string(&line, "; ");
    number_thousands(&line, audited);
    text_string(&line, " audited");
    if (clips > audited) {
        text_string(&line, ", ");
        number_thousands(&line, clips - audited);
        text_string(&line, " not:");
    }
    append_wrapped(text, &line, 0, width);
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (i == CLIP_OK || results->status_counts[i] == 0) continue;
        append_count(text, results->status_counts[i], run_status_words((enum clip_status)i), width);
        append_example(text, results, (enum clip_status)i, width);
    }
    append_plural(&line, results->issue_count, "clip looks mislabelled", "clips look mislabelled");
    if (audited > 0) {
        text_string(&line, " (");
        number_percent(&line, (double)results->issue_count / (double)audited);
        text_string(&line, " of those audited)");
    }
    if (isfinite(results->overall_health)) {
        text_string(&line, "; overall label health ");
        number_percent(&line, results->overall_health);
    }
    append_wrapped(text, &line, 0, width);
}

/* One line for each kind of audio fault that was found. */
static void append_audio_faults(struct text *text, const struct run_results *results, int width) {
    bool any = false;
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        if (results->audio_fault_counts[i] == 0) continue;
        if (!any) {
            text_string(text, "\n");
            terminal_wrap(text,
                          "audio faults (listed in clips.csv; no label is judged by them):", 0, 0,
                          width);
            text_string(text, "\n");
        }
        any = true;
        append_count(text, results->audio_fault_counts[i],
                     audio_fault_rule((enum audio_fault)i)->words, width);
    }
}

/* ---- the first issues ---- */

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
    struct run_clip clip = {.path = NULL};
    if (results->clips.get != NULL) results->clips.get(results->clips.context, row, &clip);
    if (clip.path == NULL)
        text_format(&shown, "row %zu", row);
    else
        name_visible(&shown, run_clip_shown(&clip));
    if (clip.start > 0.0 && run_clip_shown(&clip) == clip.path)
        text_format(&shown, " from %.10g s", clip.start);
    return shown;
}

static void append_issue(struct text *text, const struct run_results *results, size_t index,
                         const struct widths *widths) {
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
}

static void append_issues(struct text *text, const struct run_results *results, int width) {
    size_t count = results->issue_count < SUMMARY_ISSUES ? results->issue_count : SUMMARY_ISSUES;
    if (count == 0) return;
    struct widths widths = measure_issues(results, count, width);
    if (widths.narrow)
        text_format(text, "\nrank  %-*s -> suggested\n", widths.labels[0], "given");
    else
        text_format(text, "\n  rank  score      %-*s -> %-*s  clip\n", widths.labels[0], "given",
                    widths.labels[1], "suggested");
    for (size_t i = 0; i < count; i++) append_issue(text, results, i, &widths);
}

/* ---- the files ---- */

/* "OUT/report.html   what it is" */
static void append_place(struct text *text, const char *folder, const char *name, const char *what,
                         int width) {
    struct text line = TEXT_INITIAL;
    text_format(&line, "%s/%s", folder, name);
    for (size_t length = strlen(name); length < 15; length++) text_string(&line, " ");
    text_format(&line, " %s", what);
    append_wrapped(text, &line, 4, width);
}

static enum error_code put(FILE *stream, struct text *text, struct error *error) {
    if (text_check(text, error) == ERROR_NONE &&
        (fwrite(text->data, 1, text->length, stream) != text->length || fflush(stream) != 0))
        FAIL(error, ERROR_FILE, "cannot write the summary: %s", strerror(errno));
    text_free(text);
    return error->code;
}

enum error_code summary_print(FILE *stream, int width, const char *folder,
                              const struct run_results *results, struct error *error) {
    struct text text = TEXT_INITIAL, place = TEXT_INITIAL, next = TEXT_INITIAL;
    name_visible(&place, folder);
    const char *shown = place.data == NULL ? "" : place.data;
    append_counts(&text, results, width);
    append_issues(&text, results, width);
    append_audio_faults(&text, results, width);
    text_string(&text, "\n");
    append_place(&text, shown, "report.html", "to look at and listen to", width);
    append_place(&text, shown, "issues.csv", "the ranking (issues.jsonl: the same for programs)",
                 width);
    if (results->multilabel)
        append_place(&text, shown, "annotations.csv",
                     "which labels are wrong or missing, a row each", width);
    append_place(&text, shown, "classes.csv", "health of every class", width);
    append_place(&text, shown, "clips.csv", "every clip, with the reason if it was not audited",
                 width);
    text_string(&text, "\n");
    text_format(&next, "Next: open %s/report.html in a browser and %s.", shown,
                results->issue_count > 0 ? "listen to the first clips of the ranking"
                                         : "look at the health of the classes");
    append_wrapped(&text, &next, 0, width);
    if (place.failed) text.failed = true;
    text_free(&place);
    return put(stream, &text, error);
}

/* ---- JSON ---- */

static void append_string(struct text *text, const char *value) {
    if (value == NULL)
        text_string(text, "null");
    else
        text_json(text, value);
}

static void append_first_issues(struct text *text, const struct run_results *results) {
    char number[16];
    for (size_t i = 0; i < results->issue_count && i < SUMMARY_ISSUES; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = {.path = NULL};
        if (results->clips.get != NULL)
            results->clips.get(results->clips.context, issue->row, &clip);
        text_format(text, "%s{\"rank\": %zu, \"row\": %zu, \"path\": ", i == 0 ? "" : ", ", i + 1,
                    issue->row);
        append_string(text, clip.path);
        text_string(text, ", \"given_label\": ");
        text_json(text, run_given_label(results, issue, number));
        text_string(text, ", \"suggested_label\": ");
        text_json(text, run_suggested_label(results, issue, number));
        text_string(text, ", \"score\": ");
        number_json(text, issue->score);
        text_string(text, "}");
    }
}

/* folder/name as one JSON string */
static void append_file(struct text *text, const char *member, const char *folder,
                        const char *name) {
    struct text path = TEXT_INITIAL;
    text_string(&path, folder);
    text_format(&path, "/%s", name);
    text_format(text, ", \"%s\": ", member);
    if (path.failed)
        text->failed = true;
    else
        text_json(text, path.data);
    text_free(&path);
}

enum error_code summary_print_json(FILE *stream, const char *folder,
                                   const struct run_results *results, struct error *error) {
    struct text text = TEXT_INITIAL;
    text_format(&text, "{\"clips\": %llu, \"audited\": %llu, \"not_audited\": {",
                (unsigned long long)all_clips(results),
                (unsigned long long)results->status_counts[CLIP_OK]);
    const char *comma = "";
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (i == CLIP_OK || results->status_counts[i] == 0) continue;
        text_format(&text, "%s\"%s\": %llu", comma, clip_status_name((enum clip_status)i),
                    (unsigned long long)results->status_counts[i]);
        comma = ", ";
    }
    text_string(&text, "}, \"audio_health\": {");
    for (int i = 0; i < AUDIO_FAULT_COUNT && results->has_audio_faults; i++)
        text_format(&text, "%s\"%s\": %llu", i == 0 ? "" : ", ",
                    audio_fault_rule((enum audio_fault)i)->name,
                    (unsigned long long)results->audio_fault_counts[i]);
    text_format(&text,
                "}, \"classes\": %zu, \"issues\": %zu, \"overall_health\": ", results->class_count,
                results->issue_count);
    number_json(&text, results->overall_health);
    text_string(&text, ", \"score\": ");
    append_string(&text, results->score_name);
    text_string(&text, ", \"first_issues\": [");
    append_first_issues(&text, results);
    text_string(&text, "], \"warnings\": [");
    for (size_t i = 0; i < results->warning_count; i++) {
        text_string(&text, i == 0 ? "" : ", ");
        text_json(&text, results->warnings[i]);
    }
    text_string(&text, "], \"folder\": ");
    text_json(&text, folder);
    append_file(&text, "report", folder, "report.html");
    append_file(&text, "issues_csv", folder, "issues.csv");
    append_file(&text, "issues_jsonl", folder, "issues.jsonl");
    append_file(&text, "clips_csv", folder, "clips.csv");
    text_string(&text, "}\n");
    return put(stream, &text, error);
}
