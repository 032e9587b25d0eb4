#include "host/report/review_data.h"

#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/numbers.h"
#include "host/base/stop.h"
#include "host/clips/string_table.h"
#include "host/output/findings.h"
#include "host/report/limits.h"
#include "host/report/review_internal.h"
#include "host/report/run_hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

/* The classes in their order; labels that are none are added as they come. */
static enum error_code name_classes(struct review_data *data, struct error *error) {
    char number[16];
    uint32_t unused;
    for (size_t k = 0; k < data->results->class_count; k++)
        TRY(string_table_add(&data->names, run_class_name(data->results, (int32_t)k, number),
                             &unused, error));
    return ERROR_NONE;
}

/* pred_probs.npy, if it is there and fits. */
static enum error_code open_probabilities(const struct folder *folder, struct review_data *data,
                                          struct error *error) {
    struct npy_array *array = &data->probabilities;
    if (!folder_has(folder, "pred_probs.npy")) return ERROR_NONE;
    TRY(npy_open_in(folder, "pred_probs.npy", array, error));
    if (array->dimensions != 2 || array->columns != data->results->class_count ||
        !npy_type_is_float(array->type))
        return FAIL(error, ERROR_DATA,
                    "%s/pred_probs.npy: no matrix of numbers for %zu classes; the run is damaged: "
                    "make it again",
                    folder->path, data->results->class_count);
    data->row_values =
        memory_array(array->columns, sizeof *data->row_values, "probabilities", error);
    return error->code;
}

static enum error_code find_separator(struct review_data *data, struct error *error) {
    const char *fact = run_fact_find(&data->results->facts, "settings", "label_separator");
    if (fact == NULL || !data->results->multilabel) return ERROR_NONE;
    json_t *array = json_loads(fact, JSON_DECODE_ANY, NULL);
    data->separator = json_bytes(array, error);
    json_decref(array);
    return error->code;
}

/* The classes whose clips are compared with the issue's: of a multilabel run the first label that
 * is probably wrong, and the first that is probably missing. */
static void issue_classes(const struct run_issue *issue, bool multilabel, int32_t classes[2]) {
    classes[0] = multilabel ? -1 : issue->given;
    classes[1] = multilabel ? -1 : issue->suggested;
    for (size_t i = issue->annotation_count; i-- > 0;)
        classes[issue->annotations[i].given ? 0 : 1] = issue->annotations[i].class_index;
}

/* How many issues, from the first, may be searched for. */
static size_t affordable(const struct review_data *data) {
    const struct run_results *results = data->results;
    uint64_t work = 0;
    size_t count = 0;
    if (data->near == NULL) return 0;
    for (; count < results->issue_count && count < REVIEW_NEAR_ISSUES; count++) {
        int32_t classes[2];
        issue_classes(&results->issues[count], results->multilabel, classes);
        for (size_t i = 0; i < 2; i++) work += near_work(data->near, classes[i]);
        if (work > REVIEW_NEAR_WORK) break;
    }
    return count;
}

static enum error_code find_near(struct review_data *data, struct error *error) {
    const struct run_results *results = data->results;
    data->near_count = affordable(data);
    data->nearest = memory_array(data->near_count, sizeof *data->nearest, "nearest clips", error);
    if (data->nearest == NULL) return error->code;
    for (size_t i = 0; i < data->near_count; i++)
        data->nearest[i].array_row = run_clip_at(&results->clips, results->issues[i].row).array_row;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < data->near_count; i++) {
        struct issue_near *nearest = &data->nearest[i];
        struct error stopped = ERROR_INITIAL;
        int32_t classes[2];
        if (stop_check(&stopped) != ERROR_NONE) continue;
        issue_classes(&results->issues[i], results->multilabel, classes);
        for (size_t side = 0; side < 2; side++)
            nearest->counts[side] = near_find(data->near, nearest->array_row, classes[side],
                                              REVIEW_NEAR, nearest->found[side]);
    }
    return stop_check(error);
}

enum error_code review_data_open(const struct folder *folder, const struct run_results *results,
                                 struct review_data **opened, struct error *error) {
    *opened = NULL;
    struct review_data *data = memory_array(1, sizeof *data, "a review", error);
    if (data == NULL) return error->code;
    data->results = results;
    if (review_run_hash(folder, data->hash, error) == ERROR_NONE &&
        name_classes(data, error) == ERROR_NONE && find_separator(data, error) == ERROR_NONE &&
        open_probabilities(folder, data, error) == ERROR_NONE &&
        near_open(folder, results, &data->near, error) == ERROR_NONE &&
        find_near(data, error) == ERROR_NONE)
        *opened = data;
    else
        review_data_close(data);
    return error->code;
}

void review_data_close(struct review_data *data) {
    if (data == NULL) return;
    near_close(data->near);
    npy_close(&data->probabilities);
    string_table_free(&data->names);
    text_free(&data->scratch);
    free(data->row_values);
    free(data->separator);
    free(data->nearest);
    free(data->rows);
    free(data);
}

const char *review_data_hash(const struct review_data *data) {
    return data->hash;
}

size_t review_data_searched(const struct review_data *data) {
    return data->near_count;
}

const struct near *review_data_near(const struct review_data *data) {
    return data->near;
}

size_t review_data_heard(const struct review_data *data, size_t issue, size_t rows[REVIEW_HEARD]) {
    const struct run_issue *of = &data->results->issues[issue];
    size_t count = 0;
    if (of->certain) rows[count++] = of->same_sound;
    if (issue < data->near_count)
        for (size_t n = 0; n < REVIEW_NEAR; n++)
            for (size_t side = 0; side < 2; side++)
                if (n < data->nearest[issue].counts[side])
                    rows[count++] = data->nearest[issue].found[side][n].row;
    for (size_t n = 0; n < of->neighbour_count && n < RUN_NEIGHBOURS; n++)
        rows[count++] = of->neighbours[n];
    return count;
}
