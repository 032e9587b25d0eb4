/* The mix of several estimators' out-of-fold probabilities: each view's estimators are averaged
 * as logarithms (a geometric mean), the views are weighted by how well they predict the given
 * labels, and one temperature sets how sure the result is. */
#ifndef EARMARK_CLASSIFIER_MIX_H
#define EARMARK_CLASSIFIER_MIX_H

#include "host/base/error.h"

#define MIX_ESTIMATORS 3 /* of a view */
#define MIX_VIEWS 6      /* at most: the weights that are tried grow as their fourth power */

struct mix_input {
    size_t rows, classes, view_count;
    const int32_t *labels;          /* (rows), 0 .. classes - 1 */
    const float *const *estimators; /* (view_count * MIX_ESTIMATORS), a view's next to each other:
                                       (rows, classes) natural logarithms, finite */
    int threads;                    /* >= 1; results do not depend on it */
};

struct mix_report {
    double weights[MIX_VIEWS];    /* of the views: quarters that add up to 1 */
    double temperature;           /* that the weighted logarithms are multiplied by */
    double log_loss;              /* mean -log p[label] of the mix */
    double log_losses[MIX_VIEWS]; /* of each view alone, at its own best temperature */
};

/* Chooses weights in quarters and a temperature of .5 .7 1 1.4 2 by the lowest log-loss of the
 * given labels (ties: the more even weights first, then the lower temperature), and writes the
 * mix (rows, classes), natural logarithms of its probabilities, at least LOG_FLOOR, and
 * margins (rows): log p[label] less the largest log p of the other classes; low is suspicious.
 * ERROR_MEMORY; ERROR_INTERNAL for more than MIX_VIEWS views. */
enum error_code mix_make(const struct mix_input *input, float *mix, float *margins,
                         struct mix_report *report, struct error *error);

#endif
