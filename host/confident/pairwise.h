/* numpy's pairwise sums. The last bits of a sum depend on the order of additions, and they
 * decide ties in confident learning. */
#ifndef EARMARK_CONFIDENT_PAIRWISE_H
#define EARMARK_CONFIDENT_PAIRWISE_H

#include <stddef.h>

/* The sum of values (count) as numpy.sum computes it over one axis: below 8 terms in order, up
 * to 128 with eight accumulators, beyond that in halves cut at a multiple of 8. */
float pairwise_float32(const float *values, size_t count);
double pairwise_float64(const double *values, size_t count);

#endif
