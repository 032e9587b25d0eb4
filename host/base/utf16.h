/* Text that may be UTF-16, as spreadsheets write "Unicode text". */
#ifndef EARMARK_BASE_UTF16_H
#define EARMARK_BASE_UTF16_H

#include "host/base/error.h"

#include <stdio.h>

/* If the text of *stream, at its beginning, is UTF-16 by its byte order mark, or by its first two
 * characters, which are ASCII, *stream becomes one of the same text in UTF-8 without the mark, and
 * owns the other. Half a character becomes U+FFFD. `name` is for messages. ERROR_DATA for UTF-32;
 * *stream is closed and NULL after an error. */
enum error_code utf16_open(FILE **stream, const char *name, struct error *error);

#endif
