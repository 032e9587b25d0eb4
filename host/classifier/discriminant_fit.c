#include "host/classifier/discriminant_fit.h"
#include "host/base/memory.h"
#include "host/classifier/cholesky.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* An intercept at which a class has probability 0. */
#define ABSENT_INTERCEPT (-1e30)

/* Most bytes of the matrices that are factorised at once, unless one is larger. */
#define MATRICES_BYTES ((size_t)1 << 30)

/* Variance within classes is rounding error below this share of the squares. */
#define ROUNDING 1e-12

enum error_code discriminant_fit_open(struct discriminant_fit *fit, size_t features, size_t classes,
                                      int threads, int workers, struct error *error) {
    *fit = (struct discriminant_fit){.features = features, .classes = classes, .threads = threads};
    size_t size = features * features, most = MATRICES_BYTES / sizeof(double) / size;
    fit->workers = most < 1 ? 1 : (most < (size_t)workers ? (int)most : workers);
    fit->scratch_size = cholesky_memory(features) + features * classes;
    fit->means = memory_array(classes, features * sizeof(double), "class means", error);
    fit->present = memory_array(classes, sizeof(size_t), "classes", error);
    fit->counts = memory_array(classes, sizeof(size_t), "classes", error);
    fit->within = memory_array(features, features * sizeof(double), "covariance", error);
    fit->matrices =
        memory_array((size_t)fit->workers, size * sizeof(double), "factorisations", error);
    fit->scratch = memory_array((size_t)fit->workers, fit->scratch_size * sizeof(double),
                                "factorisations", error);
    return error->code;
}

void discriminant_fit_close(struct discriminant_fit *fit) {
    free(fit->means);
    free(fit->present);
    free(fit->counts);
    free(fit->within);
    free(fit->matrices);
    free(fit->scratch);
    *fit = (struct discriminant_fit){0};
}

static void set_means(struct discriminant_fit *fit, const struct discriminant_rows *rows) {
    fit->present_count = fit->rows = 0;
    for (size_t c = 0; c < rows->classes; c++) {
        size_t count = rows->all_counts[c] - rows->out_counts[c];
        if (count == 0) continue;
        double *mean = fit->means + fit->present_count * fit->features;
        for (size_t f = 0; f < fit->features; f++) {
            size_t at = c * fit->features + f;
            mean[f] = (rows->all_sums[at] - rows->out_sums[at]) / (double)count;
        }
        fit->present[fit->present_count] = c;
        fit->counts[fit->present_count++] = count;
        fit->rows += count;
    }
}

void discriminant_fit_rows(struct discriminant_fit *fit, const struct discriminant_rows *rows) {
    size_t features = fit->features;
    set_means(fit, rows);
#pragma omp parallel for schedule(dynamic, 8) num_threads(features < 64 ? 1 : fit->threads)
    for (size_t i = 0; i < features; i++) {
        double *within = fit->within + i * features;
        const double *all = rows->all_products + i * features;
        const double *out = rows->out_products + i * features;
        for (size_t j = 0; j <= i; j++) within[j] = all[j] - out[j];
        for (size_t k = 0; k < fit->present_count; k++) {
            const double *mean = fit->means + k * features;
            double factor = (double)fit->counts[k] * mean[i];
            for (size_t j = 0; j <= i; j++) within[j] -= factor * mean[j];
        }
    }
    double trace = 0, squares = 0;
    size_t freedom = fit->rows > fit->present_count ? fit->rows - fit->present_count : 1;
    for (size_t i = 0; i < features; i++) {
        trace += fit->within[i * features + i];
        squares += rows->all_products[i * features + i];
    }
    bool rounding = !(trace > ROUNDING * squares);
    fit->mean_variance = rounding ? 0 : trace / (double)freedom / (double)features;
}

/* matrix = S_a, the lower triangle. */
static void shrink(const struct discriminant_fit *fit, double shrinkage, double *matrix) {
    size_t features = fit->features;
    size_t freedom = fit->rows > fit->present_count ? fit->rows - fit->present_count : 1;
    double factor = fit->mean_variance > 0 ? (1 - shrinkage) / (double)freedom : 0;
    double diagonal = fit->mean_variance > 0 ? shrinkage * fit->mean_variance : 1;
    for (size_t i = 0; i < features; i++) {
        for (size_t j = 0; j <= i; j++)
            matrix[i * features + j] = factor * fit->within[i * features + j];
        matrix[i * features + i] += diagonal;
    }
}

/* False when a weight is not finite. solved (features, present classes): S_a^-1 of the means. */
static bool write_weights(const struct discriminant_fit *fit, const double *solved,
                          double *weights) {
    size_t features = fit->features, present = fit->present_count, row = features + 1;
    bool finite = true;
    memset(weights, 0, fit->classes * row * sizeof *weights);
    for (size_t c = 0; c < fit->classes; c++) weights[c * row + features] = ABSENT_INTERCEPT;
    for (size_t k = 0; k < present; k++) {
        double *own = weights + fit->present[k] * row, product = 0;
        for (size_t f = 0; f < features; f++) {
            own[f] = solved[f * present + k];
            product += own[f] * fit->means[k * features + f];
            finite = finite && isfinite(own[f]);
        }
        own[features] = log((double)fit->counts[k] / (double)fit->rows) - product / 2;
        finite = finite && isfinite(own[features]);
    }
    return finite;
}

void discriminant_fit_weights(const struct discriminant_fit *fit, const double *shrinkages,
                              size_t count, double *const *weights, bool *failed) {
    size_t features = fit->features, present = fit->present_count;
#pragma omp parallel for schedule(dynamic, 1) num_threads(fit->workers)
    for (size_t i = 0; i < count; i++) {
        size_t worker = (size_t)omp_get_thread_num();
        double *matrix = fit->matrices + worker * features * features;
        double *memory = fit->scratch + worker * fit->scratch_size;
        double *solved = memory + cholesky_memory(features);
        if (failed[i]) continue;
        shrink(fit, shrinkages[i], matrix);
        for (size_t f = 0; f < features; f++)
            for (size_t k = 0; k < present; k++)
                solved[f * present + k] = fit->means[k * features + f];
        failed[i] = !cholesky_factorise(matrix, features, memory);
        if (failed[i]) continue;
        cholesky_solve(matrix, features, solved, present);
        failed[i] = !write_weights(fit, solved, weights[i]);
    }
}
