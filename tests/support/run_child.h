/* A command of earmark in a process of its own, with faults in it. */
#ifndef EARMARK_TEST_RUN_CHILD_H
#define EARMARK_TEST_RUN_CHILD_H

#include "tests/support/injected_failures.h"

#include <sys/types.h>

#define CHILD_SAID 65536

struct child_result {
    int code;              /* exit code, or -1 */
    int signal;            /* that ended it, or 0 */
    int calls;             /* failures_count() when it exited by itself */
    char said[CHILD_SAID]; /* what it wrote to stderr, or the beginning of it */
    double took;           /* seconds from the signal of child_stop to its end */
};

/* Runs a command (command_audit, command_embed ...) with these arguments, the first
 * its name, the last NULL; plan may be NULL. */
struct child_result child_run(int (*command)(int, char **), const char *const *arguments,
                              const struct failure_plan *plan);

/* The same in two halves: starts it, and waits for its end. */
pid_t child_start(int (*command)(int, char **), const char *const *arguments,
                  const struct failure_plan *plan, int *output);
struct child_result child_wait(pid_t process, int output);

/* Sends it a signal, and waits for its end. */
struct child_result child_stop(pid_t process, int output, int signal);

/* Returns once it has written something to stderr. */
void child_wait_for_words(int output);

/* Fail the test unless it ended by itself with this code; said these words; was stopped
 * by a signal as it should be: exit code 75 within two seconds. */
void assert_code(const struct child_result *result, int code);
void assert_said(const struct child_result *result, const char *words);
void assert_stopped(const struct child_result *result);

#endif
