/* From a command line to the values of its options. */
#ifndef EARMARK_COMMANDS_OPTION_PARSE_H
#define EARMARK_COMMANDS_OPTION_PARSE_H

#include "host/commands/options.h"

/* Reads the command line of one command (argv[0] is skipped). With --help in it the rest is
 * not looked at. ERROR_USAGE names the option, and one with a similar name. */
enum error_code options_parse(const struct command_row *command, int argc, char **argv,
                              struct options *options, struct error *error);

/* Calls `visit` for every option of a command line that options_parse has taken, in order; `value`
 * is NULL for a flag. */
struct option_row;
typedef void option_visit(void *context, const struct option_row *row, const char *value);
void options_each(const struct command_row *command, int argc, char **argv, option_visit *visit,
                  void *context);

/* The entry among `count` that `given` was probably meant to be, or NULL when none is close. */
const char *options_similar(const char *given, const char *const *names, size_t count);

#endif
