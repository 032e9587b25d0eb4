/* JSON read with jansson, but for one thing that jansson refuses: lone surrogates
 * \udc80 .. \udcff, by which Python (surrogateescape) and text_json carry bytes
 * that are no UTF-8. */
#ifndef EARMARK_BASE_JSON_H
#define EARMARK_BASE_JSON_H

#include "host/base/error.h"
#include "host/base/text.h"

#include <jansson.h>

/* Parses a whole JSON text (json_decref releases it). NULL and ERROR_DATA, with
 * `what` (a file's name), the line and the reason. Duplicate members are refused.
 * Take strings out with json_bytes only: they hold marks where odd bytes were. */
json_t *json_parse(const char *text, size_t size, const char *what, struct error *error);

/* The bytes of a string of such a JSON text, to be freed; NULL for anything that
 * is not a string (no error) and when memory is short. */
char *json_bytes(const json_t *string, struct error *error);

/* The same for the name of a member. */
char *json_key_bytes(const char *key, struct error *error);

/* The value as JSON text again, odd bytes included. */
void json_append(struct text *text, const json_t *value);

#endif
