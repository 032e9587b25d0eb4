#include "host/base/json_shape.h"

#include "host/base/json_cut.h"

#include <string.h>

#define CLOSED_MOST 3 /* brackets that are closed to parse the beginning of an object */

/* What the grammar finds in the beginning of a file. */
struct beginning {
    const char *bytes;
    size_t size;
    bool is_all;       /* the file is not longer */
    size_t start;      /* of the first value */
    size_t line_end;   /* of the line with its first byte */
    size_t end;        /* after the first value; 0: it is not complete, or not JSON */
    size_t wrong;      /* where it is not JSON; 0: nowhere */
    bool holds_object; /* a member of the first object is an object or an array of them */
    /* The last comma near the top, and what is open there: what is before it can be closed. */
    size_t comma;
    size_t depth;
    char open[CLOSED_MOST];
};

static size_t skip_spaces(const struct beginning *beginning, size_t at) {
    while (at < beginning->size && strchr(" \t\r\n", beginning->bytes[at]) != NULL &&
           beginning->bytes[at] != '\0')
        at++;
    return at;
}

static size_t end_of_line(const struct beginning *beginning, size_t at) {
    const char *end = memchr(beginning->bytes + at, '\n', beginning->size - at);
    return end == NULL ? beginning->size : (size_t)(end - beginning->bytes);
}

static void walk(struct beginning *beginning) {
    struct json_grammar grammar = {.depth = 0};
    for (size_t at = beginning->start; at < beginning->size; at++) {
        char byte = beginning->bytes[at];
        if (!json_grammar_take(&grammar, byte)) {
            beginning->wrong = at;
            return;
        }
        if (byte == '{' && !grammar.in_string &&
            (grammar.depth == 2 || (grammar.depth == 3 && grammar.open[1] == '[')))
            beginning->holds_object = true;
        if (byte == ',' && !grammar.in_string && grammar.depth <= CLOSED_MOST) {
            beginning->comma = at;
            beginning->depth = grammar.depth;
            memcpy(beginning->open, grammar.open, grammar.depth);
        }
        if (!grammar.finished) continue;
        beginning->end = at + 1;
        return;
    }
}

/* The last byte before `at` that is not a space. */
static char before(const struct beginning *beginning, size_t at) {
    while (at > beginning->start && strchr(" \t\r\n", beginning->bytes[at - 1]) != NULL) at--;
    return beginning->bytes[at > beginning->start ? at - 1 : at];
}

/* Whether some line begins with '{' in the first column and is a whole value, without being in a
 * list: JSON lines, of which the first is damaged. */
static bool has_lines(const struct beginning *beginning) {
    for (size_t at = beginning->line_end + 1; at < beginning->size;) {
        struct json_grammar grammar = {.depth = 0};
        size_t end = end_of_line(beginning, at);
        bool good = beginning->bytes[at] == '{' && strchr(",[", before(beginning, at)) == NULL;
        for (; good && at < end && !grammar.finished; at++)
            good = json_grammar_take(&grammar, beginning->bytes[at]);
        while (at < end && strchr(" \t\r", beginning->bytes[at]) != NULL) at++;
        if (good && grammar.finished && at == end) return true;
        at = end + 1;
    }
    return false;
}

/* Of a file that begins with '['. */
static enum json_shape shape_of_array(const struct beginning *beginning) {
    size_t next = skip_spaces(beginning, beginning->start + 1);
    bool is_list = next == beginning->size || next > beginning->line_end ||
                   strchr("{]", beginning->bytes[next]) != NULL;
    bool is_last = skip_spaces(beginning, beginning->line_end) == beginning->size;
    return is_list || is_last ? JSON_SHAPE_VALUES : JSON_SHAPE_LINES;
}

/* Whether the first object holds the rows, by as much of it as is there and is JSON. */
static bool holds(const struct beginning *beginning, json_holds_rows *holds_rows,
                  const void *context, struct error *error) {
    struct error reason = ERROR_INITIAL;
    struct text object = TEXT_INITIAL;
    size_t end = beginning->end > 0 ? beginning->end : beginning->comma;
    bool found = beginning->holds_object;
    if (holds_rows == NULL) return false;
    if (end > 0) text_append(&object, beginning->bytes + beginning->start, end - beginning->start);
    for (size_t i = beginning->depth; beginning->end == 0 && i-- > 0;)
        text_string(&object, beginning->open[i] == '[' ? "]" : "}");
    if (end > 0 && text_check(&object, error) == ERROR_NONE) {
        json_t *json = json_parse(object.data, object.length, "", &reason);
        if (json != NULL) found = holds_rows(context, json);
        json_decref(json);
    }
    text_free(&object);
    if (reason.code == ERROR_MEMORY) *error = reason;
    return found;
}

/* Of one that begins with an object which is not complete, or not JSON. */
static enum json_shape shape_of_part(const struct beginning *beginning, bool holds_them) {
    bool is_last = skip_spaces(beginning, beginning->line_end) == beginning->size;
    if (is_last && !holds_them) return JSON_SHAPE_LINES;
    if (has_lines(beginning)) return JSON_SHAPE_LINES;
    if (holds_them) return JSON_SHAPE_MEMBERS;
    bool first_line = beginning->wrong > 0 && beginning->wrong <= beginning->line_end;
    return first_line ? JSON_SHAPE_LINES : JSON_SHAPE_VALUES;
}

static enum json_shape shape_of_object(const struct beginning *beginning,
                                       json_holds_rows *holds_rows, const void *context,
                                       struct error *error) {
    if (beginning->end == 0)
        return shape_of_part(beginning, holds(beginning, holds_rows, context, error));
    size_t next = skip_spaces(beginning, beginning->end);
    bool one_line = beginning->end <= beginning->line_end;
    if (next == beginning->size && beginning->is_all &&
        holds(beginning, holds_rows, context, error))
        return JSON_SHAPE_MEMBERS;
    if (one_line && next < beginning->line_end)
        return strchr(",{", beginning->bytes[next]) != NULL ? JSON_SHAPE_VALUES : JSON_SHAPE_LINES;
    return one_line ? JSON_SHAPE_LINES : JSON_SHAPE_VALUES;
}

/* Of the first `size` bytes; JSON_SHAPE_UNKNOWN where more of the file could decide. */
static enum json_shape shape_within(struct json_source *source, size_t size,
                                    json_holds_rows *holds_rows, const void *context,
                                    struct error *error) {
    if (json_source_look(source, size, error) != ERROR_NONE) return JSON_SHAPE_UNKNOWN;
    struct beginning beginning = {.bytes = source->ahead.data == NULL ? "" : source->ahead.data,
                                  .size = source->ahead.length,
                                  .is_all = source->ahead.length < size};
    if (beginning.size >= 3 && memcmp(beginning.bytes, "\xef\xbb\xbf", 3) == 0) beginning.start = 3;
    beginning.start = skip_spaces(&beginning, beginning.start);
    if (beginning.start == beginning.size) return JSON_SHAPE_LINES;
    beginning.line_end = end_of_line(&beginning, beginning.start);
    char first = beginning.bytes[beginning.start];
    if (first != '{' && first != '[') return JSON_SHAPE_LINES;
    bool decides = beginning.is_all || size >= JSON_CUT_MAXIMUM;
    if (first == '[' && (decides || beginning.line_end < beginning.size))
        return shape_of_array(&beginning);
    if (first == '[') return JSON_SHAPE_UNKNOWN;
    walk(&beginning);
    /* JSON lines are told by one line and the beginning of the next. */
    if (beginning.end > 0 && skip_spaces(&beginning, beginning.end) < beginning.size)
        decides = true;
    return decides ? shape_of_object(&beginning, holds_rows, context, error) : JSON_SHAPE_UNKNOWN;
}

enum error_code json_shape_find(struct json_source *source, json_holds_rows *holds_rows,
                                const void *context, enum json_shape *shape, struct error *error) {
    *shape = JSON_SHAPE_UNKNOWN;
    for (size_t size = 8192; *shape == JSON_SHAPE_UNKNOWN && error->code == ERROR_NONE; size *= 4) {
        if (size > JSON_CUT_MAXIMUM) size = JSON_CUT_MAXIMUM;
        *shape = shape_within(source, size, holds_rows, context, error);
    }
    return error->code;
}
