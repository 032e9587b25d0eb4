/* A growing text, and escaping for the files that earmark writes. File names are bytes, not
 * necessarily UTF-8: JSON has other bytes as lone surrogates (Python's surrogateescape), CSV as
 * %XX with '%' itself escaped too. */
#ifndef EARMARK_BASE_TEXT_H
#define EARMARK_BASE_TEXT_H

#include "host/base/error.h"

struct text {
    char *data; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
    bool failed; /* out of memory: later appends are dropped; see text_check */
};

#define TEXT_INITIAL                                                                               \
    { NULL, 0, 0, false }

void text_free(struct text *text); /* leaves it empty */
void text_clear(struct text *text);

void text_append(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A quoted JSON string; bytes that are not UTF-8 become \udc80 .. \udcff, and characters that
 * utf8_is_hidden() knows are escaped too: JSON may be printed. */
void text_json(struct text *text, const char *string);
void text_json_or_null(struct text *text, const char *string); /* null for NULL */

/* JSON that a library has made, with such characters escaped in its strings. */
void text_json_encoded(struct text *text, const char *json);

/* One CSV cell: quoted if needed. '%', bytes that are not UTF-8 and characters that
 * utf8_is_hidden() knows, except tabs and line ends, become %XX, a byte each. A cell gets a
 * leading quote mark (') if it begins with = + - @ (also full-width), whatever quotes and spaces
 * are before it, or with a tab or carriage return: no spreadsheet then runs it. ';', tabs and line
 * ends before such a sign become %XX, since some spreadsheets begin a cell there. */
void text_csv(struct text *text, const char *string);

/* Appends the string that text_csv was given, from a cell that a CSV reader has unquoted. */
void text_csv_undo(struct text *text, const char *cell);

/* Text and attribute values of HTML; bytes that are not UTF-8 become U+FFFD. */
void text_html(struct text *text, const char *string);

/* A path as the value of href or src: %XX for all but unreserved characters and /. */
void text_url(struct text *text, const char *path);

/* ERROR_MEMORY if any append failed. */
enum error_code text_check(const struct text *text, struct error *error);

#endif
