/* JSON, an object at a time and in bounded memory: one object a line; or, in a file that is laid
 * out so (json_shape.h), one array of them, objects over several lines, or one object whose members
 * are the objects or have arrays of them. What is not an object is given with the reason. NaN and
 * infinities, which Python's json writes, are null. */
#ifndef EARMARK_BASE_JSON_LINES_H
#define EARMARK_BASE_JSON_LINES_H

#include "host/base/json.h"
#include "host/base/json_cut.h"
#include "host/base/json_shape.h"
#include "host/base/text.h"

#include <stdint.h>
#include <stdio.h>

#define JSON_LINES_MAXIMUM ((size_t)1 << 20) /* bytes of a line, or of an object */

struct json_lines {
    FILE *stream;                /* the caller's */
    const char *name;            /* for messages; the caller's */
    json_holds_rows *holds_rows; /* see json_shape.h; NULL: members are never given */
    const void *context;         /* its first argument */

    size_t line;           /* of the current object, from 1 */
    size_t number;         /* of the current object in the file, from 1; 0: JSON lines */
    json_t *object;        /* valid until the next call; NULL: there is none */
    char problem[256];     /* why there is none */
    const char *text;      /* as written, what is from `begin` on; not after a problem */
    uint64_t begin, end;   /* of the object, or the member's value, in the stream; of a line with
                              its line end */
    uint64_t member_begin; /* of the member's name; that of its array, where it is in one */
    /* Of one object that holds the rows: the name of the member which is given, or is an array of
     * which an element is given; `value`: it, where it is JSON but no object. */
    const char *member;
    bool in_array;
    json_t *value;

    struct json_source source; /* private from here on */
    struct json_cut cut;
    struct text bytes; /* the current line */
    struct text key;   /* the current member's name */
    struct text replaced;
    enum json_shape shape;
    bool is_open; /* inside an array, or inside the object that holds the rows */
    bool has_ended;
    bool too_long;
    bool holds_nul;
};

/* The next object, line that is not empty, or element; *end at the end of the file. An array or
 * object that the file does not close is a problem of its own, once. Errors: ERROR_FILE,
 * ERROR_MEMORY. */
enum error_code json_lines_next(struct json_lines *lines, bool *end, struct error *error);
void json_lines_close(struct json_lines *lines); /* frees; leaves the stream open */

/* Calls `add` for each line of the stream that is not empty, until one fails. Errors: those of
 * json_lines_next and `add`. */
enum error_code json_lines_each(FILE *stream, const char *name,
                                enum error_code (*add)(void *context,
                                                       const struct json_lines *lines,
                                                       struct error *error),
                                void *context, struct error *error);

/* Replaces the content of `text` by a string, number or boolean; false for arrays, objects and
 * null. Errors: ERROR_MEMORY. */
bool json_value_text(const json_t *value, struct text *text, struct error *error);

#endif
