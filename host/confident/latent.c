#include "host/confident/latent.h"

#include "host/base/memory.h"
#include "host/confident/pairwise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TINY 1e-100
#define LEAST_PRIOR 1e-6

const char *latent_method_name(enum latent_method method) {
    static const char *const names[LATENT_METHOD_COUNT] = {"cnt", "eqn", "marginal", "marginal_ps"};
    return names[method];
}

/* Solves matrix x = right by Gaussian elimination with partial pivoting. Both are overwritten;
 * right (size) becomes x. */
static enum error_code solve(double *matrix, double *right, size_t size, struct error *error) {
    for (size_t c = 0; c < size; c++) {
        size_t pivot = c;
        for (size_t r = c + 1; r < size; r++)
            if (fabs(matrix[r * size + c]) > fabs(matrix[pivot * size + c])) pivot = r;
        if (!(fabs(matrix[pivot * size + c]) > 0))
            return FAIL(
                error, ERROR_DATA,
                "the noise matrix is singular (at class %zu): estimate the prior by another "
                "method than eqn",
                c);
        for (size_t k = 0; k < size && pivot != c; k++) {
            double saved = matrix[c * size + k];
            matrix[c * size + k] = matrix[pivot * size + k];
            matrix[pivot * size + k] = saved;
        }
        double saved = right[c];
        right[c] = right[pivot];
        right[pivot] = saved;
        for (size_t r = c + 1; r < size; r++) {
            double factor = matrix[r * size + c] / matrix[c * size + c];
            for (size_t k = c; k < size; k++) matrix[r * size + k] -= factor * matrix[c * size + k];
            right[r] -= factor * right[c];
        }
    }
    for (size_t c = size; c-- > 0;) {
        for (size_t k = c + 1; k < size; k++) right[c] -= matrix[c * size + k] * right[k];
        right[c] /= matrix[c * size + c];
    }
    return ERROR_NONE;
}

/* noise: joint divided by its column sums; inverse: its transpose divided by the row sums. */
static void noise_matrices(const double *joint, size_t classes, double *noise, double *inverse) {
    for (size_t j = 0; j < classes; j++) {
        double column = 0;
        for (size_t s = 0; s < classes; s++) column += joint[s * classes + j];
        for (size_t s = 0; s < classes; s++)
            noise[s * classes + j] = joint[s * classes + j] / fmax(column, TINY);
    }
    for (size_t s = 0; s < classes; s++) {
        double row = pairwise_float64(joint + s * classes, classes);
        for (size_t j = 0; j < classes; j++)
            inverse[j * classes + s] = joint[s * classes + j] / fmax(row, TINY);
    }
}

static void prior_of_counts(const double *joint, size_t classes, double *prior) {
    double sum = 0;
    for (size_t j = 0; j < classes; j++) {
        prior[j] = 0;
        for (size_t s = 0; s < classes; s++) prior[j] += joint[s * classes + j];
        sum += prior[j];
    }
    for (size_t j = 0; j < classes; j++) prior[j] /= sum;
}

enum error_code latent_estimate(const double *joint, size_t classes, const uint64_t *class_counts,
                                enum latent_method method, double *prior, double *noise,
                                double *inverse, struct error *error) {
    double *given = memory_array(classes, sizeof *given, "the prior", error);
    double *matrix = memory_array(classes * classes, sizeof *matrix, "the noise matrix", error);
    if (error->code != ERROR_NONE) goto done;
    double rows = 0;
    for (size_t k = 0; k < classes; k++) rows += (double)class_counts[k];
    for (size_t k = 0; k < classes; k++) given[k] = (double)class_counts[k] / rows;
    noise_matrices(joint, classes, noise, inverse);
    switch (method) {
    case LATENT_EQN:
        memcpy(matrix, noise, classes * classes * sizeof *matrix);
        memcpy(prior, given, classes * sizeof *prior);
        solve(matrix, prior, classes, error);
        break;
    case LATENT_MARGINAL: prior_of_counts(joint, classes, prior); break;
    case LATENT_MARGINAL_PS:
        for (size_t j = 0; j < classes; j++) {
            prior[j] = 0;
            for (size_t s = 0; s < classes; s++) prior[j] += inverse[j * classes + s] * given[s];
        }
        break;
    default:
        for (size_t k = 0; k < classes; k++)
            prior[k] = inverse[k * classes + k] / noise[k * classes + k] * given[k];
    }
    if (error->code != ERROR_NONE) goto done;
    for (size_t k = 0; k < classes; k++) prior[k] = fmin(fmax(prior[k], LEAST_PRIOR), 1);
    double sum = pairwise_float64(prior, classes);
    for (size_t k = 0; k < classes; k++) prior[k] /= sum;
done:
    free(matrix);
    free(given);
    return error->code;
}
