#include "host/base/long_text.h"

#include "host/base/scratch.h"

#include <string.h>

enum error_code long_text_append(struct long_text *text, const char *bytes, size_t length,
                                 struct error *error) {
    if (length > text->capacity - text->length)
        TRY(scratch_grow(&text->data, &text->capacity, text->length + length, 1, "names", error));
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    return ERROR_NONE;
}

void long_text_free(struct long_text *text) {
    scratch_free(text->data);
    *text = (struct long_text){0};
}
