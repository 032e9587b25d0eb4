/* CSV as RFC 4180 has it and nothing more: what earmark writes is read with this,
 * not with its own reader. */
#ifndef EARMARK_TEST_STRICT_CSV_H
#define EARMARK_TEST_STRICT_CSV_H

#include <stddef.h>

struct strict_csv {
    char *bytes;  /* the file; cells are in it, NUL-terminated and without their quotes */
    char **cells; /* (rows, columns), the header first */
    size_t rows;
    size_t columns;
};

/* The test fails where the file is not strict: records of unequal length, a quote inside an
 * unquoted cell, anything between a closing quote and the next comma, a bare CR, a NUL, no
 * line end at the end. */
void strict_csv_read(struct strict_csv *csv, const char *path);
void strict_csv_free(struct strict_csv *csv);

/* The cell of a row (0 is the first behind the header) under a name of the header. */
const char *strict_csv_cell(const struct strict_csv *csv, size_t row, const char *column);

#endif
