/* What the estimators of an audit say about its rows: the input of everything that follows from
 * the mix of their probabilities. */
#ifndef EARMARK_CONFIDENT_MIX_VIEW_H
#define EARMARK_CONFIDENT_MIX_VIEW_H

#include "host/base/error.h"

struct mix_view {
    size_t rows, classes;  /* at least 1 and at least 2 */
    const int32_t *labels; /* (rows) the given classes, 0 .. classes - 1 */
    /* (rows, classes) natural logarithms of out-of-fold probabilities, finite or -infinity. */
    const float *mix;
    /* (rows) log-probability of the given class less the largest of the others: low is suspicious.
     */
    const float *margins;
    /* (estimator_count) matrices like mix: logistic, discriminant and neighbours of the first view,
     * then those of the next one; at least 1. */
    const float *const *estimators;
    size_t estimator_count;
    const double *weights; /* (estimator_count) in the mix, not all 0; NULL: all the same */
    int threads;           /* at least 1; never changes a result */
};

#endif
