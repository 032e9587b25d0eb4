#include "host/base/terminal.h"

#include "host/base/names.h"
#include "host/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 20
#define USUAL_WIDTH 80
#define SHORTEST_CUT 5

#define PIECE_SIZE 4096

/* What is to be printed, in large writes: messages of several processes must not be mixed. */
struct printer {
    FILE *stream;
    size_t used;
    char piece[PIECE_SIZE];
};

static void put(struct printer *printer, const char *bytes, size_t length) {
    while (length > 0) {
        size_t room = PIECE_SIZE - printer->used;
        size_t count = length < room ? length : room;
        memcpy(printer->piece + printer->used, bytes, count);
        printer->used += count;
        bytes += count;
        length -= count;
        if (printer->used < PIECE_SIZE) continue;
        fwrite(printer->piece, 1, printer->used, printer->stream);
        printer->used = 0;
    }
}

/* Needs no memory, so that the lack of it can be reported. */
static void print_shown(FILE *stream, const char *text, const char *kept, const char *end) {
    struct printer printer = {.stream = stream};
    char escape[NAME_ESCAPE_SIZE];
    for (;;) {
        size_t plain = name_plain(text, kept);
        put(&printer, text, plain);
        text += plain;
        if (*text == '\0') break;
        text += name_escape(text, escape);
        put(&printer, escape, strlen(escape));
    }
    put(&printer, end, strlen(end));
    if (printer.used > 0) fwrite(printer.piece, 1, printer.used, stream);
}

void terminal_print(FILE *stream, const char *text) {
    print_shown(stream, text, "\\\n", "");
}

void terminal_message(FILE *stream, const char *message) {
    struct text shown = TEXT_INITIAL, wrapped = TEXT_INITIAL;
    int width = terminal_width(stream);
    if (width > 0) name_shown(&shown, message, "\\");
    if (shown.data != NULL && !shown.failed) terminal_wrap(&wrapped, shown.data, 0, 4, width);
    if (wrapped.data != NULL && !wrapped.failed)
        print_shown(stream, wrapped.data, "\\\n", "\n");
    else
        print_shown(stream, message, "\\", "\n");
    text_free(&shown);
    text_free(&wrapped);
}

int terminal_width(FILE *stream) {
    struct winsize size;
    int width = 0;
    if (!isatty(fileno(stream))) return 0;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0) width = size.ws_col;
    const char *columns = getenv("COLUMNS");
    if (width == 0 && columns != NULL) width = atoi(columns);
    if (width <= 0) return USUAL_WIDTH;
    return width < NARROWEST ? NARROWEST : width;
}

/* The columns of the character at `string`; its length in bytes goes to *length. */
static int character_columns(const char *string, size_t *length) {
    static const uint32_t wide[][2] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    static const uint32_t combining[][2] = {
        {0x300, 0x36f}, {0x200c, 0x200d}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}};
    *length = utf8_length(string);
    if (*length == 0) *length = 1;
    if (*length == 1) return 1;
    uint32_t point = utf8_point(string, *length);
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (point >= wide[i][0] && point <= wide[i][1]) return 2;
    for (size_t i = 0; i < sizeof combining / sizeof combining[0]; i++)
        if (point >= combining[i][0] && point <= combining[i][1]) return 0;
    return 1;
}

int terminal_columns(const char *string) {
    int columns = 0;
    for (size_t length; *string != '\0'; string += length)
        columns += character_columns(string, &length);
    return columns;
}

/* Bytes at the beginning of the string that fit. */
static size_t fitting(const char *string, int columns) {
    size_t bytes = 0;
    for (size_t length; string[bytes] != '\0'; bytes += length) {
        columns -= character_columns(string + bytes, &length);
        if (columns < 0) break;
    }
    return bytes;
}

void terminal_cut(struct text *text, const char *string, int columns) {
    int all = terminal_columns(string);
    if (columns <= 0 || all <= columns) {
        text_string(text, string);
        return;
    }
    if (columns < SHORTEST_CUT) {
        text_append(text, string, fitting(string, columns));
        return;
    }
    int tail = (columns - 3) / 2;
    text_append(text, string, fitting(string, columns - 3 - tail));
    text_string(text, "...");
    /* What is dropped may end within a wide character: then one column less is shown. */
    const char *rest = string;
    for (size_t length; all > tail; rest += length) all -= character_columns(rest, &length);
    text_string(text, rest);
}

void terminal_wrap(struct text *text, const char *string, int column, int indent, int width) {
    bool first = true;
    while (*string != '\0') {
        const char *end = strchr(string, ' ');
        size_t length = end == NULL ? strlen(string) : (size_t)(end - string);
        struct text word = TEXT_INITIAL;
        text_append(&word, string, length);
        int columns = word.data == NULL ? 0 : terminal_columns(word.data);
        if (word.failed) text->failed = true;
        text_free(&word);
        if (!first && width > 0 && column + 1 + columns > width) {
            text_format(text, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            text_string(text, " ");
            column++;
        }
        text_append(text, string, length);
        column += columns;
        first = false;
        string += length + (end != NULL);
    }
}

void terminal_add_line(struct text *text, struct text *line, int column, int indent, int width) {
    if (line->failed)
        text->failed = true;
    else if (line->data != NULL)
        terminal_wrap(text, line->data, column, indent, width);
    text_string(text, "\n");
    text_free(line);
}

enum error_code terminal_print_pieces(FILE *stream, struct text *text, bool all, const char *what,
                                      struct error *error) {
    const size_t piece = (size_t)1 << 20;
    if (!all && text->length < piece) return ERROR_NONE;
    TRY(text_check(text, error));
    if (text->data != NULL) terminal_print(stream, text->data);
    text_clear(text);
    if (ferror(stream) != 0 || (all && fflush(stream) != 0))
        FAIL(error, ERROR_FILE, "cannot write %s: %s", what, strerror(errno));
    return error->code;
}
