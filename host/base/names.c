#include "host/base/names.h"

#include "host/base/utf8.h"

#include <stdio.h>
#include <string.h>

size_t name_plain(const char *string, const char *kept) {
    const char *at = string;
    while (*at != '\0') {
        size_t length = utf8_length(at);
        bool plain = length > 0 && *at != '\\' && !utf8_is_hidden(utf8_point(at, length));
        if (!plain && strchr(kept, *at) == NULL) break;
        at += plain ? length : 1;
    }
    return (size_t)(at - string);
}

size_t name_escape(const char *string, char escape[NAME_ESCAPE_SIZE]) {
    size_t length = utf8_length(string);
    switch (*string) {
    case '\\': snprintf(escape, NAME_ESCAPE_SIZE, "\\\\"); break;
    case '\n': snprintf(escape, NAME_ESCAPE_SIZE, "\\n"); break;
    case '\r': snprintf(escape, NAME_ESCAPE_SIZE, "\\r"); break;
    case '\t': snprintf(escape, NAME_ESCAPE_SIZE, "\\t"); break;
    default:
        if (length < 2)
            snprintf(escape, NAME_ESCAPE_SIZE, "\\x%02x", (unsigned char)*string);
        else
            snprintf(escape, NAME_ESCAPE_SIZE, "\\u{%x}", utf8_point(string, length));
    }
    return length == 0 ? 1 : length;
}

void name_shown(struct text *text, const char *string, const char *kept) {
    char escape[NAME_ESCAPE_SIZE];
    for (;;) {
        size_t plain = name_plain(string, kept);
        text_append(text, string, plain);
        string += plain;
        if (*string == '\0') return;
        string += name_escape(string, escape);
        text_string(text, escape);
    }
}

void name_visible(struct text *text, const char *name) {
    name_shown(text, name, "");
}

void name_html(struct text *text, const char *name) {
    struct text visible = TEXT_INITIAL;
    name_visible(&visible, name);
    if (visible.failed) text->failed = true;
    if (visible.data != NULL) text_html(text, visible.data);
    text_free(&visible);
}
