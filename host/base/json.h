/* JSON read with jansson, and in addition the lone surrogates \udc80 .. \udcff, which jansson
 * refuses: Python (surrogateescape) and text_json encode bytes that are not UTF-8 with them. */
#ifndef EARMARK_BASE_JSON_H
#define EARMARK_BASE_JSON_H

#include "host/base/error.h"
#include "host/base/text.h"

#include <jansson.h>

/* Parses a whole JSON text (json_decref releases it). NULL and ERROR_DATA, with
 * `what` (a file's name), the line and the reason. Duplicate members are refused.
 * Read strings with json_bytes only: they contain marks in place of such bytes. */
json_t *json_parse(const char *text, size_t size, const char *what, struct error *error);

/* The bytes of a string of such a JSON text, to be freed; NULL for anything that is not a string
 * (no error) and on ERROR_MEMORY. */
char *json_bytes(const json_t *string, struct error *error);

/* The same for the name of a member. */
char *json_key_bytes(const char *key, struct error *error);

/* Appends the value as JSON text, with lone surrogates for such bytes. */
void json_append(struct text *text, const json_t *value);

#endif
