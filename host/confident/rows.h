/* Rows of a matrix of probabilities of any type, byte order and memory order, as blocks of
 * float or double in C order; not copied where the array already has that form. */
#ifndef EARMARK_CONFIDENT_ROWS_H
#define EARMARK_CONFIDENT_ROWS_H

#include "host/base/npy.h"

struct rows {
    const struct npy_array *array;
    const void *direct; /* NULL: blocks are converted */
    bool single;        /* float32 arithmetic; float64 otherwise */
    bool fortran;       /* numpy then sums a row in order, not pairwise */
    size_t count;
    size_t classes;
};

/* array: two-dimensional (rows, classes), which must outlive the result. */
struct rows rows_of(const struct npy_array *array);

static inline size_t rows_element_size(const struct rows *rows) {
    return rows->single ? sizeof(float) : sizeof(double);
}

/* Rows first .. first + count - 1 as (count, classes) of float (rows->single) or double, in the
 * array itself or in scratch, which has room for them. */
const void *rows_block(const struct rows *rows, size_t first, size_t count, void *scratch);

/* One element, not rounded. */
static inline double rows_element(const struct rows *rows, size_t row, size_t column) {
    size_t at = row * rows->classes + column;
    if (rows->direct == NULL) return npy_element(rows->array, row, column);
    return rows->single ? (double)((const float *)rows->direct)[at]
                        : ((const double *)rows->direct)[at];
}

/* For an element that is read soon: those of different rows are far apart in memory. */
static inline void rows_prefetch(const struct rows *rows, size_t row, size_t column) {
    if (rows->direct == NULL) return;
    size_t at = (row * rows->classes + column) * rows_element_size(rows);
    __builtin_prefetch((const char *)rows->direct + at);
}

/* Rows in a block of about 128 KiB, at least 1. */
size_t rows_per_block(const struct rows *rows);

#endif
