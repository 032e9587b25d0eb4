/* Assignment to folds against scikit-learn, and which rows can be audited. */
#include "host/classifier/assign.h"
#include "host/classifier/folds.h"
#include "host/classifier/random.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* numpy.random.RandomState(0).permutation(10) */
static void test_permutation(void **state) {
    (void)state;
    static const int32_t expected[10] = {2, 8, 4, 9, 1, 6, 7, 3, 0, 5};
    int32_t values[10];
    struct random_state random;
    random_seed(&random, 0);
    for (int32_t i = 0; i < 10; i++) values[i] = i;
    random_shuffle(&random, values, 10);
    assert_memory_equal(values, expected, sizeof expected);
}

/* y = bbbbaaaaaccc, K = 3 */
static void test_vectors(void **state) {
    (void)state;
    static const int32_t labels[12] = {1, 1, 1, 1, 0, 0, 0, 0, 0, 2, 2, 2};
    static const int32_t plain[12] = {0, 0, 1, 2, 0, 1, 1, 2, 2, 0, 1, 2};
    static const int32_t shuffled[12] = {0, 2, 0, 1, 1, 2, 0, 2, 1, 0, 1, 2};
    int32_t fold_of[12];
    struct error error = ERROR_INITIAL;
    folds_stratified(labels, 12, 3, 3, false, 0, fold_of, &error);
    assert_no_error(&error);
    assert_memory_equal(fold_of, plain, sizeof plain);
    folds_stratified(labels, 12, 3, 3, true, 42, fold_of, &error);
    assert_no_error(&error);
    assert_memory_equal(fold_of, shuffled, sizeof shuffled);
}

static void test_golden(void **state) {
    (void)state;
    struct golden cases = golden_read("crossval/folds.npy");
    struct golden labels = golden_read("crossval/fold_labels.npy");
    struct golden groups = golden_read("crossval/fold_groups.npy");
    struct golden expected = golden_read("crossval/fold_of.npy");
    assert_true(cases.shape[0] >= 100);
    for (size_t i = 0; i < cases.shape[0]; i++) {
        const int32_t *facts = cases.integers + 6 * i;
        size_t rows = (size_t)facts[0], at = (size_t)facts[5];
        struct error error = ERROR_INITIAL;
        int32_t *fold_of = calloc(rows, sizeof *fold_of);
        int64_t *wide = calloc(rows, sizeof *wide);
        assert_true(fold_of != NULL && wide != NULL);
        for (size_t row = 0; row < rows; row++) wide[row] = groups.integers[at + row];
        if (facts[4] != 0)
            folds_stratified_group(labels.integers + at, wide, rows, 40, (size_t)facts[1],
                                   facts[2] != 0, (uint32_t)facts[3], fold_of, &error);
        else
            folds_stratified(labels.integers + at, rows, 40, (size_t)facts[1], facts[2] != 0,
                             (uint32_t)facts[3], fold_of, &error);
        assert_no_error(&error);
        assert_memory_equal(fold_of, expected.integers + at, rows * sizeof *fold_of);
        free(fold_of);
        free(wide);
    }
    golden_free(&cases);
    golden_free(&labels);
    golden_free(&groups);
    golden_free(&expected);
}

static void test_refused(void **state) {
    (void)state;
    static const int32_t labels[6] = {0, 0, 1, 1, 2, 2};
    static const int64_t groups[6] = {5, 5, 5, 7, 7, 7}, same[6] = {3, 3, 3, 3, 3, 3};
    int32_t fold_of[6];
    size_t folds = 0;
    struct error error = ERROR_INITIAL;
    assert_int_equal(folds_stratified(labels, 6, 3, 3, false, 0, fold_of, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "the largest has 2"));
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(folds_stratified_group(labels, groups, 6, 3, 2, false, 0, fold_of, &error),
                     ERROR_NONE);
    assert_int_equal(fold_of[0], fold_of[2]);
    assert_int_not_equal(fold_of[0], fold_of[3]);
    static const int32_t two[6] = {0, 0, 0, 1, 1, 1};
    assert_int_equal(folds_stratified_group(two, groups, 6, 2, 3, false, 0, fold_of, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "only 2 groups"));
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(folds_from_column(same, 6, fold_of, &folds, &error), ERROR_DATA);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(folds_from_column(groups, 6, fold_of, &folds, &error), ERROR_NONE);
    assert_int_equal(folds, 2);
    assert_int_equal(fold_of[2], 0);
    assert_int_equal(fold_of[3], 1);
}

/* Rows of small classes are set aside; the result for the others is the same as without them. */
static void test_assign_few(void **state) {
    (void)state;
    static const int32_t labels[14] = {3, 1, 1, 1, 1, 0, 0, 3, 0, 0, 0, 2, 2, 2};
    static const int32_t expected[14] = {-1, 0, 0, 1, 2, 0, 1, -1, 1, 2, 2, 0, 1, 2};
    struct assign_request request = {.folds = 3};
    struct assign_result result;
    struct error error = ERROR_INITIAL;
    assign_folds(labels, 14, 4, &request, &result, &error);
    assert_no_error(&error);
    assert_memory_equal(result.fold_of, expected, sizeof expected);
    assert_int_equal(result.status[0], AUDITABLE_FEW);
    assert_int_equal(result.status[1], AUDITABLE_YES);
    assert_int_equal(result.auditable, 12);
    assert_int_equal(result.classes, 3);
    assign_free(&result);
}

static void test_assign_absent(void **state) {
    (void)state;
    static const int32_t labels[8] = {0, 0, 1, 1, 2, 2, 0, 1};
    static const int64_t column[8] = {10, 20, 10, 20, 20, 20, 30, 30};
    struct assign_request request = {.column = column};
    struct assign_result result;
    struct error error = ERROR_INITIAL;
    assign_folds(labels, 8, 3, &request, &result, &error);
    assert_no_error(&error);
    assert_int_equal(result.folds, 3);
    assert_int_equal(result.status[4], AUDITABLE_ABSENT);
    assert_int_equal(result.fold_of[4], -1);
    assert_int_equal(result.fold_of[7], 2);
    assert_int_equal(result.auditable, 6);
    assign_free(&result);
    static const int32_t single[3] = {1, 1, 1};
    request = (struct assign_request){.folds = 3};
    assert_int_equal(assign_folds(single, 3, 2, &request, &result, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "the same label"));
    assign_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation), cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_assign_few),  cmocka_unit_test(test_assign_absent),
    };
    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}
