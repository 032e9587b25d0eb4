#include "host/base/csv.h"

#include "host/base/file.h"
#include "host/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void csv_open(struct csv_reader *reader, FILE *stream, const char *name, char delimiter) {
    *reader =
        (struct csv_reader){.stream = stream, .name = name, .delimiter = delimiter, .next_line = 1};
}

void csv_close(struct csv_reader *reader) {
    free(reader->bytes);
    free(reader->starts);
    *reader = (struct csv_reader){0};
}

const char *csv_cell(const struct csv_reader *reader, size_t column) {
    return column < reader->count ? reader->bytes + reader->starts[column] : NULL;
}

static enum error_code begin_cell(struct csv_reader *reader, struct error *error) {
    if (reader->count == CSV_MAXIMUM_COLUMNS)
        return FAIL(error, ERROR_DATA,
                    "%s: line %zu has more than %d cells; check its delimiter and quotes",
                    reader->name, reader->line, CSV_MAXIMUM_COLUMNS);
    TRY(memory_grow(&reader->starts, &reader->start_capacity, reader->count + 1, sizeof(size_t),
                    reader->name, error));
    reader->starts[reader->count++] = reader->size;
    return ERROR_NONE;
}

static enum error_code put(struct csv_reader *reader, int byte, struct error *error) {
    if (reader->size - reader->starts[reader->count - 1] > CSV_MAXIMUM_CELL ||
        reader->size > CSV_MAXIMUM_ROW)
        return FAIL(
            error, ERROR_DATA,
            "%s: the cell at line %zu, column %zu is longer than %zu bytes; look for a quote "
            "before it that is not closed",
            reader->name, reader->line, reader->count, CSV_MAXIMUM_CELL);
    TRY(memory_grow(&reader->bytes, &reader->capacity, reader->size + 1, 1, reader->name, error));
    reader->bytes[reader->size++] = (char)byte;
    return ERROR_NONE;
}

/* The next byte, or EOF. A NUL is refused because it would truncate a path. */
static enum error_code get(struct csv_reader *reader, int *byte, struct error *error) {
    *byte = reader->pushed_count > 0 ? reader->pushed[--reader->pushed_count]
                                     : getc_unlocked(reader->stream);
    if (*byte == EOF && ferror(reader->stream))
        return file_fail(error, reader->name, "read", errno);
    if (*byte == '\0')
        return FAIL(error, ERROR_DATA, "%s: line %zu holds a NUL byte; save the file as UTF-8 text",
                    reader->name, reader->next_line);
    if (*byte == '\n') reader->next_line++;
    return ERROR_NONE;
}

/* Gives a byte back. */
static void unget(struct csv_reader *reader, int byte) {
    if (byte == EOF) return;
    if (byte == '\n') reader->next_line--;
    reader->pushed[reader->pushed_count++] = byte;
}

/* The text between the quotes; *next is the byte after the closing one. */
static enum error_code read_quoted(struct csv_reader *reader, int *next, struct error *error) {
    size_t opened = reader->next_line;
    for (;;) {
        TRY(get(reader, next, error));
        if (*next == EOF)
            return FAIL(error, ERROR_DATA,
                        "%s: the quote opened at line %zu is never closed; double the quotes that "
                        "belong to the text",
                        reader->name, opened);
        if (*next == '"') {
            TRY(get(reader, next, error));
            if (*next != '"') return ERROR_NONE;
        }
        TRY(put(reader, *next, error));
    }
}

/* One cell; *next is the delimiter, line end or EOF after it. */
static enum error_code read_cell(struct csv_reader *reader, int *next, struct error *error) {
    TRY(begin_cell(reader, error));
    if (*next == '"') TRY(read_quoted(reader, next, error));
    while (*next != reader->delimiter && *next != '\n' && *next != '\r' && *next != EOF) {
        TRY(put(reader, *next, error));
        TRY(get(reader, next, error));
    }
    return put(reader, '\0', error);
}

/* At the first byte of the file. */
static enum error_code skip_byte_order_mark(struct csv_reader *reader, int *next,
                                            struct error *error) {
    int second = EOF;
    int third = EOF;
    if (*next != 0xef && *next != 0xfe && *next != 0xff) return ERROR_NONE;
    TRY(get(reader, &second, error));
    if (*next + second == 0xff + 0xfe && *next != second)
        return FAIL(error, ERROR_DATA, "%s: the text is UTF-16; save it as UTF-8", reader->name);
    if (second != EOF) TRY(get(reader, &third, error));
    if (*next == 0xef && second == 0xbb && third == 0xbf) return get(reader, next, error);
    unget(reader, third);
    unget(reader, second);
    return ERROR_NONE;
}

enum error_code csv_next(struct csv_reader *reader, bool *end, struct error *error) {
    int next = 0;
    reader->count = 0;
    reader->size = 0;
    *end = false;
    bool first = reader->line == 0;
    do {
        reader->line = reader->next_line;
        TRY(get(reader, &next, error));
        if (first) TRY(skip_byte_order_mark(reader, &next, error));
        first = false;
    } while (next == '\n' || next == '\r');
    if (next == EOF) {
        *end = true;
        return ERROR_NONE;
    }
    for (;;) {
        TRY(read_cell(reader, &next, error));
        if (next != reader->delimiter) break;
        TRY(get(reader, &next, error));
    }
    if (next == '\r') { /* CRLF, or the single CR of old files */
        TRY(get(reader, &next, error));
        if (next != '\n') {
            unget(reader, next);
            reader->next_line++;
        }
    }
    return ERROR_NONE;
}
