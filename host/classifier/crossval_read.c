#include "host/base/memory.h"
#include "host/classifier/crossval_files.h"
#include "host/classifier/folds.h"

#include <stdlib.h>
#include <string.h>

/* A column of integers, as many as `rows` (SIZE_MAX: any number; told in *count). */
static enum error_code read_column(const char *path, size_t rows, int64_t **values, size_t *count,
                                   struct error *error) {
    struct npy_array array = NPY_INITIAL;
    *values = NULL;
    TRY(npy_open(path, &array, error));
    if (array.dimensions == 0 || array.columns != 1 || array.rows == 0) {
        FAIL(error, ERROR_DATA, "%s: one whole number for each row is needed, this has %zu x %zu",
             path, array.rows, array.columns);
    } else if (rows != SIZE_MAX && array.rows != rows) {
        FAIL(error, ERROR_DATA, "%s: %zu rows, but the embeddings have %zu", path, array.rows,
             rows);
    } else if ((*values = memory_array(array.rows, sizeof **values, path, error)) != NULL &&
               npy_copy_int64(&array, 0, array.rows, *values, error) != ERROR_NONE) {
        error_prefix(error, "%s", path);
    }
    *count = array.rows;
    npy_close(&array);
    return error->code;
}

static enum error_code open_embeddings(const char *path, struct crossval_data *data,
                                       struct error *error) {
    TRY(npy_open(path, &data->array, error));
    if (data->array.dimensions != 2 || data->array.rows == 0 || data->array.columns == 0)
        return FAIL(error, ERROR_DATA,
                    "%s: embeddings have two dimensions, (rows, features); this has %zu", path,
                    data->array.dimensions);
    if (data->array.rows > INT32_MAX)
        return FAIL(error, ERROR_UNSUPPORTED, "%s: %zu rows are more than can be handled", path,
                    data->array.rows);
    data->given_rows = data->array.rows;
    data->type = data->array.type;
    data->input.features = data->array.columns;
    return ERROR_NONE;
}

static enum error_code assign(const struct crossval_files *files,
                              const struct crossval_settings *settings, const int32_t *codes,
                              size_t classes, struct crossval_data *data, struct error *error) {
    int64_t *groups = NULL, *column = NULL;
    size_t count;
    if (files->groups != NULL) read_column(files->groups, data->given_rows, &groups, &count, error);
    if (files->fold_of != NULL)
        read_column(files->fold_of, data->given_rows, &column, &count, error);
    struct assign_request request = {.column = column,
                                     .groups = groups,
                                     .folds = settings->folds,
                                     .shuffle = settings->shuffle,
                                     .seed = settings->seed};
    if (error->code == ERROR_NONE)
        assign_folds(codes, data->given_rows, classes, &request, &data->assigned, error);
    free(groups);
    free(column);
    return error->code;
}

/* Labels, folds and row numbers of the auditable rows; classes without any are left out. */
static enum error_code select_rows(const int32_t *codes, const int64_t *values, size_t classes,
                                   struct crossval_data *data, struct error *error) {
    const struct assign_result *assigned = &data->assigned;
    size_t rows = assigned->auditable;
    int32_t *dense = memory_array(classes, sizeof *dense, "classes", error);
    data->class_values = memory_array(assigned->classes, sizeof(int64_t), "classes", error);
    data->rows = memory_array(rows, sizeof(int64_t), "rows", error);
    data->labels = memory_array(rows, sizeof(int32_t), "labels", error);
    data->fold_of = memory_array(rows, sizeof(int32_t), "folds", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t row = 0; row < data->given_rows; row++)
        if (assigned->status[row] == AUDITABLE_YES) dense[codes[row]] = 1;
    for (size_t c = 0, next = 0; c < classes; c++)
        if (dense[c] != 0) {
            data->class_values[next] = values[c];
            dense[c] = (int32_t)next++;
        }
    for (size_t row = 0, at = 0; row < data->given_rows; row++)
        if (assigned->status[row] == AUDITABLE_YES) {
            data->rows[at] = (int64_t)row;
            data->labels[at] = dense[codes[row]];
            data->fold_of[at++] = assigned->fold_of[row];
        }
    data->input.rows = rows;
    data->input.classes = assigned->classes;
    data->input.folds = assigned->folds;
    data->input.labels = data->labels;
    data->input.fold_of = data->fold_of;
done:
    free(dense);
    return error->code;
}

/* The mapped file itself where it is what is needed, else a copy of the rows. */
static enum error_code load_embeddings(struct crossval_data *data, struct error *error) {
    size_t features = data->input.features;
    if (data->input.rows == data->given_rows)
        data->input.embeddings = npy_direct(&data->array, NPY_FLOAT32);
    if (data->input.embeddings != NULL) return ERROR_NONE;
    data->embeddings =
        memory_array(data->input.rows, features * sizeof(float), "embeddings", error);
    if (data->embeddings == NULL) return error->code;
    for (size_t row = 0, count; row < data->input.rows; row += count) {
        size_t first = (size_t)data->rows[row];
        count = 1; /* runs of rows are copied at once */
        while (row + count < data->input.rows && (size_t)data->rows[row + count] == first + count)
            count++;
        npy_copy_float32(&data->array, first, count, data->embeddings + row * features);
    }
    data->input.embeddings = data->embeddings;
    return ERROR_NONE;
}

enum error_code crossval_data_open(const struct crossval_files *files,
                                   const struct crossval_settings *settings,
                                   struct crossval_data *data, struct error *error) {
    int64_t *values = NULL;
    int32_t *codes = NULL;
    size_t count = 0, classes = 0;
    *data = (struct crossval_data)CROSSVAL_DATA_INITIAL;
    if (open_embeddings(files->embeddings, data, error) != ERROR_NONE ||
        read_column(files->labels, data->given_rows, &data->given_labels, &count, error) !=
            ERROR_NONE)
        return error->code;
    codes = memory_array(data->given_rows, sizeof *codes, "labels", error);
    if (codes == NULL ||
        folds_encode(data->given_labels, count, codes, &values, &classes, error) != ERROR_NONE ||
        assign(files, settings, codes, classes, data, error) != ERROR_NONE ||
        select_rows(codes, values, classes, data, error) != ERROR_NONE)
        goto done;
    load_embeddings(data, error);
done:
    free(codes);
    free(values);
    return error->code;
}

void crossval_data_close(struct crossval_data *data) {
    npy_close(&data->array);
    assign_free(&data->assigned);
    free(data->given_labels);
    free(data->class_values);
    free(data->rows);
    free(data->embeddings);
    free(data->labels);
    free(data->fold_of);
    *data = (struct crossval_data)CROSSVAL_DATA_INITIAL;
}
