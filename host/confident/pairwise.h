/* numpy's pairwise sums: the order of additions, and with it the last bits, are
 * part of confident learning's result (they decide ties). */
#ifndef EARMARK_CONFIDENT_PAIRWISE_H
#define EARMARK_CONFIDENT_PAIRWISE_H

#include <stddef.h>

/* Sums as numpy.sum does over one axis: below 8 terms in order, up to 128 with eight
 * accumulators, beyond that halves rounded down to a multiple of 8. */
float pairwise_float32(const float *values, size_t count);
double pairwise_float64(const double *values, size_t count);

#endif
