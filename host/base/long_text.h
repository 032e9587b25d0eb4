/* A text as long as the data, as the names of all clips, in an array of scratch.h: strings one
 * after another, found by their offsets, since it moves as it grows. */
#ifndef EARMARK_BASE_LONG_TEXT_H
#define EARMARK_BASE_LONG_TEXT_H

#include "host/base/error.h"

#include <stddef.h>

/* Zero-initialise. */
struct long_text {
    char *data; /* not NUL-terminated beyond what was appended */
    size_t length;
    size_t capacity;
};

/* Appends bytes, which must not be of the text itself. Errors: as of scratch_array(). */
enum error_code long_text_append(struct long_text *text, const char *bytes, size_t length,
                                 struct error *error);
void long_text_free(struct long_text *text); /* leaves it empty */

#endif
