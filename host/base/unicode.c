#include "host/base/unicode.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum error_code unicode_form(const char *string, enum unicode_form form, struct text *text,
                             struct error *error) {
    static const utf8proc_option_t options[] = {[UNICODE_COMPOSED] = UTF8PROC_COMPOSE,
                                                [UNICODE_DECOMPOSED] = UTF8PROC_DECOMPOSE,
                                                [UNICODE_FOLDED] =
                                                    UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD};
    utf8proc_uint8_t *made = NULL;
    size_t length = strlen(string);
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)string, (utf8proc_ssize_t)length,
                                         &made, UTF8PROC_STABLE | options[form]);
    text_clear(text);
    if (size >= 0)
        text_append(text, (const char *)made, (size_t)size);
    else if (size == UTF8PROC_ERROR_NOMEM)
        text->failed = true;
    else
        text_append(text, string, length);
    free(made);
    return text_check(text, error);
}

bool unicode_is_space(uint32_t point) {
    return point == ' ' || (point >= '\t' && point <= '\r') || point == 0x85 || point == 0xa0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
           point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

bool unicode_is_zero_width(uint32_t point) {
    return point == 0xad || (point >= 0x200b && point <= 0x200f) || point == 0x2060 ||
           point == 0xfeff;
}
