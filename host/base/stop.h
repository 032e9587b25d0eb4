/* Stopping on INT, TERM or USR1: the first requests a stop, the second ends the process. */
#ifndef EARMARK_BASE_STOP_H
#define EARMARK_BASE_STOP_H

#include "host/base/error.h"

#define STOP_EXIT_CODE 75

/* From now on the first INT, TERM or USR1 makes stop_check fail, and ends the process
 * with STOP_EXIT_CODE if it is still there a second later, whatever it is doing:
 * files are replaced in one step, so that nothing is half written then. A second
 * signal ends it at once with exit code 128 + signal. A signal that is ignored
 * already, as INT is in the background jobs of a script, stays ignored. */
void stop_install(void);

/* An orderly stop may take this long instead of a second, as in a job that nobody waits for. */
void stop_allow(int seconds);

/* What is reported with a stop from now on: what is kept and how to go on. Copied, at most
 * STOP_NOTE_SIZE - 1 bytes, with what must not reach a terminal shown. */
#define STOP_NOTE_SIZE 512
void stop_note(const char *sentence);
/* The last note, or "what was committed is kept" before the first. */
const char *stop_noted(void);

/* A file that is removed when a signal ends the process: a name, which stays valid, in an open
 * folder; -1: none. */
void stop_remove(int folder, const char *name);

/* ERROR_STOPPED once a signal came. Called between batches and between steps. */
enum error_code stop_check(struct error *error);

#endif
