/* Runs the program under test as users do. */
#ifndef EARMARK_TEST_PROGRAM_H
#define EARMARK_TEST_PROGRAM_H

#include <stdbool.h>

struct program_run {
    int exit_code;
    char *said; /* stdout and stderr, to be freed */
    long peak_kilobytes;
};

/* Runs $EARMARK, or ./earmark, with these arguments (NULL after the last). With
 * `locked_out`, root has only the file permissions of an ordinary user; if that is
 * not possible, returns false without running. A signal fails the test. */
bool program_run(const char *const *arguments, bool locked_out, struct program_run *run);

#endif
