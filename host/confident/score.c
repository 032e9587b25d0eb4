#include "host/confident/score.h"

#include "host/confident/pairwise.h"

#include <math.h>

#define TINY 1e-6

enum error_code scorer_open(const struct rows *rows, enum confident_score score,
                            const double *thresholds, struct scorer *scorer, struct error *error) {
    *scorer = (struct scorer){.rows = rows,
                              .score = score,
                              .thresholds = thresholds,
                              .single = rows->single,
                              .log_classes = log((double)rows->classes)};
    if (thresholds == NULL) return ERROR_NONE;
    if (score == SCORE_CONFIDENCE_WEIGHTED_ENTROPY)
        return FAIL(error, ERROR_USAGE,
                    "adjusted probabilities have no confidence_weighted_entropy score: choose "
                    "self_confidence or normalized_margin");
    for (size_t k = 0; k < rows->classes; k++) {
        scorer->highest_threshold = fmax(scorer->highest_threshold, thresholds[k]);
        /* A class without rows makes numpy's thresholds, and what follows from them, float64. */
        if (thresholds[k] == 2) scorer->single = false;
    }
    return ERROR_NONE;
}

size_t scorer_work(const struct rows *rows) {
    return 2 * rows->classes;
}

static double rounded(const struct scorer *scorer, double value) {
    return scorer->single ? (double)(float)value : value;
}

/* The sum of a row as numpy computes it: pairwise in C order; in Fortran order numpy adds whole
 * columns, which adds a row's terms in order. */
static double row_sum(const struct scorer *scorer, const double *values, float *narrow) {
    size_t classes = scorer->rows->classes;
    if (scorer->rows->fortran) {
        double sum = 0;
        for (size_t k = 0; k < classes; k++) sum = rounded(scorer, sum + values[k]);
        return sum;
    }
    if (!scorer->single) return pairwise_float64(values, classes);
    for (size_t k = 0; k < classes; k++) narrow[k] = (float)values[k];
    return (double)pairwise_float32(narrow, classes);
}

static void load_row(const struct scorer *scorer, const void *row, double *values) {
    for (size_t k = 0; k < scorer->rows->classes; k++)
        values[k] =
            scorer->rows->single ? (double)((const float *)row)[k] : ((const double *)row)[k];
}

static void adjust_row(const struct scorer *scorer, double *values, float *narrow) {
    size_t classes = scorer->rows->classes;
    for (size_t k = 0; k < classes; k++) {
        values[k] = rounded(scorer, values[k] - scorer->thresholds[k]);
        values[k] = rounded(scorer, values[k] + scorer->highest_threshold);
    }
    double sum = row_sum(scorer, values, narrow);
    for (size_t k = 0; k < classes; k++) values[k] = rounded(scorer, values[k] / sum);
}

static double margin(const struct scorer *scorer, const double *values, size_t given) {
    double other = -INFINITY;
    for (size_t k = 0; k < scorer->rows->classes; k++)
        if (k != given && values[k] > other) other = values[k];
    return rounded(scorer, rounded(scorer, values[given] - other) + 1) / 2;
}

/* ln(s + 1) / s, where s is the normalised entropy divided by the given label's probability. */
static double weighted_entropy(const struct scorer *scorer, double *values, size_t given,
                               float *narrow) {
    double mine = fmax(values[given], rounded(scorer, TINY));
    for (size_t k = 0; k < scorer->rows->classes; k++) {
        double p = values[k] > 1 ? 1 : values[k];
        double logarithm = scorer->single ? (double)logf((float)p) : log(p);
        values[k] = p > 0 ? rounded(scorer, p * logarithm) : 0;
    }
    double entropy = -row_sum(scorer, values, narrow) / scorer->log_classes;
    double ratio = entropy / mine;
    return log(ratio + 1) / fmax(ratio, TINY);
}

double scorer_row(const struct scorer *scorer, const void *row, size_t given, double *work) {
    double *values = work;
    float *narrow = (float *)(void *)(work + scorer->rows->classes);
    if (scorer->thresholds == NULL && scorer->score == SCORE_SELF_CONFIDENCE)
        return scorer->rows->single ? (double)((const float *)row)[given]
                                    : ((const double *)row)[given];
    load_row(scorer, row, values);
    if (scorer->thresholds != NULL) adjust_row(scorer, values, narrow);
    switch (scorer->score) {
    case SCORE_NORMALIZED_MARGIN: return margin(scorer, values, given);
    case SCORE_CONFIDENCE_WEIGHTED_ENTROPY: return weighted_entropy(scorer, values, given, narrow);
    default: return values[given];
    }
}
