/* JSONL manifests: one object a line. A line that is none becomes a row with its reason. */
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/input/manifest.h"

#include <errno.h>
#include <jansson.h>
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
    const char
        *keys[ROLE_COUNT]; /* fixed by the first line that has one of the names; NULL before */
    const char *scratch[ROLE_COUNT][2];
    struct text values[ROLE_COUNT];
    struct text first_keys; /* of the first object, for messages */
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
    if (ferror(reader->stream))
        return FAIL(error, ERROR_FILE, "%s: cannot read: %s", reader->name, strerror(errno));
    reader->line++;
    return text_check(&reader->bytes, error);
}

/* ---- file names that are not UTF-8 ----
 * Python writes their odd bytes as lone surrogates, \udc80 to \udcff, or as they
 * are; JSON parsers refuse both. Each is written as a surrogate with the high
 * half \udbff before parsing, which makes it a code point that nobody uses
 * (U+10FC80 to U+10FCFF), and is turned back into its byte afterwards. */

static bool is_escape(const char *at, const char *digits) {
    return at[0] == '\\' && at[1] == 'u' && strchr("dD", at[2]) != NULL && at[2] != '\0' &&
           at[3] != '\0' && strchr(digits, at[3]) != NULL && at[4] != '\0' && at[5] != '\0';
}

static bool is_odd_byte(const char *at) {
    return is_escape(at, "cC") && strchr("89abcdefABCDEF", at[4]) != NULL;
}

static void complete_surrogates(const char *line, struct text *completed) {
    text_clear(completed);
    bool paired = false; /* the escape before was a high surrogate */
    while (*line != '\0') {
        size_t length = *line == '\\' && line[1] != '\0' ? 2 : 1;
        size_t bytes = text_utf8_length(line);
        if (bytes != 1) { /* beyond ASCII, or no UTF-8 at all */
            if (bytes == 0) text_format(completed, "\\udbff\\udc%02x", (unsigned char)*line);
            if (bytes > 0) text_append(completed, line, bytes);
            line += bytes == 0 ? 1 : bytes;
            paired = false;
            continue;
        }
        bool high = is_escape(line, "89abAB");
        if (high || is_escape(line, "cdefCDEF")) length = 6;
        if (is_odd_byte(line) && !paired) text_string(completed, "\\udbff");
        text_append(completed, line, length);
        line += length;
        paired = high;
    }
}

/* The reverse, on parsed UTF-8: F4 8F B2 80 .. F4 8F B3 BF to the bytes 80 .. FF. */
static void restore_bytes(const char *parsed, struct text *restored) {
    text_clear(restored);
    while (*parsed != '\0') {
        const unsigned char *byte = (const unsigned char *)parsed;
        size_t length = 1;
        char odd = *parsed;
        if (byte[0] == 0xf4 && byte[1] == 0x8f && (byte[2] == 0xb2 || byte[2] == 0xb3)) {
            odd = (char)(unsigned char)(byte[3] + (byte[2] == 0xb3 ? 0x40 : 0));
            length = 4;
        }
        text_append(restored, &odd, 1);
        parsed += length;
    }
}

/* ---- values ---- */

/* A number or a word as text; false for what cannot be a value: objects and arrays. */
static bool value_text(const json_t *value, struct text *text) {
    text_clear(text);
    text_string(text, "");
    if (json_is_string(value))
        restore_bytes(json_string_value(value), text);
    else if (json_is_integer(value))
        text_format(text, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        text_format(text, "%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        text_string(text, json_is_true(value) ? "true" : "false");
    else
        return json_is_null(value);
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

static enum error_code add_object(struct jsonl_reader *reader, const json_t *object,
                                  struct error *error) {
    struct manifest_row row = {.line = reader->line};
    char problem[128];
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++) {
        const char *key = key_of(reader, role, object);
        const json_t *value = key == NULL ? NULL : json_object_get(object, key);
        if (value == NULL || json_is_null(value)) continue;
        struct text *text = &reader->values[role];
        bool usable = role == ROLE_PATH ? json_is_string(value) : true;
        usable = usable && value_text(value, text);
        TRY(text_check(text, error));
        if (usable) {
            row.values[role] = text->data;
        } else if (row.problem == NULL) {
            snprintf(problem, sizeof problem, "the value of '%.60s' is no text", key);
            row.problem = problem;
        }
    }
    return manifest_add(reader->builder, &row, error);
}

static enum error_code add_bad_line(struct jsonl_reader *reader, const char *problem,
                                    struct error *error) {
    struct manifest_row row = {.line = reader->line, .problem = problem};
    return manifest_add(reader->builder, &row, error);
}

static void list_keys(struct jsonl_reader *reader, json_t *object) {
    text_string(&reader->first_keys, "");
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        if (reader->first_keys.length > 0) text_string(&reader->first_keys, ", ");
        text_string(&reader->first_keys, json_object_iter_key(at));
    }
}

static enum error_code add_line(struct jsonl_reader *reader, struct error *error) {
    const char *line = reader->bytes.data == NULL ? "" : reader->bytes.data;
    char problem[JSON_ERROR_TEXT_LENGTH + 64];
    json_error_t details;
    if (reader->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) line += 3;
    if (reader->too_long) return add_bad_line(reader, "longer than 1 MiB", error);
    if (reader->holds_nul) return add_bad_line(reader, "a NUL byte; save it as UTF-8", error);
    if (line[strspn(line, " \t\r")] == '\0') return ERROR_NONE;
    struct text completed = TEXT_INITIAL;
    complete_surrogates(line, &completed);
    if (text_check(&completed, error) != ERROR_NONE) {
        text_free(&completed);
        return error->code;
    }
    json_t *object = json_loadb(completed.data, completed.length, JSON_REJECT_DUPLICATES, &details);
    text_free(&completed);
    if (object == NULL) {
        snprintf(problem, sizeof problem, "not JSON: %s", details.text);
        return add_bad_line(reader, problem, error);
    }
    if (json_is_object(object) && reader->first_keys.data == NULL) list_keys(reader, object);
    if (json_is_object(object))
        add_object(reader, object, error);
    else
        add_bad_line(reader, "not a JSON object", error);
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
