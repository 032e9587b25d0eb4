#include "tests/support/program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define MAXIMUM_ARGUMENTS 30
#define CANNOT_LOCK_OUT 126

/* A program executed later gets no capability outside the bounding set. */
static bool lock_out(void) {
    if (geteuid() != 0) return true;
    return prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) == 0 &&
           prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) == 0;
}

static _Noreturn void run_child(const char *const *arguments, bool locked_out, int output) {
    const char *program = getenv("EARMARK");
    char *words[MAXIMUM_ARGUMENTS + 2] = {NULL};
    if (program == NULL) program = "./earmark";
    words[0] = (char *)(uintptr_t)program;
    for (size_t i = 0; i < MAXIMUM_ARGUMENTS && arguments[i] != NULL; i++)
        words[i + 1] = (char *)(uintptr_t)arguments[i];
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (locked_out && !lock_out()) _exit(CANNOT_LOCK_OUT);
    if (dup2(nothing, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2)
        execv(program, words);
    _exit(127);
}

/* Returns the contents of the file and closes it. */
static char *read_output(FILE *output) {
    char *said = NULL;
    size_t size = 0;
    rewind(output);
    if (getdelim(&said, &size, '\0', output) < 0) {
        free(said);
        said = strdup("");
    }
    assert_non_null(said);
    assert_int_equal(fclose(output), 0);
    return said;
}

bool program_run(const char *const *arguments, bool locked_out, struct program_run *run) {
    FILE *output = tmpfile();
    int status = 0;
    struct rusage usage;
    assert_non_null(output);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) run_child(arguments, locked_out, fileno(output));
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    *run = (struct program_run){.said = read_output(output), .peak_kilobytes = usage.ru_maxrss};
    if (!WIFEXITED(status)) fail_msg("ended by signal %d: %s", WTERMSIG(status), run->said);
    run->exit_code = WEXITSTATUS(status);
    if (run->exit_code == 127) fail_msg("the program cannot be run; make earmark, or set EARMARK");
    if (!locked_out || run->exit_code != CANNOT_LOCK_OUT) return true;
    free(run->said);
    run->said = NULL;
    return false;
}
