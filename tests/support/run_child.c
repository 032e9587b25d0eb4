#include "tests/support/run_child.h"

#include "host/base/clock.h"
#include "host/base/stop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define MAXIMUM_ARGUMENTS 64
#define COUNT_MARK "\ncounted calls: "

/* In the child: never returns. Its output goes into `output`. */
static void be_child(int (*command)(int, char **), const char *const *arguments,
                     const struct failure_plan *plan, int output) {
    char *copies[MAXIMUM_ARGUMENTS + 1] = {NULL};
    int count = 0;
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    /* cmocka would count a crash as a failed test and continue with the next one. */
    const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) signal(crashes[i], SIG_DFL);
    signal(SIGINT, SIG_DFL); /* a shell ignores it for what it runs in the background */
    for (; arguments[count] != NULL && count < MAXIMUM_ARGUMENTS; count++)
        copies[count] = strdup(arguments[count]);
    failures_arm(plan);
    int code = command(count, copies);
    int calls = failures_count();
    failures_arm(NULL);
    fprintf(stderr, COUNT_MARK "%d\n", calls);
    for (int i = 0; i < count; i++) free(copies[i]);
    _exit(code);
}

pid_t child_start(int (*command)(int, char **), const char *const *arguments,
                  const struct failure_plan *plan, int *output) {
    *output = memfd_create("said", MFD_CLOEXEC);
    assert_true(*output >= 0);
    fflush(NULL);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) be_child(command, arguments, plan, *output);
    return process;
}

struct child_result child_wait(pid_t process, int output) {
    struct child_result result = {.code = -1};
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    ssize_t size = pread(output, result.said, sizeof result.said - 1, 0);
    assert_true(size >= 0);
    result.said[size] = '\0';
    close(output);
    char *mark = strstr(result.said, COUNT_MARK);
    if (mark != NULL) {
        result.calls = atoi(mark + strlen(COUNT_MARK));
        *mark = '\0';
    }
    return result;
}

struct child_result child_run(int (*command)(int, char **), const char *const *arguments,
                              const struct failure_plan *plan) {
    int output = -1;
    pid_t process = child_start(command, arguments, plan, &output);
    return child_wait(process, output);
}

struct child_result child_stop(pid_t process, int output, int signal) {
    kill(process, signal);
    double asked = clock_seconds();
    struct child_result result = child_wait(process, output);
    result.took = clock_seconds() - asked;
    return result;
}

void child_wait_for_words(int output) {
    char word = '\0';
    while (pread(output, &word, 1, 0) != 1) usleep(1000);
}

void assert_code(const struct child_result *result, int code) {
    if (result->signal != 0) fail_msg("ended by signal %d: %s", result->signal, result->said);
    if (result->code != code)
        fail_msg("exit code %d instead of %d: %s", result->code, code, result->said);
}

void assert_said(const struct child_result *result, const char *words) {
    if (strstr(result->said, words) == NULL)
        fail_msg("nothing like '%s' in: %s", words, result->said);
}

void assert_stopped(const struct child_result *result) {
    assert_code(result, STOP_EXIT_CODE);
    assert_said(result, "stopped by");
    if (!(result->took < 2.0)) fail_msg("it took %g s", result->took);
}
