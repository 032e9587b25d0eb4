/* Runs each program of test_simulator.cu in its own process, as TAP. */
#ifndef CUDASIM_TEST_SIMULATOR_H
#define CUDASIM_TEST_SIMULATOR_H

#include <cublas_v2.h>
#include <stddef.h>

enum expectation {
    RIGHT,           /* the right result with every seed, and no complaint */
    WRONG_RESULT,    /* with at least one seed a wrong result or a complaint */
    CAUGHT,          /* with every seed a complaint (the words, or AddressSanitizer's own) */
    CAUGHT_LATE,     /* the same, where the seed does not run work at once */
    CAUGHT_BY_HOOKS, /* the same, in that build only */
    CAUGHT_BY_SANITIZER,
};

struct simulator_test {
    const char *name;
    bool (*program)(void); /* whether its result is right */
    enum expectation expectation;
    const char *words;
    const char *environment; /* "NAME=value" or NULL */
};

int run_simulator_tests(const struct simulator_test *tests, size_t count);

#endif
