/* Folds equal to scikit-learn's: tests/golden/crossval/make_crossval.py. */
#include "host/classifier/folds.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define MOST_ROWS 150

enum case_column { ROWS, FOLDS, SHUFFLE, SEED, GROUPED, OFFSET, CASE_COLUMNS };

static void check_case(const int32_t *described, const struct golden *labels,
                       const struct golden *groups, const struct golden *expected) {
    struct error error = ERROR_INITIAL;
    int64_t group[MOST_ROWS];
    int32_t fold_of[MOST_ROWS];
    size_t rows = (size_t)described[ROWS], offset = (size_t)described[OFFSET];
    const int32_t *label = labels->integers + offset;
    assert_true(rows <= MOST_ROWS && offset + rows <= labels->count);
    for (size_t i = 0; i < rows; i++) group[i] = groups->integers[offset + i];
    if (described[GROUPED])
        folds_stratified_group(label, group, rows, 40, (size_t)described[FOLDS],
                               described[SHUFFLE] != 0, (uint32_t)described[SEED], fold_of, &error);
    else
        folds_stratified(label, rows, 40, (size_t)described[FOLDS], described[SHUFFLE] != 0,
                         (uint32_t)described[SEED], fold_of, &error);
    assert_no_error(&error);
    assert_memory_equal(fold_of, expected->integers + offset, rows * sizeof *fold_of);
}

static void test_equal_to_the_reference(void **state) {
    (void)state;
    struct golden cases = golden_read("crossval/folds.npy");
    struct golden labels = golden_read("crossval/fold_labels.npy");
    struct golden groups = golden_read("crossval/fold_groups.npy");
    struct golden expected = golden_read("crossval/fold_of.npy");
    assert_int_equal(cases.shape[1], CASE_COLUMNS);
    assert_true(cases.shape[0] >= 100);
    for (size_t i = 0; i < cases.shape[0]; i++)
        check_case(cases.integers + i * CASE_COLUMNS, &labels, &groups, &expected);
    golden_free(&cases);
    golden_free(&labels);
    golden_free(&groups);
    golden_free(&expected);
}

/* The vectors of the specification: K = 3, y = bbbbaaaaaccc. */
static void test_known_vectors(void **state) {
    (void)state;
    static const int32_t labels[12] = {1, 1, 1, 1, 0, 0, 0, 0, 0, 2, 2, 2};
    static const char plain[] = "001201122012", seed_42[] = "020112021012";
    struct error error = ERROR_INITIAL;
    int32_t fold_of[12];
    folds_stratified(labels, 12, 3, 3, false, 0, fold_of, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < 12; i++) assert_int_equal(fold_of[i], plain[i] - '0');
    folds_stratified(labels, 12, 3, 3, true, 42, fold_of, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < 12; i++) assert_int_equal(fold_of[i], seed_42[i] - '0');
}

static void test_refused(void **state) {
    (void)state;
    static const int32_t labels[4] = {0, 1, 0, 1};
    static const int64_t one_group[4] = {5, 5, 5, 5};
    struct error error = ERROR_INITIAL;
    int32_t fold_of[4];
    size_t folds = 0;
    assert_int_equal(folds_stratified(labels, 4, 2, 3, false, 0, fold_of, &error), ERROR_DATA);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(folds_stratified_group(labels, one_group, 4, 2, 2, false, 0, fold_of, &error),
                     ERROR_DATA);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(folds_from_column(one_group, 4, fold_of, &folds, &error), ERROR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_the_reference),
        cmocka_unit_test(test_known_vectors),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}
