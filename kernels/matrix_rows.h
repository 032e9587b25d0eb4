/* A matrix's rows where they lie: one after another, or each at its own address, as in the mapped
 * files that a run leaves. */
#ifndef EARMARK_MATRIX_ROWS_H
#define EARMARK_MATRIX_ROWS_H

#include <stddef.h>

struct matrix_rows {
    const float *first; /* row 0; the next one begins `stride` numbers later */
    size_t stride;
    /* Or each row's own address, from which on its first number is number `column`: several
     * matrices share the addresses where their rows lie side by side. Else NULL. */
    const float *const *addresses;
    size_t column;
};

/* Of rows one after another: data (any number of rows, columns). */
static inline struct matrix_rows matrix_of(const float *data, size_t columns) {
    struct matrix_rows rows = {data, columns, NULL, 0};
    return rows;
}

/* Of rows at addresses (any number of rows), from number `column` of each. */
static inline struct matrix_rows matrix_at(const float *const *addresses, size_t column) {
    struct matrix_rows rows = {NULL, 0, addresses, column};
    return rows;
}

static inline const float *matrix_row(const struct matrix_rows *rows, size_t row) {
    if (rows->addresses != NULL) return rows->addresses[row] + rows->column;
    return rows->first + row * rows->stride;
}

#endif
