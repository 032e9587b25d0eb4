/* Stopping on INT, TERM or USR1: the first asks, the second ends at once. */
#ifndef EARMARK_BASE_STOP_H
#define EARMARK_BASE_STOP_H

#include "host/base/error.h"

#define STOP_EXIT_CODE 75

/* From now on the first INT, TERM or USR1 makes stop_check fail, and ends the process
 * with STOP_EXIT_CODE if it is still there a second later, whatever it is doing:
 * files are replaced in one step, so that nothing is half written then. A second
 * signal ends it at once with exit code 128 + signal. */
void stop_install(void);

/* ERROR_STOPPED once a signal came. Called between batches and between steps. */
enum error_code stop_check(struct error *error);

#endif
