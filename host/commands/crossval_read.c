#include "host/audit/detection_memory.h"
#include "host/audit/views.h"
#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/base/scratch.h"
#include "host/classifier/copies.h"
#include "host/classifier/folds.h"
#include "host/commands/crossval_files.h"

#include <stdlib.h>
#include <string.h>

/* A column of integers, as many as `rows` (*count is set). */
static enum error_code read_column(const char *path, size_t rows, int64_t **values, size_t *count,
                                   struct error *error) {
    struct npy_array array = NPY_INITIAL;
    *values = NULL;
    TRY(npy_read(path, rows, 1, &array, error));
    if (array.dimensions == 0 || array.columns != 1 || array.rows == 0) {
        FAIL(error, ERROR_DATA,
             "%s: one whole number for each row is needed, this has %zu x %zu (labels of 0 and 1, "
             "a column a class, go with crossval --multi-label)",
             path, array.rows, array.columns);
    } else if (array.rows != rows) {
        FAIL(error, ERROR_DATA, "%s: %zu rows, but the embeddings have %zu", path, array.rows,
             rows);
    } else if ((*values = scratch_array(array.rows, sizeof **values, path, error)) != NULL &&
               npy_copy_int64(&array, 0, array.rows, *values, error) != ERROR_NONE) {
        error_prefix(error, "%s", path);
    }
    *count = array.rows;
    npy_close(&array);
    return error->code;
}

static enum error_code open_view(const struct crossval_files *files, size_t view,
                                 struct crossval_data *data, struct error *error) {
    const char *path = files->embeddings[view];
    struct npy_array *array = &data->arrays[view];
    TRY(npy_open(path, array, error));
    npy_watch(array);
    if (array->dimensions == 2 && (array->rows == 0 || array->columns == 0))
        return FAIL(error, ERROR_DATA, "%s: embeddings of %zu rows and %zu columns hold nothing",
                    path, array->rows, array->columns);
    if (array->dimensions != 2)
        return FAIL(error, ERROR_DATA,
                    "%s: embeddings have two dimensions, (rows, features); this has %zu", path,
                    array->dimensions);
    if (array->rows > INT32_MAX)
        return FAIL(error, ERROR_UNSUPPORTED, "%s: %zu rows are more than can be handled", path,
                    array->rows);
    if (view > 0 && array->rows != data->given_rows)
        return FAIL(error, ERROR_DATA, "%s: %zu rows, but %s has %zu", path, array->rows,
                    files->embeddings[0], data->given_rows);
    data->given_rows = array->rows;
    data->names[view] = audit_views_name(path, error);
    data->views[data->view_count++] =
        (struct ensemble_view){.name = data->names[view], .file = path, .features = array->columns};
    return error->code;
}

/* Rows with the same embeddings: copy_of (given_rows), to be freed; NULL where there are none. */
static enum error_code find_copies(const struct crossval_files *files,
                                   const struct crossval_data *data, int32_t **copy_of,
                                   struct error *error) {
    size_t rows = data->given_rows, copies = 0, widest = 0;
    for (size_t v = 0; v < data->view_count; v++)
        if (data->views[v].features > widest) widest = data->views[v].features;
    float *values = memory_array(widest, sizeof *values, "a row", error);
    uint64_t(*hashes)[2] = scratch_array(rows, sizeof *hashes, "hashes", error);
    *copy_of = scratch_array(rows, sizeof **copy_of, "copies", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t row = 0; row < rows; row++)
        for (size_t v = 0; v < data->view_count; v++) {
            if (npy_take_float32(&data->arrays[v], row, 1, values, error) != ERROR_NONE) {
                error_prefix(error, "%s", files->embeddings[v]);
                goto done;
            }
            copies_hash(values, data->views[v].features, hashes[row]);
        }
    if (copies_find((const uint64_t(*)[2])hashes, rows, *copy_of, &copies, error) == ERROR_NONE &&
        copies > 0 && copies == rows - 1)
        FAIL(error, ERROR_DATA,
             "%s: every column is constant: all %zu rows have the same embedding, so there is "
             "nothing to learn from",
             data->views[0].file, rows);
done:
    scratch_free(values);
    scratch_free(hashes);
    if (error->code == ERROR_NONE && copies > 0) return ERROR_NONE;
    scratch_free(*copy_of);
    *copy_of = NULL;
    return error->code;
}

/* The groups and copies of the auditable rows, and these rows' numbers. */
static enum error_code keep_rows(const int64_t *groups, const int32_t *copy_of,
                                 struct crossval_data *data, struct error *error) {
    size_t count = data->assigned.auditable, at = 0;
    size_t *rows = scratch_array(count, sizeof *rows, "rows", error);
    data->rows = scratch_array(count, sizeof *data->rows, "rows", error);
    if (groups != NULL) data->groups = scratch_array(count, sizeof *groups, "groups", error);
    if (copy_of != NULL) data->copy_of = scratch_array(count, sizeof *copy_of, "copies", error);
    for (size_t row = 0; error->code == ERROR_NONE && row < data->given_rows; row++) {
        if (data->assigned.status[row] != AUDITABLE_YES) continue;
        if (groups != NULL) data->groups[at] = groups[row];
        data->rows[at] = (int64_t)row;
        rows[at++] = row;
    }
    if (error->code == ERROR_NONE && copy_of != NULL)
        copies_select(copy_of, data->given_rows, rows, count, data->copy_of, error);
    scratch_free(rows);
    return error->code;
}

/* Folds follow from the labels and, where given, from groups or folds: an error names both. */
static void name_arrays(const struct crossval_files *files, struct error *error) {
    const char *other = files->fold_of != NULL ? files->fold_of : files->groups;
    error_prefix(error, "%s%s%s", files->labels, other == NULL ? "" : ", ",
                 other == NULL ? "" : other);
}

/* Assigns by the codes (rows), or by the label matrix (rows, classes) where they are NULL. */
static enum error_code assign(const struct crossval_files *files,
                              const struct crossval_settings *settings, const int32_t *codes,
                              const int8_t *matrix, size_t classes, struct crossval_data *data,
                              struct error *error) {
    int64_t *groups = NULL, *column = NULL;
    int32_t *copy_of = NULL;
    size_t count, rows = data->given_rows;
    bool named = false; /* the error names its file already */
    if (!files->copies_apart) TRY(find_copies(files, data, &copy_of, error));
    if (files->groups != NULL) read_column(files->groups, rows, &groups, &count, error);
    if (files->fold_of != NULL) read_column(files->fold_of, rows, &column, &count, error);
    struct assign_request request = {.column = column,
                                     .groups = groups,
                                     .copy_of = copy_of,
                                     .folds = settings->folds,
                                     .shuffle = settings->shuffle,
                                     .seed = settings->seed};
    if (error->code == ERROR_NONE && codes != NULL)
        assign_folds(codes, rows, classes, &request, &data->assigned, error);
    else if (error->code == ERROR_NONE)
        assign_folds_multilabel(matrix, rows, classes, &request, &data->assigned,
                                data->class_status, error);
    else
        named = true;
    if (error->code == ERROR_DATA && !named) name_arrays(files, error);
    if (error->code == ERROR_NONE) keep_rows(groups, copy_of, data, error);
    scratch_free(groups);
    scratch_free(column);
    scratch_free(copy_of);
    return error->code;
}

/* Labels, folds and row numbers of the auditable rows; classes without any are left out. */
static enum error_code select_rows(const int32_t *codes, const int64_t *values, size_t classes,
                                   struct crossval_data *data, struct error *error) {
    const struct assign_result *assigned = &data->assigned;
    size_t rows = assigned->auditable;
    int32_t *dense = memory_array(classes, sizeof *dense, "classes", error);
    data->class_values = memory_array(assigned->classes, sizeof(int64_t), "classes", error);
    data->labels = scratch_array(rows, sizeof(int32_t), "labels", error);
    data->fold_of = scratch_array(rows, sizeof(int32_t), "folds", error);
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
            data->labels[at] = dense[codes[row]];
            data->fold_of[at++] = assigned->fold_of[row];
        }
    data->input.rows = rows;
    data->input.row_numbers = data->rows;
    data->input.classes = assigned->classes;
    data->input.folds = assigned->folds;
    data->input.labels = data->labels;
    data->input.fold_of = data->fold_of;
done:
    free(dense);
    return error->code;
}

/* The mapped file itself where it is float32, else a copy of the rows. */
static enum error_code load_view(const struct crossval_files *files, size_t view,
                                 struct crossval_data *data, struct error *error) {
    const struct npy_array *array = &data->arrays[view];
    size_t rows = data->input.rows, features = array->columns;
    const float *values = npy_direct(array, NPY_FLOAT32);
    if (values != NULL && rows < data->given_rows) {
        data->addresses[view] = scratch_array(rows, sizeof(const float *), "embeddings", error);
        if (data->addresses[view] == NULL) return error->code;
        for (size_t row = 0; row < rows; row++)
            data->addresses[view][row] = values + (size_t)data->rows[row] * features;
        data->views[view].embeddings = matrix_at(data->addresses[view], 0);
        return ERROR_NONE;
    }
    if (values == NULL) {
        float *copy = scratch_array(rows, features * sizeof(float), "embeddings", error);
        if (copy == NULL) return error->code;
        data->copies[view] = copy;
        for (size_t row = 0, count; row < rows; row += count) {
            size_t first = (size_t)data->rows[row];
            count = 1; /* runs of rows are copied at once */
            while (row + count < rows && (size_t)data->rows[row + count] == first + count) count++;
            if (npy_take_float32(array, first, count, copy + row * features, error) == ERROR_NONE)
                continue;
            error_prefix(error, "%s", files->embeddings[view]);
            return error->code;
        }
        values = copy;
    }
    data->views[view].embeddings = matrix_of(values, features);
    return ERROR_NONE;
}

/* One label a row: labels, folds and the rows that can be audited. */
static enum error_code open_labels(const struct crossval_files *files,
                                   const struct crossval_settings *settings,
                                   struct crossval_data *data, struct error *error) {
    int64_t *values = NULL;
    int32_t *codes = NULL;
    size_t count = 0, classes = 0;
    TRY(read_column(files->labels, data->given_rows, &data->given_labels, &count, error));
    codes = scratch_array(data->given_rows, sizeof *codes, "labels", error);
    if (codes != NULL &&
        folds_encode(data->given_labels, count, codes, &values, &classes, error) == ERROR_NONE) {
        for (size_t row = 0; files->has_unlabelled && row < count; row++)
            if (data->given_labels[row] == files->unlabelled) codes[row] = -1;
        assign(files, settings, codes, NULL, classes, data, error);
    }
    if (codes != NULL && error->code == ERROR_NONE)
        select_rows(codes, values, classes, data, error);
    scratch_free(codes);
    scratch_free(values);
    return error->code;
}

/* ---- multilabel ---- */

/* 1 and 0, or -1 throughout the row. */
static enum error_code take_labels(const int64_t *values, size_t classes, size_t row,
                                   int8_t *labels, struct error *error) {
    for (size_t c = 0; c < classes; c++) {
        bool known = values[c] == 0 || values[c] == 1;
        if (!known && !(values[c] == -1 && values[0] == -1))
            return FAIL(error, ERROR_DATA, "row %zu, column %zu: the label %lld is neither 0 nor 1",
                        row, c, (long long)values[c]);
        if (known && values[0] == -1)
            return FAIL(error, ERROR_DATA,
                        "row %zu: its first label is -1 (not known), but not all are", row);
        labels[c] = (int8_t)values[c];
    }
    return ERROR_NONE;
}

static enum error_code read_matrix(const char *path, struct crossval_data *data, int8_t **matrix,
                                   struct error *error) {
    struct npy_array array = NPY_INITIAL;
    int64_t *values = NULL;
    TRY(npy_read(path, data->given_rows, NPY_ANY, &array, error));
    size_t classes = data->given_classes = array.columns;
    if (array.dimensions != 2 || array.count == 0) {
        FAIL(error, ERROR_DATA,
             "multilabel labels have two dimensions, (rows, classes) of 0 and 1; this has %zu",
             array.dimensions);
    } else if (array.rows != data->given_rows) {
        FAIL(error, ERROR_DATA, "%zu rows, but the embeddings have %zu", array.rows,
             data->given_rows);
    } else {
        *matrix = scratch_array(array.count, 1, "labels", error);
        values = scratch_array(classes, sizeof *values, "labels", error);
    }
    for (size_t row = 0; error->code == ERROR_NONE && row < array.rows; row++)
        if (npy_copy_int64(&array, row, 1, values, error) == ERROR_NONE)
            take_labels(values, classes, row, *matrix + row * classes, error);
    if (error->code != ERROR_NONE) error_prefix(error, "%s", path);
    scratch_free(values);
    npy_close(&array);
    return error->code;
}

/* Rows with labels and classes that can be audited, out of all of them. */
static enum error_code select_labels(const int8_t *matrix, struct crossval_data *data,
                                     struct error *error) {
    const struct assign_result *assigned = &data->assigned;
    size_t rows = assigned->auditable, classes = 0;
    data->class_values = memory_array(assigned->classes, sizeof(int64_t), "classes", error);
    data->label_matrix = scratch_array(rows, assigned->classes, "labels", error);
    data->fold_of = scratch_array(rows, sizeof(int32_t), "folds", error);
    TRY(error->code);
    for (size_t c = 0; c < data->given_classes; c++)
        if (data->class_status[c] == AUDITABLE_YES) data->class_values[classes++] = (int64_t)c;
    for (size_t row = 0, at = 0; row < data->given_rows; row++) {
        if (assigned->status[row] != AUDITABLE_YES) continue;
        data->fold_of[at] = assigned->fold_of[row];
        for (size_t c = 0; c < classes; c++)
            data->label_matrix[at * classes + c] =
                matrix[row * data->given_classes + (size_t)data->class_values[c]];
        at++;
    }
    data->input.rows = rows;
    data->input.row_numbers = data->rows;
    data->input.classes = classes;
    data->input.folds = assigned->folds;
    data->input.fold_of = data->fold_of;
    return ERROR_NONE;
}

static enum error_code open_label_matrix(const struct crossval_files *files,
                                         const struct crossval_settings *settings,
                                         struct crossval_data *data, struct error *error) {
    int8_t *matrix = NULL;
    if (read_matrix(files->labels, data, &matrix, error) == ERROR_NONE &&
        (data->class_status = memory_array(data->given_classes, 1, "classes", error)) != NULL &&
        assign(files, settings, NULL, matrix, data->given_classes, data, error) == ERROR_NONE)
        select_labels(matrix, data, error);
    scratch_free(matrix);
    return error->code;
}

struct crossval_multilabel_input crossval_data_labels(const struct crossval_data *data) {
    const struct crossval_input *input = &data->input;
    return (struct crossval_multilabel_input){.embeddings = input->embeddings,
                                              .labels = data->label_matrix,
                                              .fold_of = input->fold_of,
                                              .rows = input->rows,
                                              .features = input->features,
                                              .classes = input->classes,
                                              .folds = input->folds,
                                              .name = input->name,
                                              .row_numbers = input->row_numbers};
}

/* ---- both ---- */

struct detection_input crossval_data_detection(const struct crossval_data *data, int threads) {
    const struct crossval_input *input = &data->input;
    return (struct detection_input){.views = data->views,
                                    .view_count = data->view_count,
                                    .labels = input->labels,
                                    .fold_of = input->fold_of,
                                    .copy_of = data->copy_of,
                                    .groups = data->groups,
                                    .group_option = "--groups",
                                    .row_numbers = data->rows,
                                    .rows = input->rows,
                                    .classes = input->classes,
                                    .folds = input->folds,
                                    .threads = threads};
}

void crossval_data_report(const struct crossval_files *files, const struct crossval_data *data) {
    for (size_t v = 0; v < data->view_count; v++)
        if (data->arrays[v].type != NPY_FLOAT32)
            progress_message("%s: %s rounded to float32", files->embeddings[v],
                             npy_type_name(data->arrays[v].type));
}

enum error_code crossval_data_open(const struct crossval_files *files,
                                   const struct crossval_settings *settings,
                                   struct crossval_data *data, struct error *error) {
    *data = (struct crossval_data)CROSSVAL_DATA_INITIAL;
    for (size_t v = 0; v < files->embedding_count; v++) TRY(open_view(files, v, data, error));
    TRY(files->multi_label ? open_label_matrix(files, settings, data, error)
                           : open_labels(files, settings, data, error));
    for (size_t v = 0; v < data->view_count; v++) TRY(load_view(files, v, data, error));
    data->input.name = files->embeddings[0];
    data->input.embeddings = data->views[0].embeddings;
    data->input.features = data->views[0].features;
    return ERROR_NONE;
}

enum error_code crossval_data_bound(size_t bytes, const struct crossval_data *data, int threads,
                                    const char *command, const struct folder *folder,
                                    struct detection_settings *settings, struct error *error) {
    struct detection_sizes sizes = {.classes = data->label_matrix != NULL ? 2 : data->input.classes,
                                    .rows = data->input.rows,
                                    .folds = data->input.folds,
                                    .threads = threads};
    if (bytes == 0) return ERROR_NONE;
    for (size_t v = 0; v < data->view_count; v++)
        if (data->views[v].features > sizes.features) sizes.features = data->views[v].features;
    return detection_bound(bytes, &sizes, command, folder, settings, error);
}

enum error_code crossval_data_unchanged(const struct crossval_data *data, struct error *error) {
    for (size_t v = 0; v < data->view_count; v++) TRY(npy_unchanged(&data->arrays[v], error));
    return ERROR_NONE;
}

void crossval_data_close(struct crossval_data *data) {
    for (size_t v = 0; v < MIX_VIEWS; v++) {
        npy_close(&data->arrays[v]);
        scratch_free(data->copies[v]);
        scratch_free((void *)data->addresses[v]);
        free(data->names[v]);
    }
    assign_free(&data->assigned);
    scratch_free(data->given_labels);
    free(data->class_values);
    scratch_free(data->rows);
    scratch_free(data->groups);
    scratch_free(data->copy_of);
    scratch_free(data->labels);
    scratch_free(data->label_matrix);
    free(data->class_status);
    scratch_free(data->fold_of);
    *data = (struct crossval_data)CROSSVAL_DATA_INITIAL;
}
