/* The groups' own view on made rows, of which one group has all of a class labelled as another:
 * it names the error and nothing else, with the same bytes for any number of threads. */
#include "host/classifier/group_view.h"
#include "host/confident/group_errors.h"
#include "tests/support/compare.h"
#include "tests/support/wide_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FEATURES ((size_t)12)
#define CLASSES ((size_t)4)
#define GROUPS ((size_t)10)
#define CELL ((size_t)6) /* rows of a group and class */
#define ROWS (GROUPS * CLASSES * CELL)
#define BAD_GROUP 7

static float x[ROWS * FEATURES];
static int32_t labels[ROWS], fold_of[ROWS];
static int64_t groups[ROWS];

/* Groups and classes have their own places, those of the groups farther apart. */
static void make_rows(void) {
    for (size_t row = 0; row < ROWS; row++) {
        size_t group = row / (CLASSES * CELL), class = row % CLASSES;
        labels[row] = group == BAD_GROUP && class == 1 ? 2 : (int32_t) class;
        fold_of[row] = (int32_t)(group % 5);
        groups[row] = 1000 - 3 * (int64_t)group;
        for (size_t f = 0; f < FEATURES; f++)
            x[row * FEATURES + f] =
                (float)(1.2 * wide_number(row * FEATURES + f) +
                        2 * wide_number(100000 + group * FEATURES + f) + (f == class ? 4 : 0));
    }
}

static float *run(int threads) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = threads};
    const struct crossval_settings crossval = CROSSVAL_DEFAULTS;
    const struct ensemble_view view = {
        .name = "made", .embeddings = matrix_of(x, FEATURES), .features = FEATURES};
    const struct ensemble_input input = {.views = &view,
                                         .view_count = 1,
                                         .labels = labels,
                                         .fold_of = fold_of,
                                         .rows = ROWS,
                                         .classes = CLASSES,
                                         .folds = 5};
    struct ensemble ensemble;
    float *logs = calloc(ROWS * CLASSES, sizeof *logs);
    assert_non_null(logs);
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    ensemble_run(&device_cpu_operations, device, &input, &crossval, PROGRESS_QUIET, &ensemble,
                 &error);
    assert_no_error(&error);
    group_view_run(&device_cpu_operations, device,
                   &(struct group_view_input){&input, &ensemble, groups, threads}, PROGRESS_QUIET,
                   logs, &error);
    assert_no_error(&error);
    ensemble_free(&ensemble);
    device_cpu_operations.close(device);
    return logs;
}

static void finds_the_group(void **state) {
    (void)state;
    make_rows();
    float *logs = run(1);
    for (int threads = 2; threads <= 3; threads++) {
        float *again = run(threads);
        assert_memory_equal(logs, again, ROWS * CLASSES * sizeof *logs);
        free(again);
    }
    struct error error = ERROR_INITIAL;
    struct group_error *found;
    size_t count = 0;
    group_errors_find(&(struct group_errors_input){ROWS, CLASSES, labels, groups, logs, 2}, &found,
                      &count, &error);
    assert_no_error(&error);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].group, 1000 - 3 * BAD_GROUP);
    assert_int_equal(found[0].given, 2);
    assert_int_equal(found[0].suggested, 1);
    assert_int_equal(found[0].clips, 2 * CELL);
    assert_int_equal(found[0].matching, CELL);
    free(found);
    free(logs);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_group)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
