/* A strict reader of CSV by RFC 4180, for the files that earmark writes; independent of
 * earmark's reader. */
#ifndef EARMARK_TEST_STRICT_CSV_H
#define EARMARK_TEST_STRICT_CSV_H

#include <stddef.h>

struct strict_csv {
    char *bytes;  /* the file, with cells NUL-terminated and unquoted in place */
    char **cells; /* (rows, columns), the header first */
    size_t rows;
    size_t columns;
};

/* Fails the test unless the file is strict CSV. Refused: records of unequal length, a quote in
 * an unquoted cell, anything between a closing quote and the next comma, a bare CR, a NUL, no
 * line end at the end. */
void strict_csv_read(struct strict_csv *csv, const char *path);
void strict_csv_free(struct strict_csv *csv);

/* The cell of a row (0 is the first after the header) in the named column. */
const char *strict_csv_cell(const struct strict_csv *csv, size_t row, const char *column);

#endif
