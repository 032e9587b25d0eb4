/* Clips with identical samples: they must stay in one fold, and each is reported. */
#ifndef EARMARK_EMBEDDING_IDENTICAL_H
#define EARMARK_EMBEDDING_IDENTICAL_H

#include "host/base/error.h"

/* Joins the groups of rows whose audio is identical: groups (rows), 0 .. group_count - 1,
 * are replaced by the smallest group of each joined set. hashes (rows, 2). *joined:
 * how many groups were merged into others. */
enum error_code identical_join_groups(const uint64_t (*hashes)[2], size_t rows, int64_t *groups,
                                      size_t group_count, size_t *joined, struct error *error);

/* For every row the first other row with the same audio and the same label, and the
 * first with the same audio and another label; SIZE_MAX where there is none. hashes
 * (rows, 2), labels (rows), same_label and other_label (rows). */
enum error_code identical_find(const uint64_t (*hashes)[2], const int32_t *labels, size_t rows,
                               size_t *same_label, size_t *other_label, struct error *error);

#endif
