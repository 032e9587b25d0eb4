/* A signal in the middle of cross-validation or of confident learning: exit code 75 within
 * two seconds, and no result that could be taken for a whole one. (In an audit's other
 * stages: test_resume.) */
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

/* Cross-validation of so much takes far longer than the last moment at which it is stopped. */
#define CROSSVAL_ROWS 20000
#define CROSSVAL_COLUMNS 128
#define CROSSVAL_CLASSES 20

/* Confident learning is fast: so many rows take half a second or so. */
#ifdef __SANITIZE_ADDRESS__
#define ISSUES_ROWS 200000
#else
#define ISSUES_ROWS 500000
#endif
#define ISSUES_CLASSES 4
#define ISSUES_STOPS 4

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};

/* float32 (rows, columns) of noise in [0, 1), and labels (rows) that they tell nothing of. */
static void write_noise(size_t rows, size_t columns, size_t classes) {
    struct error error = ERROR_INITIAL;
    float *values = malloc(rows * columns * sizeof *values);
    int64_t *labels = malloc(rows * sizeof *labels);
    assert_true(values != NULL && labels != NULL);
    for (size_t i = 0; i < rows * columns; i++) values[i] = (float)made_unit(1, 1, i);
    for (size_t i = 0; i < rows; i++) labels[i] = (int64_t)(made_mix(1, 2, i) % classes);
    npy_write(test_path(test_folder, "x.npy"), NPY_FLOAT32, rows, columns, values, &error);
    assert_no_error(&error);
    npy_write(test_path(test_folder, "y.npy"), NPY_INT64, rows, 0, labels, &error);
    assert_no_error(&error);
    free(values);
    free(labels);
}

/* Every wait is one of the search for C: the first steps, later ones, and those of another C. */
static void test_cross_validation(void **state) {
    (void)state;
    static const double moments[] = {0, 0.2, 1};
    char *out = strdup(test_path(test_folder, "crossval"));
    char *x = strdup(test_path(test_folder, "x.npy")), *y = strdup(test_path(test_folder, "y.npy"));
    write_noise(CROSSVAL_ROWS, CROSSVAL_COLUMNS, CROSSVAL_CLASSES);
    const char *arguments[] = {
        "crossval", "--embeddings", x,       "--labels",         y,         "-o", out, "--threads",
        "2",        "--tol",        "1e-12", "--max-iterations", "1000000", NULL};
    for (size_t m = 0; m < sizeof moments / sizeof moments[0]; m++) {
        int output = -1;
        pid_t process = child_start(command_crossval, arguments, NULL, &output);
        child_wait_for_words(output); /* which device it takes */
        usleep((useconds_t)(moments[m] * 1e6));
        struct child_result result = child_stop(process, output, signals[m % 3]);
        assert_stopped(&result);
        assert_int_not_equal(access(test_path(out, "pred_probs.npy"), F_OK), 0);
        assert_int_not_equal(access(test_path(out, "crossval.json"), F_OK), 0);
    }
    free(out);
    free(x);
    free(y);
}

/* At moments spread over the whole run: stopped, or done when the signal came too late. */
static void test_issues(void **state) {
    (void)state;
    write_noise(ISSUES_ROWS, ISSUES_CLASSES, ISSUES_CLASSES);
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
    double began = clock_seconds();
    struct child_result result = child_run(command_issues, arguments, NULL);
    double undisturbed = clock_seconds() - began;
    assert_code(&result, EXIT_DONE);
    assert_int_equal(access(test_path(out, "health.json"), F_OK), 0);
    int stopped = 0;
    for (unsigned moment = 0; moment < ISSUES_STOPS; moment++) {
        int output = -1, number = signals[moment % 3];
        pid_t process = child_start(command_issues, arguments, NULL, &output);
        usleep((useconds_t)(undisturbed * 1e6 * ((double)moment + 0.5) / ISSUES_STOPS));
        result = child_stop(process, output, number);
        if (result.signal == number) continue;  /* hardly begun */
        if (result.code == EXIT_DONE) continue; /* faster than the one that was measured */
        assert_stopped(&result);
        stopped++;
    }
    assert_true(stopped > 0);
    free(out);
    free(x);
    free(y);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_validation),
        cmocka_unit_test(test_issues),
    };
    return cmocka_run_group_tests_name("stops", tests, test_folder_begin, test_folder_end);
}
