/* Before parsing, \udcXX is replaced by the mark \u0001 and the character U+00XX, and \u0001 by two
 * marks; json_bytes reverses both. This is unambiguous: escapes occur only inside strings, and a
 * raw 0x01 is not JSON. */
#include "host/base/json.h"

#include "host/base/memory.h"
#include "host/base/text.h"

#include <stdlib.h>
#include <string.h>

#define MARK 1

/* The value of the four hexadecimal digits at `at`, or -1. */
static int unit_at(const char *at, const char *end) {
    int value = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        char digit = at[i];
        int number = digit >= '0' && digit <= '9'   ? digit - '0'
                     : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                     : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                    : -1;
        if (number < 0) return -1;
        value = value * 16 + number;
    }
    return value;
}

/* Copies the escape at `at` to `marked`; returns its bytes in the input. */
static size_t mark_escape(struct text *marked, const char *at, const char *end) {
    int unit = unit_at(at, end);
    if (unit >= 0xdc80 && unit <= 0xdcff) {
        text_format(marked, "\\u0001\\u%04x", unit - 0xdc00);
        return 6;
    }
    if (unit == MARK) {
        text_string(marked, "\\u0001\\u0001");
        return 6;
    }
    /* A high surrogate is copied with the low one after it. */
    size_t length = unit >= 0xd800 && unit <= 0xdbff && unit_at(at + 6, end) >= 0xdc00 ? 12
                    : unit >= 0                                                        ? 6
                                                                                       : 2;
    if (length > (size_t)(end - at)) length = (size_t)(end - at);
    text_append(marked, at, length);
    return length;
}

json_t *json_parse(const char *text, size_t size, const char *what, struct error *error) {
    struct text marked = TEXT_INITIAL;
    json_t *json = NULL;
    json_error_t reason;
    const char *end = text + size;
    for (const char *at = text; at < end;) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        text_append(&marked, at, (size_t)((escape == NULL ? end : escape) - at));
        at = escape == NULL ? end : escape + mark_escape(&marked, escape, end);
    }
    if (text_check(&marked, error) != ERROR_NONE) goto done;
    json = json_loadb(marked.data == NULL ? "" : marked.data, marked.length,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
    if (json == NULL)
        FAIL(error, ERROR_DATA, "%s, line %d: not JSON: %s", what, reason.line, reason.text);
done:
    text_free(&marked);
    return json;
}

/* Reverses the marks; the result has at most `length` bytes and a NUL. */
static char *unmark(const char *value, size_t length, struct error *error) {
    char *bytes = memory_array(length + 1, 1, "a JSON string", error);
    if (bytes == NULL) return NULL;
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] != MARK) {
            bytes[size++] = value[i];
        } else if (i + 1 < length && value[i + 1] == MARK) {
            bytes[size++] = MARK;
            i++;
        } else if (i + 2 < length) {
            /* U+0080 .. U+00FF are two bytes of UTF-8: 110000xx 10xxxxxx. */
            bytes[size++] = (char)((unsigned)(value[i + 1] & 0x03) << 6 | (value[i + 2] & 0x3f));
            i += 2;
        }
    }
    return bytes;
}

char *json_bytes(const json_t *string, struct error *error) {
    const char *value = json_string_value(string);
    return value == NULL ? NULL : unmark(value, json_string_length(string), error);
}

char *json_key_bytes(const char *key, struct error *error) {
    return unmark(key, strlen(key), error);
}

static void append_string(struct text *text, const char *value, size_t length) {
    struct error error = ERROR_INITIAL;
    char *bytes = unmark(value, length, &error);
    if (bytes == NULL)
        text->failed = true;
    else
        text_json(text, bytes);
    free(bytes);
}

static void append_object(struct text *text, const json_t *object) {
    const char *separator = "{";
    const char *key;
    json_t *member;
    if (json_object_size(object) == 0) text_string(text, separator);
    json_object_foreach((json_t *)(uintptr_t)object, key, member) {
        text_string(text, separator);
        append_string(text, key, strlen(key));
        text_string(text, ": ");
        json_append(text, member);
        separator = ", ";
    }
    text_string(text, "}");
}

void json_append(struct text *text, const json_t *value) {
    if (json_is_object(value)) {
        append_object(text, value);
    } else if (json_is_array(value)) {
        text_string(text, "[");
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0) text_string(text, ", ");
            json_append(text, json_array_get(value, i));
        }
        text_string(text, "]");
    } else if (json_is_string(value)) {
        append_string(text, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        text_format(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        text_json_double(text, json_real_value(value));
    } else {
        text_string(text, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
    }
}
