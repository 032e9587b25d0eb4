/* Rows in a constant number of parts, for sums that do not depend on the number of threads. */
#ifndef EARMARK_CONFIDENT_ROW_PARTS_H
#define EARMARK_CONFIDENT_ROW_PARTS_H

#include <stddef.h>

#define ROW_PARTS ((size_t)64)

/* The first row of a part of `rows` rows; part ROW_PARTS starts at `rows`. */
static inline size_t row_part_start(size_t part, size_t rows) {
    return rows / ROW_PARTS * part + (part < rows % ROW_PARTS ? part : rows % ROW_PARTS);
}

#endif
