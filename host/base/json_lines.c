#include "host/base/json_lines.h"

#include "host/base/file.h"
#include "host/base/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum error_code read_line(struct json_lines *lines, bool *end, struct error *error) {
    text_clear(&lines->bytes);
    lines->too_long = false;
    lines->holds_nul = false;
    int byte = getc_unlocked(lines->stream);
    *end = byte == EOF;
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(lines->stream)) {
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
                        lines->name, lines->line + 1);
    }
    if (ferror(lines->stream)) return file_fail(error, lines->name, "read", errno);
    lines->line++;
    return text_check(&lines->bytes, error);
}

static void set_problem(struct json_lines *lines, const char *problem) {
    error_format(lines->problem, sizeof lines->problem, "%s", problem);
}

/* The object of the current line, or the problem with it. */
static enum error_code parse_line(struct json_lines *lines, const char *line, struct error *error) {
    struct error reason = ERROR_INITIAL;
    lines->object = json_parse(line, strlen(line), lines->name, &reason);
    /* The message begins with the file's name and "line 1", which would mislead here. */
    const char *plain = strstr(reason.message, "not JSON");
    if (lines->object == NULL && reason.code != ERROR_DATA)
        return FAIL(error, reason.code, "%s: %s", lines->name, reason.message);
    if (lines->object == NULL) {
        set_problem(lines, plain == NULL ? "not JSON" : plain);
    } else if (!json_is_object(lines->object)) {
        json_decref(lines->object);
        lines->object = NULL;
        set_problem(lines, "not a JSON object");
    }
    return ERROR_NONE;
}

enum error_code json_lines_next(struct json_lines *lines, bool *end, struct error *error) {
    const char *line = "";
    json_decref(lines->object);
    lines->object = NULL;
    do {
        TRY(read_line(lines, end, error));
        if (*end) return ERROR_NONE;
        line = lines->bytes.data == NULL ? "" : lines->bytes.data;
        if (lines->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) line += 3;
    } while (!lines->too_long && !lines->holds_nul && line[strspn(line, " \t\r")] == '\0');
    if (lines->too_long)
        set_problem(lines, "longer than 1 MiB");
    else if (lines->holds_nul)
        set_problem(lines, "a NUL byte; save it as UTF-8");
    else
        return parse_line(lines, line, error);
    return ERROR_NONE;
}

void json_lines_close(struct json_lines *lines) {
    json_decref(lines->object);
    text_free(&lines->bytes);
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
