/* Files that `make install` writes, made from the tables of commands and options. */
#ifndef EARMARK_COMMANDS_MANUAL_H
#define EARMARK_COMMANDS_MANUAL_H

#include "host/base/text.h"

/* earmark.1 in the man macros, and the completion script of bash. */
void manual_page(struct text *text);
void manual_completion(struct text *text);

#endif
