/* A command of earmark in a process of its own, with faults in it. */
#ifndef EARMARK_TEST_RUN_CHILD_H
#define EARMARK_TEST_RUN_CHILD_H

#include "tests/support/faults.h"

#include <sys/types.h>

#define CHILD_SAID 65536

struct child_result {
    int code;              /* exit code, or -1 */
    int signal;            /* that ended it, or 0 */
    int calls;             /* faults_count() when it exited by itself */
    char said[CHILD_SAID]; /* what it wrote to stderr, or the beginning of it */
};

/* Runs a command (command_audit, command_embed ...) with these arguments, the first
 * its name, the last NULL; plan may be NULL. */
struct child_result child_run(int (*command)(int, char **), const char *const *arguments,
                              const struct fault_plan *plan);

/* The same in two halves: starts it, and waits for its end. */
pid_t child_start(int (*command)(int, char **), const char *const *arguments,
                  const struct fault_plan *plan, int *output);
struct child_result child_wait(pid_t process, int output);

#endif
