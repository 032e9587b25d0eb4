#include "host/classifier/scaling.h"
#include "host/base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows are summed in a fixed number of chunks, so that sums do not depend on the threads. */
#define CHUNK_ROWS 512
#define CHUNK_MAXIMUM 64
#define CHUNK_BYTES ((size_t)256 << 20)

/* Per fold and column: the mean of the fold's rows, and the sum of squares about it. */
struct moments {
    size_t folds, features;
    size_t *rows;    /* (folds) */
    double *mean;    /* (folds, features) */
    double *squares; /* (folds, features) */
};

static void moments_free(struct moments *moments) {
    free(moments->rows);
    free(moments->mean);
    free(moments->squares);
}

static size_t count_chunks(size_t rows, size_t folds, size_t features) {
    size_t chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    size_t fitting = CHUNK_BYTES / sizeof(double) / folds / features;
    if (chunks > CHUNK_MAXIMUM) chunks = CHUNK_MAXIMUM;
    if (chunks > fitting) chunks = fitting;
    return chunks == 0 ? 1 : chunks;
}

static void add_row(double *sums, const float *row, size_t features) {
    for (size_t f = 0; f < features; f++) sums[f] += (double)row[f];
}

static void add_squares(double *sums, const float *row, const double *mean, size_t features) {
    for (size_t f = 0; f < features; f++) {
        double difference = (double)row[f] - mean[f];
        sums[f] += difference * difference;
    }
}

/* totals (folds, features) = sums over each fold's rows of x, or, given mean (folds, features),
 * of (x - mean)^2. */
static enum error_code add_folds(const struct matrix_rows *data, size_t rows,
                                 const int32_t *fold_of, const double *mean, double *totals,
                                 const struct moments *moments, int threads, struct error *error) {
    size_t features = moments->features, size = moments->folds * features;
    size_t chunks = count_chunks(rows, moments->folds, features);
    double *parts = memory_array(chunks, size * sizeof(double), "column sums", error);
    if (parts == NULL) return error->code;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t c = 0; c < chunks; c++)
        for (size_t row = rows * c / chunks; row < rows * (c + 1) / chunks; row++) {
            size_t at = (size_t)fold_of[row] * features;
            if (mean == NULL)
                add_row(parts + c * size + at, matrix_row(data, row), features);
            else
                add_squares(parts + c * size + at, matrix_row(data, row), mean + at, features);
        }
    for (size_t c = 0; c < chunks; c++)
        for (size_t i = 0; i < size; i++) totals[i] += parts[c * size + i];
    free(parts);
    return ERROR_NONE;
}

static enum error_code find_moments(struct moments *moments, const struct matrix_rows *data,
                                    size_t rows, const int32_t *fold_of, bool squares, int threads,
                                    struct error *error) {
    size_t size = moments->folds * moments->features;
    moments->rows = memory_array(moments->folds, sizeof(size_t), "fold sizes", error);
    moments->mean = memory_array(size, sizeof(double), "column means", error);
    moments->squares = memory_array(size, sizeof(double), "column deviations", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t row = 0; row < rows; row++) moments->rows[fold_of[row]]++;
    TRY(add_folds(data, rows, fold_of, NULL, moments->mean, moments, threads, error));
    for (size_t i = 0; i < size; i++) {
        size_t count = moments->rows[i / moments->features];
        moments->mean[i] = count == 0 ? 0 : moments->mean[i] / (double)count;
    }
    if (!squares) return ERROR_NONE;
    return add_folds(data, rows, fold_of, moments->mean, moments->squares, moments, threads, error);
}

/* Mean and deviation of a column over all folds but `without` (SIZE_MAX: over all). A column
 * whose variance may be only rounding error counts as constant, with deviation 1. */
static void join(const struct moments *moments, size_t column, size_t without, double *mean,
                 double *deviation) {
    double rows = 0, sum = 0, squares = 0;
    for (size_t g = 0; g < moments->folds; g++)
        if (g != without) {
            rows += (double)moments->rows[g];
            sum += (double)moments->rows[g] * moments->mean[g * moments->features + column];
        }
    *mean = rows > 0 ? sum / rows : 0;
    for (size_t g = 0; g < moments->folds; g++)
        if (g != without) {
            double apart = moments->mean[g * moments->features + column] - *mean;
            squares += moments->squares[g * moments->features + column] +
                       (double)moments->rows[g] * apart * apart;
        }
    double variance = rows > 0 ? squares / rows : 0;
    double rounding =
        rows * DBL_EPSILON * variance + (rows * *mean * DBL_EPSILON) * (rows * *mean * DBL_EPSILON);
    *deviation = variance <= rounding ? 1 : sqrt(variance);
}

static enum error_code allocate(struct scaling *scaling, struct error *error) {
    size_t features = scaling->features, folds = scaling->folds;
    scaling->shift = memory_array(features, sizeof(double), "column shifts", error);
    scaling->scale = memory_array(features, sizeof(double), "column scales", error);
    scaling->ratio = memory_array(folds, features * sizeof(double), "column scales", error);
    scaling->offset = memory_array(folds, features * sizeof(double), "column shifts", error);
    scaling->training_rows = memory_array(folds, sizeof(size_t), "fold sizes", error);
    return error->code;
}

static void set_column(struct scaling *scaling, const struct moments *moments, size_t column) {
    double mean, deviation;
    join(moments, column, SIZE_MAX, &mean, &deviation);
    scaling->shift[column] = mean;
    scaling->scale[column] = scaling->scaled == SCALE_NONE ? 1 : 1 / deviation;
    for (size_t fold = 0; fold < scaling->folds; fold++) {
        size_t at = fold * scaling->features + column;
        scaling->ratio[at] = 1;
        if (scaling->scaled != SCALE_STANDARD) continue;
        double fold_mean, fold_deviation;
        join(moments, column, fold, &fold_mean, &fold_deviation);
        scaling->ratio[at] = 1 / (scaling->scale[column] * fold_deviation);
        scaling->offset[at] = (mean - fold_mean) / fold_deviation;
    }
}

/* Below this many numbers one thread is fastest. */
#define SMALL_DATA ((size_t)200000)

enum error_code scaling_open(struct scaling *scaling, const struct matrix_rows *data, size_t rows,
                             size_t features, const int32_t *fold_of, size_t folds,
                             enum crossval_scale scaled, int threads, struct error *error) {
    *scaling = (struct scaling){.features = features, .folds = folds, .scaled = scaled};
    struct moments moments = {.folds = folds, .features = features};
    if (rows * features < SMALL_DATA) threads = 1;
    if (allocate(scaling, error) != ERROR_NONE ||
        find_moments(&moments, data, rows, fold_of, scaled != SCALE_NONE, threads, error) !=
            ERROR_NONE)
        goto done;
    for (size_t fold = 0; fold < folds; fold++)
        scaling->training_rows[fold] = rows - moments.rows[fold];
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t column = 0; column < features; column++) set_column(scaling, &moments, column);
done:
    moments_free(&moments);
    return error->code;
}

/* A value that is not finite makes its column's mean not finite: only then is it searched for. */
enum error_code scaling_check(const struct scaling *scaling, const struct matrix_rows *data,
                              size_t rows, const char *name, const int64_t *row_numbers,
                              struct error *error) {
    bool finite = true;
    for (size_t f = 0; f < scaling->features; f++) finite = finite && isfinite(scaling->shift[f]);
    if (finite) return ERROR_NONE;
    for (size_t i = 0; i < rows * scaling->features; i++) {
        size_t row = i / scaling->features;
        if (isfinite(matrix_row(data, row)[i % scaling->features])) continue;
        return FAIL(error, ERROR_DATA, "%s: row %zu, column %zu is not finite",
                    name == NULL ? "embeddings" : name,
                    row_numbers == NULL ? row : (size_t)row_numbers[row], i % scaling->features);
    }
    return FAIL(error, ERROR_INTERNAL, "a column's mean is not finite");
}

void scaling_close(struct scaling *scaling) {
    free(scaling->shift);
    free(scaling->scale);
    free(scaling->ratio);
    free(scaling->offset);
    free(scaling->training_rows);
    *scaling = (struct scaling){0};
}

void scaling_weights(const struct scaling *scaling, size_t fold, const double *weights,
                     double *device_weights) {
    const double *ratio = scaling->ratio + fold * scaling->features;
    const double *offset = scaling->offset + fold * scaling->features;
    double intercept = weights[scaling->features];
    for (size_t f = 0; f < scaling->features; f++) {
        device_weights[f] = weights[f] * ratio[f];
        intercept += weights[f] * offset[f];
    }
    device_weights[scaling->features] = intercept;
}

void scaling_gradient(const struct scaling *scaling, size_t fold, const double *device_gradient,
                      double *gradient) {
    const double *ratio = scaling->ratio + fold * scaling->features;
    const double *offset = scaling->offset + fold * scaling->features;
    double intercept = device_gradient[scaling->features];
    for (size_t f = 0; f < scaling->features; f++)
        gradient[f] = device_gradient[f] * ratio[f] + intercept * offset[f];
    gradient[scaling->features] = intercept;
}
