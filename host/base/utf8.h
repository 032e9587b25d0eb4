/* UTF-8, and which characters must not be shown as they are. */
#ifndef EARMARK_BASE_UTF8_H
#define EARMARK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence at `bytes` (1 to 4); 0 if it is not valid (overlong forms,
 * surrogates and values beyond U+10FFFF are not). */
size_t utf8_length(const char *bytes);

/* The code point of a valid sequence of `length` bytes (1 to 4). */
uint32_t utf8_point(const char *bytes, size_t length);

/* Whether a character commands a terminal (C0, C1), is invisible, or changes its neighbours, such
 * as the direction of writing. */
bool utf8_is_hidden(uint32_t point);

/* Bytes of the string, at most `limit`, without a part of a character at their end. */
size_t utf8_fitting(const char *string, size_t limit);

/* They, as the two arguments of "%.*s". */
#define UTF8_PIECE(string, limit) (int)utf8_fitting((string), (limit)), (string)

#endif
