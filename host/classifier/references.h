/* A sample of rows to find neighbours among, where all of them would cost too much. */
#ifndef EARMARK_CLASSIFIER_REFERENCES_H
#define EARMARK_CLASSIFIER_REFERENCES_H

#include "host/base/error.h"
#include "kernels/device.h"

#include <stddef.h>
#include <stdint.h>

/* Every class keeps this many rows to find neighbours among, if it has them. */
#define REFERENCES_LEAST 20

/* Chooses of each class its share of `most` rows, rounded down, but `least`: those whose
 * bytes have the smallest hash (XXH3), so that the order of the rows does not matter; among equal
 * rows the lower. embeddings: (rows, features); labels: (rows), 0 .. classes - 1.
 * *references (*count), ascending, is freed by the caller. ERROR_MEMORY. */
enum error_code references_choose(const struct matrix_rows *embeddings, const int32_t *labels,
                                  size_t rows, size_t features, size_t classes, size_t most,
                                  size_t least, size_t **references, size_t *count,
                                  struct error *error);

#endif
