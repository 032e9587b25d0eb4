/* Tells rows from text that a stray quote has swallowed. */
#ifndef EARMARK_BASE_CSV_ROWS_H
#define EARMARK_BASE_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the first line of the text, and with its line end (LF, CRLF or CR) in *whole. */
size_t csv_line_length(const char *text, size_t size, size_t *whole);

/* Whether a line after the first one of the text looks like a row of its own: with quotes as text
 * it has `expected` cells, and the one in `column` ends like `path`: both ".wav", or both without
 * an ending, the cell also without spaces, and both with digits where there are two cells. */
bool csv_swallows_row(const char *text, size_t size, char delimiter, size_t expected, size_t column,
                      const char *path);

#endif
