/* JSON lines: one object a line; other lines are given with the reason. */
#ifndef EARMARK_BASE_JSON_LINES_H
#define EARMARK_BASE_JSON_LINES_H

#include "host/base/json.h"
#include "host/base/text.h"

#include <stdio.h>

#define JSON_LINES_MAXIMUM ((size_t)1 << 20) /* bytes of a line */

struct json_lines {
    FILE *stream;      /* the caller's */
    const char *name;  /* for messages; the caller's */
    size_t line;       /* of the current object, from 1 */
    json_t *object;    /* valid until the next call; NULL: the line is not an object */
    char problem[256]; /* why it is not */

    struct text bytes; /* private: the current line */
    bool too_long;
    bool holds_nul;
};

/* The next line that is not empty; *end at the end of the file. Errors: ERROR_FILE,
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
