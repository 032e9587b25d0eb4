/* Assignment of rows to folds, the same as scikit-learn makes (model_selection:
 * StratifiedKFold, StratifiedGroupKFold and KFold). fold_of[row] is the fold that holds the
 * row out.
 *
 * Labels are 0 .. classes - 1, in the order in which scikit-learn would sort
 * them; classes without rows are allowed and change nothing. fold_of has room
 * for `rows` numbers; folds are 2 .. FOLDS_MAXIMUM. The seed (0 .. 2^32 - 1) is
 * used with `shuffle` only. */
#ifndef EARMARK_CLASSIFIER_FOLDS_H
#define EARMARK_CLASSIFIER_FOLDS_H

#include "host/base/error.h"

#define FOLDS_MAXIMUM 10000

/* Every fold gets nearly the same number of rows of each class. ERROR_DATA when
 * every class has fewer rows than folds. */
enum error_code folds_stratified(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                 bool shuffle, uint32_t seed, int32_t *fold_of,
                                 struct error *error);

/* The same, as far as possible with all rows of a group in one fold. groups (rows): any
 * numbers, in the order of scikit-learn's sorted group names. A fold may stay empty.
 * ERROR_DATA also when there are fewer groups than folds. */
enum error_code folds_stratified_group(const int32_t *labels, const int64_t *groups, size_t rows,
                                       size_t classes, size_t folds, bool shuffle, uint32_t seed,
                                       int32_t *fold_of, struct error *error);

/* Random folds of the same size (within one row), whatever the labels: KFold(shuffle=True,
 * random_state=seed). ERROR_DATA when there are fewer rows than folds. */
enum error_code folds_shuffled(size_t rows, size_t folds, uint32_t seed, int32_t *fold_of,
                               struct error *error);

/* Folds given as a column: values (rows), any numbers, of which the smallest becomes fold
 * 0, the next fold 1 and so on. *folds: how many there are. ERROR_DATA when there is only one
 * or more than FOLDS_MAXIMUM. */
enum error_code folds_from_column(const int64_t *values, size_t rows, int32_t *fold_of,
                                  size_t *folds, struct error *error);

/* Replaces values (rows) by codes (rows): 0 for the smallest value, 1 for the next, and so on.
 * *distinct: the (*count) different values, sorted; the caller frees it. */
enum error_code folds_encode(const int64_t *values, size_t rows, int32_t *codes, int64_t **distinct,
                             size_t *count, struct error *error);

#endif
