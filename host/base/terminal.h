/* Text that fits a terminal: its width, the columns that characters take, lines broken between
 * words, and names cut in the middle. All that is printed, except the bar of progress, goes through
 * here: no character of an input may command a terminal or be invisible on it. */
#ifndef EARMARK_BASE_TERMINAL_H
#define EARMARK_BASE_TERMINAL_H

#include "host/base/text.h"

#include <stdio.h>

/* Prints a text on stdout or stderr, with what utf8_is_hidden() knows, and bytes that are no
 * UTF-8, as name_visible() shows them. Line feeds are the caller's: names in the text went through
 * name_visible(), which has none. JSON is printed as it is (text_json has nothing hidden). */
void terminal_print(FILE *stream, const char *text);

/* Prints a text that grows without end, and empties it: once it is a MiB, or whatever there is when
 * it is `all`. `what` is printed, in words. ERROR_MEMORY; ERROR_FILE where the stream takes no
 * more. */
enum error_code terminal_print_pieces(FILE *stream, struct text *text, bool all, const char *what,
                                      struct error *error);

/* As terminal_print(), a message of one line, with line feeds shown too, and the line's
 * end after it. On a terminal it is broken between words. */
void terminal_message(FILE *stream, const char *message);

/* Columns of the terminal that the stream writes to, at least 20: the terminal's answer, or
 * COLUMNS, or 80. 0 when it is no terminal. */
int terminal_width(FILE *stream);

/* Columns of a UTF-8 text: two for wide characters of East Asia and pictures, none for marks
 * that combine with what is before them. A byte that is no UTF-8 counts one. */
int terminal_columns(const char *string);

/* Appends the string, in at most `columns` columns: where it is longer its middle is replaced
 * by "..." (its end, without the dots, below 5 columns). columns 0: all of it. */
void terminal_cut(struct text *text, const char *string, int columns);

/* Appends the string with line ends in place of spaces where a line would become longer than
 * `width`; a word that is longer than a line stays whole. The first word comes at `column`, later
 * lines begin with `indent` spaces. No newline at the end. width 0: nothing is broken. */
void terminal_wrap(struct text *text, const char *string, int column, int indent, int width);

/* The same of a text, which it frees, with a newline at the end. */
void terminal_add_line(struct text *text, struct text *line, int column, int indent, int width);

#endif
