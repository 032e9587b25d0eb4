/* --memory: the bound on the memory of a command (host/base/scratch.h). */
#ifndef EARMARK_COMMANDS_MEMORY_OPTION_H
#define EARMARK_COMMANDS_MEMORY_OPTION_H

#include "host/commands/options.h"

/* Reads "8G". ERROR_USAGE. */
enum error_code memory_option_take(const char *value, struct options *options, struct error *error);

/* Where a bound was asked for: opens the folder for what does not fit, OUT, which is made, or else
 * $TMPDIR or /var/tmp. It must stay open as long as there are arrays. folder_close() also after a
 * failure. */
enum error_code memory_option_open(const struct options *options, struct folder *folder,
                                   struct error *error);

/* The same for a command that must read data before it knows how much memory it needs: until then
 * they are kept in files. */
enum error_code memory_option_begin(const struct options *options, struct folder *folder,
                                    struct error *error);

#endif
