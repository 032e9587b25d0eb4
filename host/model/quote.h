/* Bytes of an untrusted file, escaped for a message on a terminal. */
#ifndef EARMARK_MODEL_QUOTE_H
#define EARMARK_MODEL_QUOTE_H

#include <stddef.h>

#define QUOTE_SIZE 96

struct quote {
    char text[QUOTE_SIZE];
};

/* About 80 characters of `bytes` at most; bytes that are not printable ASCII become \xNN, and a
 * text that was cut ends in "...". Can be used within an expression:
 * quote_bytes(name, length).text */
struct quote quote_bytes(const char *bytes, size_t length);
struct quote quote_string(const char *string);

#endif
