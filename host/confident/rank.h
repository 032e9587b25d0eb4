/* From flagged rows to a ranked list. */
#ifndef EARMARK_CONFIDENT_RANK_H
#define EARMARK_CONFIDENT_RANK_H

#include "host/confident/scan.h"

/* *issues (*count): the rows whose state has all bits of `mask`, in row order, scored by plain
 * self-confidence. The caller frees *issues. ERROR_MEMORY. */
enum error_code rank_collect(const struct scan *scan, uint32_t mask,
                             struct confident_issue **issues, size_t *count, struct error *error);

/* Sorts issues (count) by score, lowest first; equal scores keep their order, NaN comes last.
 * ERROR_MEMORY. */
enum error_code rank_sort(struct confident_issue *issues, size_t count, struct error *error);

#endif
