#include "host/output/summary.h"

#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/output/findings.h"
#include "host/output/summary_internal.h"

#include <math.h>
#include <string.h>

#define COUNT_WIDTH 9 /* of the numbers of clips with a reason */

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
        summary_wrapped(text, &line, COUNT_WIDTH + 4, width);
        return;
    }
}

/* A number, and what it counts. */
static void append_count(struct text *text, uint64_t count, const char *what, int width) {
    struct text number = TEXT_INITIAL, line = TEXT_INITIAL;
    number_thousands(&number, count);
    if (number.failed) text->failed = true;
    if (number.length < COUNT_WIDTH) text_format(text, "%*s", COUNT_WIDTH - (int)number.length, "");
    text_string(text, number.failed ? "" : number.data);
    text_string(text, "  ");
    text_string(&line, what);
    summary_wrapped(text, &line, COUNT_WIDTH + 2, width);
    text_free(&number);
}

/* Of the issues, how many have a copy with another label, and how many belong to no class. */
static void append_marks(struct text *line, const struct run_results *results) {
    uint64_t certain = 0, none = 0;
    if (!run_has_marks(results)) return;
    for (size_t i = 0; i < results->issue_count; i++) {
        certain += results->issues[i].certain;
        none += results->issues[i].none_of_classes;
    }
    if (certain > 0) {
        text_string(line, "; ");
        append_plural(line, certain, "has the sound of a clip with another label",
                      "have the sound of a clip with another label");
    }
    if (none > 0) {
        text_string(line, certain > 0 ? ", " : "; ");
        append_plural(line, none, "fits none of the classes", "fit none of the classes");
    }
}

/* How many clips are flagged, how many labels are wrong, and how well the classes are known. */
static void append_flagged(struct text *text, const struct run_results *results, int width) {
    uint64_t audited = results->status_counts[CLIP_OK];
    struct text line = TEXT_INITIAL;
    append_plural(&line, results->issue_count, "clip looks mislabelled", "clips look mislabelled");
    if (audited > 0) {
        text_string(&line, " (");
        number_percent(&line, (double)results->issue_count / (double)audited);
        text_string(&line, " of those audited)");
    }
    append_marks(&line, results);
    if (results->error_count.estimated) {
        summary_wrapped(text, &line, 0, width);
        run_errors_words(&line, results);
    } else if (isfinite(results->overall_health)) {
        text_string(&line, "; overall label health ");
        number_percent(&line, results->overall_health);
    }
    summary_wrapped(text, &line, 0, width);
    if (!results->belief.computed) return;
    text_format(&line, "balanced accuracy %.2f (chance %.2f, largest class %.2f)",
                results->belief.balanced_accuracy, results->belief.chance,
                results->belief.majority);
    summary_wrapped(text, &line, 0, width);
}

/* What is in the folder beside the clips. */
static void append_not_read(struct text *text, const struct run_results *results, int width) {
    struct text line = TEXT_INITIAL;
    if (results->not_read == NULL || results->not_read[0] == '\0') return;
    text_string(&line, "note: not read: ");
    name_visible(&line, results->not_read);
    summary_wrapped(text, &line, 0, width);
}

static void append_counts(struct text *text, const struct run_results *results, int width) {
    uint64_t clips = summary_clips(results);
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
    summary_wrapped(text, &line, 0, width);
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (i == CLIP_OK || results->status_counts[i] == 0) continue;
        append_count(text, results->status_counts[i], run_status_words((enum clip_status)i), width);
        append_example(text, results, (enum clip_status)i, width);
    }
    append_not_read(text, results, width);
    append_flagged(text, results, width);
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

/* What makes the whole list doubtful, before everything else. */
static void append_cautions(struct text *text, const struct run_results *results, int width) {
    for (size_t i = 0; i < results->caution_count; i++) {
        struct text line = TEXT_INITIAL;
        text_string(&line, "caution: ");
        name_visible(&line, results->cautions[i]);
        terminal_add_line(text, &line, 0, 4, width);
    }
    if (results->caution_count > 0) text_string(text, "\n");
}

/* ---- the files ---- */

/* "OUT/report.html   what it is" */
static void append_place(struct text *text, const char *folder, const char *name, const char *what,
                         int width) {
    struct text line = TEXT_INITIAL;
    text_format(&line, "%s/%s", folder, name);
    for (size_t length = strlen(name); length < 16; length++) text_string(&line, " ");
    text_format(&line, " %s", what);
    summary_wrapped(text, &line, 4, width);
}

enum error_code summary_print(FILE *stream, int width, const char *folder,
                              const struct run_results *results, struct error *error) {
    struct text text = TEXT_INITIAL, place = TEXT_INITIAL, next = TEXT_INITIAL;
    name_visible(&place, folder);
    const char *shown = place.data == NULL ? "" : place.data;
    append_cautions(&text, results, width);
    append_counts(&text, results, width);
    summary_issues(&text, results, width);
    summary_groups(&text, results, width);
    append_audio_faults(&text, results, width);
    text_string(&text, "\n");
    append_place(&text, shown, "report.html",
                 results->has_audio_faults ? "to look at and listen to" : "to look at", width);
    append_place(&text, shown, "issues.csv", "the ranking (issues.jsonl: the same for programs)",
                 width);
    if (results->multilabel)
        append_place(&text, shown, "annotations.csv",
                     "which labels are wrong or missing, a row each", width);
    append_place(&text, shown, "classes.csv", "health of every class", width);
    if (results->group_error_count > 0)
        append_place(&text, shown, "group_errors.csv", "groups with many labels that look wrong",
                     width);
    append_place(&text, shown, "clips.csv", "every clip, with the reason if it was not audited",
                 width);
    text_string(&text, "\n");
    text_format(&next, "Next: open %s/report.html in a browser and %s.", shown,
                results->issue_count == 0   ? "look at the health of the classes"
                : results->has_audio_faults ? "listen to the first clips of the ranking"
                                            : "look at the first rows of the ranking");
    summary_wrapped(&text, &next, 0, width);
    if (place.failed) text.failed = true;
    text_free(&place);
    return summary_put(stream, &text, error);
}
