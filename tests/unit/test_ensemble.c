/* The ensemble on made views: what it finds, the same bytes from threads and devices, and what is
 * refused. The estimators and their mix have their own tests. */
#include "host/classifier/ensemble.h"
#include "host/classifier/votes.h"
#include "tests/support/compare.h"
#include "tests/support/fake_device.h"
#include "tests/support/scattered.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS ((size_t)240)
#define CLASSES ((size_t)3)
#define FOLDS ((size_t)4)
#define FEATURES ((size_t)8)
#define LEAD 1.0 /* of the given label over the others in the neighbours' votes, at most */

/* Views of the same rows; every 12th row has a wrong label. */
struct made {
    float good[ROWS * FEATURES], weak[ROWS * FEATURES], sparse[ROWS * FEATURES];
    int32_t labels[ROWS], fold_of[ROWS];
};

static bool is_wrong(size_t row) {
    return row % 12 == 5;
}

/* A row's class moves three columns of each view, by half as much in the weak one. In the sparse
 * one negative numbers are 0, and one column is 0 but for one row. */
static void make(struct made *made) {
    for (size_t row = 0; row < ROWS; row++) {
        size_t class = (size_t)((wide_number(row) + 1) / 2 * (double)CLASSES);
        made->labels[row] = (int32_t)(is_wrong(row) ? (class + 1) % CLASSES : class);
        made->fold_of[row] = (int32_t)(row % FOLDS);
        for (size_t f = 0; f < FEATURES; f++) {
            size_t at = row * FEATURES + f;
            double centre = f % CLASSES == class && f < 6 ? 1.6 : 0;
            made->good[at] = (float)(centre + wide_number(10000 + at));
            made->weak[at] = (float)(centre / 2 + wide_number(20000 + at));
            made->sparse[at] = fmaxf(0, (float)(centre - 0.7 + wide_number(30000 + at)));
        }
        made->sparse[row * FEATURES + 7] = row == 3 ? 1e-3F : 0;
    }
}

static struct ensemble_input made_input(const struct made *made, const struct ensemble_view *views,
                                        size_t view_count) {
    return (struct ensemble_input){.views = views,
                                   .view_count = view_count,
                                   .labels = made->labels,
                                   .fold_of = made->fold_of,
                                   .rows = ROWS,
                                   .classes = CLASSES,
                                   .folds = FOLDS};
}

static enum error_code try_run(const struct device_operations *operations,
                               const struct ensemble_input *input, int threads,
                               struct ensemble *ensemble, struct error *error) {
    struct device *device = NULL;
    const struct device_settings device_settings = {.threads = threads};
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    settings.c_auto = false;
    settings.c_values[0] = 0.1;
    settings.c_count = 1;
    settings.threads = threads;
    *ensemble = (struct ensemble){0};
    if (operations->open(&device_settings, &device, error) == ERROR_NONE)
        ensemble_run(operations, device, input, &settings, PROGRESS_QUIET, ensemble, error);
    if (device != NULL) operations->close(device);
    return error->code;
}

static struct ensemble run(const struct device_operations *operations,
                           const struct ensemble_input *input, int threads) {
    struct error error = ERROR_INITIAL;
    struct ensemble ensemble;
    try_run(operations, input, threads, &ensemble, &error);
    assert_no_error(&error);
    return ensemble;
}

static void check_same(const struct ensemble *a, const struct ensemble *b) {
    size_t size = ROWS * CLASSES * sizeof(float);
    assert_int_equal(a->view_count, b->view_count);
    for (size_t i = 0; i < a->view_count * MIX_ESTIMATORS; i++)
        assert_memory_equal(a->estimators[i], b->estimators[i], size);
    assert_memory_equal(a->mix, b->mix, size);
    assert_memory_equal(a->margins, b->margins, ROWS * sizeof(float));
    assert_memory_equal(&a->report, &b->report, sizeof a->report);
}

/* All logarithms are those of distributions. */
static void check_distributions(const struct ensemble *ensemble) {
    for (size_t i = 0; i <= ensemble->view_count * MIX_ESTIMATORS; i++) {
        const float *logs =
            i < ensemble->view_count * MIX_ESTIMATORS ? ensemble->estimators[i] : ensemble->mix;
        for (size_t row = 0; row < ROWS; row++) {
            double sum = 0;
            for (size_t k = 0; k < CLASSES; k++) sum += exp((double)logs[row * CLASSES + k]);
            assert_within(fabs(sum - 1), 1e-5, "sum of a row");
        }
    }
}

/* How many of the wrong labels have the lowest margins. */
static size_t count_found(const struct ensemble *ensemble) {
    size_t found = 0, wrong = 0;
    for (size_t row = 0; row < ROWS; row++) wrong += is_wrong(row);
    for (size_t row = 0; row < ROWS; row++) {
        size_t lower = 0;
        for (size_t i = 0; i < ROWS; i++) lower += ensemble->margins[i] < ensemble->margins[row];
        found += is_wrong(row) && lower < wrong;
    }
    return found;
}

static void test_same_bytes(void **state) {
    (void)state;
    static struct made made;
    make(&made);
    const struct ensemble_view views[3] = {
        {"good", NULL, matrix_of(made.good, FEATURES), FEATURES},
        {"weak", NULL, matrix_of(made.weak, FEATURES), FEATURES},
        {"sparse", NULL, matrix_of(made.sparse, FEATURES), FEATURES}};
    const struct ensemble_input input = made_input(&made, views, 3);
    struct ensemble first = run(&device_cpu_operations, &input, 1);
    for (int threads = 2; threads <= 3; threads++) {
        struct ensemble again = run(&device_cpu_operations, &input, threads);
        check_same(&first, &again);
        ensemble_free(&again);
    }
    for (unsigned seed = 0; seed < 3; seed++) {
        fake_device_seed(seed);
        struct ensemble again = run(&fake_device_operations, &input, 2);
        check_same(&first, &again);
        ensemble_free(&again);
    }
    fake_device_seed(0);
    struct scattered scattered[3];
    struct ensemble_view apart[3];
    for (size_t v = 0; v < 3; v++) { /* rows at addresses of their own */
        scattered[v] = scattered_make(&views[v].embeddings, ROWS, FEATURES);
        apart[v] = views[v];
        apart[v].embeddings = scattered[v].rows;
    }
    const struct ensemble_input apart_input = made_input(&made, apart, 3);
    for (int fake = 0; fake <= 1; fake++) {
        struct ensemble again =
            run(fake ? &fake_device_operations : &device_cpu_operations, &apart_input, 2);
        check_same(&first, &again);
        ensemble_free(&again);
    }
    for (size_t v = 0; v < 3; v++) scattered_free(&scattered[v]);
    check_distributions(&first);
    ensemble_free(&first);
}

/* Each view alone, and together: the mix predicts the labels best. */
static void test_views(void **state) {
    (void)state;
    static struct made made;
    make(&made);
    const struct ensemble_view views[3] = {
        {"weak", NULL, matrix_of(made.weak, FEATURES), FEATURES},
        {"good", NULL, matrix_of(made.good, FEATURES), FEATURES},
        {"sparse", NULL, matrix_of(made.sparse, FEATURES), FEATURES}};
    const struct ensemble_input together = made_input(&made, views, 3);
    struct ensemble all = run(&device_cpu_operations, &together, 2);
    assert_true(all.report.weights[1] >= all.report.weights[0]);
    for (size_t v = 0; v < 3; v++) {
        const struct ensemble_input alone = made_input(&made, &views[v], 1);
        struct ensemble one = run(&device_cpu_operations, &alone, 2);
        for (size_t e = 0; e < MIX_ESTIMATORS; e++)
            assert_memory_equal(one.estimators[e], all.estimators[v * MIX_ESTIMATORS + e],
                                ROWS * CLASSES * sizeof(float));
        assert_within(fabs(one.report.log_loss - all.report.log_losses[v]), 1e-12, "log-loss");
        assert_true(all.report.log_loss <= one.report.log_loss * (1 + 1e-12));
        if (v > 0) assert_true(count_found(&one) >= 16);
        ensemble_free(&one);
    }
    assert_true(count_found(&all) >= 18); /* of 20 */
    ensemble_free(&all);
}

/* The votes are those of votes_run(), but the given label leads by LEAD at most. */
static void test_limit_of_confirmation(void **state) {
    (void)state;
    static struct made made;
    static float votes[ROWS * CLASSES];
    make(&made);
    const struct ensemble_view view = {"good", NULL, matrix_of(made.good, FEATURES), FEATURES};
    const struct ensemble_input input = made_input(&made, &view, 1);
    struct ensemble ensemble = run(&device_cpu_operations, &input, 2);
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 1};
    const struct votes_input plain = {.embeddings = matrix_of(made.good, FEATURES),
                                      .labels = made.labels,
                                      .rows = ROWS,
                                      .features = FEATURES,
                                      .classes = CLASSES,
                                      .threads = 1};
    device_cpu_operations.open(&settings, &device, &error);
    votes_run(&device_cpu_operations, device, &plain, NULL, votes, &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
    size_t limited = 0;
    for (size_t row = 0; row < ROWS; row++) {
        size_t label = (size_t)made.labels[row];
        double limit[CLASSES], other = -INFINITY, sum = 0;
        for (size_t k = 0; k < CLASSES; k++) limit[k] = (double)votes[row * CLASSES + k];
        for (size_t k = 0; k < CLASSES; k++)
            if (k != label) other = fmax(other, limit[k]);
        limited += limit[label] > other + LEAD;
        limit[label] = fmin(limit[label], other + LEAD);
        for (size_t k = 0; k < CLASSES; k++) sum += exp(limit[k]);
        for (size_t k = 0; k < CLASSES; k++) limit[k] -= log(sum);
        assert_within(
            compare_largest_float(ensemble.estimators[ESTIMATOR_NEIGHBOURS] + row * CLASSES, limit,
                                  CLASSES),
            2e-6, "votes");
    }
    assert_true(limited > ROWS / 2 && limited < ROWS);
    ensemble_free(&ensemble);
}

/* Every sound twice, with the same label: the copy is no neighbour, or it would confirm a wrong
 * label. */
static void test_copies_are_no_neighbours(void **state) {
    (void)state;
    static struct made made;
    int32_t copy_of[ROWS];
    make(&made);
    for (size_t row = 0; row < ROWS; row++) {
        size_t first = row / 2 * 2 + 1;
        copy_of[row] = (int32_t)(row / 2 * 2);
        made.labels[row] = made.labels[first];
        made.fold_of[row] = (int32_t)(row / 2 % FOLDS);
        memmove(made.good + row * FEATURES, made.good + first * FEATURES,
                FEATURES * sizeof *made.good);
    }
    const struct ensemble_view view = {"good", NULL, matrix_of(made.good, FEATURES), FEATURES};
    struct ensemble_input input = made_input(&made, &view, 1);
    struct ensemble apart, near = run(&device_cpu_operations, &input, 2);
    input.apart = copy_of;
    apart = run(&device_cpu_operations, &input, 2);
    size_t lower = 0, wrong = 0;
    for (size_t row = 0; row < ROWS; row++) {
        size_t first = row / 2 * 2 + 1, at = row * CLASSES + (size_t)made.labels[row];
        if (!is_wrong(first)) continue;
        wrong++;
        lower +=
            apart.estimators[ESTIMATOR_NEIGHBOURS][at] < near.estimators[ESTIMATOR_NEIGHBOURS][at];
    }
    assert_int_equal(wrong, 2 * ROWS / 12);
    assert_int_equal(lower, wrong);
    for (size_t i = 0; i < ROWS / 2 * 2; i += 2) /* copies are judged alike */
        assert_memory_equal(apart.mix + i * CLASSES, apart.mix + (i + 1) * CLASSES,
                            CLASSES * sizeof(float));
    ensemble_free(&near);
    ensemble_free(&apart);
}

static void check_refused(const struct ensemble_input *input, enum error_code code,
                          const char *name) {
    struct error error = ERROR_INITIAL;
    struct ensemble ensemble;
    assert_int_equal(try_run(&device_cpu_operations, input, 1, &ensemble, &error), code);
    assert_non_null(strstr(error.message, name));
    ensemble_free(&ensemble);
}

static void test_refused(void **state) {
    (void)state;
    static struct made made;
    static float constant[ROWS * FEATURES];
    make(&made);
    for (size_t i = 0; i < ROWS * FEATURES; i++) /* a zero has two signs */
        constant[i] = i % FEATURES == 0 ? (i % 3 == 0 ? -0.0F : 0) : (float)(i % FEATURES);
    struct ensemble_view views[MIX_VIEWS + 1];
    for (size_t v = 0; v <= MIX_VIEWS; v++)
        views[v] = (struct ensemble_view){"good", NULL, matrix_of(made.good, FEATURES), FEATURES};
    struct ensemble_input input = made_input(&made, views, 0);
    check_refused(&input, ERROR_USAGE, "0 embeddings are given");
    input.view_count = MIX_VIEWS + 1;
    check_refused(&input, ERROR_USAGE, "7 embeddings are given");
    views[1] = (struct ensemble_view){"flat", NULL, matrix_of(constant, FEATURES), FEATURES};
    input.view_count = 2;
    check_refused(&input, ERROR_DATA, "flat: every column is constant");
    made.weak[17 * FEATURES + 2] = NAN;
    views[1] = (struct ensemble_view){"broken", NULL, matrix_of(made.weak, FEATURES), FEATURES};
    check_refused(&input, ERROR_DATA, "broken");
    check_refused(&input, ERROR_DATA, "row 17, column 2 is not finite");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_limit_of_confirmation),
        cmocka_unit_test(test_copies_are_no_neighbours),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("ensemble", tests, NULL, NULL);
}
