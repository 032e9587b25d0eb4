/* The linear discriminant against its definition in numpy; the same bytes from any number of
 * threads and from a device that keeps its own copy; Cholesky factors and temperatures against
 * plain loops. */
#include "host/classifier/cholesky.h"
#include "host/classifier/discriminant.h"
#include "host/classifier/discriminant_fit.h"
#include "host/classifier/temperature.h"
#include "tests/support/compare.h"
#include "tests/support/crossval_example.h"
#include "tests/support/fake_device.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Log-probabilities (rows, classes), to be freed. */
static float *run(const struct device_operations *operations, const struct crossval_input *input,
                  int threads, struct discriminant_report *report) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = threads};
    float *logarithms = malloc(input->rows * input->classes * sizeof *logarithms);
    assert_non_null(logarithms);
    memset(logarithms, 0xff, input->rows * input->classes * sizeof *logarithms);
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    discriminant_run(operations, device, input, threads, NULL, logarithms, report, &error);
    assert_no_error(&error);
    operations->close(device);
    return logarithms;
}

static const char *const names[] = {"plain",     "sparse",     "wide", "absent", "unbalanced",
                                    "identical", "one_column", "few",  "two"};
#define NAMES (sizeof names / sizeof names[0])

static void test_golden(void **state) {
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        struct crossval_example example = crossval_example_read("discriminant", names[i]);
        struct discriminant_report report;
        char path[64];
        snprintf(path, sizeof path, "discriminant/%s_r.npy", names[i]);
        struct golden golden = golden_read(path);
        float *logarithms = run(&device_cpu_operations, &example.input, 2, &report);
        const double *expected = golden.doubles;
        assert_within(compare_largest_float(logarithms, example.p.doubles, example.p.count), 2e-5,
                      names[i]);
        assert_true(report.shrinkage == expected[0]);
        assert_within(fabs(report.temperature / expected[1] - 1), 1e-12, names[i]);
        assert_within(fabs(report.log_loss - expected[2]), 1e-6, names[i]);
        for (size_t a = 0; a < DISCRIMINANT_SHRINKAGES; a++)
            assert_within(fabs(report.log_losses[a] - expected[3 + a]), 1e-6, names[i]);
        free(logarithms);
        golden_free(&golden);
        crossval_example_free(&example);
    }
}

/* Little memory: folds are summed again, and shrinkages fitted one after the other. */
static void test_little_memory(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("discriminant", "plain");
    struct discriminant_report report, other;
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = 2};
    float *first = run(&device_cpu_operations, &example.input, 2, &report);
    float *again = calloc(example.p.count, sizeof *again);
    assert_non_null(again);
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    /* nothing; the products of one fold; weights of four shrinkages, in two passes */
    static const size_t limits[] = {1, 4608, 4 * 5 * 6 * 25 * 8};
    for (size_t i = 0; i < 3; i++) {
        discriminant_run_within(limits[i], &device_cpu_operations, device, &example.input, 2, NULL,
                                again, &other, &error);
        assert_no_error(&error);
        assert_memory_equal(first, again, example.p.count * sizeof *first);
        assert_memory_equal(&report, &other, sizeof report);
    }
    device_cpu_operations.close(device);
    free(first);
    free(again);
    crossval_example_free(&example);
}

static void test_same_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        struct crossval_example example = crossval_example_read("discriminant", names[i]);
        struct discriminant_report report, other;
        float *first = run(&device_cpu_operations, &example.input, 1, &report);
        for (int threads = 1; threads <= 3; threads++) {
            const struct device_operations *devices[] = {&device_cpu_operations,
                                                         &fake_device_operations};
            for (size_t d = 0; d < 2; d++) {
                float *again = run(devices[d], &example.input, threads, &other);
                assert_memory_equal(first, again, example.p.count * sizeof *first);
                assert_memory_equal(&report, &other, sizeof report);
                free(again);
            }
        }
        free(first);
        crossval_example_free(&example);
    }
}

/* A fold without rows, and rows all of one fold: nothing is left to train on. */
static void test_folds(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("discriminant", "one_column");
    struct discriminant_report report, other;
    float *first = run(&device_cpu_operations, &example.input, 2, &report);
    int32_t *fold_of = calloc(example.input.rows, sizeof *fold_of);
    assert_non_null(fold_of);
    for (size_t row = 0; row < example.input.rows; row++)
        fold_of[row] = 2 * example.f.integers[row] + 1;
    example.input.fold_of = fold_of;
    example.input.folds = 7;
    float *again = run(&device_cpu_operations, &example.input, 2, &other);
    assert_memory_equal(first, again, example.p.count * sizeof *first);
    free(again);
    for (size_t row = 0; row < example.input.rows; row++) fold_of[row] = 3;
    again = run(&device_cpu_operations, &example.input, 2, &other);
    for (size_t i = 0; i < example.p.count; i++)
        assert_within(fabs((double)again[i] + log(3)), 1e-6, "no training rows");
    free(again);
    free(first);
    free(fold_of);
    crossval_example_free(&example);
}

static size_t steps_seen, steps_expected;

static void see_step(void *context, size_t finished, size_t all) {
    assert_int_equal(finished, ++steps_seen);
    steps_expected = all;
    (void)context;
}

static void check_refused(const struct crossval_input *input, const struct device_operations *used,
                          enum error_code code, const char *words) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = 1};
    struct discriminant_report report;
    struct discriminant_progress progress = {see_step, NULL};
    float *logarithms = calloc(input->rows * input->classes, sizeof *logarithms);
    assert_non_null(logarithms);
    used->open(&settings, &device, &error);
    assert_no_error(&error);
    steps_seen = 0;
    assert_int_equal(
        discriminant_run(used, device, input, 1, &progress, logarithms, &report, &error), code);
    if (words != NULL) assert_non_null(strstr(error.message, words));
    used->close(device);
    free(logarithms);
}

static size_t sums_made, predictions_made;

static enum error_code counted_scatter(struct classifier *classifier, size_t fold, double *sums,
                                       double *products, struct error *error) {
    sums_made++;
    return device_cpu_operations.classifier_scatter(classifier, fold, sums, products, error);
}

static enum error_code counted_predict(struct classifier *classifier,
                                       const struct classifier_task *tasks, size_t task_count,
                                       size_t set_count, enum classifier_output output,
                                       float *const *predictions, double *log_losses,
                                       struct error *error) {
    predictions_made++;
    return device_cpu_operations.classifier_predict(classifier, tasks, task_count, set_count,
                                                    output, predictions, log_losses, error);
}

/* Every row is read twice: for its fold's sums, and for its scores of all shrinkages. */
static void test_passes(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("discriminant", "plain");
    struct device_operations counted = device_cpu_operations;
    struct discriminant_report report;
    counted.classifier_scatter = counted_scatter;
    counted.classifier_predict = counted_predict;
    sums_made = predictions_made = 0;
    free(run(&counted, &example.input, 1, &report));
    assert_int_equal(sums_made, example.input.folds); /* each reads the rows of its fold */
    assert_int_equal(predictions_made, 1);
    crossval_example_free(&example);
}

static void test_refused(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("discriminant", "unbalanced");
    struct crossval_input input = example.input;
    check_refused(&input, &device_cpu_operations, ERROR_NONE, NULL);
    assert_int_equal(steps_seen, steps_expected);
    float *spoiled = malloc(example.x.count * sizeof *spoiled);
    assert_non_null(spoiled);
    memcpy(spoiled, example.x.floats, example.x.count * sizeof *spoiled);
    spoiled[5 * input.features + 2] = NAN;
    input.embeddings = matrix_of(spoiled, input.features);
    check_refused(&input, &device_cpu_operations, ERROR_DATA, "row 5, column 2");
    input = example.input;
    input.folds = 1;
    check_refused(&input, &device_cpu_operations, ERROR_DATA, "two folds");
    input = example.input;
    input.rows = 2;
    input.features = DISCRIMINANT_MAXIMUM_FEATURES + 1;
    check_refused(&input, &device_cpu_operations, ERROR_UNSUPPORTED, "--detector logistic");
    fake_device_fail_at(3, ERROR_DEVICE);
    check_refused(&example.input, &fake_device_operations, ERROR_DEVICE, "injected");
    fake_device_fail_at(0, ERROR_NONE);
    free(spoiled);
    crossval_example_free(&example);
}

static double number(size_t index) {
    uint64_t mixed = (index + 1) * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    return (double)(mixed >> 11) / 4503599627370496.0 - 1;
}

/* Solves a x = b for a known x. */
static void check_cholesky(size_t n, size_t columns) {
    double *factor = calloc(n * n, sizeof *factor), *a = calloc(n * n, sizeof *a);
    double *x = malloc(n * columns * sizeof *x), *b = calloc(n * columns, sizeof *b);
    double *memory = malloc(cholesky_memory(n) * sizeof *memory), worst = 0;
    assert_true(factor != NULL && a != NULL && x != NULL && b != NULL && memory != NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            factor[i * n + j] = i == j ? 2 + number(i) : number(i * n + j) / sqrt((double)n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k <= i && k <= j; k++)
                a[i * n + j] += factor[i * n + k] * factor[j * n + k];
    for (size_t i = 0; i < n * columns; i++) x[i] = number(i + 999);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t c = 0; c < columns; c++)
                b[i * columns + c] += a[i * n + j] * x[j * columns + c];
    for (size_t i = 0; i < n; i++) /* the upper triangle is not read */
        for (size_t j = i + 1; j < n; j++) a[i * n + j] = NAN;
    assert_true(cholesky_factorise(a, n, memory));
    cholesky_solve(a, n, b, columns);
    for (size_t i = 0; i < n * columns; i++) {
        double apart = fabs(b[i] - x[i]);
        if (!(apart <= worst)) worst = apart;
    }
    assert_within(worst, 1e-10, "solution");
    free(factor);
    free(a);
    free(x);
    free(b);
    free(memory);
}

static void test_cholesky(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 7, 63, 64, 65, 67, 72, 127, 128, 130, 201};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) check_cholesky(sizes[i], 1 + i);
    double memory[5000], bad[4] = {1, 0, 2, 1}, spoiled[4] = {1, 0, NAN, 1}, zero[1] = {0};
    assert_true(cholesky_memory(2) <= 5000);
    assert_false(cholesky_factorise(bad, 2, memory));
    assert_false(cholesky_factorise(spoiled, 2, memory));
    assert_false(cholesky_factorise(zero, 1, memory));
}

/* Weights that overflow, or a covariance that is not finite, are reported, not used. */
static void test_failed(void **state) {
    (void)state;
    struct discriminant_fit fit;
    struct error error = ERROR_INITIAL;
    const double products[4] = {INFINITY, 0, 0, 1}, sums[4] = {1, 2, 3, 4}, none[4] = {0};
    const size_t counts[2] = {5, 6}, out[2] = {0, 0};
    struct discriminant_rows rows = {2, 2, products, none, sums, none, counts, out};
    double weights[2][6], *where[2] = {weights[0], weights[1]};
    bool failed[2] = {false, false};
    discriminant_fit_open(&fit, 2, 2, 1, 2, &error);
    assert_no_error(&error);
    discriminant_fit_rows(&fit, &rows);
    discriminant_fit_weights(&fit, discriminant_shrinkages, 2, where, failed);
    assert_true(failed[0] && failed[1]);
    discriminant_fit_close(&fit);
}

/* The bisection finds what trying all finds. */
static void test_temperature(void **state) {
    (void)state;
    enum { ROWS = 300, CLASSES = 4 };
    static float logarithms[ROWS * CLASSES];
    static int32_t labels[ROWS];
    for (size_t scale = 0; scale < 12; scale++) {
        double best = INFINITY, chosen = 0, temperature, log_loss;
        struct error error = ERROR_INITIAL;
        for (size_t i = 0; i < ROWS * CLASSES; i++) {
            labels[i / CLASSES] = (int32_t)(i / CLASSES % CLASSES);
            double own = (size_t)labels[i / CLASSES] == i % CLASSES ? 0.7 : 0;
            logarithms[i] = (float)((number(i) + own) * pow(4, (double)scale - 4) - 1);
        }
        for (size_t t = 0; t < TEMPERATURE_COUNT; t++) {
            double loss = 0, b = temperature_value(t);
            for (size_t r = 0; r < ROWS; r++) {
                double sum = 0, most = -INFINITY;
                const float *row = logarithms + r * CLASSES;
                for (size_t c = 0; c < CLASSES; c++) most = fmax(most, b * (double)row[c]);
                for (size_t c = 0; c < CLASSES; c++) sum += exp(b * (double)row[c] - most);
                loss += log(sum) + most - b * (double)row[labels[r]];
            }
            if (loss / ROWS < best) {
                best = loss / ROWS;
                chosen = b;
            }
        }
        struct temperature_input input = {logarithms, labels, ROWS, CLASSES, 2};
        temperature_search(&input, &temperature, &log_loss, &error);
        assert_no_error(&error);
        assert_true(temperature == chosen);
        assert_within(fabs(log_loss - best), 1e-9, "log-loss");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes),        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_same_bytes),    cmocka_unit_test(test_folds),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_cholesky),
        cmocka_unit_test(test_failed),        cmocka_unit_test(test_temperature),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests_name("discriminant", tests, NULL, NULL);
}
