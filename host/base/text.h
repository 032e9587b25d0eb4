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

/* A quoted JSON string; bytes that are not UTF-8 become \udc80 .. \udcff. */
void text_json(struct text *text, const char *string);

/* A number that reads back as the same float or double ("%.9g", "%.17g"); null if it is not
 * finite. */
void text_json_float(struct text *text, float value);
void text_json_double(struct text *text, double value);

/* One CSV cell: quoted if needed; '%' and bytes that are not UTF-8 become %XX. A cell that begins
 * with = + - @, tab or carriage return gets a leading quote mark ('), so that no spreadsheet runs
 * it; so does one with such a character after leading quote marks, for text_csv_undo. */
void text_csv(struct text *text, const char *string);

/* Appends the string that text_csv was given, from a cell that a CSV reader has unquoted. */
void text_csv_undo(struct text *text, const char *cell);

/* Text and attribute values of HTML; bytes that are not UTF-8 become U+FFFD. */
void text_html(struct text *text, const char *string);

/* A path as the value of href or src: %XX for all but unreserved characters and /. */
void text_url(struct text *text, const char *path);

/* ERROR_MEMORY if any append failed. */
enum error_code text_check(const struct text *text, struct error *error);

/* Length of the UTF-8 sequence at `bytes` (1 to 4); 0 if it is not valid (overlong forms,
 * surrogates and values beyond U+10FFFF are not). */
size_t text_utf8_length(const char *bytes);

#endif
