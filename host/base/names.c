#include "host/base/names.h"

#include <string.h>

uint32_t name_code_point(const char *bytes, size_t length) {
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)bytes[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) point = point << 6 | ((unsigned char)bytes[i] & 0x3f);
    return point;
}

/* Whether a character is invisible or affects its neighbours. The joiners U+200C and U+200D are
 * exempt: ordinary words of several scripts need them. */
static bool is_hidden(uint32_t point) {
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},       {0x7f, 0x9f},        {0xad, 0xad},     {0x61c, 0x61c},
        {0x115f, 0x1160},   {0x180e, 0x180e},    {0x200b, 0x200b}, {0x200e, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x206f},    {0x3164, 0x3164}, {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},   {0xfff0, 0xfffb},    {0xfffe, 0xffff}, {0xe000, 0xf8ff},
        {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i][0] && point <= ranges[i][1]) return true;
    return false;
}

void name_visible(struct text *text, const char *name) {
    for (const char *at = name; *at != '\0';) {
        size_t length = text_utf8_length(at);
        if (length == 0) {
            text_format(text, "\\x%02x", (unsigned char)*at++);
            continue;
        }
        uint32_t point = name_code_point(at, length);
        if (point == '\\')
            text_string(text, "\\\\");
        else if (point == '\n')
            text_string(text, "\\n");
        else if (point == '\r')
            text_string(text, "\\r");
        else if (point == '\t')
            text_string(text, "\\t");
        else if (point < 0x80 && is_hidden(point))
            text_format(text, "\\x%02x", point);
        else if (is_hidden(point))
            text_format(text, "\\u{%x}", point);
        else
            text_append(text, at, length);
        at += length;
    }
}

void name_html(struct text *text, const char *name) {
    struct text visible = TEXT_INITIAL;
    name_visible(&visible, name);
    if (visible.failed) text->failed = true;
    if (visible.data != NULL) text_html(text, visible.data);
    text_free(&visible);
}
