#include "host/base/text.h"

#include "host/base/utf8.h"

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

/* Bytes at the beginning of the string that no escaping changes: most of most names. */
static size_t ordinary(const char *string) {
    const char *at = string;
    while (*at >= ' ' && *at <= '~' && *at != '"' && *at != '%' && *at != ';' && *at != '\\') at++;
    return (size_t)(at - string);
}

/* One or two (surrogates) escapes of JSON. */
static void append_unit(struct text *text, uint32_t point) {
    if (point > 0xffff) {
        text_format(text, "\\u%04x\\u%04x", 0xd800 + (point - 0x10000) / 0x400,
                    0xdc00 + (point - 0x10000) % 0x400);
    } else {
        text_format(text, "\\u%04x", point);
    }
}

void text_json(struct text *text, const char *string) {
    text_append(text, "\"", 1);
    for (const char *at = string;;) {
        size_t plain = ordinary(at);
        text_append(text, at, plain);
        at += plain;
        if (*at == '\0') break;
        size_t length = utf8_length(at);
        unsigned char byte = (unsigned char)*at;
        if (length == 0) {
            text_format(text, "\\udc%02x", byte);
            length = 1;
        } else if (byte == '"' || byte == '\\') {
            text_format(text, "\\%c", byte);
        } else if (byte == '\n') {
            text_string(text, "\\n");
        } else if (utf8_is_hidden(utf8_point(at, length))) {
            append_unit(text, utf8_point(at, length));
        } else {
            text_append(text, at, length);
        }
        at += length;
    }
    text_append(text, "\"", 1);
}

void text_json_or_null(struct text *text, const char *string) {
    if (string == NULL)
        text_string(text, "null");
    else
        text_json(text, string);
}

void text_json_encoded(struct text *text, const char *json) {
    for (const char *at = json; *at != '\0';) {
        size_t length = utf8_length(at);
        bool hidden = length > 0 && *at != '\n' && utf8_is_hidden(utf8_point(at, length));
        if (hidden)
            append_unit(text, utf8_point(at, length));
        else
            text_append(text, at, length == 0 ? 1 : length);
        at += length == 0 ? 1 : length;
    }
}

/* Whether a spreadsheet may take a cell that begins like this as a formula: it may pass over
 * spaces and quotes, and some take the full-width signs of East Asia as well. */
static bool begins_formula(const char *string) {
    static const char *const passed[] = {"'", "\"", " ", "\u00a0", "\u3000"};
    static const char *const signs[] = {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof passed / sizeof passed[0];) {
        size_t length = strlen(passed[i]);
        bool begins = strncmp(string, passed[i], length) == 0;
        string += begins ? length : 0;
        i = begins ? 0 : i + 1;
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(string, signs[i], strlen(signs[i])) == 0) return true;
    return false;
}

/* Whether a new cell may begin after this character, with a formula: some spreadsheets separate
 * cells by ';' or tabs, and respect no quotes within such a cell. */
static bool before_formula(const char *at) {
    return strchr(";\t\r\n", *at) != NULL && begins_formula(at + 1);
}

/* Whether text_csv puts a quote mark before the cell. The mark, and what else text_csv changes,
 * make no difference to that, so text_csv_undo is exact. */
static bool is_marked(const char *cell) {
    const char *first = cell + strspn(cell, "'");
    return begins_formula(cell) || ((*first == '\t' || *first == '\r') && !before_formula(first));
}

void text_csv(struct text *text, const char *string) {
    bool quoted = strpbrk(string, ",;\"\t\r\n") != NULL || string[0] == ' ' || string[0] == '\'';
    if (quoted) text_append(text, "\"", 1);
    if (is_marked(string)) text_append(text, "'", 1);
    for (const char *at = string;;) {
        size_t plain = ordinary(at);
        text_append(text, at, plain);
        at += plain;
        if (*at == '\0') break;
        size_t length = utf8_length(at);
        bool hidden =
            length > 0 && strchr("\t\r\n", *at) == NULL && utf8_is_hidden(utf8_point(at, length));
        bool escaped = length == 0 || *at == '%' || hidden || before_formula(at);
        if (length == 0) length = 1;
        for (size_t i = 0; escaped && i < length; i++)
            text_format(text, "%%%02X", (unsigned char)at[i]);
        if (!escaped) text_append(text, at, length);
        if (*at == '"') text_append(text, at, 1);
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
    if (cell[0] == '\'' && is_marked(cell)) cell++;
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
        size_t length = utf8_length(at);
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
