/* run.json, classes.json and issues.jsonl of a run, read back. */
#include "host/base/file.h"
#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/output/files.h"
#include "host/report/read_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JSON_FILE_LIMIT ((size_t)256 << 20)
#define LINE_LIMIT ((size_t)16 << 20)

/* Reads and parses a whole JSON file; released by json_decref. */
static json_t *load(const char *path, struct error *error) {
    char *data = NULL;
    size_t size = 0;
    if (file_read(path, JSON_FILE_LIMIT, &data, &size, error) != ERROR_NONE) return NULL;
    json_t *json = json_parse(data, size, path, error);
    free(data);
    return json;
}

/* ---- run.json ---- */

static void read_fact(struct run_facts *facts, const char *section, const char *key,
                      const json_t *value) {
    struct error error = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    char *name = json_key_bytes(key, &error);
    json_append(&text, value);
    if (name == NULL || text.failed)
        facts->failed = true;
    else
        run_fact_json(facts, section, name, text.data);
    text_free(&text);
    free(name);
}

static void read_facts(struct run_facts *facts, json_t *run) {
    const char *key;
    const char *name;
    json_t *members;
    json_t *value;
    json_object_foreach(run, key, members) {
        struct error error = ERROR_INITIAL;
        if (run_json_is_fixed(key) || !json_is_object(members)) continue;
        char *section = json_key_bytes(key, &error);
        if (section == NULL) facts->failed = true;
        json_object_foreach(members, name, value) {
            if (section != NULL) read_fact(facts, section, name, value);
        }
        free(section);
    }
}

static void read_counts(struct run_results *results, const json_t *counts) {
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        const char *name = clip_status_name((enum clip_status)i);
        json_int_t count = json_integer_value(json_object_get(counts, name));
        results->status_counts[i] = count < 0 ? 0 : (uint64_t)count;
    }
}

static void read_audio_faults(struct run_results *results, const json_t *health) {
    results->has_audio_faults = json_is_object(health);
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        const json_t *fault = json_object_get(health, audio_fault_rule((enum audio_fault)i)->name);
        json_int_t count = json_integer_value(json_object_get(fault, "clips"));
        results->audio_fault_counts[i] = count < 0 ? 0 : (uint64_t)count;
    }
}

static enum error_code read_warnings(struct run_read *read, const json_t *warnings,
                                     struct error *error) {
    size_t count = json_array_size(warnings);
    read->warnings = memory_array(count, sizeof *read->warnings, "warnings", error);
    if (read->warnings == NULL) return error->code;
    for (size_t i = 0; i < count; i++) {
        char *warning = json_bytes(json_array_get(warnings, i), error);
        if (warning == NULL) continue;
        read->warnings[read->results.warning_count++] = warning;
    }
    read->results.warnings = (const char *const *)read->warnings;
    return error->code;
}

enum error_code run_read_json(struct run_read *read, const char *path, struct error *error) {
    json_t *run = load(path, error);
    if (run == NULL) return error->code;
    struct run_results *results = &read->results;
    const json_t *health = json_object_get(run, "overall_health");
    json_int_t format = json_integer_value(json_object_get(run, "format"));
    if (format != 1) {
        FAIL(error, ERROR_UNSUPPORTED,
             "%s: not the run.json of a run that this version can read (\"format\" is %lld, not 1)",
             path, (long long)format);
        goto done;
    }
    read->input = json_bytes(json_object_get(run, "source"), error);
    read->root = json_bytes(json_object_get(run, "root"), error);
    read->score_name = json_bytes(json_object_get(run, "score"), error);
    results->input = read->input;
    results->root = read->root;
    results->score_name = read->score_name;
    results->overall_health = json_is_number(health) ? json_number_value(health) : (double)NAN;
    read_counts(results, json_object_get(run, "counts"));
    read_audio_faults(results, json_object_get(run, "audio_health"));
    read_facts(&results->facts, run);
    const char *separator = run_fact_find(&results->facts, "settings", "label_separator");
    results->multilabel = separator != NULL && strcmp(separator, "null") != 0;
    if (results->facts.failed) FAIL(error, ERROR_MEMORY, "%s: no memory for its facts", path);
    if (error->code == ERROR_NONE) read_warnings(read, json_object_get(run, "warnings"), error);
done:
    json_decref(run);
    return error->code;
}

/* ---- classes.json ---- */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct name_index *)a)->name, ((const struct name_index *)b)->name);
}

static int32_t find_class(const struct run_read *read, const char *name) {
    struct name_index wanted = {name, -1};
    if (read->results.class_count == 0) return -1;
    const struct name_index *found =
        bsearch(&wanted, read->classes_by_name, read->results.class_count,
                sizeof *read->classes_by_name, compare_names);
    return found == NULL ? -1 : found->index;
}

static enum error_code index_classes(struct run_read *read, const char *path, struct error *error) {
    size_t count = read->results.class_count;
    read->classes_by_name =
        memory_array(count, sizeof *read->classes_by_name, "the classes of a run", error);
    if (read->classes_by_name == NULL) return error->code;
    for (size_t k = 0; k < count; k++)
        read->classes_by_name[k] = (struct name_index){read->class_names[k], (int32_t)k};
    qsort(read->classes_by_name, count, sizeof *read->classes_by_name, compare_names);
    for (size_t k = 1; k < count; k++)
        if (compare_names(&read->classes_by_name[k - 1], &read->classes_by_name[k]) == 0)
            return FAIL(error, ERROR_DATA, "%s: class %d has the name of class %d", path,
                        read->classes_by_name[k].index, read->classes_by_name[k - 1].index);
    return ERROR_NONE;
}

enum error_code run_read_class_names(struct run_read *read, const char *path, struct error *error) {
    json_t *names = load(path, error);
    if (names == NULL) return error->code;
    size_t count = json_array_size(names);
    if (!json_is_array(names) || count > INT32_MAX) {
        FAIL(error, ERROR_DATA, "%s: not a list of class names", path);
        goto done;
    }
    read->class_names = memory_array(count, sizeof *read->class_names, "class names", error);
    for (size_t k = 0; k < count && error->code == ERROR_NONE; k++) {
        char *name = json_bytes(json_array_get(names, k), error);
        if (name == NULL) {
            FAIL(error, ERROR_DATA, "%s: class %zu has no name", path, k);
            break;
        }
        read->class_names[k] = name;
        read->results.class_count = k + 1;
    }
    read->results.class_names = (const char *const *)read->class_names;
    if (error->code == ERROR_NONE) index_classes(read, path, error);
done:
    json_decref(names);
    return error->code;
}

/* ---- issues.jsonl ---- */

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
    *index = label == NULL ? -1 : find_class(read, label);
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
    return read_neighbours(issue, json_object_get(object, "neighbours"), place, error);
}

enum error_code run_read_issues(struct run_read *read, const char *path, struct error *error) {
    struct file_mapping file;
    TRY(file_map(path, &file, error));
    const char *at = (const char *)file.data;
    const char *end = file.data == NULL ? at : at + file.size;
    struct place place = {path, 0};
    while (at < end && error->code == ERROR_NONE) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline == NULL ? end : newline) - at);
        place.line++;
        if (length > LINE_LIMIT) {
            FAIL(error, ERROR_DATA, "%s, line %zu: %zu bytes; at most %zu are read", path,
                 place.line, length, LINE_LIMIT);
        } else if (length > 0) {
            struct error parsing = ERROR_INITIAL;
            json_t *object = json_parse(at, length, path, &parsing);
            if (object == NULL)
                FAIL(error, parsing.code, "%s, line %zu: not JSON (%s)", path, place.line,
                     parsing.message);
            else
                read_issue(read, object, &place, error);
            json_decref(object);
        }
        at += length + 1;
    }
    file_unmap(&file);
    return error->code;
}
