/* The forms in which Unicode writes one text: accents as a part of their letter (NFC) or after it
 * (NFD), letters of either case. */
#ifndef EARMARK_BASE_UNICODE_H
#define EARMARK_BASE_UNICODE_H

#include "host/base/text.h"

enum unicode_form {
    UNICODE_COMPOSED,   /* NFC */
    UNICODE_DECOMPOSED, /* NFD, as macOS writes the names of files */
    UNICODE_FOLDED      /* NFC without case, as Unicode folds it */
};

/* Replaces the content of `text` by the string in this form; text that is not UTF-8 stays as it
 * is. Errors: ERROR_MEMORY. */
enum error_code unicode_form(const char *string, enum unicode_form form, struct text *text,
                             struct error *error);

/* Whether the character is a space of whatever width, and whether it has no width at all. */
bool unicode_is_space(uint32_t point);
bool unicode_is_zero_width(uint32_t point);

#endif
