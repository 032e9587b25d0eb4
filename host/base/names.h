/* Names as they are shown. File names and labels are untrusted bytes: on a terminal or a page they
 * must neither have an effect nor be invisible. */
#ifndef EARMARK_BASE_NAMES_H
#define EARMARK_BASE_NAMES_H

#include "host/base/text.h"

/* Appends the name with control characters as \n, \t, \x1b; bytes that are not UTF-8 as \xff;
 * characters that are invisible or change the direction of writing as \u{202e}; and the
 * backslash doubled. */
void name_visible(struct text *text, const char *name);

/* The same, escaped for HTML text and attribute values. */
void name_html(struct text *text, const char *name);

/* The same as name_visible, but the characters of `kept`, which are ASCII, stay as they are. */
void name_shown(struct text *text, const char *string, const char *kept);

/* name_shown in steps that need no memory: bytes at the beginning of the string that stay as they
 * are; and how the character after them is shown, with the bytes that it takes in the string. */
#define NAME_ESCAPE_SIZE 12 /* \u{10ffff} and more */
size_t name_plain(const char *string, const char *kept);
size_t name_escape(const char *string, char escape[NAME_ESCAPE_SIZE]);

#endif
