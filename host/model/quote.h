/* Bytes of a file that is not trusted, made fit for a message on a terminal. */
#ifndef EARMARK_MODEL_QUOTE_H
#define EARMARK_MODEL_QUOTE_H

#include <stddef.h>

#define QUOTE_SIZE 96

struct quote {
    char text[QUOTE_SIZE];
};

/* At most 80 or so characters of `bytes`; control characters and odd bytes
 * become \xNN, and a text that was cut ends in "...". Usable as an argument:
 * quote_bytes(name, length).text */
struct quote quote_bytes(const char *bytes, size_t length);
struct quote quote_string(const char *string);

#endif
