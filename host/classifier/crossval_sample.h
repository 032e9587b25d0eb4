/* The rows that --C auto is judged on where there are many. */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_SAMPLE_H
#define EARMARK_CLASSIFIER_CROSSVAL_SAMPLE_H

#include "host/base/error.h"
#include "kernels/device.h"

/* Every class keeps this many rows of each fold, if it has them: as many folds as held a class hold
 * it in the sample. */
#define CROSSVAL_SAMPLE_LEAST 4

/* The rows to choose from. */
struct crossval_rows {
    struct matrix_rows embeddings; /* (rows, features) */
    const int32_t *labels;         /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of;        /* (rows), 0 .. folds - 1 */
    const int64_t *row_numbers;    /* (rows), or NULL: 0 .. rows - 1 */
    size_t rows, features, classes, folds;
};

/* The chosen ones, in their order; owned. */
struct crossval_sample {
    size_t rows;
    const float **addresses;
    int32_t *labels, *fold_of;
    int64_t *row_numbers;
};

/* Chooses about `most` rows, each class's share of each fold, by their bytes' hash
 * (references.h): a row belongs to the sample wherever in the list it is. ERROR_MEMORY.
 * crossval_sample_close() frees it, after an error too; takes a zeroed one. */
enum error_code crossval_sample_open(const struct crossval_rows *from, size_t most,
                                     struct crossval_sample *sample, struct error *error);
void crossval_sample_close(struct crossval_sample *sample);

#endif
