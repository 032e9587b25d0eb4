/* A signal during cross-validation or confident learning: exit code 75 within two seconds, and
 * no result that looks complete. (The audit's other stages are in test_resume.) */
#include "host/base/clock.h"
#include "host/base/npy.h"
#include "host/commands/commands.h"
#include "tests/support/compare.h"
#include "tests/support/made_data.h"
#include "tests/support/run_child.h"
#include "tests/support/sound_files.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Sizes that take about a second, and a few seconds with sanitizers. */
#ifdef __SANITIZE_ADDRESS__
#define CROSSVAL_ROWS 3000
#define ISSUES_ROWS 200000
#else
#define CROSSVAL_ROWS 12000
#define ISSUES_ROWS 500000
#endif
#define CROSSVAL_COLUMNS 128
#define CROSSVAL_CLASSES 20
#define ISSUES_CLASSES 4
#define STOPS 4

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};

/* float32 (rows, columns) of noise in [0, 1), and labels (rows) that do not depend on it. */
static void write_noise(size_t rows, size_t columns, size_t classes) {
    struct error error = ERROR_INITIAL;
    float *values = malloc(rows * columns * sizeof *values);
    int64_t *labels = malloc(rows * sizeof *labels);
    assert_true(values != NULL && labels != NULL);
    for (size_t i = 0; i < rows * columns; i++) values[i] = (float)made_unit(1, 1, i);
    for (size_t i = 0; i < rows; i++) labels[i] = (int64_t)(made_mix(1, 2, i) % classes);
    const size_t shape[2] = {rows, columns};
    struct folder folder;
    folder_open(test_folder, false, &folder, &error);
    npy_write_in(&folder, "x.npy", NPY_FLOAT32, 2, shape, values, &error);
    assert_no_error(&error);
    npy_write_in(&folder, "y.npy", NPY_INT64, 1, shape, labels, &error);
    assert_no_error(&error);
    folder_close(&folder);
    free(values);
    free(labels);
}

/* Stops the command at moments spread over its whole run, whose length is measured first;
 * out/last is the file that it writes last. */
static void stop_at_moments(int (*command)(int, char **), const char *const *arguments,
                            const char *out, const char *last) {
    char *written = strdup(test_path(out, last));
    int stopped = 0;
    double began = clock_seconds();
    struct child_result result = child_run(command, arguments, NULL);
    double undisturbed = clock_seconds() - began;
    assert_code(&result, EXIT_DONE);
    assert_int_equal(unlink(written), 0);
    /* Beside other programs the measured run may be far from the others: then more are tried. */
    for (unsigned round = 0; round < STOPS || (stopped == 0 && round < 10 * STOPS); round++) {
        const unsigned moment = round % STOPS;
        int output = -1, number = signals[moment % 3];
        pid_t process = child_start(command, arguments, NULL, &output);
        usleep((useconds_t)(undisturbed * 1e6 * ((double)moment + 0.5) / STOPS));
        result = child_stop(process, output, number);
        if (result.signal == number) continue; /* hardly begun */
        if (result.code == EXIT_DONE) {        /* faster than the measured run */
            assert_int_equal(unlink(written), 0);
            continue;
        }
        assert_stopped(&result);
        assert_int_not_equal(access(written, F_OK), 0);
        stopped++;
    }
    assert_true(stopped > 0);
    free(written);
}

static void test_cross_validation(void **state) {
    (void)state;
    char *out = strdup(test_path(test_folder, "crossval"));
    char *x = strdup(test_path(test_folder, "x.npy")), *y = strdup(test_path(test_folder, "y.npy"));
    const char *arguments[] = {
        "crossval", "--embeddings", x,       "--labels",         y,         "-o", out, "--threads",
        "2",        "--tol",        "1e-12", "--max-iterations", "1000000", NULL};
    write_noise(CROSSVAL_ROWS, CROSSVAL_COLUMNS, CROSSVAL_CLASSES);
    stop_at_moments(command_crossval, arguments, out, "crossval.json");
    free(out);
    free(x);
    free(y);
}

static void test_issues(void **state) {
    (void)state;
    char *out = strdup(test_path(test_folder, "issues"));
    char *x = strdup(test_path(test_folder, "x.npy")), *y = strdup(test_path(test_folder, "y.npy"));
    const char *arguments[] = {"issues",
                               "--labels",
                               y,
                               "--pred-probs",
                               x,
                               "-o",
                               out,
                               "--score",
                               "confidence_weighted_entropy",
                               "--threads",
                               "2",
                               "--fresh",
                               NULL};
    write_noise(ISSUES_ROWS, ISSUES_CLASSES, ISSUES_CLASSES);
    stop_at_moments(command_issues, arguments, out, "health.json");
    free(out);
    free(x);
    free(y);
}

static int ignores_interrupts(int count, char **arguments) {
    struct error error = ERROR_INITIAL;
    (void)count;
    (void)arguments;
    if (signal(SIGINT, SIG_IGN) == SIG_ERR) return EXIT_FATAL;
    stop_install();
    if (raise(SIGINT) != 0 || stop_check(&error) != ERROR_NONE) return EXIT_FATAL;
    if (raise(SIGTERM) != 0 || stop_check(&error) != ERROR_STOPPED) return EXIT_FATAL;
    return command_fail(&error);
}

/* As in the background jobs of a script. */
static void test_what_was_ignored_stays_ignored(void **state) {
    (void)state;
    const char *arguments[] = {"ignores", NULL};
    struct child_result result = child_run(ignores_interrupts, arguments, NULL);
    assert_code(&result, EXIT_STOPPED);
    assert_said(&result, "earmark: stopped by SIGTERM; what was committed is kept\n");
}

/* Works for a second and a half after it was asked to stop. */
static int ends_its_batch(int count, char **arguments) {
    stop_install();
    if (strcmp(arguments[count - 1], "shard") == 0) stop_allow(20);
    if (raise(SIGTERM) != 0) return EXIT_FATAL;
    for (double began = clock_seconds(); clock_seconds() - began < 1.5;) usleep(10000);
    return EXIT_DONE;
}

static void test_a_job_ends_its_batch(void **state) {
    (void)state;
    const char *others[] = {"ends", "audit", NULL}, *jobs[] = {"ends", "shard", NULL};
    struct child_result result = child_run(ends_its_batch, others, NULL);
    assert_code(&result, EXIT_STOPPED);
    result = child_run(ends_its_batch, jobs, NULL);
    assert_code(&result, EXIT_DONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_validation),
        cmocka_unit_test(test_issues),
        cmocka_unit_test(test_what_was_ignored_stays_ignored),
        cmocka_unit_test(test_a_job_ends_its_batch),
    };
    return cmocka_run_group_tests_name("stops", tests, test_folder_begin, test_folder_end);
}
