#include "host/confident/rows.h"

#define BLOCK_BYTES ((size_t)131072)

struct rows rows_of(const struct npy_array *array) {
    struct rows rows = {.array = array,
                        .single = array->type == NPY_FLOAT32 || array->type == NPY_FLOAT16,
                        .fortran = array->fortran,
                        .count = array->rows,
                        .classes = array->columns};
    rows.direct = npy_direct(array, rows.single ? NPY_FLOAT32 : NPY_FLOAT64);
    return rows;
}

const void *rows_block(const struct rows *rows, size_t first, size_t count, void *scratch) {
    if (rows->direct != NULL)
        return (const char *)rows->direct + first * rows->classes * rows_element_size(rows);
    if (rows->single)
        npy_copy_float32(rows->array, first, count, scratch);
    else
        npy_copy_float64(rows->array, first, count, scratch);
    return scratch;
}

size_t rows_per_block(const struct rows *rows) {
    size_t count = BLOCK_BYTES / (rows->classes * rows_element_size(rows));
    return count == 0 ? 1 : count;
}
