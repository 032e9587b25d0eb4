/* The table of options. The parser, --help, the man page, shell completion and the record of a
 * run (which settings a stopped run was started with) are made from it: a new option is a row
 * here and a field of struct options. */
#ifndef EARMARK_COMMANDS_OPTION_TABLE_H
#define EARMARK_COMMANDS_OPTION_TABLE_H

#include "host/commands/option_row.h"

/* Rows from 0, in the order of the help; NULL after the last. */
const struct option_row *option_row(size_t index);

/* The row of this name that a command takes, or NULL. */
const struct option_row *option_find(const char *name, unsigned command);

/* The value as it was given, or NULL: the command line has no such option of this command. */
const char *option_given(const struct options *options, const char *name, unsigned command);

/* Appends "name value" lines of the options of a command with this key: what was given, or the
 * default. Files are left out: the stage that reads a file adds what it contains. */
void option_record(const struct options *options, unsigned command, enum option_key key,
                   struct text *record);

/* A group's title, and the sentence under it or NULL. */
const char *option_group_title(enum option_group group);
const char *option_group_note(enum option_group group);

#endif
