#include "host/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text)TEXT_INITIAL;
}

void text_clear(struct text *text) {
    text->length = 0;
    text->failed = false;
    if (text->data != NULL) text->data[0] = '\0';
}

/* Makes room for `more` bytes and the final NUL. */
static bool reserve(struct text *text, size_t more) {
    if (text->failed) return false;
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity) return true;
    size_t capacity = text->capacity < 256 ? 256 : text->capacity;
    while (capacity < needed && capacity < SIZE_MAX / 2) capacity *= 2;
    char *data = capacity < needed ? NULL : realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const char *bytes, size_t length) {
    if (!reserve(text, length)) return;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_string(struct text *text, const char *string) {
    text_append(text, string, strlen(string));
}

void text_format(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

size_t text_utf8_length(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    if (b[0] < 0x80) return 1;
    size_t length = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((b[i] & 0xc0) != 0x80) return 0;
    if (b[0] == 0xe0 && b[1] < 0xa0) return 0; /* overlong */
    if (b[0] == 0xed && b[1] > 0x9f) return 0; /* surrogates */
    if (b[0] == 0xf0 && b[1] < 0x90) return 0; /* overlong */
    if (b[0] == 0xf4 && b[1] > 0x8f) return 0; /* beyond U+10FFFF */
    return length;
}

void text_json(struct text *text, const char *string) {
    text_append(text, "\"", 1);
    for (const char *at = string; *at != '\0';) {
        size_t length = text_utf8_length(at);
        unsigned char byte = (unsigned char)*at;
        if (length == 0) {
            text_format(text, "\\udc%02x", byte);
            length = 1;
        } else if (byte == '"' || byte == '\\') {
            text_format(text, "\\%c", byte);
        } else if (byte == '\n') {
            text_string(text, "\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            text_format(text, "\\u%04x", byte);
        } else {
            text_append(text, at, length);
        }
        at += length;
    }
    text_append(text, "\"", 1);
}

void text_json_float(struct text *text, float value) {
    if (isfinite(value))
        text_format(text, "%.9g", (double)value);
    else
        text_string(text, "null");
}

void text_json_double(struct text *text, double value) {
    if (isfinite(value))
        text_format(text, "%.17g", value);
    else
        text_string(text, "null");
}

void text_csv(struct text *text, const char *string) {
    /* A cell that already has the quote mark gets another one, so that text_csv_undo is exact. */
    const char *first = string + strspn(string, "'");
    bool formula = *first != '\0' && strchr("=+-@\t\r", *first) != NULL;
    bool quoted = strpbrk(string, ",\"\r\n") != NULL || string[0] == ' ' || string[0] == '\'';
    if (quoted) text_append(text, "\"", 1);
    if (formula) text_append(text, "'", 1);
    for (const char *at = string; *at != '\0';) {
        size_t length = text_utf8_length(at);
        if (length == 0 || *at == '%') {
            text_format(text, "%%%02X", (unsigned char)*at);
            length = 1;
        } else if (*at == '"') {
            text_append(text, "\"\"", 2);
        } else {
            text_append(text, at, length);
        }
        at += length;
    }
    if (quoted) text_append(text, "\"", 1);
}

static int hexadecimal(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

void text_csv_undo(struct text *text, const char *cell) {
    const char *first = cell + strspn(cell, "'");
    if (first > cell && *first != '\0' && strchr("=+-@\t\r", *first) != NULL) cell++;
    for (const char *at = cell; *at != '\0';) {
        int high = at[0] == '%' ? hexadecimal(at[1]) : -1;
        int low = high < 0 ? -1 : hexadecimal(at[2]);
        char byte = low < 0 ? *at : (char)(high * 16 + low);
        if (byte != '\0') text_append(text, &byte, 1);
        at += low < 0 ? 1 : 3;
    }
}

void text_html(struct text *text, const char *string) {
    for (const char *at = string; *at != '\0';) {
        size_t length = text_utf8_length(at);
        switch (*at) {
        case '&': text_string(text, "&amp;"); break;
        case '<': text_string(text, "&lt;"); break;
        case '>': text_string(text, "&gt;"); break;
        case '"': text_string(text, "&quot;"); break;
        case '\'': text_string(text, "&#39;"); break;
        default:
            if (length == 0)
                text_string(text, "\xef\xbf\xbd");
            else
                text_append(text, at, length);
        }
        at += length == 0 ? 1 : length;
    }
}

void text_url(struct text *text, const char *path) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL)
            text_append(text, at, 1);
        else
            text_format(text, "%%%02X", (unsigned char)*at);
    }
}

enum error_code text_check(const struct text *text, struct error *error) {
    if (text->failed)
        return FAIL(error, ERROR_MEMORY, "no memory for a text of %zu bytes", text->length);
    return ERROR_NONE;
}
