/* JSONL manifests: one object a line. A line that is none becomes a row with its reason. */
#include "host/base/file.h"
#include "host/base/json.h"
#include "host/base/text.h"
#include "host/input/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSONL_MAXIMUM_LINE ((size_t)1 << 20) /* bytes */

struct jsonl_reader {
    struct builder *builder;
    FILE *stream;
    const char *name;
    size_t line;
    struct text bytes; /* the line at hand */
    bool too_long;
    bool holds_nul;
    /* Fixed by the first object that has one of the names; NULL before. */
    const char *keys[ROLE_COUNT];
    const char *scratch[ROLE_COUNT][2];
    struct text values[ROLE_COUNT];
    struct text first_keys; /* of the first object, for messages */
    bool has_start_and_end; /* the first object has */
};

/* ---- lines ---- */

static enum error_code read_line(struct jsonl_reader *reader, bool *end, struct error *error) {
    text_clear(&reader->bytes);
    reader->too_long = false;
    reader->holds_nul = false;
    int byte = getc_unlocked(reader->stream);
    *end = byte == EOF;
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(reader->stream)) {
        char plain = (char)byte;
        if (byte == '\0') reader->holds_nul = true;
        if (reader->bytes.length == JSONL_MAXIMUM_LINE)
            reader->too_long = true;
        else
            text_append(&reader->bytes, &plain, 1);
    }
    if (ferror(reader->stream)) return file_fail(error, reader->name, "read", errno);
    reader->line++;
    return text_check(&reader->bytes, error);
}

/* ---- values ---- */

/* A string, a number or a word as text; false for what cannot be a value. */
static bool value_text(const json_t *value, struct text *text, struct error *error) {
    text_clear(text);
    if (json_is_string(value)) {
        char *bytes = json_bytes(value, error);
        if (bytes != NULL) text_append(text, bytes, strlen(bytes));
        free(bytes);
    } else if (json_is_integer(value)) {
        text_format(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        text_format(text, "%.17g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        text_string(text, json_is_true(value) ? "true" : "false");
    } else {
        return false;
    }
    return true;
}

/* Fixes the key of a role by the first object that has one of its names. */
static const char *key_of(struct jsonl_reader *reader, enum manifest_role role,
                          const json_t *object) {
    if (reader->keys[role] != NULL) return reader->keys[role];
    const char *const *names = manifest_names(reader->builder, role, reader->scratch[role]);
    for (; *names != NULL; names++)
        if (json_object_get(object, *names) != NULL) return reader->keys[role] = *names;
    return NULL;
}

static void list_keys(struct jsonl_reader *reader, json_t *object) {
    text_string(&reader->first_keys, "");
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        if (reader->first_keys.length > 0) text_string(&reader->first_keys, ", ");
        text_string(&reader->first_keys, json_object_iter_key(at));
    }
}

static enum error_code add_object(struct jsonl_reader *reader, json_t *object,
                                  struct error *error) {
    struct manifest_row row = {.line = reader->line};
    char problem[128];
    if (reader->first_keys.data == NULL) {
        list_keys(reader, object);
        reader->has_start_and_end =
            json_object_get(object, "start") != NULL && json_object_get(object, "end") != NULL;
    }
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++) {
        const char *key = key_of(reader, role, object);
        const json_t *value = key == NULL ? NULL : json_object_get(object, key);
        if (value == NULL || json_is_null(value)) continue;
        struct text *text = &reader->values[role];
        bool usable = role != ROLE_PATH || json_is_string(value);
        usable = usable && value_text(value, text, error);
        if (error->code != ERROR_NONE) return error->code;
        TRY(text_check(text, error));
        if (usable) {
            row.values[role] = text->data;
        } else if (row.problem == NULL) {
            snprintf(problem, sizeof problem, "the value of '%.60s' is no text", key);
            row.problem = problem;
        }
    }
    const char *path = reader->keys[ROLE_PATH];
    row.duration_holds = path != NULL && strcmp(path, "audio_filepath") == 0;
    return manifest_add(reader->builder, &row, error);
}

static enum error_code add_bad_line(struct jsonl_reader *reader, const char *problem,
                                    struct error *error) {
    struct manifest_row row = {.line = reader->line, .problem = problem};
    return manifest_add(reader->builder, &row, error);
}

static enum error_code add_line(struct jsonl_reader *reader, struct error *error) {
    const char *line = reader->bytes.data == NULL ? "" : reader->bytes.data;
    if (reader->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) line += 3;
    if (reader->too_long) return add_bad_line(reader, "longer than 1 MiB", error);
    if (reader->holds_nul) return add_bad_line(reader, "a NUL byte; save it as UTF-8", error);
    if (line[strspn(line, " \t\r")] == '\0') return ERROR_NONE;
    struct error reason = ERROR_INITIAL;
    json_t *object = json_parse(line, strlen(line), reader->name, &reason);
    /* The message begins with the file's name and "line 1", which is of no use here. */
    const char *plain = strstr(reason.message, "not JSON");
    if (object == NULL && reason.code == ERROR_DATA)
        add_bad_line(reader, plain == NULL ? "not JSON" : plain, error);
    else if (object == NULL)
        FAIL(error, reason.code, "%s: %s", reader->name, reason.message);
    else if (!json_is_object(object))
        add_bad_line(reader, "not a JSON object", error);
    else
        add_object(reader, object, error);
    json_decref(object);
    return error->code;
}

/* Columns the options name, and path and label, must be in one line at least. */
static enum error_code check_keys(struct jsonl_reader *reader, struct error *error) {
    const struct clip_list *clips = &reader->builder->input->clips;
    if (reader->first_keys.data == NULL)
        return FAIL(error, ERROR_DATA, "%s: no line is a JSON object; %s", reader->name,
                    clips->count > 0 ? clip_reason(clips, 0) : "the file is empty");
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        if (manifest_needs(reader->builder, role) && reader->keys[role] == NULL)
            return manifest_missing(reader->builder, role, reader->name, reader->first_keys.data,
                                    error);
    if (reader->has_start_and_end && reader->keys[ROLE_START] == NULL &&
        reader->keys[ROLE_END] == NULL)
        return manifest_warn_of_unused(reader->builder, reader->name, error);
    return ERROR_NONE;
}

enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error) {
    struct jsonl_reader reader = {.builder = builder, .stream = stream, .name = name};
    while (error->code == ERROR_NONE) {
        bool end = false;
        if (read_line(&reader, &end, error) != ERROR_NONE || end) break;
        add_line(&reader, error);
    }
    if (error->code == ERROR_NONE) check_keys(&reader, error);
    if (error->code == ERROR_NONE) text_check(&reader.first_keys, error);
    text_free(&reader.bytes);
    text_free(&reader.first_keys);
    for (size_t role = 0; role < ROLE_COUNT; role++) text_free(&reader.values[role]);
    return error->code;
}
