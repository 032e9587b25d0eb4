#include "host/base/utf8.h"

size_t utf8_length(const char *bytes) {
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

uint32_t utf8_point(const char *bytes, size_t length) {
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)bytes[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) point = point << 6 | ((unsigned char)bytes[i] & 0x3f);
    return point;
}

/* The joiners U+200C and U+200D and the variation selectors U+FE00 to U+FE0F are exempt: ordinary
 * words of several scripts, and pictures, need them. */
bool utf8_is_hidden(uint32_t point) {
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
        {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
        {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};
    if (point >= 0x20 && point < 0x7f) return false;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (point >= ranges[i][0] && point <= ranges[i][1]) return true;
    return false;
}

size_t utf8_fitting(const char *string, size_t limit) {
    size_t fitting = 0;
    while (string[fitting] != '\0') {
        size_t length = utf8_length(string + fitting);
        if (length == 0) length = 1;
        if (fitting + length > limit) break;
        fitting += length;
    }
    return fitting;
}
