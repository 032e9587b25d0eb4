/* The mix of estimators against numpy, and the same bytes from any number of threads. */
#include "host/classifier/mix.h"
#include "kernels/device.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Largest difference: sums are float64, results float32 of at most 28 (mix) and 60 (margins). */
#define MIX_GATE 2e-6
#define MARGIN_GATE 4e-6
#define LOSS_GATE 1e-12

struct mixed {
    float *mix, *margins;
    struct mix_report report;
};

static struct mixed run(const struct mix_input *from, int threads) {
    struct error error = ERROR_INITIAL;
    struct mix_input input = *from;
    struct mixed mixed = {.mix = malloc(input.rows * input.classes * sizeof(float)),
                          .margins = malloc(input.rows * sizeof(float))};
    assert_true(mixed.mix != NULL && mixed.margins != NULL);
    input.threads = threads;
    mix_make(&input, mixed.mix, mixed.margins, &mixed.report, &error);
    assert_no_error(&error);
    return mixed;
}

static void mixed_free(struct mixed *mixed) {
    free(mixed->mix);
    free(mixed->margins);
}

/* Two and three threads write the same bytes as one. */
static void check_threads(const struct mix_input *input, const struct mixed *one) {
    for (int threads = 2; threads <= 3; threads++) {
        struct mixed again = run(input, threads);
        assert_memory_equal(one->mix, again.mix, input->rows * input->classes * sizeof(float));
        assert_memory_equal(one->margins, again.margins, input->rows * sizeof(float));
        assert_memory_equal(&one->report, &again.report, sizeof again.report);
        mixed_free(&again);
    }
}

static struct golden read_part(const char *name, const char *part) {
    char path[64];
    snprintf(path, sizeof path, "mix/%s_%s.npy", name, part);
    return golden_read(path);
}

/* expected: weights (views), temperature, log-loss, log-losses (views) */
static void check_report(const struct mix_report *report, size_t views, const double *expected) {
    for (size_t v = 0; v < MIX_VIEWS; v++) {
        if (v < views)
            assert_within(fabs(report->log_losses[v] - expected[views + 2 + v]), LOSS_GATE,
                          "log-loss of a view");
        assert_within(fabs(report->weights[v] - (v < views ? expected[v] : 0)), 0, "weight");
    }
    assert_within(fabs(report->temperature - expected[views]), 0, "temperature");
    assert_within(fabs(report->log_loss - expected[views + 1]), LOSS_GATE, "log-loss");
}

static void check_golden(const char *name, size_t views, size_t classes) {
    struct golden e = read_part(name, "e"), y = read_part(name, "y"), m = read_part(name, "m"),
                  g = read_part(name, "g"), r = read_part(name, "r");
    const float *estimators[MIX_VIEWS * MIX_ESTIMATORS] = {NULL};
    assert_int_equal(e.shape[0], views * MIX_ESTIMATORS);
    assert_int_equal(e.shape[2], classes);
    for (size_t i = 0; i < e.shape[0]; i++) estimators[i] = e.floats + i * e.shape[1] * e.shape[2];
    const struct mix_input input = {.rows = e.shape[1],
                                    .classes = classes,
                                    .view_count = views,
                                    .labels = y.integers,
                                    .estimators = estimators};
    struct mixed mixed = run(&input, 1);
    check_report(&mixed.report, views, r.doubles);
    assert_within(compare_largest_float(mixed.mix, m.doubles, m.count), MIX_GATE, name);
    assert_within(compare_largest_float(mixed.margins, g.doubles, g.count), MARGIN_GATE, name);
    check_threads(&input, &mixed);
    mixed_free(&mixed);
    golden_free(&e);
    golden_free(&y);
    golden_free(&m);
    golden_free(&g);
    golden_free(&r);
}

static void test_golden(void **state) {
    (void)state;
    check_golden("one", 1, 2);
    check_golden("one12", 1, 12);
    check_golden("two", 2, 12);
    check_golden("three", 3, 2);
    check_golden("three12", 3, 12);
    check_golden("noise", 2, 4);
}

/* Of weights and temperatures that are as good, the most even and the lowest. */
static void test_ties(void **state) {
    (void)state;
    check_golden("twice", 2, 3);
    check_golden("equal", 3, 3);
}

static void test_floor(void **state) {
    (void)state;
    check_golden("floor", 1, 3);
    /* Further apart than the floor allows: margins keep their order. */
    const float floor = (float)LOG_FLOOR;
    const float logs[6] = {0, floor, floor, 0, floor, floor};
    const float *const estimators[MIX_ESTIMATORS] = {logs, logs, logs};
    const int32_t labels[2] = {0, 1};
    const struct mix_input input = {
        .rows = 2, .classes = 3, .view_count = 1, .labels = labels, .estimators = estimators};
    struct mixed mixed = run(&input, 1);
    const double temperature = mixed.report.temperature;
    const double margins[2] = {-temperature * LOG_FLOOR, temperature * LOG_FLOOR};
    assert_within(compare_largest_float(mixed.margins, margins, 2), MARGIN_GATE, "margins");
    for (size_t i = 0; i < 6; i++) assert_true(mixed.mix[i] >= floor && mixed.mix[i] <= 0);
    mixed_free(&mixed);
}

/* Several chunks of rows, the last one not full; six views. */
static void test_many_rows(void **state) {
    (void)state;
    enum { ROWS = 2500, CLASSES = 3, COUNT = MIX_VIEWS * MIX_ESTIMATORS };
    float *logs = malloc(sizeof(float) * COUNT * ROWS * CLASSES);
    int32_t labels[ROWS];
    const float *estimators[COUNT];
    assert_non_null(logs);
    for (size_t i = 0; i < (size_t)COUNT * ROWS * CLASSES; i++)
        logs[i] = (float)(-2 + wide_number(i));
    for (size_t row = 0; row < ROWS; row++) {
        labels[row] = (int32_t)(row % CLASSES);
        logs[row * CLASSES + row % CLASSES] += 1; /* the first view's first estimator knows */
    }
    for (size_t i = 0; i < COUNT; i++) estimators[i] = logs + i * ROWS * CLASSES;
    const struct mix_input input = {.rows = ROWS,
                                    .classes = CLASSES,
                                    .view_count = MIX_VIEWS,
                                    .labels = labels,
                                    .estimators = estimators};
    struct mixed mixed = run(&input, 1);
    double weights = 0;
    for (size_t v = 0; v < MIX_VIEWS; v++) weights += mixed.report.weights[v];
    assert_within(fabs(weights - 1), 0, "sum of the weights");
    assert_true(mixed.report.weights[0] >= 0.5);
    for (size_t row = 0; row < ROWS; row++) {
        double sum = 0;
        for (size_t k = 0; k < CLASSES; k++) sum += exp((double)mixed.mix[row * CLASSES + k]);
        assert_within(fabs(sum - 1), 1e-6, "sum of a row");
    }
    check_threads(&input, &mixed);
    mixed_free(&mixed);
    free(logs);
}

static void test_refused(void **state) {
    (void)state;
    for (size_t views = 0; views <= MIX_VIEWS + 1; views += MIX_VIEWS + 1) {
        struct error error = ERROR_INITIAL;
        struct mix_report report;
        const struct mix_input input = {.view_count = views, .threads = 1};
        assert_int_equal(mix_make(&input, NULL, NULL, &report, &error), ERROR_INTERNAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_ties),
        cmocka_unit_test(test_floor),   cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
