#include "host/output/summary.h"

#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LABEL_WIDTH 24 /* of the label columns at most */

/* Characters of a UTF-8 text, near enough to its width on a terminal. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

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
    if (shown.length == 0) text_string(&shown, results->several_labels ? "(none)" : "(empty)");
    return shown;
}

static uint64_t all_clips(const struct run_results *results) {
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    return clips;
}

static void append_plural(struct text *text, uint64_t count, const char *one, const char *many) {
    number_thousands(text, count);
    text_format(text, " %s", count == 1 ? one : many);
}

/* The first clip of a status with its reason, which says what to do. */
static void append_example(struct text *text, const struct run_results *results,
                           enum clip_status status) {
    for (size_t row = 0; results->clips.get != NULL && row < results->clips.count; row++) {
        struct run_clip clip = {.path = NULL};
        results->clips.get(results->clips.context, row, &clip);
        if (clip.status != status) continue;
        const char *shown = run_clip_shown(&clip);
        if (shown == NULL || clip.reason == NULL) return;
        text_string(text, "             first: ");
        name_visible(text, shown);
        if (shown[0] != '\0') text_string(text, ": "); /* a row may be without a path */
        name_visible(text, clip.reason);
        text_string(text, "\n");
        return;
    }
}

static void append_counts(struct text *text, const struct run_results *results) {
    uint64_t clips = all_clips(results);
    uint64_t audited = results->status_counts[CLIP_OK];
    append_plural(text, clips, "clip", "clips");
    text_string(text, ", ");
    append_plural(text, results->class_count, "class", "classes");
    text_string(text, "; ");
    number_thousands(text, audited);
    text_string(text, " audited");
    if (clips > audited) {
        text_string(text, ", ");
        number_thousands(text, clips - audited);
        text_string(text, " not:");
    }
    text_string(text, "\n");
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (i == CLIP_OK || results->status_counts[i] == 0) continue;
        struct text number = TEXT_INITIAL;
        number_thousands(&number, results->status_counts[i]);
        pad(text, (int)number.length, 9);
        text_append(text, number.data == NULL ? "" : number.data, number.length);
        text_format(text, "  %s\n", run_status_words((enum clip_status)i));
        text_free(&number);
        append_example(text, results, (enum clip_status)i);
    }
    append_plural(text, results->issue_count, "clip looks mislabelled", "clips look mislabelled");
    if (audited > 0) {
        text_string(text, " (");
        number_percent(text, (double)results->issue_count / (double)audited);
        text_string(text, " of those audited)");
    }
    if (isfinite(results->overall_health)) {
        text_string(text, "; overall label health ");
        number_percent(text, results->overall_health);
    }
    text_string(text, "\n");
}

/* One line a kind of fault that there is. */
static void append_health(struct text *text, const struct run_results *results) {
    bool any = false;
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        if (results->audio_fault_counts[i] == 0) continue;
        if (!any)
            text_string(text, "\naudio health (clips.csv says which; no label is judged by it):\n");
        any = true;
        struct text number = TEXT_INITIAL;
        number_thousands(&number, results->audio_fault_counts[i]);
        pad(text, (int)number.length, 9);
        text_append(text, number.data == NULL ? "" : number.data, number.length);
        text_format(text, "  %s\n", audio_fault_rule((enum audio_fault)i)->words);
        text_free(&number);
    }
}

/* The widest given and suggested labels among the first issues, within bounds. */
static void measure_labels(const struct run_results *results, size_t count, int widths[2]) {
    widths[0] = width_of("given");
    widths[1] = width_of("suggested");
    for (size_t i = 0; i < count; i++) {
        for (int side = 0; side < 2; side++) {
            struct text label = shown_label(results, &results->issues[i], side != 0);
            int width = label.data == NULL ? 0 : width_of(label.data);
            if (width > LABEL_WIDTH) width = LABEL_WIDTH;
            if (width > widths[side]) widths[side] = width;
            text_free(&label);
        }
    }
}

static void append_padded(struct text *text, struct text *cell, int width) {
    if (cell->data != NULL) {
        text_append(text, cell->data, cell->length);
        pad(text, width_of(cell->data), width);
    }
    if (cell->failed) text->failed = true;
    text_free(cell);
}

static void append_issue(struct text *text, const struct run_results *results, size_t index,
                         const int widths[2]) {
    const struct run_issue *issue = &results->issues[index];
    struct text given = shown_label(results, issue, false);
    struct text suggested = shown_label(results, issue, true);
    text_format(text, "%6zu  %-9.4g  ", index + 1, issue->score);
    append_padded(text, &given, widths[0]);
    text_string(text, " -> ");
    append_padded(text, &suggested, widths[1]);
    text_string(text, "  ");
    struct run_clip clip = {.path = NULL};
    if (results->clips.get != NULL) results->clips.get(results->clips.context, issue->row, &clip);
    if (clip.path == NULL)
        text_format(text, "row %zu", issue->row);
    else
        name_visible(text, run_clip_shown(&clip));
    if (clip.start > 0.0 && run_clip_shown(&clip) == clip.path)
        text_format(text, " from %.10g s", clip.start);
    text_string(text, "\n");
}

static void append_issues(struct text *text, const struct run_results *results) {
    size_t count = results->issue_count < SUMMARY_ISSUES ? results->issue_count : SUMMARY_ISSUES;
    if (count == 0) return;
    int widths[2];
    measure_labels(results, count, widths);
    text_format(text, "\n  rank  score      given%*s -> suggested%*s  clip\n",
                widths[0] - width_of("given"), "", widths[1] - width_of("suggested"), "");
    for (size_t i = 0; i < count; i++) append_issue(text, results, i, widths);
}

static enum error_code put(FILE *stream, struct text *text, struct error *error) {
    if (text_check(text, error) == ERROR_NONE &&
        (fwrite(text->data, 1, text->length, stream) != text->length || fflush(stream) != 0))
        FAIL(error, ERROR_FILE, "cannot write the summary: %s", strerror(errno));
    text_free(text);
    return error->code;
}

enum error_code summary_print(FILE *stream, const char *folder, const struct run_results *results,
                              struct error *error) {
    struct text text = TEXT_INITIAL;
    struct text place = TEXT_INITIAL;
    name_visible(&place, folder);
    const char *shown = place.data == NULL ? "" : place.data;
    for (size_t i = 0; i < results->warning_count; i++) {
        text_string(&text, "warning: ");
        name_visible(&text, results->warnings[i]);
        text_string(&text, "\n");
    }
    append_counts(&text, results);
    append_issues(&text, results);
    append_health(&text, results);
    text_format(&text, "\n%s/report.html   to look at and listen to\n", shown);
    text_format(&text, "%s/issues.csv    the ranking (issues.jsonl: the same for programs)\n",
                shown);
    if (results->several_labels)
        text_format(&text, "%s/annotations.csv   which labels are wrong or missing, a row each\n",
                    shown);
    text_format(&text, "%s/classes.csv   health of every class\n", shown);
    text_format(&text, "%s/clips.csv     every clip, with the reason when it was not audited\n",
                shown);
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
