/* A device's search of nearest rows, against plain loops and by rules. Each function is one
 * test; any error fails it. */
#ifndef EARMARK_TEST_NEAREST_RULES_H
#define EARMARK_TEST_NEAREST_RULES_H

#include "kernels/device.h"

/* The `count` nearest of `query_count` rows of synthetic data (rows, columns): each has the
 * reported similarity, and no more rows are nearer than its rank allows. Then the same bytes
 * again with every number of threads up to `most_threads`. */
void nearest_rules_against_plain(const struct device_operations *operations, int most_threads,
                                 size_t rows, size_t columns, size_t query_count, size_t count);

/* The same with shifted and scaled columns, with a third of the rows as references, and with rows
 * apart; then with all rows of one number, where nothing is found. */
void nearest_rules_chosen(const struct device_operations *operations, int most_threads, size_t rows,
                          size_t columns, size_t query_count, size_t count);

/* References, shift and scale give the same bytes as a plain search of rows that were gathered and
 * scaled before, and a query alone the same as among others. */
void nearest_rules_gathered(const struct device_operations *operations, size_t rows, size_t columns,
                            size_t query_count, size_t count);

/* Rows at addresses of their own: the same bytes as rows one after another, with and without
 * references, shift and scale. */
void nearest_rules_scattered(const struct device_operations *operations, size_t rows,
                             size_t columns, size_t query_count, size_t count);

/* Queries and references that are no rows, references that do not ascend, a scale alone. */
void nearest_rules_refused(const struct device_operations *operations);

/* Among rows of one direction lower row numbers come first; a row of zeros is similar to
 * nothing. */
void nearest_rules_ties_and_zeros(const struct device_operations *operations);

/* Fewer rows than requested: the rest is SIZE_MAX and NaN. */
void nearest_rules_few_rows(const struct device_operations *operations);

#endif
