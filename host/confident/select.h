/* Which rows the counts select. All orders are those of numpy's stable sort: by value, ties
 * by row. Memory is bounded by the number of selected rows. */
#ifndef EARMARK_CONFIDENT_SELECT_H
#define EARMARK_CONFIDENT_SELECT_H

#include "host/confident/scan.h"

/* For every given class k and true class j, selects the prune[k, j] rows of class k with the
 * largest p_j - p_k, and sets STATE_BY_NOISE_RATE on those that are not vetoed. prune: (K, K).
 * ERROR_MEMORY. */
enum error_code select_by_noise_rate(struct scan *scan, const int64_t *prune,
                                     int64_t min_examples_per_class, struct error *error);

/* For every class k, selects all but prune[k, k] of its rows, those with the smallest p_k, and
 * sets STATE_FLAGGED on those that are not vetoed. ERROR_MEMORY. */
enum error_code select_by_class(struct scan *scan, const int64_t *prune,
                                int64_t min_examples_per_class, struct error *error);

/* Sets STATE_FLAGGED on the `count` rows of the lowest score, that of FILTER_LOW_*.
 * ERROR_MEMORY. */
enum error_code select_lowest(struct scan *scan, enum confident_filter filter, uint64_t count,
                              struct error *error);

#endif
