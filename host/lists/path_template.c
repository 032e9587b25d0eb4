#include "host/lists/path_template.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/pattern.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum template_part part;
} parts[] = {{":stem", PART_STEM},
             {":name", PART_NAME},
             {":slashes", PART_SLASHES},
             {":ms", PART_MILLISECONDS},
             {":s", PART_SECONDS}};

/* Takes the part off the end of a field; other names may contain ':'. */
static enum template_part take_part(char *field) {
    char *colon = strrchr(field, ':');
    for (size_t i = 0; colon != NULL && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(colon, parts[i].name) != 0) continue;
        *colon = '\0';
        return parts[i].part;
    }
    return PART_WHOLE;
}

static enum error_code refuse(const char *text, const char *what, struct error *error) {
    return FAIL(error, ERROR_USAGE,
                "--path-template '%.*s': %s; for example 'audio/{path}.wav', with a column of the "
                "list in braces",
                UTF8_PIECE(text, 200), what);
}

/* Cuts the bytes at their braces. */
static enum error_code cut(struct path_template *made, char *at, struct error *error) {
    made->literals[0] = at;
    for (;;) {
        at += strcspn(at, "{}");
        if (*at == '\0') break;
        char *close = *at == '{' ? at + 1 + strcspn(at + 1, "{}") : NULL;
        if (close == NULL || *close != '}') return refuse(made->text, "a brace has no pair", error);
        if (made->field_count == TEMPLATE_MAXIMUM_FIELDS)
            return refuse(made->text, "it has more than 8 fields", error);
        *at = '\0';
        *close = '\0';
        made->parts[made->field_count] = take_part(at + 1);
        if (at[1] == '\0') return refuse(made->text, "a field has no name", error);
        made->fields[made->field_count++] = at + 1;
        at = close + 1;
        made->literals[made->field_count] = at;
    }
    return made->field_count > 0 ? ERROR_NONE
                                 : refuse(made->text,
                                          "it names no column, so that every row would "
                                          "have the same file",
                                          error);
}

enum error_code path_template_parse(const char *text, struct path_template *path_template,
                                    struct error *error) {
    *path_template = (struct path_template){0};
    if (strlen(text) > TEMPLATE_MAXIMUM_LENGTH)
        return FAIL(error, ERROR_USAGE, "--path-template is longer than %d bytes; shorten it",
                    TEMPLATE_MAXIMUM_LENGTH);
    path_template->text = memory_string(text, error);
    path_template->bytes = memory_string(text, error);
    if (path_template->text == NULL || path_template->bytes == NULL) return error->code;
    char *at = path_template->bytes;
    for (; strncmp(at, "../", 3) == 0 || strncmp(at, "./", 2) == 0; at += at[1] == '.' ? 3 : 2)
        path_template->climbs += at[1] == '.';
    TRY(cut(path_template, at, error));
    const char *slash = strrchr(path_template->literals[0], '/');
    if (slash != NULL) path_template->folder = (size_t)(slash - path_template->literals[0]) + 1;
    return ERROR_NONE;
}

void path_template_free(struct path_template *path_template) {
    free(path_template->text);
    free(path_template->bytes);
    *path_template = (struct path_template){0};
}

static size_t find_column(const struct template_columns *columns, const char *name) {
    size_t i = 0;
    while (i < columns->count && strcmp(columns->names[i], name) != 0) i++;
    return i;
}

enum error_code path_template_bind(struct path_template *path_template,
                                   struct template_columns *columns, struct error *error) {
    for (size_t i = 0; i < path_template->field_count; i++) {
        const char *name = path_template->fields[i];
        path_template->columns[i] = 0;
        if (strcmp(name, "path") == 0) continue;
        size_t column = find_column(columns, name);
        if (column == TEMPLATE_MAXIMUM_FIELDS)
            return refuse(path_template->text, "it has more than 8 fields", error);
        if (column == columns->count) {
            columns->names[column] = memory_string(name, error);
            TRY(error->code);
            columns->count++;
        }
        path_template->columns[i] = column + 1;
    }
    return ERROR_NONE;
}

void template_columns_free(struct template_columns *columns) {
    for (size_t i = 0; i < columns->count; i++) free(columns->names[i]);
    *columns = (struct template_columns){0};
}

/* ---- filling ---- */

/* Appends seconds times `scale`, rounded; false: it is not a number of seconds. */
static bool append_number(struct text *path, const char *value, double scale) {
    char *end = NULL;
    double number = strtod(value, &end) * scale;
    if (end == value || end[strspn(end, " \t")] != '\0' || !(number >= 0 && number < 1e15))
        return false;
    text_format(path, "%.0f", round(number));
    return true;
}

/* What follows the last slash; a path of Windows has none but '\\'. */
static const char *last_name(const char *value, size_t length) {
    const char separator = memchr(value, '/', length) != NULL ? '/' : '\\';
    const char *last = memrchr(value, separator, length);
    return last == NULL ? value : last + 1;
}

static bool append_part(struct text *path, const char *value, enum template_part part) {
    size_t end = 0;
    const char *name;
    /* As in CSV files with a space after the comma. */
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]) != NULL) length--;
    if (length == 0) return false;
    switch (part) {
    case PART_WHOLE: break;
    case PART_STEM:
        if (audio_extension(value, &end) && end > 0) length = end;
        break;
    case PART_NAME:
        name = last_name(value, length);
        length -= (size_t)(name - value);
        value = name;
        break;
    case PART_SLASHES:
        for (size_t i = 0; i < length; i++)
            text_append(path, value[i] == '\\' ? "/" : &value[i], 1);
        return true;
    case PART_SECONDS: return append_number(path, value, 1);
    case PART_MILLISECONDS: return append_number(path, value, 1000);
    }
    text_append(path, value, length);
    return length > 0;
}

enum error_code path_template_fill(const struct path_template *path_template,
                                   const char *const values[TEMPLATE_VALUES], struct text *path,
                                   size_t *missing, struct error *error) {
    *missing = SIZE_MAX;
    text_clear(path);
    text_string(path, path_template->literals[0]);
    for (size_t i = 0; i < path_template->field_count && *missing == SIZE_MAX; i++) {
        const char *value = values[path_template->columns[i]];
        if (value == NULL || !append_part(path, value, path_template->parts[i])) *missing = i;
        text_string(path, path_template->literals[i + 1]);
    }
    return text_check(path, error);
}

bool path_climbs_out(const char *path) {
    long depth = 0;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            depth--;
        else if (length > 0 && !(length == 1 && path[0] == '.'))
            depth++;
        if (depth < 0) return true;
        path += length;
        if (*path == '/') path++;
    }
    return false;
}
