/* Nearest rows by a device, against plain loops and by rule. Each test is a function; trouble
 * fails it. */
#ifndef EARMARK_TEST_NEAREST_RULES_H
#define EARMARK_TEST_NEAREST_RULES_H

#include "kernels/device.h"

/* The `count` nearest of `query_count` rows of made data (rows, columns): each has the
 * similarity that is said, and no more rows than its rank allows are nearer. Then the same
 * bytes again, with `most_threads` threads and every number below. */
void nearest_rules_against_plain(const struct device_operations *operations, int most_threads,
                                 size_t rows, size_t columns, size_t query_count, size_t count);

/* Of rows in one direction the lower come first; a row of zeros is like nothing. */
void nearest_rules_ties_and_zeros(const struct device_operations *operations);

/* Fewer rows than were asked for: the rest is SIZE_MAX and NaN. */
void nearest_rules_few_rows(const struct device_operations *operations);

#endif
