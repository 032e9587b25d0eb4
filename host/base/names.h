/* Names as they are shown. File names and labels are untrusted bytes: on a terminal or a page they
 * must neither have an effect nor be invisible. */
#ifndef EARMARK_BASE_NAMES_H
#define EARMARK_BASE_NAMES_H

#include "host/base/text.h"

#include <stdint.h>

/* The code point of a valid UTF-8 sequence of `length` bytes (1 to 4). */
uint32_t name_code_point(const char *bytes, size_t length);

/* Appends the name with control characters as \n, \t, \x1b; bytes that are not UTF-8 as \xff;
 * characters that are invisible or change the direction of writing as \u{202e}; and the
 * backslash doubled. */
void name_visible(struct text *text, const char *name);

/* The same, escaped for HTML text and attribute values. */
void name_html(struct text *text, const char *name);

#endif
