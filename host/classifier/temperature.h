/* One temperature for probabilities: softmax(b ln p), with the b of the lowest log-loss. */
#ifndef EARMARK_CLASSIFIER_TEMPERATURE_H
#define EARMARK_CLASSIFIER_TEMPERATURE_H

#include "host/base/error.h"

/* The values of b that are tried: e^-4 to e^1.5 in steps of e^0.1. */
#define TEMPERATURE_COUNT 56
double temperature_value(size_t index);

struct temperature_input {
    const float *logarithms; /* (rows, classes): ln p, without a floor; no NaN */
    const int32_t *labels;   /* (rows), 0 .. classes - 1 */
    size_t rows, classes;
    int threads; /* >= 1. Results do not depend on it */
};

/* Finds the b of the lowest mean -ln p[label], ties to the smaller; that mean is convex in b.
 * A row whose label is absent (ln p below -1e29) counts -LOG_FLOOR at every b. ERROR_MEMORY. */
enum error_code temperature_search(const struct temperature_input *input, double *temperature,
                                   double *log_loss, struct error *error);

/* logarithms (rows, classes) = max(ln softmax(temperature * logarithms), LOG_FLOOR). */
void temperature_apply(float *logarithms, size_t rows, size_t classes, double temperature,
                       int threads);

#endif
