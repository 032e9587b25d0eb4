/* Errors of whole groups against numpy, the same for any number of threads; what is not listed. */
#include "host/confident/group_errors.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLASSES 3
#define CELL 8

static size_t find(const struct group_errors_input *input, struct group_error **found) {
    struct error error = ERROR_INITIAL;
    size_t count = 0;
    group_errors_find(input, found, &count, &error);
    assert_no_error(&error);
    return count;
}

static void golden_groups(void **state) {
    (void)state;
    struct golden labels = golden_read("findings/labels.npy");
    struct golden groups = golden_read("findings/groups.npy");
    struct golden mix = golden_read("findings/mix.npy");
    struct golden errors = golden_read("findings/errors.npy");
    struct golden scores = golden_read("findings/scores.npy");
    int64_t *wide = malloc(groups.count * sizeof *wide);
    assert_non_null(wide);
    for (size_t i = 0; i < groups.count; i++) wide[i] = groups.integers[i];
    for (int threads = 1; threads <= 3; threads++) {
        struct group_error *found;
        size_t count = find(&(struct group_errors_input){.rows = labels.count,
                                                         .classes = mix.shape[1],
                                                         .labels = labels.integers,
                                                         .groups = wide,
                                                         .log_probabilities = mix.floats,
                                                         .threads = threads},
                            &found);
        assert_int_equal(count, scores.count);
        for (size_t i = 0; i < count; i++) {
            const int32_t *expected = errors.integers + 5 * i;
            assert_int_equal(found[i].group, expected[0]);
            assert_int_equal(found[i].given, expected[1]);
            assert_int_equal(found[i].suggested, expected[2]);
            assert_int_equal(found[i].clips, expected[3]);
            assert_int_equal(found[i].matching, expected[4]);
            assert_within(fabs(found[i].score - scores.doubles[i]), 1e-9, "score");
        }
        free(found);
    }
    free(wide);
    golden_free(&labels);
    golden_free(&groups);
    golden_free(&mix);
    golden_free(&errors);
    golden_free(&scores);
}

/* Three groups with CELL rows of each class, all of which look like their class, except that
 * `wrong` rows of class 0 in each of the first `bad_groups` groups look like class 2 by
 * `evidence`. */
static size_t count_listed(size_t bad_groups, size_t wrong, float evidence) {
    int32_t labels[3 * CLASSES * CELL];
    int64_t groups[3 * CLASSES * CELL];
    float logs[3 * CLASSES * CELL * CLASSES];
    size_t rows = 0;
    for (size_t group = 0; group < 3; group++)
        for (int32_t class = 0; class < CLASSES; class ++)
            for (size_t i = 0; i < CELL; i++, rows++) {
                labels[rows] = class;
                groups[rows] = INT64_MAX - (int64_t)group;
                bool bad = class == 0 && group < bad_groups && i < wrong;
                for (int32_t k = 0; k < CLASSES; k++)
                    logs[rows * CLASSES + (size_t)k] =
                        k == (bad ? 2 : class) ? 0 : (k == class ? -evidence : -INFINITY);
            }
    struct group_error *found;
    size_t count = find(&(struct group_errors_input){.rows = rows,
                                                     .classes = CLASSES,
                                                     .labels = labels,
                                                     .groups = groups,
                                                     .log_probabilities = logs,
                                                     .threads = 2},
                        &found);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].clips, CELL);
        assert_int_equal(found[i].matching, wrong);
        assert_int_equal(found[i].given, 0);
        assert_int_equal(found[i].suggested, 2);
        assert_true(found[i].score >= GROUP_ERROR_EVIDENCE * (double)wrong);
    }
    free(found);
    return count;
}

static void thresholds(void **state) {
    (void)state;
    assert_int_equal(count_listed(0, 0, 3), 0);
    assert_int_equal(count_listed(1, 7, 3), 1);
    assert_int_equal(count_listed(1, GROUP_ERROR_CLIPS, 3), 1);
    assert_int_equal(count_listed(1, GROUP_ERROR_CLIPS - 1, 3), 0);
    assert_int_equal(count_listed(1, 7, 2.4F), 0);
    assert_int_equal(count_listed(1, 7, INFINITY), 1); /* bounded, not infinite */
    /* What all groups share is no error of a group. */
    assert_int_equal(count_listed(2, 7, 3), 2);
    assert_int_equal(count_listed(3, 7, 3), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_groups),
        cmocka_unit_test(thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
