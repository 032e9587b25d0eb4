/* A row of a parquet file as texts. */
#include "host/lists/parquet_input.h"

#include "host/base/numbers.h"
#include "host/base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Longer texts are no labels, ids or paths; they are not copied. */
#define MAXIMUM_VALUE ((size_t)1 << 17)

static const struct parquet_column *column_of(const struct parquet_input *input,
                                              enum manifest_role role) {
    return &input->file.columns[input->columns[role]];
}

__attribute__((format(printf, 3, 4))) static void
set_problem(struct parquet_input *input, enum manifest_role role, const char *format, ...) {
    va_list arguments;
    char what[160];
    if (input->problem[0] != '\0') return;
    va_start(arguments, format);
    error_vformat(what, sizeof what, format, arguments);
    va_end(arguments);
    error_format(input->problem, sizeof input->problem, "'%.*s' %s",
                 UTF8_PIECE(column_of(input, role)->name, 80), what);
}

/* Of a ClassLabel; -1 is how datasets writes that there is none. */
static bool append_class(struct parquet_input *input, enum manifest_role role, int64_t number,
                         struct text *text) {
    const json_t *names = input->names[role];
    if (number == -1) return false;
    const json_t *name =
        number < 0 ? NULL : json_array_get(names, (size_t)number); /* NULL beyond its end */
    struct error error = ERROR_INITIAL;
    char *bytes = json_bytes(name, &error);
    if (bytes == NULL && error.code == ERROR_MEMORY) text->failed = true;
    if (bytes == NULL)
        set_problem(input, role, "is class %lld, but the file names only %zu", (long long)number,
                    json_array_size(names));
    else
        text_string(text, bytes);
    free(bytes);
    return bytes != NULL;
}

static bool append_bytes(struct parquet_input *input, enum manifest_role role,
                         const struct parquet_scalar *scalar, struct text *text) {
    if (scalar->size > MAXIMUM_VALUE)
        set_problem(input, role, "is longer than %zu bytes (%zu)", MAXIMUM_VALUE, scalar->size);
    else if (memchr(scalar->bytes, '\0', scalar->size) != NULL)
        set_problem(input, role, "holds a NUL byte");
    else
        text_append(text, (const char *)scalar->bytes, scalar->size);
    return input->problem[0] == '\0';
}

/* false: there is none, or it is a problem. */
static bool append_value(struct parquet_input *input, enum manifest_role role,
                         const struct parquet_scalar *scalar, struct text *text) {
    const struct parquet_column *column = column_of(input, role);
    switch (column->type) {
    case PARQUET_BOOLEAN: text_string(text, scalar->number != 0 ? "true" : "false"); break;
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        if (isnan(scalar->real)) return false; /* how pandas writes that there is none */
        number_shortest(text, scalar->real);
        break;
    case PARQUET_INT32:
    case PARQUET_INT64:
        if (input->names[role] != NULL) return append_class(input, role, scalar->number, text);
        if (column->meaning == PARQUET_UNSIGNED)
            text_format(text, "%llu",
                        column->type == PARQUET_INT32 ? (unsigned long long)(uint32_t)scalar->number
                                                      : (unsigned long long)scalar->number);
        else
            text_format(text, "%lld", (long long)scalar->number);
        break;
    default: return append_bytes(input, role, scalar, text);
    }
    return true;
}

/* Joins the elements of a list; nulls in it are none of its labels. */
static enum error_code read_list(struct parquet_input *input, enum manifest_role role,
                                 struct parquet_value *value, struct error *error) {
    const char *separator = input->builder->options.label_separator;
    struct text *text = &input->values[role];
    bool continues = true, is_first = true;
    while (continues) {
        size_t before = text->length;
        if (value->state == PARQUET_VALUE && text->length <= MAXIMUM_VALUE) {
            if (!is_first) text_string(text, separator);
            size_t start = text->length;
            bool good = append_value(input, role, &value->scalar, text);
            if (good && text->data != NULL && strstr(text->data + start, separator) != NULL)
                set_problem(input, role,
                            "has a label that contains '%s'; give another --label-separator",
                            separator);
            if (good)
                is_first = false;
            else
                text->length = before;
        }
        TRY(text_check(text, error));
        if (text->data != NULL) text->data[text->length] = '\0';
        TRY(parquet_cursor_continues(&input->cursors[role], &continues, error));
        if (continues) TRY(parquet_cursor_next(&input->cursors[role], value, error));
    }
    return ERROR_NONE;
}

static enum error_code read_value(struct parquet_input *input, enum manifest_role role,
                                  struct error *error) {
    struct text *text = &input->values[role];
    struct parquet_value value;
    text_clear(text);
    text_string(text, "");
    TRY(parquet_cursor_next(&input->cursors[role], &value, error));
    if (value.state == PARQUET_END) return PARQUET_DAMAGED(error, "a column ends before the rows");
    input->has_value[role] = value.state != PARQUET_NULL_LIST && value.state != PARQUET_NULL;
    if (column_of(input, role)->repetition > 0) {
        input->has_value[role] = value.state != PARQUET_NULL_LIST;
        return read_list(input, role, &value, error);
    }
    if (value.state == PARQUET_VALUE)
        input->has_value[role] = append_value(input, role, &value.scalar, text);
    return text_check(text, error);
}

enum error_code parquet_input_next(struct parquet_input *input, struct error *error) {
    input->problem[0] = '\0';
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++)
        if (input->columns[role] != PARQUET_NONE) TRY(read_value(input, role, error));
    return ERROR_NONE;
}
