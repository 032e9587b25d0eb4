/* Entropy and mark of issues against numpy, the same bytes for any number of threads. */
#include "host/confident/none_of_classes.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void golden_entropy(void **state) {
    (void)state;
    struct golden labels = golden_read("findings/labels.npy");
    struct golden logs = golden_read("findings/estimators.npy");
    struct golden entropy = golden_read("findings/entropy.npy");
    size_t rows = labels.count, marked = 0;
    const float *estimators[3];
    for (size_t e = 0; e < 3; e++) estimators[e] = logs.floats + e * rows * logs.shape[2];
    size_t *issues = malloc(rows * sizeof *issues);
    struct none_of_classes *first = malloc(rows * sizeof *first);
    struct none_of_classes *found = malloc(rows * sizeof *found);
    assert_true(issues != NULL && first != NULL && found != NULL);
    for (size_t i = 0; i < rows; i++) issues[i] = rows - 1 - i;
    for (int threads = 1; threads <= 3; threads++) {
        none_of_classes_find(&(struct mix_view){.rows = rows,
                                                .classes = logs.shape[2],
                                                .estimators = estimators,
                                                .estimator_count = 3,
                                                .threads = threads},
                             issues, rows, found);
        for (size_t i = 0; i < rows; i++) {
            double expected = entropy.doubles[issues[i]];
            assert_within(fabs(found[i].entropy - expected), 1e-6, "entropy");
            assert_int_equal(found[i].marked, expected >= NONE_OF_CLASSES_ENTROPY);
            marked += found[i].marked;
            if (threads == 1) first[i] = found[i];
            assert_memory_equal(&first[i].entropy, &found[i].entropy, sizeof found[i].entropy);
        }
    }
    assert_true(marked > 0 && marked < rows);
    free(issues);
    free(first);
    free(found);
    golden_free(&labels);
    golden_free(&logs);
    golden_free(&entropy);
}

/* Estimators that say nothing, and one that is sure. */
static void extremes(void **state) {
    (void)state;
    const float nothing[] = {-INFINITY, -INFINITY, 0, -INFINITY, -1, -1};
    const float *const estimators[] = {nothing};
    const size_t issues[] = {0, 1, 2};
    struct none_of_classes found[3];
    none_of_classes_find(
        &(struct mix_view){
            .rows = 3, .classes = 2, .estimators = estimators, .estimator_count = 1, .threads = 1},
        issues, 3, found);
    const double expected[] = {1, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        assert_within(fabs(found[i].entropy - expected[i]), 1e-12, "entropy");
        assert_int_equal(found[i].marked, expected[i] > 0.5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_entropy),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
