/* Stopping on INT, TERM or USR1: the first asks, the second ends at once. */
#ifndef EARMARK_STOP_H
#define EARMARK_STOP_H

#include "host/base/error.h"

/* From now on the first INT, TERM or USR1 only makes stop_check fail; a second
 * one ends the process with exit code 128 + signal. */
void stop_install(void);

/* ERROR_STOPPED once a signal came. Called between batches and between steps. */
enum error_code stop_check(struct error *error);

#endif
