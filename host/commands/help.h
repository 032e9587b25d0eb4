/* Texts made from the tables of commands and options. */
#ifndef EARMARK_COMMANDS_HELP_H
#define EARMARK_COMMANDS_HELP_H

#include "host/base/text.h"
#include "host/commands/option_table.h"
#include "host/lists/readers.h"

#include <stdio.h>

/* `earmark --help` and `earmark COMMAND --help`, with lines of at most `width` columns. */
void help_program(struct text *text, int width);
void help_command(struct text *text, const struct command_row *command, int width);

/* The option's sentence with its choices and its default. */
void help_option(struct text *text, const struct option_row *option);

/* What a format of INPUT is, and what --label-column names there. */
void help_reader(struct text *text, const struct list_reader *reader);

/* Prints one of the first two in the terminal's width, at most 80; NULL: the program's. */
void help_print(FILE *stream, const struct command_row *command);

#endif
