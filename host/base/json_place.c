#include "host/base/json_place.h"

#include "host/base/json.h"

#include <stdlib.h>
#include <string.h>

static size_t skip_spaces(const char *text, size_t at, size_t end) {
    while (at < end && text[at] != '\0' && strchr(" \t\r\n", text[at]) != NULL) at++;
    return at;
}

/* Behind the string that begins at `at`. */
static size_t skip_string(const char *text, size_t at, size_t end) {
    for (at++; at < end && text[at] != '"'; at++)
        if (text[at] == '\\') at++;
    return at < end ? at + 1 : end;
}

/* Behind the value that begins at `at`, whatever its depth. */
static size_t skip_value(const char *text, size_t at, size_t end) {
    size_t depth = 0;
    while (at < end) {
        const char byte = text[at];
        if (byte == '"') {
            at = skip_string(text, at, end);
            if (depth == 0) return at;
            continue;
        }
        if (byte == '[' || byte == '{') depth++;
        if (depth == 0 && (byte == ',' || byte == ']' || byte == '}' || byte == ':' ||
                           skip_spaces(text, at, end) > at))
            return at;
        at++;
        if ((byte == ']' || byte == '}') && --depth == 0) return at;
    }
    return end;
}

bool json_place_value(const char *text, size_t size, struct json_place *value) {
    value->begin = skip_spaces(text, 0, size);
    value->end = skip_value(text, value->begin, size);
    return value->end > value->begin;
}

/* Whether the name at `begin`, with its quotes, is this one. */
static bool is_name(const char *text, size_t begin, size_t end, const char *name) {
    const size_t length = strlen(name);
    if (end - begin == length + 2 && memcmp(text + begin + 1, name, length) == 0 &&
        memchr(name, '\\', length) == NULL)
        return true;
    if (memchr(text + begin, '\\', end - begin) == NULL) return false;
    struct error unread = ERROR_INITIAL; /* a text that was parsed: only for want of memory */
    json_t *string = json_parse(text + begin, end - begin, "a name", &unread);
    char *bytes = json_bytes(string, &unread);
    const bool same = bytes != NULL && strcmp(bytes, name) == 0;
    free(bytes);
    json_decref(string);
    return same;
}

/* Steps to the next member or element; false: there is none. */
static bool next_of(const char *text, size_t *at, size_t end) {
    *at = skip_spaces(text, *at, end);
    if (*at < end && text[*at] == ',') *at = skip_spaces(text, *at + 1, end);
    return *at < end && text[*at] != ']' && text[*at] != '}';
}

bool json_place_member(const char *text, struct json_place object, const char *name,
                       struct json_place *value) {
    size_t at = object.begin + 1;
    if (object.end <= object.begin || text[object.begin] != '{') return false;
    while (next_of(text, &at, object.end)) {
        const size_t begin = at;
        if (text[at] != '"') return false;
        const size_t end = at = skip_string(text, at, object.end);
        at = skip_spaces(text, at, object.end);
        if (at == object.end || text[at] != ':') return false;
        value->begin = skip_spaces(text, at + 1, object.end);
        value->end = at = skip_value(text, value->begin, object.end);
        if (is_name(text, begin, end, name)) return value->end > value->begin;
    }
    return false;
}

bool json_place_next(const char *text, struct json_place array, struct json_place *value) {
    size_t at = value->end == 0 ? array.begin + 1 : value->end;
    if (array.end <= array.begin || text[array.begin] != '[') return false;
    if (!next_of(text, &at, array.end)) return false;
    value->begin = at;
    value->end = skip_value(text, at, array.end);
    return value->end > value->begin;
}

bool json_place_is_null(const char *text, struct json_place value) {
    return value.end - value.begin == 4 && memcmp(text + value.begin, "null", 4) == 0;
}
