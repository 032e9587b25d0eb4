#include "host/base/csv.h"

#include "host/base/csv_rows.h"
#include "host/base/file.h"
#include "host/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE ((size_t)1 << 16)

void csv_open(struct csv_reader *reader, FILE *stream, const char *name, char delimiter) {
    *reader = (struct csv_reader){.stream = stream,
                                  .name = name,
                                  .delimiter = delimiter,
                                  .next_line = 1,
                                  .path_column = SIZE_MAX};
}

void csv_close(struct csv_reader *reader) {
    free(reader->bytes);
    free(reader->starts);
    free(reader->places);
    free(reader->window);
    *reader = (struct csv_reader){0};
}

const char *csv_cell(const struct csv_reader *reader, size_t column) {
    return column < reader->count ? reader->bytes + reader->starts[column] : NULL;
}

void csv_cell_place(const struct csv_reader *reader, size_t column, uint64_t *begin,
                    uint64_t *end) {
    *begin = reader->begin + reader->places[column];
    *end = reader->begin + reader->places[column + 1] - 1;
}

bool csv_fits(const struct csv_reader *reader) {
    size_t count = reader->count;
    if (reader->expected == 0) return true;
    while (count > reader->expected && csv_cell(reader, count - 1)[0] == '\0') count--;
    return count <= reader->expected && count >= reader->fewest;
}

/* ---- the window ---- */

/* Reads more of the stream; what is in front of the position is dropped. */
static enum error_code read_more(struct csv_reader *reader, struct error *error) {
    if (reader->at > 0) {
        memmove(reader->window, reader->window + reader->at, reader->filled - reader->at);
        reader->filled -= reader->at;
        reader->base += reader->at;
        reader->at = 0;
    }
    TRY(memory_grow(&reader->window, &reader->window_capacity, reader->filled + READ_SIZE, 1,
                    reader->name, error));
    size_t got = fread(reader->window + reader->filled, 1, READ_SIZE, reader->stream);
    reader->filled += got;
    reader->ended = got == 0;
    if (got < READ_SIZE && ferror(reader->stream))
        return file_fail(error, reader->name, "read", errno);
    return ERROR_NONE;
}

/* The byte `offset` bytes from the position, or EOF. */
static enum error_code look(struct csv_reader *reader, size_t offset, int *byte,
                            struct error *error) {
    while (reader->at + offset >= reader->filled && !reader->ended) TRY(read_more(reader, error));
    bool there = reader->at + offset < reader->filled;
    *byte = there ? (unsigned char)reader->window[reader->at + offset] : EOF;
    return ERROR_NONE;
}

static enum error_code skip_byte_order_mark(struct csv_reader *reader, struct error *error) {
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    reader->begun = true;
    for (size_t i = 0; i < sizeof mark; i++) {
        int byte = EOF;
        TRY(look(reader, i, &byte, error));
        if (byte != mark[i]) return ERROR_NONE;
    }
    reader->at += sizeof mark;
    return ERROR_NONE;
}

void csv_skip(struct csv_reader *reader, size_t bytes) {
    const char *from = reader->window + reader->at;
    for (size_t i = 0; i < bytes; i++)
        reader->next_line +=
            from[i] == '\n' || (from[i] == '\r' && !(i + 1 < bytes && from[i + 1] == '\n'));
    reader->at += bytes;
}

/* To the beginning of the next row; *byte: its first, or EOF. */
static enum error_code find_row(struct csv_reader *reader, int *byte, struct error *error) {
    if (!reader->begun) TRY(skip_byte_order_mark(reader, error));
    for (;;) {
        int next = EOF;
        TRY(look(reader, 0, byte, error));
        if (*byte == '\r') TRY(look(reader, 1, &next, error));
        reader->line = reader->next_line;
        if (*byte != '\n' && *byte != '\r') return ERROR_NONE;
        csv_skip(reader, next == '\n' ? 2 : 1);
    }
}

enum error_code csv_peek(struct csv_reader *reader, size_t wanted, const char **text, size_t *size,
                         struct error *error) {
    int byte = EOF;
    TRY(find_row(reader, &byte, error));
    if (wanted > 0) TRY(look(reader, wanted - 1, &byte, error));
    *text = reader->window + reader->at;
    *size = reader->filled - reader->at;
    return ERROR_NONE;
}

/* ---- cells ---- */

/* What the quotes of a row mean. */
enum quotes {
    QUOTES_SPAN, /* a quoted cell may hold line ends */
    QUOTES_LINE, /* one that is not closed on its line is text */
    QUOTES_ARE_TEXT
};

struct row {
    enum quotes quotes;
    size_t length; /* bytes read so far, at the end with the line end */
    size_t quoted; /* cells */
    size_t spans;  /* quoted cells that hold line ends */
    bool stray;    /* one of these cannot be meant as one cell */
};

/* Where the next cell begins, behind a delimiter. */
static enum error_code put_place(struct csv_reader *reader, size_t place, struct error *error) {
    TRY(memory_grow(&reader->places, &reader->place_capacity, reader->count + 1, sizeof(size_t),
                    reader->name, error));
    reader->places[reader->count] = place;
    return ERROR_NONE;
}

static enum error_code begin_cell(struct csv_reader *reader, const struct row *row,
                                  struct error *error) {
    TRY(put_place(reader, row->length, error));
    if (reader->count == CSV_MAXIMUM_COLUMNS)
        return FAIL(error, ERROR_DATA,
                    "%s: line %zu has more than %d cells; check its delimiter and quotes",
                    reader->name, reader->line, CSV_MAXIMUM_COLUMNS);
    TRY(memory_grow(&reader->starts, &reader->start_capacity, reader->count + 1, sizeof(size_t),
                    reader->name, error));
    reader->starts[reader->count++] = reader->size;
    return ERROR_NONE;
}

static enum error_code fail_long(const struct csv_reader *reader, struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: the cell at line %zu, column %zu is longer than %zu bytes; look for a quote "
                "before it that is not closed",
                reader->name, reader->line, reader->count, CSV_MAXIMUM_CELL);
}

/* Makes room for `length` bytes more of the cell and its NUL. */
static enum error_code make_room(struct csv_reader *reader, size_t length, struct error *error) {
    size_t size = reader->size + length;
    if (size - reader->starts[reader->count - 1] > CSV_MAXIMUM_CELL + 1 || size > CSV_MAXIMUM_ROW)
        return fail_long(reader, error);
    return memory_grow(&reader->bytes, &reader->capacity, size + 1, 1, reader->name, error);
}

static enum error_code put_nuls(struct csv_reader *reader, const char *from, size_t length,
                                struct error *error) {
    static const char shown[] = "\xef\xbf\xbd";
    if (!reader->forgiving)
        return FAIL(error, ERROR_DATA, "%s: line %zu holds a NUL byte; save the file as UTF-8 text",
                    reader->name, reader->line);
    reader->has_nul = true;
    for (size_t i = 0; i < length; i++) {
        size_t bytes = from[i] == '\0' ? sizeof shown - 1 : 1;
        TRY(make_room(reader, bytes, error));
        memcpy(reader->bytes + reader->size, from[i] == '\0' ? shown : from + i, bytes);
        reader->size += bytes;
    }
    return ERROR_NONE;
}

/* Appends bytes of the window, from an offset of the position, to the cell. */
static enum error_code put(struct csv_reader *reader, size_t offset, size_t length,
                           struct error *error) {
    const char *from = reader->window + reader->at + offset;
    if (length == 0) return ERROR_NONE;
    if (memchr(from, '\0', length) != NULL) return put_nuls(reader, from, length, error);
    TRY(make_room(reader, length, error));
    memcpy(reader->bytes + reader->size, from, length);
    reader->size += length;
    return ERROR_NONE;
}

/* Bytes from `offset` on before the next delimiter or line end. */
static enum error_code measure_plain(struct csv_reader *reader, size_t offset, size_t *length,
                                     struct error *error) {
    const char delimiter = reader->delimiter;
    *length = 0;
    for (;;) {
        const char *from = reader->window + reader->at + offset;
        const size_t limit = reader->filled - reader->at - offset;
        size_t i = *length;
        while (i < limit && from[i] != delimiter && from[i] != '\n' && from[i] != '\r') i++;
        *length = i;
        if (i < limit || reader->ended) return ERROR_NONE;
        if (i > CSV_MAXIMUM_CELL) return fail_long(reader, error);
        TRY(read_more(reader, error));
    }
}

/* Spaces from `offset` on; *next: the byte after them, or EOF. */
static enum error_code count_spaces(struct csv_reader *reader, size_t offset, size_t *spaces,
                                    int *next, struct error *error) {
    *spaces = 0;
    TRY(look(reader, offset, next, error));
    while (*next == ' ' && reader->delimiter != ' ' && *spaces < CSV_MAXIMUM_CELL)
        TRY(look(reader, offset + ++*spaces, next, error));
    return ERROR_NONE;
}

/* Bytes of a quoted text up to its next quote, end or line end, which is *next, or EOF. */
static enum error_code measure_quoted(struct csv_reader *reader, size_t offset, size_t *length,
                                      int *next, struct error *error) {
    for (*length = 0;; ++*length) {
        const size_t at = reader->at + offset;
        while (at + *length < reader->filled && reader->window[at + *length] != '"' &&
               reader->window[at + *length] != '\n' && reader->window[at + *length] != '\r')
            ++*length;
        TRY(look(reader, offset + *length, next, error));
        if (*length > CSV_MAXIMUM_CELL) return fail_long(reader, error);
        if (*next == '"' || *next == '\n' || *next == '\r' || *next == EOF) return ERROR_NONE;
    }
}

/* The text from behind the opening quote to behind the closing one; *closed is false, with part of
 * it read, if the quote opens nothing that can be meant as a cell. */
static enum error_code read_quoted(struct csv_reader *reader, struct row *row, bool *closed,
                                   struct error *error) {
    const size_t begin = row->length, first = reader->next_line;
    bool spans = false;
    for (*closed = true;;) {
        int next = EOF;
        size_t length = 0;
        TRY(measure_quoted(reader, row->length, &length, &next, error));
        *closed = next != EOF && !(next != '"' && row->quotes == QUOTES_LINE);
        if (reader->forgiving && row->length + length - begin > CSV_MAXIMUM_CELL) *closed = false;
        if (!*closed && reader->forgiving) return ERROR_NONE;
        if (!*closed)
            return FAIL(error, ERROR_DATA,
                        "%s: the quote opened at line %zu is never closed; double the quotes that "
                        "belong to the text",
                        reader->name, first);
        TRY(put(reader, row->length, length, error));
        row->length += length + 1;
        if (next == '"') {
            TRY(look(reader, row->length, &next, error));
            if (next != '"') break;
            row->length++;
        } else {
            spans = true;
        }
        TRY(put(reader, row->length - 1, 1, error));
    }
    row->spans += spans;
    if (!spans || !reader->forgiving) return ERROR_NONE;
    size_t spaces = 0;
    int next = EOF;
    TRY(count_spaces(reader, row->length, &spaces, &next, error));
    *closed = row->spans <= CSV_MAXIMUM_SPANS &&
              (next == reader->delimiter || next == '\n' || next == '\r' || next == EOF);
    return ERROR_NONE;
}

/* A cell that begins with a quote, up to the closing one; *quoted: whether it is one. */
static enum error_code begin_quoted(struct csv_reader *reader, struct row *row, bool *quoted,
                                    struct error *error) {
    size_t spaces = 0;
    int next = EOF;
    *quoted = false;
    if (row->quotes == QUOTES_ARE_TEXT) return ERROR_NONE;
    if (reader->forgiving)
        TRY(count_spaces(reader, row->length, &spaces, &next, error));
    else
        TRY(look(reader, row->length, &next, error));
    if (next != '"') return ERROR_NONE;
    const size_t begin = row->length, size = reader->size;
    row->length += spaces + 1;
    TRY(read_quoted(reader, row, quoted, error));
    row->quoted++;
    if (*quoted) return ERROR_NONE;
    row->stray = true;
    row->length = begin;
    reader->size = size;
    return ERROR_NONE;
}

/* One cell; *next is the delimiter, line end or EOF after it. */
static enum error_code read_cell(struct csv_reader *reader, struct row *row, int *next,
                                 struct error *error) {
    bool quoted = false;
    size_t length = 0;
    TRY(begin_cell(reader, row, error));
    TRY(begin_quoted(reader, row, &quoted, error));
    TRY(measure_plain(reader, row->length, &length, error));
    if (quoted && reader->forgiving) { /* spaces before the delimiter */
        const char *rest = reader->window + reader->at + row->length;
        size_t spaces = 0;
        while (spaces < length && rest[spaces] == ' ') spaces++;
        if (spaces == length) row->length += spaces, length = 0;
    }
    TRY(put(reader, row->length, length, error));
    TRY(make_room(reader, 0, error));
    reader->bytes[reader->size++] = '\0';
    row->length += length;
    return look(reader, row->length, next, error);
}

/* ---- rows ---- */

static enum error_code read_row(struct csv_reader *reader, enum quotes quotes, struct row *row,
                                struct error *error) {
    int next = EOF;
    *row = (struct row){.quotes = quotes};
    reader->count = 0;
    reader->size = 0;
    reader->has_nul = false;
    for (;;) {
        TRY(read_cell(reader, row, &next, error));
        if (row->spans > 0 && reader->expected > 0 && reader->count > reader->expected &&
            !csv_fits(reader))
            row->stray = true;
        if (next != reader->delimiter || (quotes == QUOTES_SPAN && row->stray)) break;
        row->length++;
    }
    TRY(put_place(reader, row->length + 1, error));
    reader->is_plain = quotes == QUOTES_ARE_TEXT;
    if (next == EOF) return ERROR_NONE;
    row->length++;
    if (next == '\r') { /* CRLF, or the single CR of old files */
        TRY(look(reader, row->length, &next, error));
        row->length += next == '\n';
    }
    return ERROR_NONE;
}

/* Whether quoted cells that hold line ends are rather rows that a stray quote has swallowed. */
static bool is_swallowed(const struct csv_reader *reader, const struct row *row) {
    if (row->stray) return true;
    if (row->spans == 0 || reader->expected == 0) return false;
    if (!csv_fits(reader)) return true;
    const size_t column = reader->path_column == SIZE_MAX ? 0 : reader->path_column;
    const char *path = csv_cell(reader, column);
    return path != NULL && csv_swallows_row(reader->window + reader->at, row->length,
                                            reader->delimiter, reader->expected, column, path);
}

/* Reads a row whose quotes are not those of RFC 4180 once more: a quote that is not closed on its
 * line is text; all are if only then the row has as many cells as the header. */
static enum error_code read_again(struct csv_reader *reader, struct row *row, struct error *error) {
    const bool swallowed = is_swallowed(reader, row);
    if (!swallowed && row->spans > 0 && reader->long_rows++ == 0) reader->long_line = reader->line;
    if (!swallowed && (csv_fits(reader) || row->quoted == 0)) return ERROR_NONE;
    TRY(read_row(reader, QUOTES_LINE, row, error));
    bool fits = csv_fits(reader);
    if (!fits) {
        TRY(read_row(reader, QUOTES_ARE_TEXT, row, error));
        fits = csv_fits(reader);
        if (!fits) TRY(read_row(reader, QUOTES_LINE, row, error));
    }
    if ((swallowed || fits) && reader->stray_quotes++ == 0) reader->stray_line = reader->line;
    return ERROR_NONE;
}

enum error_code csv_next(struct csv_reader *reader, bool *end, struct error *error) {
    struct row row;
    int first = EOF;
    TRY(find_row(reader, &first, error));
    reader->first = (char)first;
    reader->count = 0;
    *end = first == EOF;
    if (*end) return ERROR_NONE;
    TRY(read_row(reader, reader->plain_quotes ? QUOTES_ARE_TEXT : QUOTES_SPAN, &row, error));
    if (reader->forgiving) TRY(read_again(reader, &row, error));
    reader->begin = reader->base + reader->at;
    reader->end = reader->begin + row.length;
    csv_skip(reader, row.length);
    return ERROR_NONE;
}
