#include "host/lists/list_note.h"

#include "host/base/csv.h"
#include "host/base/file.h"
#include "host/base/json_lines.h"
#include "host/base/memory.h"
#include "host/lists/list_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- files ---- */

/* Where the file has bytes again, from `offset` on: a hole that nobody wrote may be of any length,
 * and is not read. */
static uint64_t next_data(int descriptor, uint64_t offset) {
    off_t found = lseek(descriptor, (off_t)offset, SEEK_DATA);
    if (found < 0 && errno == ENXIO) found = lseek(descriptor, 0, SEEK_END); /* nothing follows */
    return found < (off_t)offset ? offset : (uint64_t)found;
}

/* The hash of an open file, of its bytes and of where they are after a hole. It is closed. */
static enum error_code hash_file(int descriptor, const char *path, struct traced_file *file,
                                 struct error *error) {
    char bytes[1 << 14];
    XXH3_state_t *state = XXH3_createState();
    ssize_t got = state == NULL ? 0 : 1;
    if (state == NULL)
        FAIL(error, ERROR_MEMORY, "%s: no memory for its hash", path);
    else
        XXH3_64bits_reset(state);
    while (got > 0) {
        uint64_t data = next_data(descriptor, file->bytes);
        if (data > file->bytes) XXH3_64bits_update(state, &data, sizeof data);
        file->bytes = data;
        got = file_read_at(descriptor, file->bytes, bytes, sizeof bytes);
        if (got < 0) file_fail(error, path, "read", errno);
        if (got <= 0) break;
        XXH3_64bits_update(state, bytes, (size_t)got);
        file->bytes += (uint64_t)got;
    }
    if (error->code == ERROR_NONE) file->hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    close(descriptor);
    return error->code;
}

enum error_code list_note_file(struct builder *builder, const struct list_file *list,
                               struct error *error) {
    struct list_trace *trace = &builder->collection->trace;
    int descriptor = -1;
    size_t size = 0;
    TRY(memory_grow(&trace->files, &trace->file_capacity, trace->file_count + 1,
                    sizeof *trace->files, "the files of the list", error));
    TRY(list_file_open(list, &descriptor, &size, error));
    struct traced_file *file = &trace->files[trace->file_count++];
    *file = (struct traced_file){.name = memory_string(list->name, error)};
    if (error->code == ERROR_NONE) file->path = memory_string(list->path, error);
    return hash_file(descriptor, list->path, file, error);
}

struct traced_file *list_note_last(struct builder *builder) {
    struct list_trace *trace = &builder->collection->trace;
    return trace->file_count == 0 ? NULL : &trace->files[trace->file_count - 1];
}

enum error_code list_note_column(struct builder *builder, const char *name, struct error *error) {
    struct traced_file *file = list_note_last(builder);
    if (file == NULL || file->column != NULL || name == NULL) return ERROR_NONE;
    file->column = memory_string(name, error);
    return error->code;
}

/* ---- spans ---- */

static struct list_span begin_span(const struct builder *builder, enum list_form form) {
    const struct list_trace *trace = &builder->collection->trace;
    if (!trace->wants_spans || trace->file_count == 0) return (struct list_span){.form = FORM_NONE};
    return (struct list_span){.file = (uint32_t)trace->file_count - 1, .form = (uint8_t)form};
}

struct list_span list_note_row(const struct builder *builder, const struct csv_reader *reader,
                               size_t label) {
    struct list_span span = begin_span(builder, reader->is_plain ? FORM_PLAIN_ROW : FORM_ROW);
    if (span.form == FORM_NONE) return span;
    span.begin = reader->begin;
    span.end = reader->end;
    span.cells = (uint32_t)reader->count;
    if (label < reader->count) csv_cell_place(reader, label, &span.label, &span.label_end);
    return span;
}

struct list_span list_note_object(const struct builder *builder, const struct json_lines *lines,
                                  const char *key) {
    const bool is_line = lines->number == 0;
    struct list_span span = begin_span(builder, is_line ? FORM_JSON_LINE : FORM_JSON_VALUE);
    struct json_place object, value;
    if (span.form == FORM_NONE) return span;
    span.begin = lines->begin;
    span.end = lines->end;
    if (lines->member != NULL && !lines->in_array) span.begin = lines->member_begin;
    if (lines->object == NULL) {
        span.label = lines->begin;
        span.label_end = lines->end;
        return span;
    }
    if (!json_place_value(lines->text, strlen(lines->text), &object)) return span;
    span.object_end = lines->begin + object.end - 1;
    if (key != NULL && json_place_member(lines->text, object, key, &value))
        list_note_label(&span, lines, value);
    return span;
}

void list_note_label(struct list_span *span, const struct json_lines *lines,
                     struct json_place value) {
    if (json_place_is_null(lines->text, value)) return;
    span->label = lines->begin + value.begin;
    span->label_end = lines->begin + value.end;
}
