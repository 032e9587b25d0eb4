/* issues.jsonl of a run, read back. */
#include "host/base/file.h"
#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/report/read_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT ((size_t)16 << 20)

struct place {
    const char *path;
    size_t line;
};

static bool row_number(const json_t *value, size_t *row) {
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0) return false;
    *row = (size_t)number;
    return true;
}

static double number_or_nan(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static enum error_code read_label(const struct run_read *read, const json_t *object,
                                  const char *name, int32_t *index, const struct place *place,
                                  struct error *error) {
    char *label = json_bytes(json_object_get(object, name), error);
    *index = label == NULL ? -1 : run_read_find_class(read, label);
    free(label);
    if (*index < 0)
        FAIL(error, ERROR_DATA, "%s, line %zu: \"%s\" is not a class of classes.json", place->path,
             place->line, name);
    return error->code;
}

static enum error_code read_neighbours(struct run_issue *issue, const json_t *neighbours,
                                       const struct place *place, struct error *error) {
    size_t count = json_array_size(neighbours);
    if (count > RUN_NEIGHBOURS)
        return FAIL(error, ERROR_DATA, "%s, line %zu: %zu neighbours; at most %d are known",
                    place->path, place->line, count, RUN_NEIGHBOURS);
    for (size_t i = 0; i < count; i++) {
        const json_t *neighbour = json_array_get(neighbours, i);
        if (!row_number(json_object_get(neighbour, "row"), &issue->neighbours[i]))
            return FAIL(error, ERROR_DATA, "%s, line %zu: neighbour %zu has no \"row\"",
                        place->path, place->line, i);
        issue->similarities[i] = (float)number_or_nan(neighbour, "similarity");
        issue->neighbour_count = i + 1;
    }
    return ERROR_NONE;
}

/* A joined set of labels, to be freed. */
static enum error_code read_set(const json_t *object, const char *name, const char **set,
                                const struct place *place, struct error *error) {
    *set = json_bytes(json_object_get(object, name), error);
    if (*set == NULL && error->code == ERROR_NONE)
        FAIL(error, ERROR_DATA, "%s, line %zu: \"%s\" is no text", place->path, place->line, name);
    return error->code;
}

/* The wrong and missing labels of a clip of a multilabel run. */
static enum error_code read_annotations(const struct run_read *read, const json_t *object,
                                        struct run_issue *issue, const struct place *place,
                                        struct error *error) {
    const json_t *list = json_object_get(object, "annotations");
    size_t count = json_array_size(list);
    struct run_annotation *annotations =
        memory_array(count, sizeof *annotations, "the labels of a run", error);
    issue->annotations = annotations;
    if (annotations == NULL) return error->code;
    for (size_t i = 0; i < count; i++) {
        const json_t *annotation = json_array_get(list, i);
        TRY(read_label(read, annotation, "label", &annotations[i].class_index, place, error));
        annotations[i].given = json_is_true(json_object_get(annotation, "given"));
        annotations[i].probability = (float)number_or_nan(annotation, "probability");
    }
    issue->annotation_count = count;
    TRY(read_set(object, "given_label", &issue->given_set, place, error));
    return read_set(object, "suggested_label", &issue->suggested_set, place, error);
}

/* Room for one more issue, which the results own from now on. */
static struct run_issue *add_issue(struct run_read *read, struct error *error) {
    struct run_results *results = &read->results;
    if (memory_grow(&read->issues, &read->issue_capacity, results->issue_count + 1,
                    sizeof *read->issues, "the issues of a run", error) != ERROR_NONE)
        return NULL;
    results->issues = read->issues;
    read->issues[results->issue_count] = (struct run_issue){.given = -1, .suggested = -1};
    return &read->issues[results->issue_count++];
}

static float probability_of(const json_t *evidence, const char *estimator, const char *label) {
    return (float)number_or_nan(json_object_get(evidence, estimator), label);
}

/* A number of neighbours; 0 where it is missing. */
static bool read_votes(const json_t *counted, const char *name, uint32_t *votes) {
    const json_t *value = json_object_get(counted, name);
    json_int_t number = json_integer_value(value);
    *votes = number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
    return value == NULL || (json_is_integer(value) && number >= 0 && number <= UINT32_MAX);
}

/* What each view says: an element for each view of run.json, or none at all. */
static enum error_code read_evidence(const struct run_read *read, const json_t *list,
                                     struct run_issue *issue, const struct place *place,
                                     struct error *error) {
    size_t count = json_array_size(list);
    if (count == 0) return ERROR_NONE;
    if (count != read->results.view_count)
        return FAIL(error, ERROR_DATA, "%s, line %zu: evidence of %zu views; run.json has %zu",
                    place->path, place->line, count, read->results.view_count);
    struct run_evidence *evidence =
        memory_array(count, sizeof *evidence, "the evidence of a run", error);
    issue->evidence = evidence;
    for (size_t v = 0; evidence != NULL && v < count; v++) {
        const json_t *view = json_array_get(list, v);
        const json_t *counted = json_object_get(view, "counted");
        for (size_t i = 0; i < RUN_ESTIMATORS; i++) {
            evidence[v].given[i] = probability_of(view, run_estimator_name(i), "given");
            evidence[v].suggested[i] = probability_of(view, run_estimator_name(i), "suggested");
        }
        if (!read_votes(counted, "neighbours", &evidence[v].neighbours) ||
            !read_votes(counted, "with_given", &evidence[v].with_given) ||
            !read_votes(counted, "with_suggested", &evidence[v].with_suggested))
            return FAIL(error, ERROR_DATA, "%s, line %zu: view %zu has impossible counts",
                        place->path, place->line, v);
    }
    return error->code;
}

static enum error_code read_marks(const struct run_read *read, const json_t *object,
                                  struct run_issue *issue, const struct place *place,
                                  struct error *error) {
    issue->none_of_classes = json_is_true(json_object_get(object, "none_of_classes"));
    issue->certain = json_is_true(json_object_get(object, "certain"));
    issue->entropy = number_or_nan(object, "entropy");
    if (issue->certain && !row_number(json_object_get(object, "same_sound"), &issue->same_sound))
        return FAIL(error, ERROR_DATA, "%s, line %zu: certain, but no \"same_sound\"", place->path,
                    place->line);
    return read_evidence(read, json_object_get(object, "evidence"), issue, place, error);
}

static enum error_code read_issue(struct run_read *read, const json_t *object,
                                  const struct place *place, struct error *error) {
    struct run_issue *issue = add_issue(read, error);
    if (issue == NULL) return error->code;
    if (!row_number(json_object_get(object, "row"), &issue->row))
        return FAIL(error, ERROR_DATA, "%s, line %zu: no \"row\"", place->path, place->line);
    if (read->results.multilabel) {
        TRY(read_annotations(read, object, issue, place, error));
    } else {
        TRY(read_label(read, object, "given_label", &issue->given, place, error));
        TRY(read_label(read, object, "suggested_label", &issue->suggested, place, error));
    }
    issue->score = number_or_nan(object, "score");
    issue->self_confidence = number_or_nan(object, "self_confidence");
    issue->normalized_margin = number_or_nan(object, "normalized_margin");
    issue->confidence_weighted_entropy = number_or_nan(object, "confidence_weighted_entropy");
    issue->given_probability = (float)number_or_nan(object, "given_probability");
    issue->suggested_probability = (float)number_or_nan(object, "suggested_probability");
    TRY(read_marks(read, object, issue, place, error));
    return read_neighbours(issue, json_object_get(object, "neighbours"), place, error);
}

enum error_code run_read_issues(struct run_read *read, const struct run_file *file,
                                struct error *error) {
    struct file_mapping mapping;
    TRY(folder_map(file->folder, file->name, &mapping, error));
    const char *at = (const char *)mapping.data;
    const char *end = mapping.data == NULL ? at : at + mapping.size;
    struct place place = {file->path, 0};
    while (at < end && error->code == ERROR_NONE) {
        /* No further than the limit: the file may have no end for hours. */
        size_t left = (size_t)(end - at);
        size_t length = left > LINE_LIMIT ? LINE_LIMIT + 1 : left;
        const char *newline = memchr(at, '\n', length);
        if (newline != NULL) length = (size_t)(newline - at);
        place.line++;
        if (length > LINE_LIMIT) {
            FAIL(error, ERROR_DATA, "%s, line %zu: longer than %zu bytes, which no run writes",
                 file->path, place.line, LINE_LIMIT);
        } else if (length > 0) {
            struct error parsing = ERROR_INITIAL;
            json_t *object = json_parse(at, length, file->path, &parsing);
            if (object == NULL)
                FAIL(error, parsing.code, "%s, line %zu: not JSON (%s)", file->path, place.line,
                     parsing.message);
            else
                read_issue(read, object, &place, error);
            json_decref(object);
        }
        at += length + 1;
    }
    file_unmap(&mapping);
    const size_t count = read->results.issue_count;
    if (error->code == ERROR_NONE && read->stated_issues >= 0 &&
        (uint64_t)read->stated_issues != count)
        FAIL(error, ERROR_DATA,
             "%s: has %zu issues, but run.json counts %lld; the run is damaged: make it again",
             file->path, count, (long long)read->stated_issues);
    return error->code;
}
