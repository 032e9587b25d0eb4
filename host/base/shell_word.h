/* Words of a command line for a shell. */
#ifndef EARMARK_BASE_SHELL_WORD_H
#define EARMARK_BASE_SHELL_WORD_H

#include "host/base/text.h"

/* Appends the string as one word that a shell reads back byte for byte: as it is, or in quotes
 * where that is needed. Bytes that may not be printed (terminal.h) need bash's $'...', so that the
 * word is always one line of visible characters. */
void shell_word(struct text *text, const char *string);

#endif
