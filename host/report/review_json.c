/* The data of a review as JSON. */
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/stop.h"
#include "host/output/findings.h"
#include "host/report/review_data.h"
#include "host/report/review_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REVIEW_JOINT_CLASSES 200u /* more than that: confident_joint.csv has it */
#define STOP_EVERY 1024u          /* issues between two looks for a signal */

/* ---- names and numbers ---- */

/* A string of JSON in which nothing ends a script element or a line of JavaScript. */
static void append_string(struct review_data *data, struct text *out, const char *string) {
    struct text *json = &data->scratch;
    if (string == NULL) {
        text_string(out, "null");
        return;
    }
    text_clear(json);
    text_json(json, string);
    if (json->failed) out->failed = true;
    const char *at = json->data == NULL ? "" : json->data;
    while (*at != '\0') {
        size_t plain = strcspn(at, "<\xe2");
        text_append(out, at, plain);
        at += plain;
        if (*at == '<') {
            text_string(out, "\\u003c");
            at++;
        } else if (strncmp(at, "\xe2\x80\xa8", 3) == 0 || strncmp(at, "\xe2\x80\xa9", 3) == 0) {
            text_string(out, at[2] == '\xa8' ? "\\u2028" : "\\u2029");
            at += 3;
        } else if (*at != '\0') {
            text_append(out, at++, 1);
        }
    }
}

static void append_member(struct review_data *data, struct text *out, const char *name,
                          const char *value) {
    text_format(out, ",\"%s\":", name);
    append_string(data, out, value);
}

/* Exactly: a clip's place is part of what it is known by. */
static void append_place(struct text *out, const char *name, double value) {
    text_format(out, ",\"%s\":", name);
    if (value == 0.0)
        text_string(out, "0");
    else
        number_json(out, value);
}

/* A number rounded to some decimals: there are many of them, and printf takes its time. */
static void append_decimals(struct text *out, double value, int decimals) {
    char digits[32];
    size_t at = sizeof digits;
    double scaled = fabs(value) * pow(10.0, decimals);
    if (!(scaled < 1e15)) {
        text_string(out, "null");
        return;
    }
    uint64_t units = (uint64_t)(scaled + 0.5);
    for (int i = 0; i <= decimals || units > 0; i++, units /= 10) {
        if (i == decimals && decimals > 0) digits[--at] = '.';
        digits[--at] = (char)('0' + units % 10);
    }
    if (value < 0.0) digits[--at] = '-';
    text_append(out, digits + at, sizeof digits - at);
}

static void append_rounded(struct text *out, const char *name, double value, int decimals) {
    text_format(out, ",\"%s\":", name);
    append_decimals(out, value, decimals);
}

/* There are many clips: what one does not have is left out. */
static void append_known(struct text *out, const char *name, double value, int decimals) {
    if (isfinite(value)) append_rounded(out, name, value, decimals);
}

static void append_bool(struct text *out, const char *name, bool value) {
    text_format(out, ",\"%s\":%s", name, value ? "true" : "false");
}

/* ---- labels: numbers of names ---- */

static enum error_code append_index(struct review_data *data, struct text *out, const char *label,
                                    struct error *error) {
    uint32_t number = 0;
    if (label == NULL) {
        text_string(out, "null");
        return ERROR_NONE;
    }
    TRY(string_table_add(&data->names, label, &number, error));
    text_format(out, "%u", number);
    return ERROR_NONE;
}

/* The labels of a joined set. */
static enum error_code append_set(struct review_data *data, struct text *out, const char *set,
                                  struct error *error) {
    const char *separator = data->separator == NULL ? "" : data->separator;
    const size_t skipped = strlen(separator);
    struct text label = TEXT_INITIAL;
    const char *comma = "";
    text_string(out, "[");
    while (set != NULL && *set != '\0' && error->code == ERROR_NONE) {
        const char *end = skipped == 0 ? NULL : strstr(set, separator);
        size_t length = end == NULL ? strlen(set) : (size_t)(end - set);
        text_clear(&label);
        text_append(&label, set, length);
        if (length > 0 && text_check(&label, error) == ERROR_NONE) {
            text_string(out, comma);
            append_index(data, out, label.data, error);
            comma = ",";
        }
        set += length + (end == NULL ? 0 : skipped);
    }
    text_string(out, "]");
    text_free(&label);
    return error->code;
}

static enum error_code append_label(struct review_data *data, struct text *out, const char *label,
                                    struct error *error) {
    if (data->results->multilabel) return append_set(data, out, label, error);
    return append_index(data, out, label, error);
}

/* ---- clips ---- */

/* A row of arrays without clips has no path or place. */
static void append_clip(struct review_data *data, struct text *out, size_t row) {
    struct run_clip clip = run_clip_at(&data->results->clips, row);
    double seconds = run_clip_duration(&clip);
    bool measured = clip.status == CLIP_OK && clip.audio.facts.sound.peak > 0;
    double level =
        measured ? (double)clip.audio.facts.sound.level : (double)NAN; /* root mean square */
    bool placed = clip.path != NULL;
    text_format(out, "{\"row\":%zu", row);
    append_member(data, out, "id", clip.id == NULL ? clip.path : clip.id);
    append_member(data, out, "path", clip.path);
    append_place(out, "start", placed ? clip.start : NAN);
    append_place(out, "end", placed && seconds >= 0.0 ? clip.start + seconds : NAN);
    if (clip.group != NULL) append_member(data, out, "group", clip.group);
    append_known(out, "seconds", placed && seconds >= 0.0 ? seconds : NAN, 4);
    append_known(out, "decibels", level, 1);
}

/* An object that is still open, with the label that the list has. */
static enum error_code append_labelled(struct review_data *data, struct text *out, size_t row,
                                       struct error *error) {
    append_clip(data, out, row);
    text_string(out, ",\"label\":");
    return append_label(data, out, run_clip_at(&data->results->clips, row).label, error);
}

enum error_code review_data_clip(struct review_data *data, size_t row, struct text *out,
                                 struct error *error) {
    TRY(append_labelled(data, out, row, error));
    text_string(out, "}");
    return text_check(out, error);
}

/* ---- issues ---- */

/* The likeliest classes, by probability, equal ones in their order. */
static size_t find_top(struct review_data *data, size_t array_row, size_t top[REVIEW_TOP]) {
    const struct npy_array *array = &data->probabilities;
    const float *values = data->row_values;
    size_t count = 0;
    if (array_row >= array->rows || values == NULL) return 0;
    npy_copy_float32(array, array_row, 1, data->row_values);
    for (size_t k = 0; k < array->columns; k++) {
        if (!isfinite(values[k])) continue;
        if (count == REVIEW_TOP && values[k] <= values[top[count - 1]]) continue;
        size_t at = count < REVIEW_TOP ? count++ : count - 1;
        for (; at > 0 && values[top[at - 1]] < values[k]; at--) top[at] = top[at - 1];
        top[at] = k;
    }
    return count;
}

/* Before the first pair of a list its name, so that a list of none is left out. */
static void append_pair(struct text *out, const char *name, size_t at, size_t number, float value) {
    if (at == 0)
        text_format(out, ",\"%s\":[[%zu,", name, number);
    else
        text_format(out, ",[%zu,", number);
    append_decimals(out, (double)value, 4);
    text_string(out, "]");
}

static void append_top(struct review_data *data, struct text *out, size_t array_row) {
    size_t top[REVIEW_TOP], count = find_top(data, array_row, top);
    for (size_t i = 0; i < count; i++) append_pair(out, "top", i, top[i], data->row_values[top[i]]);
    if (count > 0) text_string(out, "]");
}

/* The likeliest class other than the label; append_top has read the probabilities. */
static void append_other(struct review_data *data, struct text *out, const struct run_clip *clip) {
    const struct npy_array *array = &data->probabilities;
    const float *values = data->row_values;
    size_t best = SIZE_MAX;
    if (clip->array_row < array->rows && values != NULL)
        for (size_t k = 0; k < array->columns; k++)
            if (k != (size_t)clip->class_index && isfinite(values[k]) &&
                (best == SIZE_MAX || values[k] > values[best]))
                best = k;
    if (best == SIZE_MAX)
        text_string(out, ",\"suggested\":null");
    else
        text_format(out, ",\"suggested\":%zu", best);
}

enum error_code review_data_found(struct review_data *data, size_t row, struct text *out,
                                  struct error *error) {
    const struct run_clip clip = run_clip_at(&data->results->clips, row);
    TRY(append_labelled(data, out, row, error));
    append_top(data, out, clip.array_row);
    append_other(data, out, &clip);
    text_string(out, "}");
    return text_check(out, error);
}

/* For each view the numbers of run_evidence_words(), which the page's script makes the words of:
 * neighbours, those with the given and with the suggested label, and the probabilities of both for
 * each estimator. Rounded as it does. */
static void append_evidence(struct review_data *data, struct text *out,
                            const struct run_issue *issue) {
    if (issue->evidence == NULL || data->results->view_count == 0) return;
    text_string(out, ",\"evidence\":");
    for (size_t v = 0; v < data->results->view_count; v++) {
        const struct run_evidence *evidence = &issue->evidence[v];
        text_format(out, "%s[%u,%u,%u", v == 0 ? "[" : ",", evidence->neighbours,
                    evidence->with_given, evidence->with_suggested);
        for (size_t i = 0; i < RUN_ESTIMATORS && !run_evidence_counts(evidence, i); i++) {
            if (run_evidence_known(evidence, i))
                text_format(out, ",%.2f,%.2f", (double)evidence->given[i],
                            (double)evidence->suggested[i]);
            else
                text_string(out, ",null,null");
        }
        text_string(out, "]");
    }
    text_string(out, "]");
}

static void append_near(const struct review_data *data, struct text *out, size_t issue) {
    static const char *const names[] = {"near_given", "near_suggested"};
    for (size_t side = 0; side < 2; side++) {
        size_t count = issue < data->near_count ? data->nearest[issue].counts[side] : 0;
        for (size_t n = 0; n < count; n++) {
            const struct near_clip *near = &data->nearest[issue].found[side][n];
            append_pair(out, names[side], n, near->row, near->similarity);
        }
        if (count > 0) text_string(out, "]");
    }
}

static void append_changes(struct text *out, const struct run_issue *issue) {
    text_string(out, ",\"changes\":[");
    for (size_t i = 0; i < issue->annotation_count; i++) {
        const struct run_annotation *annotation = &issue->annotations[i];
        text_format(out, "%s{\"class\":%d,\"given\":%s", i == 0 ? "" : ",", annotation->class_index,
                    annotation->given ? "true" : "false");
        append_rounded(out, "p", (double)annotation->probability, 4);
        text_string(out, "}");
    }
    text_string(out, "]");
}

static enum error_code append_issue(struct review_data *data, struct text *out, size_t at,
                                    struct error *error) {
    const struct run_results *results = data->results;
    const struct run_issue *issue = &results->issues[at];
    size_t array_row = run_clip_at(&results->clips, issue->row).array_row;
    char number[16];
    if (results->clips.get == NULL) array_row = issue->row;
    append_clip(data, out, issue->row);
    text_format(out, ",\"rank\":%zu,\"given\":", at + 1);
    TRY(append_label(data, out, run_given_label(results, issue, number), error));
    text_string(out, ",\"suggested\":");
    TRY(append_label(data, out, run_suggested_label(results, issue, number), error));
    append_rounded(out, "given_p", (double)issue->given_probability, 6);
    append_rounded(out, "suggested_p", (double)issue->suggested_probability, 6);
    append_rounded(out, "score", issue->score, 6);
    append_known(out, "entropy", run_has_marks(results) ? issue->entropy : NAN, 4);
    if (issue->none_of_classes) append_bool(out, "none", true);
    if (issue->certain) text_format(out, ",\"certain\":true,\"same\":%zu", issue->same_sound);
    append_top(data, out, array_row);
    append_evidence(data, out, issue);
    append_near(data, out, at);
    if (results->multilabel) append_changes(out, issue);
    text_string(out, "}");
    return ERROR_NONE;
}

/* *listed: how many of the issues fit. */
static enum error_code append_issues(struct review_data *data, size_t most_bytes, struct text *out,
                                     size_t *listed, struct error *error) {
    size_t start = out->length;
    text_string(out, ",\"issues\":[");
    for (*listed = 0; *listed < data->results->issue_count; ++*listed) {
        if (most_bytes > 0 && out->length - start > most_bytes) break;
        if (*listed % STOP_EVERY == 0) TRY(stop_check(error));
        text_string(out, *listed == 0 ? "\n" : ",\n");
        TRY(append_issue(data, out, *listed, error));
    }
    text_string(out, "]");
    return text_check(out, error);
}

/* ---- other clips ---- */

static int compare_rows(const void *a, const void *b) {
    size_t first = *(const size_t *)a, second = *(const size_t *)b;
    return (first > second) - (first < second);
}

static enum error_code keep_row(struct review_data *data, size_t *count, size_t row,
                                struct error *error) {
    TRY(memory_grow(&data->rows, &data->row_capacity, *count + 1, sizeof *data->rows,
                    "the clips of a review", error));
    data->rows[(*count)++] = row;
    return ERROR_NONE;
}

/* The first clips of each fault, and in `other` the rows that they are about. */
static enum error_code append_faults(struct review_data *data, struct text *out, size_t *count,
                                     struct error *error) {
    const struct run_clips *clips = &data->results->clips;
    size_t rows[AUDIO_FAULT_COUNT][REPORT_FAULT_CLIPS], counts[AUDIO_FAULT_COUNT] = {0};
    for (size_t row = 0; clips->get != NULL && row < clips->count; row++) {
        struct run_clip clip = run_clip_at(clips, row);
        if (clip.audio.faults == 0) continue;
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
            if ((clip.audio.faults >> i & 1) == 0 || counts[i] == REPORT_FAULT_CLIPS) continue;
            size_t other = audio_fault_other(&clip.audio, (enum audio_fault)i);
            rows[i][counts[i]++] = row;
            TRY(keep_row(data, count, row, error));
            if (other < clips->count) TRY(keep_row(data, count, other, error));
        }
    }
    text_string(out, ",\n\"faults\":[");
    for (int i = 0, first = 1; i < AUDIO_FAULT_COUNT; i++) {
        const struct audio_fault_rule *rule = audio_fault_rule((enum audio_fault)i);
        if (counts[i] == 0) continue;
        text_format(out, "%s{\"name\":\"%s\",\"words\":", first ? "" : ",", rule->name);
        append_string(data, out, rule->words);
        text_string(out, ",\"rows\":[");
        for (size_t n = 0; n < counts[i]; n++)
            text_format(out, n == 0 ? "%zu" : ",%zu", rows[i][n]);
        text_string(out, "]}");
        first = 0;
    }
    text_string(out, "]");
    return ERROR_NONE;
}

/* Every clip that the listed issues and the faults refer to, but for the listed ones. */
static enum error_code append_others(struct review_data *data, struct text *out, size_t listed,
                                     size_t count, struct error *error) {
    const struct run_results *results = data->results;
    size_t *issues = memory_array(listed, sizeof *issues, "the clips of a review", error);
    const char *comma = "\n";
    if (issues == NULL) return error->code;
    for (size_t i = 0; i < listed && error->code == ERROR_NONE; i++) {
        size_t rows[REVIEW_HEARD], heard = review_data_heard(data, i, rows);
        issues[i] = results->issues[i].row;
        for (size_t n = 0; n < heard; n++) keep_row(data, &count, rows[n], error);
    }
    if (listed > 0) qsort(issues, listed, sizeof *issues, compare_rows);
    if (count > 0) qsort(data->rows, count, sizeof *data->rows, compare_rows);
    text_string(out, ",\n\"clips\":{");
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
        const size_t row = data->rows[i];
        bool known = listed > 0 && bsearch(&row, issues, listed, sizeof row, compare_rows) != NULL;
        if (known || (i > 0 && row == data->rows[i - 1])) continue;
        text_format(out, "%s\"%zu\":", comma, row);
        review_data_clip(data, row, out, error);
        comma = ",\n";
    }
    text_string(out, "}");
    free(issues);
    return error->code;
}

/* ---- the object ---- */

static void append_joint(const struct run_results *results, struct text *out) {
    const size_t classes = results->class_count;
    if (results->confident_joint == NULL || classes > REVIEW_JOINT_CLASSES) {
        text_string(out, ",\n\"joint\":null");
        return;
    }
    text_string(out, ",\n\"joint\":{\"counts\":[");
    for (size_t k = 0; k < classes; k++) {
        text_string(out, k == 0 ? "[" : ",[");
        for (size_t j = 0; j < classes; j++)
            text_format(out, j == 0 ? "%lld" : ",%lld",
                        (long long)results->confident_joint[k * classes + j]);
        text_string(out, "]");
    }
    text_string(out, "]}");
}

static void append_range(struct text *out, const char *name, const struct run_estimate *range) {
    text_format(out, "\"%s\":[", name);
    number_json(out, range->number);
    text_string(out, ",");
    number_json(out, range->low);
    text_string(out, ",");
    number_json(out, range->high);
    text_string(out, "]");
}

static void append_estimate(const struct run_results *results, struct text *out) {
    const struct run_error_count *count = &results->error_count;
    if (!count->estimated) {
        text_string(out, ",\n\"estimate\":null");
        return;
    }
    text_string(out, ",\n\"estimate\":{");
    append_range(out, "errors", &count->errors);
    text_string(out, ",");
    append_range(out, "flagged_right", &count->flagged_right);
    text_string(out, ",");
    append_range(out, "unflagged_wrong", &count->unflagged_wrong);
    text_string(out, "}");
}

/* What the numbers of an issue's evidence are of. */
static void append_views(struct review_data *data, struct text *out) {
    text_string(out, ",\"views\":[");
    for (size_t v = 0; v < data->results->view_count; v++) {
        if (v > 0) text_string(out, ",");
        append_string(data, out, data->results->view_names[v]);
    }
    text_string(out, "],\"estimators\":[");
    for (size_t i = 0; i < RUN_ESTIMATORS; i++)
        text_format(out, "%s\"%s\"", i == 0 ? "" : ",", run_estimator_name(i));
    text_string(out, "]");
}

/* After all that may add names. */
static void append_names(struct review_data *data, struct text *out) {
    text_string(out, ",\n\"classes\":[");
    for (size_t k = 0; k < data->names.count; k++) {
        if (k > 0) text_string(out, ",");
        append_string(data, out, string_table_at(&data->names, k));
    }
    text_format(out, "],\"class_count\":%zu", data->results->class_count);
}

enum error_code review_data_write(struct review_data *data, enum review_carrier carrier,
                                  size_t most_bytes, struct text *out, struct error *error) {
    const struct run_results *results = data->results;
    size_t listed = 0, others = 0;
    text_format(out, "{\"v\":1,\"run\":\"%s\",\"carrier\":\"%s\"", data->hash,
                carrier == REVIEW_FILE ? "file" : "server");
    append_member(data, out, "input", results->input);
    append_bool(out, "multilabel", results->multilabel);
    append_member(data, out, "score_name", results->score_name);
    append_member(data, out, "group_name", results->group_name);
    append_member(data, out, "near_view", data->near == NULL ? NULL : NEAR_VIEW);
    text_format(out, ",\"near_issues\":%zu", data->near_count);
    append_views(data, out);
    TRY(append_issues(data, most_bytes, out, &listed, error));
    TRY(append_faults(data, out, &others, error));
    TRY(append_others(data, out, listed, others, error));
    append_joint(results, out);
    append_estimate(results, out);
    append_names(data, out);
    text_format(out, ",\"clip_count\":%zu,\"issue_count\":%zu,\"listed\":%zu}\n",
                results->clips.count, results->issue_count, listed);
    return text_check(out, error);
}
