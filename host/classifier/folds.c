#include "host/classifier/folds.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/classifier/random.h"

#include <stdlib.h>
#include <string.h>

static enum error_code check_folds(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                   struct error *error) {
    if (folds < 2 || folds > FOLDS_MAXIMUM)
        return FAIL(error, ERROR_USAGE, "%zu folds: give 2 to %d", folds, FOLDS_MAXIMUM);
    if (rows == 0) return FAIL(error, ERROR_DATA, "no rows to divide into folds");
    for (size_t row = 0; row < rows; row++)
        if (labels[row] < 0 || (size_t)labels[row] >= classes)
            return FAIL(error, ERROR_INTERNAL, "row %zu has label %d of %zu classes", row,
                        labels[row], classes);
    return ERROR_NONE;
}

static enum error_code check_counts(const size_t *counts, size_t classes, size_t folds,
                                    struct error *error) {
    size_t most = 0;
    for (size_t c = 0; c < classes; c++)
        if (counts[c] > most) most = counts[c];
    if (most >= folds) return ERROR_NONE;
    return FAIL(
        error, ERROR_DATA,
        "%zu folds, but no class has that many clips (the largest has %zu); use fewer folds", folds,
        most);
}

/* code[label] = position of the class by first appearance among the rows. */
static void encode_by_appearance(const int32_t *labels, size_t rows, size_t classes, size_t *code,
                                 size_t *counts) {
    for (size_t c = 0; c < classes; c++) code[c] = SIZE_MAX;
    size_t seen = 0;
    for (size_t row = 0; row < rows; row++) {
        size_t label = (size_t)labels[row];
        if (code[label] == SIZE_MAX) code[label] = seen++;
        counts[code[label]]++;
    }
}

/* With the rows sorted by class, position p belongs to fold p modulo folds. Writes the folds
 * of one class's positions begin .. begin + count - 1, fold by fold. */
static void fill_block(size_t begin, size_t count, size_t folds, int32_t *block) {
    size_t at = 0;
    for (size_t fold = 0; fold < folds; fold++) {
        size_t first = begin + (fold + folds - begin % folds) % folds;
        for (size_t position = first; position < begin + count; position += folds)
            block[at++] = (int32_t)fold;
    }
}

enum error_code folds_stratified(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                                 bool shuffle, uint32_t seed, int32_t *fold_of,
                                 struct error *error) {
    TRY(check_folds(labels, rows, classes, folds, error));
    size_t *code = memory_array(classes, sizeof *code, "class codes", error);
    size_t *counts = memory_array(classes, sizeof *counts, "class counts", error);
    size_t *next = memory_array(classes, sizeof *next, "class positions", error);
    int32_t *blocks = scratch_array(rows, sizeof *blocks, "folds", error);
    if (error->code != ERROR_NONE) goto done;
    encode_by_appearance(labels, rows, classes, code, counts);
    if (check_counts(counts, classes, folds, error) != ERROR_NONE) goto done;
    struct random_state random;
    random_seed(&random, seed);
    size_t begin = 0;
    for (size_t c = 0; c < classes; c++) {
        next[c] = begin;
        fill_block(begin, counts[c], folds, blocks + begin);
        if (shuffle) random_shuffle(&random, blocks + begin, counts[c]);
        begin += counts[c];
    }
    for (size_t row = 0; row < rows; row++) fold_of[row] = blocks[next[code[labels[row]]]++];
done:
    free(code);
    free(counts);
    free(next);
    scratch_free(blocks);
    return error->code;
}

enum error_code folds_shuffled(size_t rows, size_t folds, uint32_t seed, int32_t *fold_of,
                               struct error *error) {
    if (folds < 2 || folds > FOLDS_MAXIMUM)
        return FAIL(error, ERROR_USAGE, "%zu folds: give 2 to %d", folds, FOLDS_MAXIMUM);
    if (rows < folds)
        return FAIL(error, ERROR_DATA, "%zu folds, but only %zu clips; use fewer folds", folds,
                    rows);
    size_t *order = scratch_array(rows, sizeof *order, "folds", error);
    if (order == NULL) return error->code;
    struct random_state random;
    random_seed(&random, seed);
    for (size_t row = 0; row < rows; row++) order[row] = row;
    random_shuffle_sizes(&random, order, rows);
    /* The first rows % folds folds have one row more. */
    for (size_t fold = 0, at = 0; fold < folds; fold++)
        for (size_t i = 0; i < rows / folds + (fold < rows % folds); i++)
            fold_of[order[at++]] = (int32_t)fold;
    scratch_free(order);
    return ERROR_NONE;
}

static int compare_int64(const void *left, const void *right) {
    int64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

static int32_t find_code(const int64_t *distinct, size_t count, int64_t value) {
    size_t low = 0, high = count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (distinct[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return (int32_t)low;
}

enum error_code folds_encode(const int64_t *values, size_t rows, int32_t *codes, int64_t **distinct,
                             size_t *count, struct error *error) {
    if (rows > INT32_MAX) return FAIL(error, ERROR_UNSUPPORTED, "%zu rows are too many", rows);
    int64_t *sorted = scratch_array(rows, sizeof *sorted, "sorted values", error);
    if (sorted == NULL) return error->code;
    if (rows > 0) memcpy(sorted, values, rows * sizeof *sorted);
    sort_in_place(sorted, rows, sizeof *sorted, compare_int64);
    size_t kept = 0;
    for (size_t row = 0; row < rows; row++)
        if (kept == 0 || sorted[row] != sorted[kept - 1]) sorted[kept++] = sorted[row];
    for (size_t row = 0; row < rows; row++) codes[row] = find_code(sorted, kept, values[row]);
    *count = kept;
    *distinct = memory_array(kept, sizeof **distinct, "values", error);
    if (*distinct != NULL) memcpy(*distinct, sorted, kept * sizeof **distinct);
    scratch_free(sorted);
    return error->code;
}

enum error_code folds_from_column(const int64_t *values, size_t rows, int32_t *fold_of,
                                  size_t *folds, struct error *error) {
    int64_t *distinct = NULL;
    TRY(folds_encode(values, rows, fold_of, &distinct, folds, error));
    free(distinct);
    if (*folds < 2)
        return FAIL(error, ERROR_DATA,
                    "the fold column has one value only, which leaves nothing to train on; use a "
                    "column with at least two");
    if (*folds > FOLDS_MAXIMUM)
        return FAIL(error, ERROR_DATA,
                    "the fold column has %zu different values, more than %d; check that it is the "
                    "right column",
                    *folds, FOLDS_MAXIMUM);
    return ERROR_NONE;
}
