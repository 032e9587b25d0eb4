#include "host/base/json_lines.h"

#include "host/base/numbers.h"

#include <stdlib.h>
#include <string.h>

static void set_problem(struct json_lines *lines, const char *problem) {
    error_format(lines->problem, sizeof lines->problem, "%s", problem);
}

/* ---- a value in each line ---- */

static enum error_code read_line(struct json_lines *lines, bool *end, struct error *error) {
    struct json_source *source = &lines->source;
    text_clear(&lines->bytes);
    lines->too_long = false;
    lines->holds_nul = false;
    lines->line = source->line;
    lines->begin = source->taken;
    int byte = json_source_take(source);
    *end = byte == EOF;
    for (; byte != EOF && byte != '\n'; byte = json_source_take(source)) {
        char plain = (char)byte;
        if (byte == '\0') lines->holds_nul = true;
        if (lines->bytes.length == JSON_LINES_MAXIMUM)
            lines->too_long = true;
        else
            text_append(&lines->bytes, &plain, 1);
        /* Not text: it may go on for as long as a file can be. */
        if (lines->too_long && lines->holds_nul)
            return FAIL(error, ERROR_DATA,
                        "%s: line %zu is longer than 1 MiB and holds NUL bytes; this is not a list "
                        "of clips",
                        lines->name, lines->line);
    }
    lines->end = source->taken;
    lines->text = lines->bytes.data;
    TRY(json_source_check(source, error));
    return text_check(&lines->bytes, error);
}

/* Writes null in place of NaN and infinities, which Python's json writes and JSON does not have;
 * false: there are none. */
static bool replace_nan(const char *text, struct text *replaced) {
    static const char *const words[] = {"NaN", "-Infinity", "Infinity"};
    bool in_string = false, found = false;
    text_clear(replaced);
    while (*text != '\0') {
        size_t length = 1;
        bool is_word = false;
        if (in_string && *text == '\\' && text[1] != '\0') length = 2;
        if (*text == '"') in_string = !in_string;
        for (size_t i = 0; i < 3 && !in_string && !is_word; i++) {
            is_word = strncmp(text, words[i], strlen(words[i])) == 0;
            if (is_word) length = strlen(words[i]);
        }
        if (is_word)
            text_string(replaced, "null");
        else
            text_append(replaced, text, length);
        found = found || is_word;
        text += length;
    }
    return found && !replaced->failed;
}

/* The object of the current text, or the problem with it. A value that is no object is kept only
 * where it is a member's. */
static enum error_code parse(struct json_lines *lines, const char *text, struct error *error) {
    struct error reason = ERROR_INITIAL, again = ERROR_INITIAL;
    json_t *value = json_parse(text, strlen(text), lines->name, &reason);
    if (value == NULL && reason.code == ERROR_DATA && replace_nan(text, &lines->replaced))
        value = json_parse(lines->replaced.data, lines->replaced.length, lines->name, &again);
    if (again.code == ERROR_MEMORY) reason = again;
    /* The message begins with the file's name and "line 1", which would mislead here. */
    const char *plain = strstr(reason.message, "not JSON");
    if (value == NULL && reason.code != ERROR_DATA)
        return FAIL(error, reason.code, "%s: %s", lines->name, reason.message);
    if (json_is_object(value)) {
        lines->object = value;
        return ERROR_NONE;
    }
    set_problem(lines, value != NULL ? "not a JSON object" : plain == NULL ? "not JSON" : plain);
    if (lines->member == NULL)
        json_decref(value);
    else
        lines->value = value;
    return ERROR_NONE;
}

static enum error_code next_line(struct json_lines *lines, bool *end, struct error *error) {
    const char *line = "";
    do {
        TRY(read_line(lines, end, error));
        if (*end) return ERROR_NONE;
        line = lines->bytes.data == NULL ? "" : lines->bytes.data;
    } while (!lines->too_long && !lines->holds_nul && line[strspn(line, " \t\r")] == '\0');
    if (lines->too_long)
        set_problem(lines, "longer than 1 MiB");
    else if (lines->holds_nul)
        set_problem(lines, "a NUL byte; save it as UTF-8");
    else
        return parse(lines, line, error);
    return ERROR_NONE;
}

/* ---- values over several lines ---- */

/* The end of the text, which is a problem where something is open. */
static enum error_code end_text(struct json_lines *lines, bool *end, const char *problem,
                                struct error *error) {
    TRY(json_source_check(&lines->source, error));
    *end = problem == NULL;
    lines->has_ended = true;
    lines->line = lines->source.line;
    if (problem != NULL) set_problem(lines, problem);
    return ERROR_NONE;
}

/* Takes the value at the source. */
static enum error_code next_value(struct json_lines *lines, const char *before, char in,
                                  struct error *error) {
    struct json_cut *cut = &lines->cut;
    if (before[0] == '\0') lines->begin = lines->source.taken;
    TRY(json_cut_next(&lines->source, before, in, cut, error));
    TRY(json_source_check(&lines->source, error));
    lines->end = lines->source.taken;
    lines->text = cut->bytes.data;
    lines->line = cut->line;
    lines->number++;
    lines->has_ended = cut->at_end;
    if (cut->at_end)
        set_problem(lines, "the file ends inside this value: it lacks a bracket or a quote, or is "
                           "cut off");
    else if (cut->problem != NULL)
        set_problem(lines, cut->problem);
    else
        return parse(lines, cut->bytes.data, error);
    return ERROR_NONE;
}

static enum error_code next_of_values(struct json_lines *lines, bool *end, struct error *error) {
    struct json_source *source = &lines->source;
    for (;;) {
        json_source_skip(source, ",");
        int next = json_source_peek(source);
        if (next == EOF)
            return end_text(lines, end,
                            lines->is_open
                                ? "the file ends inside its array: it lacks a ']', or is cut off"
                                : NULL,
                            error);
        if (next != (lines->is_open ? ']' : '[')) break;
        lines->is_open = next == '[';
        json_source_take(source);
    }
    return next_value(lines, "", lines->is_open ? '[' : 0, error);
}

/* ---- members of one object ---- */

static enum error_code end_members(struct json_lines *lines, bool *end, const char *problem,
                                   struct error *error) {
    lines->is_open = false;
    lines->member = NULL;
    lines->in_array = false;
    return end_text(lines, end, problem, error);
}

/* Takes the name of the next member and its colon; false: something else is there. */
static bool take_name(struct json_lines *lines, struct error *error) {
    struct json_source *source = &lines->source;
    lines->member = NULL;
    lines->line = source->line;
    if (json_source_peek(source) != '"') return false;
    lines->member_begin = source->taken;
    if (json_cut_next(source, "", '{', &lines->cut, error) != ERROR_NONE) return false;
    if (lines->cut.problem != NULL) return false;
    struct error reason = ERROR_INITIAL;
    json_t *name = json_parse(lines->cut.bytes.data, lines->cut.bytes.length, lines->name, &reason);
    bool good = json_is_string(name) && json_value_text(name, &lines->key, error);
    json_decref(name);
    json_source_skip(source, "");
    if (!good || json_source_peek(source) != ':') return false;
    json_source_take(source);
    json_source_skip(source, "");
    lines->member = lines->key.data == NULL ? "" : lines->key.data;
    return true;
}

/* Whether the member is an array whose first element is an object, of which then the bracket is
 * taken; `before` is what was taken of another one. */
static bool enters_array(struct json_lines *lines, const char **before) {
    *before = "";
    lines->begin = lines->source.taken;
    if (json_source_peek(&lines->source) != '[') return false;
    json_source_take(&lines->source);
    json_source_skip(&lines->source, "");
    *before = "[";
    return json_source_peek(&lines->source) == '{';
}

static enum error_code next_of_members(struct json_lines *lines, bool *end, struct error *error) {
    static const char cut_off[] = "the file ends inside its object: it lacks a '}', or is cut off";
    struct json_source *source = &lines->source;
    const char *before = "";
    if (!lines->is_open) json_source_take(source); /* the first '{' */
    lines->is_open = true;
    json_source_skip(source, ",");
    if (lines->in_array && json_source_peek(source) == ']') {
        lines->in_array = false;
        json_source_take(source);
        json_source_skip(source, ",");
    }
    int next = json_source_peek(source);
    if (next == EOF) return end_members(lines, end, cut_off, error);
    if (lines->in_array) return next_value(lines, "", '[', error);
    if (next == '}') {
        json_source_take(source);
        json_source_skip(source, "");
        next = json_source_peek(source);
        return end_members(lines, end,
                           next == EOF ? NULL : "text after the end of the object; it is not read",
                           error);
    }
    if (!take_name(lines, error)) {
        TRY(error->code);
        return end_members(lines, end, "not JSON: no name of a member; the rest is not read",
                           error);
    }
    lines->in_array = enters_array(lines, &before);
    if (lines->in_array) return next_value(lines, "", '[', error);
    return next_value(lines, before, '{', error);
}

/* ---- both ---- */

static enum error_code open_source(struct json_lines *lines, struct error *error) {
    struct json_source *source = &lines->source;
    json_source_open(source, lines->stream, lines->name);
    TRY(json_shape_find(source, lines->holds_rows, lines->context, &lines->shape, error));
    if (source->ahead.length >= 3 && memcmp(source->ahead.data, "\xef\xbb\xbf", 3) == 0)
        source->used = source->taken = 3;
    if (lines->shape != JSON_SHAPE_LINES) json_source_skip(source, "");
    return ERROR_NONE;
}

enum error_code json_lines_next(struct json_lines *lines, bool *end, struct error *error) {
    json_decref(lines->object);
    json_decref(lines->value);
    lines->object = lines->value = NULL;
    *end = lines->has_ended;
    if (*end) return ERROR_NONE;
    if (lines->shape == JSON_SHAPE_UNKNOWN) TRY(open_source(lines, error));
    switch (lines->shape) {
    case JSON_SHAPE_VALUES: return next_of_values(lines, end, error);
    case JSON_SHAPE_MEMBERS: return next_of_members(lines, end, error);
    case JSON_SHAPE_LINES:
    case JSON_SHAPE_UNKNOWN: break;
    }
    return next_line(lines, end, error);
}

void json_lines_close(struct json_lines *lines) {
    json_decref(lines->object);
    json_decref(lines->value);
    json_source_close(&lines->source);
    json_cut_close(&lines->cut);
    text_free(&lines->bytes);
    text_free(&lines->key);
    text_free(&lines->replaced);
    *lines = (struct json_lines){0};
}

enum error_code json_lines_each(FILE *stream, const char *name,
                                enum error_code (*add)(void *context,
                                                       const struct json_lines *lines,
                                                       struct error *error),
                                void *context, struct error *error) {
    struct json_lines lines = {.stream = stream, .name = name};
    while (error->code == ERROR_NONE) {
        bool end = false;
        if (json_lines_next(&lines, &end, error) != ERROR_NONE || end) break;
        add(context, &lines, error);
    }
    json_lines_close(&lines);
    return error->code;
}

bool json_value_text(const json_t *value, struct text *text, struct error *error) {
    text_clear(text);
    if (json_is_string(value)) {
        char *bytes = json_bytes(value, error);
        if (bytes != NULL) text_append(text, bytes, strlen(bytes));
        free(bytes);
    } else if (json_is_integer(value)) {
        text_format(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        number_shortest(text, json_real_value(value));
    } else if (json_is_boolean(value)) {
        text_string(text, json_is_true(value) ? "true" : "false");
    } else {
        return false;
    }
    text_check(text, error);
    return true;
}
