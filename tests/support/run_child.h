/* Runs a command of earmark in a child process, with injected failures. */
#ifndef EARMARK_TEST_RUN_CHILD_H
#define EARMARK_TEST_RUN_CHILD_H

#include "tests/support/injected_failures.h"

#include <sys/types.h>

#define CHILD_SAID 65536

struct child_result {
    int code;              /* exit code, or -1 */
    int signal;            /* that ended it, or 0 */
    int calls;             /* failures_count() if it exited by itself */
    char said[CHILD_SAID]; /* the beginning of its stderr */
    double took;           /* seconds from the signal of child_stop to its end */
};

/* Runs a command (command_audit, command_embed ...) with these arguments: its name first,
 * NULL last; plan may be NULL. */
struct child_result child_run(int (*command)(int, char **), const char *const *arguments,
                              const struct failure_plan *plan);

/* The same in two steps: start it, and wait for its end. */
pid_t child_start(int (*command)(int, char **), const char *const *arguments,
                  const struct failure_plan *plan, int *output);
struct child_result child_wait(pid_t process, int output);

/* Sends it a signal, and waits for its end. */
struct child_result child_stop(pid_t process, int output, int signal);

/* Returns once it has written something to stderr. */
void child_wait_for_words(int output);

/* Fail the test unless the child ended by itself with this code; wrote these words; was stopped
 * properly by a signal, which is exit code 75 within two seconds. */
void assert_code(const struct child_result *result, int code);
void assert_said(const struct child_result *result, const char *words);
void assert_stopped(const struct child_result *result);

#endif
