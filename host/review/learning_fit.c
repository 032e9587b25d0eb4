#include "host/review/learning_fit.h"

#include "host/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 50
#define HALVINGS 30
#define CONVERGED 1e-10 /* the gain of a step, in natural logarithms */
#define N EVIDENCE_COUNT

static const double means[N] = LEARNING_MEANS;
static const double precisions[N] = LEARNING_PRECISIONS;

/* Of a pair of classes: the gradient and second derivative of its term, and with the weights. */
struct pair_sums {
    double gradient, curvature, mixed[N];
};

struct fit {
    const struct learning_evidence *rows;
    size_t count, pair_count;
    struct pair_sums *pairs;
    double *weights, *terms;           /* where the search is */
    double new_weights[N];             /* one step on */
    double *new_terms;                 /* (pair_count) */
    double weight_step[N], *pair_step; /* (pair_count) */
};

static double predict(const struct learning_evidence *row, const double *weights,
                      const double *terms) {
    double sum = terms[row->pair];
    for (size_t k = 0; k < N; k++) sum += weights[k] * row->x[k];
    return sum;
}

/* Up to a constant, the negative logarithm of the posterior. */
static double loss(const struct fit *fit, const double *weights, const double *terms) {
    double sum = 0;
    for (size_t i = 0; i < fit->count; i++) {
        double z = predict(&fit->rows[i], weights, terms);
        if (fit->rows[i].wrong) z = -z;
        sum += z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
    }
    for (size_t k = 0; k < N; k++)
        sum += 0.5 * precisions[k] * (weights[k] - means[k]) * (weights[k] - means[k]);
    for (size_t pair = 0; pair < fit->pair_count; pair++)
        sum += 0.5 * LEARNING_PAIR_PRECISION * terms[pair] * terms[pair];
    return sum;
}

/* gradient (N) and matrix (N, N) of the weights; those of the pairs into fit->pairs. */
static void sum_rows(struct fit *fit, double *gradient, double (*matrix)[N]) {
    for (size_t pair = 0; pair < fit->pair_count; pair++)
        fit->pairs[pair] = (struct pair_sums){
            -LEARNING_PAIR_PRECISION * fit->terms[pair], LEARNING_PAIR_PRECISION, {0}};
    for (size_t k = 0; k < N; k++) {
        gradient[k] = precisions[k] * (means[k] - fit->weights[k]);
        matrix[k][k] = precisions[k];
    }
    for (size_t i = 0; i < fit->count; i++) {
        const struct learning_evidence *row = &fit->rows[i];
        struct pair_sums *pair = &fit->pairs[row->pair];
        double p = 1 / (1 + exp(-predict(row, fit->weights, fit->terms)));
        double rest = (row->wrong ? 1 : 0) - p, curvature = p * (1 - p);
        pair->gradient += rest;
        pair->curvature += curvature;
        for (size_t k = 0; k < N; k++) {
            gradient[k] += rest * row->x[k];
            pair->mixed[k] += curvature * row->x[k];
            for (size_t j = 0; j < N; j++) matrix[k][j] += curvature * row->x[k] * row->x[j];
        }
    }
}

/* Solves the positive definite system in place: vector becomes the solution. */
static void solve(double (*matrix)[N], double *vector) {
    for (size_t i = 0; i < N; i++)
        for (size_t j = i + 1; j < N; j++) {
            double share = matrix[j][i] / matrix[i][i];
            for (size_t k = i; k < N; k++) matrix[j][k] -= share * matrix[i][k];
            vector[j] -= share * vector[i];
        }
    for (size_t i = N; i-- > 0;) {
        for (size_t k = i + 1; k < N; k++) vector[i] -= matrix[i][k] * vector[k];
        vector[i] /= matrix[i][i];
    }
}

/* The Newton step. A row is of one pair only, so that the terms can be eliminated one by one, and
 * only a system of the weights is left. */
static void find_step(struct fit *fit) {
    double matrix[N][N] = {{0}};
    double *step = fit->weight_step;
    sum_rows(fit, step, matrix);
    for (size_t pair = 0; pair < fit->pair_count; pair++) {
        const struct pair_sums *sums = &fit->pairs[pair];
        for (size_t k = 0; k < N; k++) {
            double share = sums->mixed[k] / sums->curvature;
            step[k] -= share * sums->gradient;
            for (size_t j = 0; j < N; j++) matrix[k][j] -= share * sums->mixed[j];
        }
    }
    solve(matrix, step);
    for (size_t pair = 0; pair < fit->pair_count; pair++) {
        const struct pair_sums *sums = &fit->pairs[pair];
        double rest = sums->gradient;
        for (size_t k = 0; k < N; k++) rest -= sums->mixed[k] * step[k];
        fit->pair_step[pair] = rest / sums->curvature;
    }
}

/* Goes as much of the step as lowers the loss; false: none of it does. */
static bool take_step(struct fit *fit, double *now) {
    double share = 1, next;
    for (int halving = 0; halving < HALVINGS; halving++, share /= 2) {
        for (size_t k = 0; k < N; k++)
            fit->new_weights[k] = fit->weights[k] + share * fit->weight_step[k];
        for (size_t pair = 0; pair < fit->pair_count; pair++)
            fit->new_terms[pair] = fit->terms[pair] + share * fit->pair_step[pair];
        next = loss(fit, fit->new_weights, fit->new_terms);
        if (!(next < *now)) continue;
        bool goes_on = *now - next > CONVERGED;
        memcpy(fit->weights, fit->new_weights, sizeof fit->new_weights);
        memcpy(fit->terms, fit->new_terms, fit->pair_count * sizeof *fit->terms);
        *now = next;
        return goes_on;
    }
    return false;
}

enum error_code learning_fit(const struct learning_evidence *rows, size_t count, size_t pair_count,
                             double *weights, double *terms, struct error *error) {
    const char *what = "the evidence of decisions";
    struct fit fit = {
        .rows = rows, .count = count, .pair_count = pair_count, .weights = weights, .terms = terms};
    fit.pairs = memory_array(pair_count, sizeof *fit.pairs, what, error);
    fit.new_terms = memory_array(pair_count, sizeof *fit.new_terms, what, error);
    fit.pair_step = memory_array(pair_count, sizeof *fit.pair_step, what, error);
    memcpy(weights, means, sizeof means);
    memset(terms, 0, pair_count * sizeof *terms);
    if (error->code == ERROR_NONE && count > 0) {
        double now = loss(&fit, weights, terms);
        for (int step = 0; step < STEPS; step++) {
            find_step(&fit);
            if (!take_step(&fit, &now)) break;
        }
    }
    free(fit.pairs);
    free(fit.new_terms);
    free(fit.pair_step);
    return error->code;
}

double learning_trust(const struct learning_evidence *rows, size_t count) {
    double right = 0;
    for (size_t i = 0; i < count; i++) right += !rows[i].wrong;
    return right / (right + LEARNING_TRUST);
}

double learning_key(const double *x, const double *weights, double term, double trust) {
    double first =
        means[EVIDENCE_SCORE] * x[EVIDENCE_SCORE] + means[EVIDENCE_FLAG] * x[EVIDENCE_FLAG];
    double now = term;
    for (size_t k = 0; k < N; k++) now += weights[k] * x[k];
    return -(first + trust * (now - first));
}
