/* Which rows the counts select. All orders are numpy's stable ones: by value, ties
 * by row. Memory is bounded by what is selected, not by the rows. */
#ifndef EARMARK_CONFIDENT_SELECT_H
#define EARMARK_CONFIDENT_SELECT_H

#include "host/confident/scan.h"

/* For every given class k and true class j: the prune[k, j] rows of class k with the
 * largest p_j - p_k. Sets STATE_BY_NOISE_RATE on those that are not vetoed. */
enum error_code select_by_noise_rate(struct scan *scan, const int64_t *prune,
                                     int64_t min_examples_per_class, struct error *error);

/* For every class k: all but prune[k, k] of its rows, those with the smallest p_k.
 * Sets STATE_FLAGGED on those that are not vetoed. */
enum error_code select_by_class(struct scan *scan, const int64_t *prune,
                                int64_t min_examples_per_class, struct error *error);

/* The `count` rows of the lowest score (FILTER_LOW_*); sets STATE_FLAGGED. */
enum error_code select_lowest(struct scan *scan, enum confident_filter filter, uint64_t count,
                              struct error *error);

#endif
