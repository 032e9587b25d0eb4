/* How a file of JSON is laid out, whatever its name is, by its first mebibyte at most. */
#ifndef EARMARK_BASE_JSON_SHAPE_H
#define EARMARK_BASE_JSON_SHAPE_H

#include "host/base/json.h"
#include "host/base/json_source.h"

enum json_shape {
    JSON_SHAPE_UNKNOWN,
    JSON_SHAPE_LINES,  /* a value in each line */
    JSON_SHAPE_VALUES, /* values one after another, over several lines, perhaps in arrays */
    JSON_SHAPE_MEMBERS /* one object, whose members are the values or have arrays of them */
};

/* Whether an object is not itself a row of the list, but has the rows as members or in them. */
typedef bool json_holds_rows(const void *context, const json_t *object);

/* Looks at the beginning of the source, of which nothing was taken. holds_rows may be NULL: every
 * object is a row. Errors: ERROR_MEMORY. */
enum error_code json_shape_find(struct json_source *source, json_holds_rows *holds_rows,
                                const void *context, enum json_shape *shape, struct error *error);

#endif
