#include "host/classifier/copies.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/classifier/folds.h"

#include <stdlib.h>
#include <xxhash.h>

void copies_hash(const float *values, size_t count, uint64_t hash[2]) {
    XXH128_hash_t sum = XXH3_128bits_withSeed(values, count * sizeof *values, hash[0]);
    hash[0] = sum.low64;
    hash[1] ^= sum.high64;
}

struct hashed_row {
    uint64_t hash[2];
    size_t row;
};

static int compare(const void *left, const void *right) {
    const struct hashed_row *a = left, *b = right;
    for (int i = 0; i < 2; i++)
        if (a->hash[i] != b->hash[i]) return a->hash[i] < b->hash[i] ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

enum error_code copies_find(const uint64_t (*hashes)[2], size_t rows, int32_t *copy_of,
                            size_t *copies, struct error *error) {
    struct hashed_row *sorted = scratch_array(rows, sizeof *sorted, "hashes", error);
    *copies = 0;
    if (sorted == NULL) return error->code;
    for (size_t i = 0; i < rows; i++)
        sorted[i] = (struct hashed_row){{hashes[i][0], hashes[i][1]}, i};
    sort_in_place(sorted, rows, sizeof *sorted, compare);
    for (size_t i = 0, first = 0; i < rows; i++) {
        bool same = sorted[i].hash[0] == sorted[first].hash[0] &&
                    sorted[i].hash[1] == sorted[first].hash[1];
        if (!same) first = i;
        copy_of[sorted[i].row] = (int32_t)sorted[first].row;
        *copies += i != first;
    }
    scratch_free(sorted);
    return ERROR_NONE;
}

enum error_code copies_select(const int32_t *copy_of, size_t rows, const size_t *selected,
                              size_t count, int32_t *selected_copies, struct error *error) {
    int32_t *places = scratch_array(rows, sizeof *places, "copies", error);
    if (places == NULL) return error->code;
    for (size_t row = 0; row < rows; row++) places[row] = -1;
    for (size_t i = 0; i < count; i++) {
        int32_t *place = &places[(size_t)copy_of[selected[i]]];
        if (*place < 0) *place = (int32_t)i;
        selected_copies[i] = *place;
    }
    scratch_free(places);
    return ERROR_NONE;
}

/* The largest number of rows of a class; of all rows without labels. */
static size_t largest_class(const int32_t *labels, size_t rows, size_t classes,
                            struct error *error) {
    size_t largest = 0;
    if (labels == NULL) return rows;
    size_t *counts = memory_array(classes, sizeof *counts, "class counts", error);
    for (size_t row = 0; counts != NULL && row < rows; row++)
        if (++counts[labels[row]] > largest) largest = counts[labels[row]];
    free(counts);
    return largest;
}

static enum error_code deal(const int32_t *labels, size_t rows, size_t classes, size_t folds,
                            bool shuffle, uint32_t seed, int32_t *fold_of, struct error *error) {
    if (labels == NULL) return folds_shuffled(rows, folds, seed, fold_of, error);
    return folds_stratified(labels, rows, classes, folds, shuffle, seed, fold_of, error);
}

enum error_code copies_folds(const int32_t *labels, const int32_t *copy_of, size_t rows,
                             size_t classes, size_t folds, bool shuffle, uint32_t seed,
                             int32_t *fold_of, struct error *error) {
    if (copy_of == NULL) return deal(labels, rows, classes, folds, shuffle, seed, fold_of, error);
    int32_t *first_labels = scratch_array(rows, sizeof *first_labels, "labels", error);
    int32_t *first_folds = scratch_array(rows, sizeof *first_folds, "folds", error);
    size_t firsts = 0;
    if (error->code != ERROR_NONE) goto done;
    for (size_t row = 0; row < rows; row++)
        if ((size_t)copy_of[row] == row) first_labels[firsts++] = labels == NULL ? 0 : labels[row];
    const int32_t *dealt = labels == NULL ? NULL : first_labels;
    size_t largest = largest_class(dealt, firsts, classes, error);
    if (error->code != ERROR_NONE) goto done;
    if (firsts < rows && largest >= 2 && largest < folds) folds = largest; /* others stay empty */
    if (deal(dealt, firsts, classes, folds, shuffle, seed, first_folds, error) != ERROR_NONE) {
        if (firsts < rows) error_prefix(error, "copies count once");
        goto done;
    }
    for (size_t row = 0, next = 0; row < rows; row++) /* a first row stands before its copies */
        fold_of[row] =
            (size_t)copy_of[row] == row ? first_folds[next++] : fold_of[(size_t)copy_of[row]];
done:
    scratch_free(first_labels);
    scratch_free(first_folds);
    return error->code;
}

static size_t find_root(size_t *parents, size_t group) {
    while (parents[group] != group) group = parents[group] = parents[parents[group]];
    return group;
}

enum error_code copies_join_groups(const int32_t *copy_of, size_t rows, int64_t *groups,
                                   size_t group_count, size_t *joined, struct error *error) {
    size_t *parents = scratch_array(group_count, sizeof *parents, "groups", error);
    *joined = 0;
    if (parents == NULL) return error->code;
    for (size_t i = 0; i < group_count; i++) parents[i] = i;
    for (size_t row = 0; row < rows; row++) {
        size_t a = find_root(parents, (size_t)groups[row]);
        size_t b = find_root(parents, (size_t)groups[(size_t)copy_of[row]]);
        if (a == b) continue;
        parents[a > b ? a : b] = a > b ? b : a;
        (*joined)++;
    }
    for (size_t row = 0; row < rows; row++)
        groups[row] = (int64_t)find_root(parents, (size_t)groups[row]);
    scratch_free(parents);
    return ERROR_NONE;
}
