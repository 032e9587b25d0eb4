/* run.json and classes.json of a run, read back. */
#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/output/files.h"
#include "host/report/read_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JSON_FILE_LIMIT ((size_t)256 << 20)

/* Reads and parses a whole JSON file; released by json_decref. */
static json_t *load(const struct run_file *file, struct error *error) {
    char *data = NULL;
    size_t size = 0;
    if (folder_read(file->folder, file->name, JSON_FILE_LIMIT, &data, &size, error) != ERROR_NONE)
        return NULL;
    json_t *json = json_parse(data, size, file->path, error);
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

/* Facts are found by comparing them all, and a run has about a hundred. */
#define MOST_FACTS 4096

static enum error_code read_facts(struct run_facts *facts, json_t *run, const char *path,
                                  struct error *error) {
    const char *key;
    const char *name;
    size_t count = 0;
    json_t *members;
    json_t *value;
    json_object_foreach(run, key, members) {
        if (run_json_is_fixed(key) || !json_is_object(members)) continue;
        count += json_object_size(members);
        if (count > MOST_FACTS)
            return FAIL(error, ERROR_DATA, "%s: more than %d facts, which earmark did not write",
                        path, MOST_FACTS);
        char *section = json_key_bytes(key, error);
        if (section == NULL) return error->code;
        json_object_foreach(members, name, value) {
            read_fact(facts, section, name, value);
        }
        free(section);
    }
    if (facts->failed) return FAIL(error, ERROR_MEMORY, "%s: no memory for its facts", path);
    return ERROR_NONE;
}

static void read_counts(struct run_read *read, const json_t *counts) {
    struct run_results *results = &read->results;
    const json_t *issues = json_object_get(counts, "issues");
    read->stated_issues = json_is_integer(issues) ? json_integer_value(issues) : -1;
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

/* The strings of an array, each owned; other elements are left out. */
static enum error_code read_strings(const json_t *array, char ***strings, size_t *count,
                                    struct error *error) {
    size_t most = json_array_size(array);
    *strings = memory_array(most, sizeof **strings, "the texts of run.json", error);
    if (*strings == NULL) return error->code;
    for (size_t i = 0; i < most; i++) {
        char *string = json_bytes(json_array_get(array, i), error);
        if (string != NULL) (*strings)[(*count)++] = string;
    }
    return error->code;
}

static double number_or_nan(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static struct run_estimate read_estimate(const json_t *count, const char *name) {
    const json_t *estimate = json_object_get(count, name);
    return (struct run_estimate){number_or_nan(estimate, "number"), number_or_nan(estimate, "low"),
                                 number_or_nan(estimate, "high")};
}

/* What a detector found. Runs of version 0.2.0 have none of it. */
static enum error_code read_detector(struct run_read *read, const json_t *run,
                                     struct error *error) {
    struct run_results *results = &read->results;
    const json_t *count = json_object_get(run, "error_count");
    const json_t *belief = json_object_get(run, "belief");
    read->detector = json_bytes(json_object_get(run, "detector"), error);
    results->detector = read->detector;
    results->error_count =
        (struct run_error_count){.errors = read_estimate(count, "errors"),
                                 .flagged_right = read_estimate(count, "flagged_right"),
                                 .unflagged_wrong = read_estimate(count, "unflagged_wrong")};
    results->error_count.estimated = isfinite(results->error_count.errors.number) &&
                                     isfinite(results->error_count.flagged_right.number) &&
                                     isfinite(results->error_count.unflagged_wrong.number);
    results->belief =
        (struct run_belief){.balanced_accuracy = number_or_nan(belief, "balanced_accuracy"),
                            .chance = number_or_nan(belief, "chance"),
                            .majority = number_or_nan(belief, "majority")};
    results->belief.computed = isfinite(results->belief.balanced_accuracy) &&
                               isfinite(results->belief.chance) &&
                               isfinite(results->belief.majority);
    TRY(read_strings(json_object_get(run, "views"), &read->view_names, &results->view_count,
                     error));
    TRY(read_strings(json_object_get(run, "cautions"), &read->cautions, &results->caution_count,
                     error));
    results->view_names = (const char *const *)read->view_names;
    results->cautions = (const char *const *)read->cautions;
    return error->code;
}

/* The field of the groups, which is one of the settings. */
static enum error_code read_group_name(struct run_read *read, const json_t *run,
                                       struct error *error) {
    const json_t *settings = json_object_get(run, "settings");
    read->group_name = json_bytes(json_object_get(settings, "group"), error);
    read->results.group_name = read->group_name;
    return error->code;
}

enum error_code run_read_json(struct run_read *read, const struct run_file *file,
                              struct error *error) {
    json_t *run = load(file, error);
    if (run == NULL) return error->code;
    struct run_results *results = &read->results;
    const json_t *health = json_object_get(run, "overall_health");
    json_int_t format = json_integer_value(json_object_get(run, "format"));
    if (format != 1) {
        FAIL(error, ERROR_UNSUPPORTED,
             "%s: not the run.json of a run that this version can read (\"format\" is %lld, not 1)",
             file->path, (long long)format);
        goto done;
    }
    read->input = json_bytes(json_object_get(run, "source"), error);
    read->root = json_bytes(json_object_get(run, "root"), error);
    read->score_name = json_bytes(json_object_get(run, "score"), error);
    results->input = read->input;
    results->root = read->root;
    results->score_name = read->score_name;
    results->overall_health = json_is_number(health) ? json_number_value(health) : (double)NAN;
    read_counts(read, json_object_get(run, "counts"));
    read_audio_faults(results, json_object_get(run, "audio_health"));
    if (read_facts(&results->facts, run, file->path, error) != ERROR_NONE) goto done;
    const char *separator = run_fact_find(&results->facts, "settings", "label_separator");
    results->multilabel = separator != NULL && strcmp(separator, "null") != 0;
    if (read_strings(json_object_get(run, "warnings"), &read->warnings, &results->warning_count,
                     error) == ERROR_NONE &&
        read_group_name(read, run, error) == ERROR_NONE)
        read_detector(read, run, error);
    results->warnings = (const char *const *)read->warnings;
done:
    json_decref(run);
    return error->code;
}

/* ---- classes.json ---- */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct name_index *)a)->name, ((const struct name_index *)b)->name);
}

int32_t run_read_find_class(const struct run_read *read, const char *name) {
    struct name_index wanted = {name, -1};
    if (read->results.class_count == 0) return -1;
    const struct name_index *found =
        bsearch(&wanted, read->classes_by_name, read->results.class_count,
                sizeof *read->classes_by_name, compare_names);
    return found == NULL ? -1 : found->index;
}

static enum error_code index_classes(struct run_read *read, const struct run_file *file,
                                     struct error *error) {
    size_t count = read->results.class_count;
    read->classes_by_name =
        memory_array(count, sizeof *read->classes_by_name, "the classes of a run", error);
    if (read->classes_by_name == NULL) return error->code;
    for (size_t k = 0; k < count; k++)
        read->classes_by_name[k] = (struct name_index){read->class_names[k], (int32_t)k};
    qsort(read->classes_by_name, count, sizeof *read->classes_by_name, compare_names);
    for (size_t k = 1; k < count; k++)
        if (compare_names(&read->classes_by_name[k - 1], &read->classes_by_name[k]) == 0)
            return FAIL(error, ERROR_DATA, "%s: class %d has the name of class %d", file->path,
                        read->classes_by_name[k].index, read->classes_by_name[k - 1].index);
    return ERROR_NONE;
}

enum error_code run_read_class_names(struct run_read *read, const struct run_file *file,
                                     struct error *error) {
    json_t *names = load(file, error);
    if (names == NULL) return error->code;
    size_t count = json_array_size(names);
    if (!json_is_array(names) || count > INT32_MAX) {
        FAIL(error, ERROR_DATA, "%s: not a list of class names", file->path);
        goto done;
    }
    read->class_names = memory_array(count, sizeof *read->class_names, "class names", error);
    for (size_t k = 0; k < count && error->code == ERROR_NONE; k++) {
        char *name = json_bytes(json_array_get(names, k), error);
        if (name == NULL) {
            FAIL(error, ERROR_DATA, "%s: class %zu has no name", file->path, k);
            break;
        }
        read->class_names[k] = name;
        read->results.class_count = k + 1;
    }
    read->results.class_names = (const char *const *)read->class_names;
    if (error->code == ERROR_NONE) index_classes(read, file, error);
done:
    json_decref(names);
    return error->code;
}
