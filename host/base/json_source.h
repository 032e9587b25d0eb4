/* A stream of text, taken byte by byte after a look at its beginning. */
#ifndef EARMARK_BASE_JSON_SOURCE_H
#define EARMARK_BASE_JSON_SOURCE_H

#include "host/base/text.h"

#include <stdint.h>
#include <stdio.h>

struct json_source {
    FILE *stream;      /* the caller's */
    const char *name;  /* for messages; the caller's */
    struct text ahead; /* what was read of it and not taken, and `used` bytes before */
    size_t used;
    uint64_t taken; /* bytes */
    size_t line;    /* of the next byte, from 1 */
    size_t column;  /* of the next byte, from 0 */
    bool indented;  /* only spaces are before it in its line */
    int failure;    /* errno of a failed read; 0: none */
};

void json_source_open(struct json_source *source, FILE *stream, const char *name);
void json_source_close(struct json_source *source); /* frees; leaves the stream open */

/* Looks at the beginning, before anything was taken, until it is at least `size` bytes or all of
 * the stream. Errors: ERROR_MEMORY. */
enum error_code json_source_look(struct json_source *source, size_t size, struct error *error);

/* The next byte, or EOF, which is also a failed read: json_source_check() tells. */
int json_source_peek(struct json_source *source);
int json_source_take(struct json_source *source);

/* Takes bytes while they are white space, or one of `more`. */
void json_source_skip(struct json_source *source, const char *more);

/* ERROR_FILE if a read failed, ERROR_MEMORY if there was no room for what it gave. */
enum error_code json_source_check(const struct json_source *source, struct error *error);

#endif
