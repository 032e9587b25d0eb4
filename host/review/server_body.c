#include "host/review/server_body.h"

#include "host/base/json.h"
#include "host/base/memory.h"

#include <stdlib.h>
#include <string.h>

int32_t server_class_find(const struct run_results *results, const char *name) {
    char number[16];
    for (size_t i = 0; i < results->class_count; i++)
        if (strcmp(run_class_name(results, (int32_t)i, number), name) == 0) return (int32_t)i;
    return -1;
}

/* The string's bytes, to be freed; NULL and ERROR_DATA for anything else. */
static char *take_string(const json_t *value, const char *what, struct error *error) {
    char *bytes = json_is_string(value) ? json_bytes(value, error) : NULL;
    if (bytes == NULL) FAIL(error, ERROR_DATA, "%s is a string", what);
    return bytes;
}

static char *take_label(const struct run_results *results, const json_t *value,
                        struct error *error) {
    char *label = take_string(value, "a label", error);
    if (label == NULL || server_class_find(results, label) >= 0) return label;
    FAIL(error, ERROR_DATA, "the run has no class '%.100s'", label);
    free(label);
    return NULL;
}

/* Several labels, none too, in their joined form. */
static enum error_code take_set(const struct run_results *results, const json_t *value,
                                struct posted *posted, struct error *error) {
    const size_t count = json_array_size(value);
    struct text set = TEXT_INITIAL;
    if (!json_is_array(value) || count > results->class_count)
        return FAIL(error, ERROR_DATA, "the labels of a clip are an array of classes");
    char **labels = memory_array(count, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    size_t taken = 0;
    for (; taken < count; taken++) {
        labels[taken] = take_label(results, json_array_get(value, taken), error);
        if (labels[taken] == NULL) break;
    }
    if (taken == count && !decision_join((const char **)labels, count, &set))
        FAIL(error, ERROR_DATA, "a label is empty or has a control character");
    for (size_t i = 0; i < taken; i++) free(labels[i]);
    free(labels);
    if (error->code == ERROR_NONE) text_check(&set, error);
    if (error->code == ERROR_NONE) posted->label = memory_string(set.data, error);
    text_free(&set);
    return error->code;
}

static enum error_code read_label(const struct run_results *results, const json_t *object,
                                  struct posted *posted, struct error *error) {
    const json_t *label = json_object_get(object, "label");
    if (posted->kind != DECISION_RELABEL) return ERROR_NONE;
    if (results->multilabel) return take_set(results, label, posted, error);
    posted->label = take_label(results, label, error);
    return error->code;
}

static enum error_code read_step(const json_t *object, struct posted *posted, struct error *error) {
    const json_t *step = json_object_get(object, "step");
    if (step == NULL || json_is_null(step)) return ERROR_NONE;
    if (!json_is_string(step) || !decision_digits_are_good(json_string_value(step)))
        return FAIL(error, ERROR_DATA, "a step has 16 hexadecimal digits");
    memcpy(posted->step, json_string_value(step), sizeof posted->step);
    return ERROR_NONE;
}

static enum error_code read_rest(const json_t *object, struct posted *posted, struct error *error) {
    const json_t *heard = json_object_get(object, "heard");
    const json_t *note = json_object_get(object, "note");
    posted->bulk = json_is_true(json_object_get(object, "bulk"));
    TRY(read_step(object, posted, error));
    if (heard != NULL) {
        const json_int_t times = json_integer_value(heard);
        if (!json_is_integer(heard) || times < 0 || times > UINT32_MAX)
            return FAIL(error, ERROR_DATA, "heard is a whole number");
        posted->heard = (uint32_t)times;
    }
    if (note == NULL || json_is_null(note)) return ERROR_NONE;
    posted->note = take_string(note, "a note", error);
    if (posted->note == NULL || decision_note_is_good(posted->note)) return error->code;
    return FAIL(error, ERROR_DATA, "a note has at most %zu bytes and no control characters",
                DECISION_NOTE_MAXIMUM);
}

static enum error_code read_decision(const struct run_results *results, const json_t *object,
                                     struct posted *posted, struct error *error) {
    const json_t *row = json_object_get(object, "row");
    const json_t *kind = json_object_get(object, "decision");
    if (!json_is_object(object)) return FAIL(error, ERROR_DATA, "a decision is an object");
    if (!json_is_integer(row) || json_integer_value(row) < 0 ||
        (uint64_t)json_integer_value(row) >= results->clips.count)
        return FAIL(error, ERROR_DATA, "a row is a whole number below %zu", results->clips.count);
    posted->row = (size_t)json_integer_value(row);
    posted->kind = decision_kind_find(json_string_value(kind));
    if (posted->kind == DECISION_KINDS)
        return FAIL(error, ERROR_DATA, "a decision is keep, relabel, unsure, exclude or undo");
    TRY(read_label(results, object, posted, error));
    return read_rest(object, posted, error);
}

static bool names_another(const json_t *object, const char *run_hash) {
    const json_t *run = json_object_get(object, "run");
    return json_is_string(run) && strcmp(json_string_value(run), run_hash) != 0;
}

static enum error_code read_list(const struct run_results *results, const char *run_hash,
                                 const json_t *json, struct posted_list *posted,
                                 struct error *error) {
    const json_t *list = json_object_get(json, "decisions");
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > SERVER_BODY_DECISIONS)
        return FAIL(error, ERROR_DATA, "decisions is an array of 1 to %u", SERVER_BODY_DECISIONS);
    posted->of_another_run = names_another(json, run_hash);
    posted->list = memory_array(count, sizeof *posted->list, "decisions", error);
    if (posted->list == NULL) return error->code;
    for (; posted->count < count && error->code == ERROR_NONE; posted->count++) {
        const json_t *object = json_array_get(list, posted->count);
        if (names_another(object, run_hash)) posted->of_another_run = true;
        read_decision(results, object, &posted->list[posted->count], error);
    }
    return error->code;
}

enum error_code server_body_read(const struct run_results *results, const char *run_hash,
                                 const char *body, size_t size, struct posted_list *posted,
                                 struct error *error) {
    *posted = (struct posted_list){NULL, 0, false};
    json_t *json = json_parse(body, size, "decisions", error);
    if (json != NULL) read_list(results, run_hash, json, posted, error);
    json_decref(json);
    return error->code;
}

void server_body_free(struct posted_list *posted) {
    for (size_t i = 0; i < posted->count; i++) {
        free(posted->list[i].label);
        free(posted->list[i].note);
    }
    free(posted->list);
    *posted = (struct posted_list){NULL, 0, false};
}
