/* From flagged rows to a ranked list. */
#ifndef EARMARK_CONFIDENT_RANK_H
#define EARMARK_CONFIDENT_RANK_H

#include "host/confident/scan.h"

/* The rows whose state has all bits of `mask`, in row order, without scores;
 * *issues is to be freed. */
enum error_code rank_collect(const struct scan *scan, uint32_t mask,
                             struct confident_issue **issues, size_t *count, struct error *error);

/* Sorts by score, lowest first; equal scores stay in order, NaN comes last. */
enum error_code rank_sort(struct confident_issue *issues, size_t count, struct error *error);

#endif
