/* Delimiter-separated text, row by row (RFC 4180): quoted cells may hold
 * delimiters, doubled quotes and line ends; rows end with LF, CRLF or CR; a
 * UTF-8 byte order mark is skipped. Bytes are kept as they are, whatever the
 * encoding. As in Python's csv, a quote inside an unquoted cell is an ordinary
 * character, and text between a closing quote and the delimiter is appended. */
#ifndef EARMARK_BASE_CSV_H
#define EARMARK_BASE_CSV_H

#include "host/base/error.h"

#include <stdio.h>

#define CSV_MAXIMUM_CELL ((size_t)1 << 20) /* bytes */
#define CSV_MAXIMUM_ROW ((size_t)1 << 23)  /* bytes of all cells of a row */
#define CSV_MAXIMUM_COLUMNS 4096

struct csv_reader {
    FILE *stream;     /* the caller's */
    const char *name; /* for messages; the caller's */
    char delimiter;
    size_t next_line; /* of the stream's position, from 1 */
    int pushed[4];    /* bytes given back, read again from the last */
    size_t pushed_count;

    /* The row that csv_next read; valid until the next call. */
    size_t line;  /* of its beginning, from 1 */
    size_t count; /* cells */

    char *bytes; /* cells, NUL-terminated, one after the other */
    size_t size;
    size_t capacity;
    size_t *starts; /* (count) into bytes */
    size_t start_capacity;
};

/* Starts reading at the position of `stream`. Allocates nothing before csv_next. */
void csv_open(struct csv_reader *reader, FILE *stream, const char *name, char delimiter);
void csv_close(struct csv_reader *reader); /* frees; leaves the stream open */

/* The next row that is not an empty line; *end at the end of the file. ERROR_DATA,
 * with the line, for a NUL byte, a quote that is never closed, or a bound exceeded. */
enum error_code csv_next(struct csv_reader *reader, bool *end, struct error *error);

/* Cell `column` of the row, or NULL when the row is shorter. */
const char *csv_cell(const struct csv_reader *reader, size_t column);

#endif
