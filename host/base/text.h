/* A growing text, and the escapings of the files earmark writes. File names are
 * bytes, not necessarily UTF-8: JSON carries the odd bytes as lone surrogates
 * (Python's surrogateescape), CSV as %XX with '%' itself escaped too. */
#ifndef EARMARK_BASE_TEXT_H
#define EARMARK_BASE_TEXT_H

#include "host/base/error.h"

struct text {
    char *data; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
    bool failed; /* memory ran out: everything after is dropped; see text_check */
};

#define TEXT_INITIAL                                                                               \
    { NULL, 0, 0, false }

void text_free(struct text *text); /* leaves it empty */
void text_clear(struct text *text);

void text_append(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A quoted JSON string; bytes that are no UTF-8 become \udc80 .. \udcff. */
void text_json(struct text *text, const char *string);

/* A number that reads back as the same float or double ("%.9g", "%.17g"); JSON's
 * null when it is not finite. */
void text_json_float(struct text *text, float value);
void text_json_double(struct text *text, double value);

/* One CSV cell: quoted where needed; bytes that are no UTF-8 and '%' become %XX;
 * a cell that begins with = + - @, tab or carriage return gets a leading quote
 * mark ('), so that no spreadsheet runs it, and so does one that begins like that
 * behind quote marks of its own, so that text_csv_undo can tell. */
void text_csv(struct text *text, const char *string);

/* The string that text_csv was given, from a cell that a CSV reader has unquoted. */
void text_csv_undo(struct text *text, const char *cell);

/* Text and attribute values of HTML; odd bytes become U+FFFD. */
void text_html(struct text *text, const char *string);

/* A path as the value of href or src: everything but unreserved characters and / as %XX. */
void text_url(struct text *text, const char *path);

/* ERROR_MEMORY if any append failed. */
enum error_code text_check(const struct text *text, struct error *error);

/* Length of the UTF-8 sequence at `bytes` (1 to 4), or 0 where there is none
 * (overlong forms, surrogates and values beyond U+10FFFF are none). */
size_t text_utf8_length(const char *bytes);

#endif
