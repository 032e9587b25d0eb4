/* Copies: rows whose embeddings are the same bytes in every view, because the sound is the same.
 * They must stay in one fold; otherwise a copy with the same wrong label is among the training
 * rows and hides the error. */
#ifndef EARMARK_CLASSIFIER_COPIES_H
#define EARMARK_CLASSIFIER_COPIES_H

#include "host/base/error.h"

/* Adds a view's values (count) of a row to the row's hash, which begins as zeros. */
void copies_hash(const float *values, size_t count, uint64_t hash[2]);

/* copy_of (rows): the first row with the same hash, which is the row itself where there is no
 * earlier one. hashes (rows, 2). *copies: rows that are not the first. ERROR_MEMORY. */
enum error_code copies_find(const uint64_t (*hashes)[2], size_t rows, int32_t *copy_of,
                            size_t *copies, struct error *error);

/* copy_of (count) of some rows only: selected (count), ascending, with numbers into `selected`.
 * Where the first row of a set is left out, the next one takes its place. rows: of copy_of. */
enum error_code copies_select(const int32_t *copy_of, size_t rows, const size_t *selected,
                              size_t count, int32_t *selected_copies, struct error *error);

/* folds_stratified() of the first rows only, without labels folds_shuffled() of them; copies
 * follow the row that they are a copy of. Where no class has as many different sounds as there are
 * folds, but one has two, only as many folds have rows as the largest class has sounds. copy_of
 * (rows) as copies_find() wrote it, NULL: no row is a copy. Errors as of those functions. */
enum error_code copies_folds(const int32_t *labels, const int32_t *copy_of, size_t rows,
                             size_t classes, size_t folds, bool shuffle, uint32_t seed,
                             int32_t *fold_of, struct error *error);

/* Joins the groups of copies: groups (rows) 0 .. group_count - 1 are replaced by the smallest
 * group of each joined set. *joined: groups that were merged into others. ERROR_MEMORY. */
enum error_code copies_join_groups(const int32_t *copy_of, size_t rows, int64_t *groups,
                                   size_t group_count, size_t *joined, struct error *error);

#endif
