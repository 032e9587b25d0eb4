#include "test_simulator.h"

#include "cudasim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS 5
#define WORDS_SIZE 20000

#ifdef CUDASIM_HOOKS
#define HOOKS true
#else
#define HOOKS false
#endif

/* Returns the exit code and what was written to stderr. */
static int run_once(const struct simulator_test *test, int seed, char *words) {
    int ends[2], status;
    char number[16];
    size_t length = 0;
    ssize_t got;
    if (pipe(ends) != 0) return -1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        snprintf(number, sizeof number, "%d", seed);
        setenv("CUDASIM_SEED", number, 1);
        if (test->environment != NULL) putenv(const_cast<char *>(test->environment));
        exit(test->program() ? 0 : 1);
    }
    close(ends[1]);
    while ((got = read(ends[0], words + length, WORDS_SIZE - 1 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    words[length] = '\0';
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool is_caught(int code, const char *words, const char *expected) {
    if (code != CUDASIM_EXIT) return false;
    return strstr(words, expected) != NULL ||
           (CUDASIM_ASAN && (strstr(words, "AddressSanitizer") != NULL ||
                             strstr(words, "runtime error") != NULL)) ||
           (HOOKS && strstr(words, "cudasim: ") != NULL);
}

/* Whether this build can find it. */
static bool applies(enum expectation expectation) {
    if (expectation == CAUGHT_BY_HOOKS) return HOOKS;
    if (expectation == CAUGHT_BY_SANITIZER) return CUDASIM_ASAN;
    return true;
}

static bool passes(const struct simulator_test *test, char *words) {
    int wrong = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        const int code = run_once(test, seed, words);
        const bool caught = test->words != NULL && is_caught(code, words, test->words);
        if (test->expectation == WRONG_RESULT) {
            wrong += code == 1 || code == CUDASIM_EXIT;
        } else if (test->expectation == CAUGHT_LATE) {
            wrong += caught;
        } else if (test->expectation == RIGHT ? code != 0 : !caught) {
            printf("# seed %d: exit code %d\n", seed, code);
            return false;
        }
    }
    return wrong > 0 || (test->expectation != WRONG_RESULT && test->expectation != CAUGHT_LATE);
}

int run_simulator_tests(const struct simulator_test *tests, size_t count) {
    static char words[WORDS_SIZE];
    int number = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!applies(tests[i].expectation)) continue;
        const bool passed = passes(&tests[i], words);
        failed += !passed;
        printf("%sok %d - %s\n", passed ? "" : "not ", ++number, tests[i].name);
        if (passed) continue;
        for (const char *line = strtok(words, "\n"); line != NULL; line = strtok(NULL, "\n"))
            printf("# %s\n", line);
    }
    printf("1..%d\n", number);
    return failed != 0;
}
