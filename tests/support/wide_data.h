/* The embeddings and labels of tests/golden/crossval/wide_p.npy, computed from integers. */
#ifndef EARMARK_WIDE_DATA_H
#define EARMARK_WIDE_DATA_H

#include <stddef.h>
#include <stdint.h>

#define WIDE_ROWS ((size_t)2000)
#define WIDE_FEATURES ((size_t)512)
#define WIDE_CLASSES ((size_t)10)
#define WIDE_FOLDS ((size_t)5)
#define WIDE_C 0.01 /* on standardised columns */

/* Numbers between -1 and 1, of 24 bits, that depend only on the index. */
double wide_number(uint64_t index);

/* x (WIDE_ROWS, WIDE_FEATURES), y and fold_of (WIDE_ROWS). */
void wide_data(float *x, int32_t *y, int32_t *fold_of);

#endif
