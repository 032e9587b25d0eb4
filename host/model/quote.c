#include "host/model/quote.h"

#include <stdio.h>
#include <string.h>

struct quote quote_bytes(const char *bytes, size_t length) {
    struct quote quote;
    size_t at = 0;
    size_t room = QUOTE_SIZE - 8; /* for one more escape and the dots */
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (at >= room) {
            at += (size_t)snprintf(quote.text + at, QUOTE_SIZE - at, "...");
            break;
        }
        if (byte >= 0x20 && byte < 0x7f)
            quote.text[at++] = (char)byte;
        else
            at += (size_t)snprintf(quote.text + at, QUOTE_SIZE - at, "\\x%02x", byte);
    }
    quote.text[at] = '\0';
    return quote;
}

struct quote quote_string(const char *string) {
    return quote_bytes(string, strlen(string));
}
