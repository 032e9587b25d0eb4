#include "host/base/json_source.h"

#include "host/base/file.h"

#include <errno.h>
#include <string.h>

void json_source_open(struct json_source *source, FILE *stream, const char *name) {
    *source = (struct json_source){.stream = stream, .name = name, .line = 1, .indented = true};
}

void json_source_close(struct json_source *source) {
    text_free(&source->ahead);
    *source = (struct json_source){0};
}

static void note_failure(struct json_source *source) {
    if (ferror(source->stream) && source->failure == 0) source->failure = errno != 0 ? errno : EIO;
}

/* Appends the next piece of the stream; false at its end. */
static bool read_more(struct json_source *source) {
    char bytes[8192];
    if (source->failure != 0 || source->ahead.failed) return false;
    size_t got = fread(bytes, 1, sizeof bytes, source->stream);
    note_failure(source);
    text_append(&source->ahead, bytes, got);
    return got > 0 && !source->ahead.failed;
}

enum error_code json_source_look(struct json_source *source, size_t size, struct error *error) {
    while (source->ahead.length < size && read_more(source)) continue;
    return text_check(&source->ahead, error);
}

int json_source_peek(struct json_source *source) {
    if (source->used < source->ahead.length) return (unsigned char)source->ahead.data[source->used];
    source->used = 0;
    text_clear(&source->ahead);
    return read_more(source) ? (unsigned char)source->ahead.data[0] : EOF;
}

int json_source_take(struct json_source *source) {
    int byte = json_source_peek(source);
    if (byte == EOF) return EOF;
    source->used++;
    source->taken++;
    source->column++;
    source->indented = source->indented && (byte == ' ' || byte == '\t');
    if (byte != '\n') return byte;
    source->line++;
    source->column = 0;
    source->indented = true;
    return byte;
}

void json_source_skip(struct json_source *source, const char *more) {
    for (;;) {
        int byte = json_source_peek(source);
        if (byte == EOF || byte == '\0' || strchr(" \t\r\n", byte) == NULL)
            if (byte <= '\0' || strchr(more, byte) == NULL) return;
        json_source_take(source);
    }
}

enum error_code json_source_check(const struct json_source *source, struct error *error) {
    TRY(text_check(&source->ahead, error));
    if (source->failure == 0) return ERROR_NONE;
    return file_fail(error, source->name, "read", source->failure);
}
