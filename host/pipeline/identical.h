/* Identical audio must not sit on both sides of a fold. */
#ifndef EARMARK_IDENTICAL_H
#define EARMARK_IDENTICAL_H

#include "host/base/error.h"

/* Joins the groups of rows whose audio is identical: groups (rows), 0 .. group_count - 1,
 * are replaced by the smallest group of each joined set. hashes (rows, 2). *joined:
 * how many groups disappeared into others. */
enum error_code identical_join_groups(const uint64_t (*hashes)[2], size_t rows, int64_t *groups,
                                      size_t group_count, size_t *joined, struct error *error);

#endif
