/* Delimiter-separated text, row by row (RFC 4180): quoted cells may hold
 * delimiters, doubled quotes and line ends; rows end with LF, CRLF or CR; a
 * UTF-8 byte order mark is skipped. Bytes are kept as they are, whatever the
 * encoding. As in Python's csv, a quote inside an unquoted cell is an ordinary
 * character, and text between a closing quote and the delimiter is appended.
 *
 * Lists that people publish are often written without regard to quotes. A
 * forgiving reader takes a quote that opens a cell as part of its text when
 * the quoted cell would swallow rows, as pandas does with QUOTE_NONE, and
 * counts such rows; a quote may also follow spaces, and NUL bytes are shown. */
#ifndef EARMARK_BASE_CSV_H
#define EARMARK_BASE_CSV_H

#include "host/base/error.h"

#include <stdint.h>
#include <stdio.h>

#define CSV_MAXIMUM_CELL ((size_t)1 << 20) /* bytes */
#define CSV_MAXIMUM_ROW ((size_t)1 << 23)  /* bytes of all cells of a row */
#define CSV_MAXIMUM_COLUMNS 4096
#define CSV_MAXIMUM_SPANS 32 /* forgiving: quoted cells of a row that hold line ends */

struct csv_reader {
    FILE *stream;     /* the caller's */
    const char *name; /* for messages; the caller's */
    char delimiter;
    size_t next_line; /* of the position, from 1 */

    /* The caller may set these after csv_open. */
    bool forgiving;
    bool plain_quotes;  /* forgiving: quotes are text wherever they are */
    size_t expected;    /* cells of a row; 0: not known yet, as for the header */
    size_t fewest;      /* of them that must be there */
    size_t path_column; /* whose file endings tell rows from text; SIZE_MAX: not known */

    /* The row that csv_next read; valid until the next call. */
    size_t line;         /* of its beginning, from 1 */
    size_t count;        /* cells */
    char first;          /* byte, as written */
    bool has_nul;        /* forgiving: it holds NUL bytes, each as U+FFFD */
    bool is_plain;       /* its quotes are text */
    uint64_t begin, end; /* of the row in the stream, its line end included */

    /* Rows with a quote that was taken as text, and the line of the first. */
    size_t stray_quotes;
    size_t stray_line;
    /* Rows of several lines, and the line of the first. */
    size_t long_rows;
    size_t long_line;

    char *bytes; /* private: cells, NUL-terminated, one after the other */
    size_t size;
    size_t capacity;
    size_t *starts; /* (count) into bytes */
    size_t start_capacity;
    size_t
        *places; /* (count + 1) of the cells as written, from `begin`; the end of the last, + 1 */
    size_t place_capacity;
    uint64_t base; /* of the window in the stream */
    char *window;  /* text read ahead: from `at` to `filled` */
    size_t window_capacity;
    size_t at;
    size_t filled;
    bool begun;
    bool ended; /* nothing comes after the window */
};

/* Starts reading at the position of `stream`. Allocates nothing before csv_next. */
void csv_open(struct csv_reader *reader, FILE *stream, const char *name, char delimiter);
void csv_close(struct csv_reader *reader); /* frees; leaves the stream open */

/* The next row that is not an empty line; *end at the end of the file. ERROR_DATA, with the line,
 * for a bound exceeded, and unless forgiving for a NUL byte or a quote that is never closed. */
enum error_code csv_next(struct csv_reader *reader, bool *end, struct error *error);

/* Cell `column` of the row, or NULL when the row is shorter. */
const char *csv_cell(const struct csv_reader *reader, size_t column);

/* Where cell `column`, which the row has, is written, with its quotes and spaces: bytes of the
 * stream from *begin up to *end. */
void csv_cell_place(const struct csv_reader *reader, size_t column, uint64_t *begin, uint64_t *end);

/* Whether the row has as many cells as are expected; more of them may be empty. */
bool csv_fits(const struct csv_reader *reader);

/* The text from the next row on, empty lines skipped, valid until the next call: at least `wanted`
 * bytes unless the file ends before; *text is not NUL-terminated. */
enum error_code csv_peek(struct csv_reader *reader, size_t wanted, const char **text, size_t *size,
                         struct error *error);

/* Skips bytes of the text that csv_peek gave. */
void csv_skip(struct csv_reader *reader, size_t bytes);

#endif
