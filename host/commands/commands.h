/* The commands. Each is one file in this folder: argv[0] is the command's name, and the process's
 * exit code is returned. */
#ifndef EARMARK_COMMANDS_COMMANDS_H
#define EARMARK_COMMANDS_COMMANDS_H

#include "host/base/stop.h"
#include "host/commands/options.h"
#include "host/embedding/session.h"

#include <stdio.h>

/* Order when several apply: 1, 2, 75, 4, 3. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FATAL = 1,
    EXIT_USAGE = 2,
    EXIT_UNREADABLE_CLIPS = 3,    /* done, but some clips could not be read */
    EXIT_NOT_APPLIED = 3,         /* apply: done, but some decisions were not applied */
    EXIT_ISSUES_FOUND = 4,        /* with --fail-on-issues, --fail-on-new, --fail-on-conflicts */
    EXIT_NOBODY_WORKS = 5,        /* status: not complete, and no process works on it */
    EXIT_STOPPED = STOP_EXIT_CODE /* stopped by a signal or a lost device, all safe; status: a
                                     process works on it */
};

int command_audit(int argc, char **argv);
int command_embed(int argc, char **argv);
int command_detect(int argc, char **argv);
int command_crossval(int argc, char **argv);
int command_issues(int argc, char **argv);
int command_report(int argc, char **argv);
int command_review(int argc, char **argv);
int command_status(int argc, char **argv);
int command_slurm(int argc, char **argv);
int command_kubernetes(int argc, char **argv);
int command_parallel(int argc, char **argv);
int command_apply(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_agree(int argc, char **argv);
int command_import(int argc, char **argv);
int command_model_info(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_info(int argc, char **argv);

/* Reads the options of the command of this name. False when the command is not to run: the
 * help was shown, or a message about a wrong option; *exit_code is set then. */
bool command_start(const char *name, int argc, char **argv, struct options *options,
                   int *exit_code);

/* Before the options are read: messages about them have the form that --progress asks for. */
void command_choose_form(int argc, char **argv);

/* What an exit code means, as --help says it. */
const char *command_meaning(int exit_code);

/* Settings of a run as lines, which a stopped run leaves for the one that continues it. */
struct command_records {
    struct text embedding, results;
};

#define COMMAND_RECORDS_INITIAL                                                                    \
    { TEXT_INITIAL, TEXT_INITIAL }

/* The settings of audit or embed. They point into the records, which the caller frees after the
 * session. */
enum error_code command_session(const struct options *options, enum command_bit command,
                                struct command_records *records, struct session_settings *settings,
                                struct error *error);
void command_records_free(struct command_records *records);

/* Prints "earmark: message" to stderr, after a stop or a lost device with what is kept
 * (stop_noted), and returns the exit code that fits the error: 2 for usage, 75 for a stop or
 * a lost device, 1 otherwise. */
int command_fail(const struct error *error);

/* Prints warnings to stderr, with control characters made visible. */
void command_warn(const char *const *sentences, size_t count);
/* Appends folder/name as a word of a command line: quoted for the shell where that is needed. */
void command_append_path(struct text *text, const char *folder, const char *name);

/* Why the exit code is 3. */
void command_warn_unreadable(size_t count, const char *out);

#endif
