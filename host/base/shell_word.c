#include "host/base/shell_word.h"

#include "host/base/names.h"
#include "host/base/utf8.h"

#include <string.h>

/* In quotes only where a shell would read it otherwise. */
static void plain_word(struct text *text, const char *string) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%=";
    if (string[0] != '\0' && string[strspn(string, plain)] == '\0') {
        text_string(text, string);
        return;
    }
    text_string(text, "'");
    for (const char *at = string; *at != '\0'; at++)
        text_append(text, *at == '\'' ? "'\\''" : at, *at == '\'' ? 4 : 1);
    text_string(text, "'");
}

/* The character of this many bytes within $'...'. */
static void escape(struct text *text, const char *character, size_t length) {
    bool shown = utf8_length(character) > 0 && !utf8_is_hidden(utf8_point(character, length));
    if (*character == '\'' || *character == '\\')
        text_format(text, "\\%c", *character);
    else if (*character == '\n' || *character == '\t')
        text_string(text, *character == '\n' ? "\\n" : "\\t");
    else if (shown)
        text_append(text, character, length);
    else
        for (size_t i = 0; i < length; i++)
            text_format(text, "\\x%02x", (unsigned char)character[i]);
}

void shell_word(struct text *text, const char *string) {
    if (string[name_plain(string, "\\")] == '\0') {
        plain_word(text, string);
        return;
    }
    text_string(text, "$'");
    for (size_t length; *string != '\0'; string += length) {
        length = utf8_length(string);
        if (length == 0) length = 1;
        escape(text, string, length);
    }
    text_string(text, "'");
}
