/* The commands. Each is one file in this folder: argv[0] is the command's name, and the process's
 * exit code is returned. */
#ifndef EARMARK_COMMANDS_COMMANDS_H
#define EARMARK_COMMANDS_COMMANDS_H

#include "host/base/stop.h"
#include "host/commands/options.h"

#include <stdio.h>

/* Order when several apply: 1, 2, 75, 4, 3. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FATAL = 1,
    EXIT_USAGE = 2,
    EXIT_UNREADABLE_CLIPS = 3,    /* done, but some clips could not be read */
    EXIT_ISSUES_FOUND = 4,        /* with --fail-on-issues */
    EXIT_STOPPED = STOP_EXIT_CODE /* stopped by a signal or a lost device, all safe */
};

int command_audit(int argc, char **argv);
int command_embed(int argc, char **argv);
int command_crossval(int argc, char **argv);
int command_issues(int argc, char **argv);
int command_report(int argc, char **argv);
int command_import(int argc, char **argv);
int command_model_info(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_info(int argc, char **argv);

/* Reads the options of the command of this name. False when the command is not to run: the
 * help was shown, or a message about a wrong option; *exit_code is set then. */
bool command_start(const char *name, int argc, char **argv, struct options *options,
                   int *exit_code);

/* Prints "earmark: message" to stderr, after a stop or a lost device with what is kept
 * (stop_noted), and returns the exit code that fits the error: 2 for usage, 75 for a stop or
 * a lost device, 1 otherwise. */
int command_fail(const struct error *error);

/* Prints warnings to stderr, with control characters made visible. */
void command_warn(const char *const *sentences, size_t count);
/* Why the exit code is 3. */
void command_warn_unreadable(size_t count, const char *out);

#endif
