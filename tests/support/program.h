/* The program under test, run as its users run it. */
#ifndef EARMARK_TEST_PROGRAM_H
#define EARMARK_TEST_PROGRAM_H

#include <stdbool.h>

struct program_run {
    int exit_code;
    char *said; /* stdout and stderr, to be freed */
    long peak_kilobytes;
};

/* Runs $EARMARK, or ./earmark, with these arguments (a NULL behind the last).
 * With `locked_out`, root has no more rights to files than anybody else: false is
 * returned, and nothing run, where that cannot be had. A signal fails the test. */
bool program_run(const char *const *arguments, bool locked_out, struct program_run *run);

#endif
