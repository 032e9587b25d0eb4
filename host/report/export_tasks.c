/* Tasks of Label Studio: the sound by the path from which Label Studio serves local files, what is
 * known of it, and the suggested label as a prediction. The given label is no annotation, because a
 * task that has one counts as done. */
#include "host/base/json.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/version.h"
#include "host/clips/label_sets.h"
#include "host/report/export_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Segments are regions of their files with a label; whole files have choices. */
struct tasks {
    const struct export *export;
    bool regions;
    char *separator; /* of the labels of a multilabel run; else NULL */
    bool none;       /* some clip fits none of the classes */
    struct label_split split;
    struct text label;
};

static bool is_segment(const struct run_clip *clip) {
    return clip->start > 0 || run_clip_shown(clip) != clip->path;
}

static void look_at_issues(struct tasks *tasks) {
    const struct run_results *results = tasks->export->results;
    for (size_t i = 0; i < results->issue_count; i++) {
        const struct run_clip clip = run_clip_at(&results->clips, results->issues[i].row);
        tasks->regions = tasks->regions || is_segment(&clip);
        tasks->none = tasks->none || results->issues[i].none_of_classes;
    }
}

static enum error_code find_separator(struct tasks *tasks, struct error *error) {
    const char *json = run_fact_find(&tasks->export->results->facts, "settings", "label_separator");
    if (json == NULL || !tasks->export->results->multilabel) return ERROR_NONE;
    json_t *value = json_parse(json, strlen(json), "run.json", error);
    if (value != NULL && json_is_string(value)) tasks->separator = json_bytes(value, error);
    json_decref(value);
    return error->code;
}

static void append_text(struct text *row, const struct text *text) {
    if (text->failed) row->failed = true;
    text_json(row, text->data == NULL ? "" : text->data);
}

/* The suggested labels as an array of strings. */
static enum error_code append_labels(struct tasks *tasks, const struct run_issue *issue,
                                     struct text *row, struct error *error) {
    text_clear(&tasks->label);
    export_suggested(tasks->export, issue, &tasks->label);
    if (tasks->separator == NULL) {
        text_string(row, "[");
        append_text(row, &tasks->label);
        text_string(row, "]");
        return ERROR_NONE;
    }
    char number[16];
    const char *set = run_suggested_label(tasks->export->results, issue, number);
    TRY(label_split_cell(&tasks->split, set, tasks->separator, error));
    text_string(row, "[");
    for (size_t i = 0; i < tasks->split.count; i++) {
        text_clear(&tasks->label);
        name_visible(&tasks->label, tasks->split.pieces[i]);
        text_string(row, i == 0 ? "" : ", ");
        append_text(row, &tasks->label);
    }
    text_string(row, "]");
    return ERROR_NONE;
}

static void append_audio(const struct run_clip *clip, const char *root, struct text *row) {
    struct text url = TEXT_INITIAL;
    size_t length = strlen(root);
    const char *path = clip->path;
    if (path[0] == '/' && strncmp(path, root, length) == 0 && path[length] == '/')
        path += length + 1;
    while (path[0] == '/' || (path[0] == '.' && path[1] == '/')) path++;
    text_string(&url, "/data/local-files/?d=");
    text_url(&url, path);
    append_text(row, &url);
    text_free(&url);
}

static void append_data(struct tasks *tasks, size_t index, const struct run_clip *clip,
                        struct text *row) {
    const struct run_issue *issue = &tasks->export->results->issues[index];
    text_string(row, "{\"data\": {\"audio\": ");
    append_audio(clip, tasks->export->root, row);
    text_string(row, ", \"clip\": ");
    text_json(row, clip->id == NULL ? clip->path : clip->id);
    text_string(row, ", \"label\": ");
    text_clear(&tasks->label);
    export_given(tasks->export, issue, &tasks->label);
    append_text(row, &tasks->label);
    text_string(row, ", \"suggested\": ");
    text_clear(&tasks->label);
    export_suggested(tasks->export, issue, &tasks->label);
    append_text(row, &tasks->label);
    text_format(row, ", \"rank\": %zu, \"score\": ", index + 1);
    number_json(row, issue->score);
    text_string(row, "}");
}

static enum error_code append_task(struct tasks *tasks, size_t index, struct text *row,
                                   struct error *error) {
    const struct run_issue *issue = &tasks->export->results->issues[index];
    const struct run_clip clip = run_clip_at(&tasks->export->results->clips, issue->row);
    const char *type = tasks->regions ? "labels" : "choices";
    double start, end;
    append_data(tasks, index, &clip, row);
    text_string(row, ", \"predictions\": [{\"model_version\": \"earmark " EARMARK_VERSION
                     "\", \"score\": ");
    /* Label Studio refuses other scores than from 0 to 1; the run's is in the data. */
    number_json(row, (double)fminf(fmaxf(issue->suggested_probability, 0.0F), 1.0F));
    text_format(row,
                ", \"result\": [{\"id\": \"issue%zu\", \"from_name\": \"label\", \"to_name\": "
                "\"audio\", \"type\": \"%s\", \"value\": {",
                index + 1, type);
    if (tasks->regions) {
        export_times(&clip, &start, &end);
        text_format(row, "\"start\": %.6f, \"end\": %.6f, \"channel\": 0, ", start, end);
    }
    text_format(row, "\"%s\": ", type);
    TRY(append_labels(tasks, issue, row, error));
    text_string(row, "}}]}]}");
    return ERROR_NONE;
}

static enum error_code write_tasks(struct tasks *tasks, struct error *error) {
    struct table table;
    table_open(&table, tasks->export->folder, "tasks.json", error);
    text_string(&table.row, "[");
    for (size_t i = 0; i < tasks->export->results->issue_count && error->code == ERROR_NONE; i++) {
        text_string(&table.row, i == 0 ? "\n" : ",\n");
        append_task(tasks, i, &table.row, error);
        table_flush_full(&table, error);
    }
    text_string(&table.row, "\n]\n");
    return table_close(&table, error);
}

/* ---- the labelling interface ---- */

static void append_choice(struct tasks *tasks, const char *name, struct text *row) {
    text_clear(&tasks->label);
    name_visible(&tasks->label, name);
    if (tasks->label.failed) row->failed = true;
    text_string(row, tasks->regions ? "    <Label value=\"" : "    <Choice value=\"");
    text_html(row, tasks->label.data == NULL ? "" : tasks->label.data);
    text_string(row, "\"/>\n");
}

static enum error_code write_config(struct tasks *tasks, struct error *error) {
    const struct run_results *results = tasks->export->results;
    struct table table;
    struct text *row = &table.row;
    table_open(&table, tasks->export->folder, "config.xml", error);
    text_string(row, "<View>\n  <Text name=\"given\" value=\"$label\"/>\n"
                     "  <Text name=\"suggested\" value=\"$suggested\"/>\n"
                     "  <Audio name=\"audio\" value=\"$audio\"/>\n");
    if (tasks->regions)
        text_string(row, "  <Labels name=\"label\" toName=\"audio\">\n");
    else
        text_format(row, "  <Choices name=\"label\" toName=\"audio\" choice=\"%s\">\n",
                    results->multilabel ? "multiple" : "single");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        char number[16];
        append_choice(tasks, run_class_name(results, (int32_t)k, number), row);
        table_flush_full(&table, error);
    }
    if (tasks->none) append_choice(tasks, EXPORT_NONE_OF_CLASSES, row);
    text_string(row, tasks->regions ? "  </Labels>\n</View>\n" : "  </Choices>\n</View>\n");
    return table_close(&table, error);
}

enum error_code export_tasks(const struct export *export, struct export_counts *counts,
                             struct error *error) {
    struct tasks tasks = {.export = export};
    look_at_issues(&tasks);
    if (find_separator(&tasks, error) == ERROR_NONE && write_tasks(&tasks, error) == ERROR_NONE)
        write_config(&tasks, error);
    for (size_t i = 0; i < export->results->issue_count; i++)
        counts->files += i == 0 || strcmp(export->sorted[i].path, export->sorted[i - 1].path) != 0;
    free(tasks.separator);
    label_split_close(&tasks.split);
    text_free(&tasks.label);
    return error->code;
}
