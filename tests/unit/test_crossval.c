/* Cross-validated probabilities against scikit-learn's; the same bytes from any number of
 * threads and whatever other fits run at the same time. */
#include "tests/support/compare.h"
#include "tests/support/crossval_example.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GATE 1e-4 /* largest difference of a probability */

/* Probabilities (rows, classes), to be freed. */
static float *run(const struct crossval_input *input, const struct crossval_settings *settings,
                  int threads, struct crossval_report *report) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings device_settings = {.threads = threads};
    struct crossval_settings own = *settings;
    own.threads = threads;
    float *probabilities = calloc(input->rows * input->classes, sizeof *probabilities);
    assert_non_null(probabilities);
    device_cpu_operations.open(&device_settings, &device, &error);
    assert_no_error(&error);
    crossval_run(&device_cpu_operations, device, input, &own, NULL, probabilities, report, &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
    return probabilities;
}

static void check_example(const char *name, double c, enum crossval_scale scale) {
    struct crossval_example example = crossval_example_read("crossval", name);
    struct crossval_settings settings = {
        .c_values = {c}, .c_count = 1, .scale = scale, .tolerance = 1e-8, .max_iterations = 10000};
    struct crossval_report report;
    float *probabilities = run(&example.input, &settings, 2, &report);
    assert_within(compare_largest_float(probabilities, example.p.doubles, example.p.count), GATE,
                  name);
    assert_int_equal(report.exhausted + report.failed, 0);
    assert_int_equal(report.chosen, 0);
    assert_false(report.at_edge);
    for (size_t i = 0; i < report.folds; i++) {
        assert_true(report.fits[i].exact);
        assert_true(report.fits[i].stop == LBFGS_FLAT || report.fits[i].gradient <= 1e-8);
        assert_true(report.fits[i].gradient <= 1e-6);
    }
    free(probabilities);
    crossval_report_free(&report);
    crossval_example_free(&example);
}

static void test_standardised(void **state) {
    (void)state;
    check_example("ten", 1, SCALE_STANDARD);
    check_example("unbalanced", 1, SCALE_STANDARD);
    check_example("hundred", 0.1, SCALE_STANDARD);
}

static void test_raw(void **state) {
    (void)state;
    check_example("small", 1000, SCALE_NONE);
    check_example("raw", 0.01, SCALE_NONE);
}

static void test_large_means(void **state) {
    (void)state;
    check_example("offset", 0.1, SCALE_STANDARD);
}

static void test_two_classes(void **state) {
    (void)state;
    check_example("two", 1, SCALE_STANDARD);
}

static void test_missing_classes(void **state) {
    (void)state;
    check_example("missing", 1, SCALE_STANDARD);
}

/* By all rows: what columns that were standardised beforehand give. */
static void test_pooled(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "offset");
    size_t rows = example.input.rows, features = example.input.features;
    struct crossval_settings settings = {.c_values = {0.1},
                                         .c_count = 1,
                                         .scale = SCALE_POOLED,
                                         .tolerance = 1e-8,
                                         .max_iterations = 10000};
    struct crossval_report report, other;
    float *scaled = malloc(rows * features * sizeof *scaled);
    assert_non_null(scaled);
    float *pooled = run(&example.input, &settings, 2, &report);
    for (size_t f = 0; f < features; f++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < rows; r++) sum += (double)example.x.floats[r * features + f];
        for (size_t r = 0; r < rows; r++)
            squares += pow((double)example.x.floats[r * features + f] - sum / (double)rows, 2);
        for (size_t r = 0; r < rows; r++) {
            double centred = (double)example.x.floats[r * features + f] - sum / (double)rows;
            scaled[r * features + f] = (float)(centred / sqrt(squares / (double)rows));
        }
    }
    settings.scale = SCALE_NONE;
    example.input.embeddings = matrix_of(scaled, features);
    float *beforehand = run(&example.input, &settings, 2, &other);
    double worst = 0;
    for (size_t i = 0; i < example.p.count; i++) {
        double apart = fabs((double)pooled[i] - (double)beforehand[i]);
        if (!(apart <= worst)) worst = apart;
    }
    assert_within(worst, 1e-6, "pooled");
    crossval_report_free(&report);
    crossval_report_free(&other);
    free(pooled);
    free(beforehand);
    free(scaled);
    crossval_example_free(&example);
}

static void test_logarithms(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "missing");
    struct crossval_settings settings = {.c_values = {1},
                                         .c_count = 1,
                                         .scale = SCALE_STANDARD,
                                         .tolerance = 1e-8,
                                         .max_iterations = 10000};
    struct crossval_report report, other;
    float *probabilities = run(&example.input, &settings, 2, &report);
    settings.logarithms = true;
    float *logarithms = run(&example.input, &settings, 2, &other);
    size_t absent = 0;
    for (size_t i = 0; i < example.p.count; i++) {
        double expected = fmax(log((double)probabilities[i]), LOG_FLOOR);
        if (probabilities[i] == 0) absent++;
        assert_within(fabs((double)logarithms[i] - expected), 3e-6, "logarithm");
    }
    assert_true(absent > 0);
    assert_true(report.log_losses[0] == other.log_losses[0]);
    crossval_report_free(&report);
    crossval_report_free(&other);
    free(probabilities);
    free(logarithms);
    crossval_example_free(&example);
}

static void test_same_bytes(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "ten");
    size_t bytes = example.p.count * sizeof(float);
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    settings.c_auto = false;
    settings.c_count = 3;
    memcpy(settings.c_values, (const double[]){10, 0.1, 1}, 3 * sizeof(double));
    struct crossval_report report, other;
    float *first = run(&example.input, &settings, 1, &report);
    for (int threads = 1; threads <= 3; threads++) {
        float *again = run(&example.input, &settings, threads, &other);
        assert_memory_equal(first, again, bytes);
        free(again);
        crossval_report_free(&other);
    }
    /* one fit at a time */
    settings.memory = 1;
    float *alone = run(&example.input, &settings, 2, &other);
    assert_memory_equal(first, alone, bytes);
    assert_memory_equal(report.log_losses, other.log_losses, 3 * sizeof(double));
    free(alone);
    crossval_report_free(&other);
    /* only the chosen C */
    settings.c_values[0] = report.c_values[report.chosen];
    settings.c_count = 1;
    alone = run(&example.input, &settings, 2, &other);
    assert_memory_equal(first, alone, bytes);
    free(alone);
    free(first);
    crossval_report_free(&report);
    crossval_report_free(&other);
    crossval_example_free(&example);
}

/* The choice is the C of the lowest mean -log p[label], which is recomputed here. */
static void test_choice(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "ten");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct crossval_report report;
    float *probabilities = run(&example.input, &settings, 2, &report);
    assert_int_equal(report.c_count, CROSSVAL_AUTO_COUNT);
    double loss = 0;
    for (size_t row = 0; row < example.input.rows; row++)
        loss -= log((double)probabilities[row * 10 + (size_t)example.y.integers[row]]);
    loss /= (double)example.input.rows;
    assert_within(fabs(loss - report.log_losses[report.chosen]), 1e-6, "log-loss");
    for (size_t c = 0; c < report.c_count; c++)
        assert_true(report.log_losses[report.chosen] <= report.log_losses[c]);
    for (size_t i = 0; i < report.c_count * report.folds; i++) {
        assert_int_equal(report.fits[i].stop, LBFGS_GRADIENT);
        assert_true(report.fits[i].gradient <= settings.tolerance);
    }
    free(probabilities);
    crossval_report_free(&report);
    /* the same values, some twice and reversed: the smaller of equals; at the edge */
    settings.c_auto = false;
    settings.c_count = 2;
    settings.c_values[0] = 1e-5;
    settings.c_values[1] = 1e-6;
    probabilities = run(&example.input, &settings, 2, &report);
    assert_true(report.at_edge);
    free(probabilities);
    crossval_report_free(&report);
    crossval_example_free(&example);
}

static void test_limits(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "ten");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    settings.max_iterations = 2;
    struct crossval_report report;
    struct text warnings = TEXT_INITIAL;
    free(run(&example.input, &settings, 1, &report));
    assert_true(report.exhausted > 0);
    crossval_report_warnings(&report, &warnings);
    assert_non_null(strstr(warnings.data, "limit of iterations"));
    assert_null(strstr(warnings.data, "flat"));
    text_free(&warnings);
    crossval_report_free(&report);
    /* a tolerance below the rounding of the gradient */
    settings = (struct crossval_settings)CROSSVAL_DEFAULTS;
    settings.tolerance = 1e-14;
    free(run(&example.input, &settings, 1, &report));
    size_t flat = 0;
    for (size_t i = 0; i < report.fit_count; i++) flat += report.fits[i].stop == LBFGS_FLAT;
    assert_true(flat > 0);
    assert_int_equal(report.flat, flat);
    crossval_report_warnings(&report, &warnings);
    assert_non_null(strstr(warnings.data, "stopped flat"));
    text_free(&warnings);
    crossval_report_free(&report);
    crossval_example_free(&example);
}

static void test_refused(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "two");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct crossval_report report;
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings device_settings = {.threads = 1};
    struct crossval_input input = example.input;
    float *probabilities = calloc(input.rows * input.classes, sizeof *probabilities);
    float *spoiled = malloc(example.x.count * sizeof *spoiled);
    assert_true(probabilities != NULL && spoiled != NULL);
    device_cpu_operations.open(&device_settings, &device, &error);
    assert_no_error(&error);
    memcpy(spoiled, example.x.floats, example.x.count * sizeof *spoiled);
    spoiled[7 * input.features + 3] = NAN;
    input.embeddings = matrix_of(spoiled, input.features);
    assert_int_equal(crossval_run(&device_cpu_operations, device, &input, &settings, NULL,
                                  probabilities, &report, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "embeddings: row 7, column 3"));
    crossval_report_free(&report);
    error = (struct error)ERROR_INITIAL;
    input = example.input;
    settings.c_auto = false;
    settings.c_values[0] = -1;
    settings.c_count = 1;
    assert_int_equal(crossval_run(&device_cpu_operations, device, &input, &settings, NULL,
                                  probabilities, &report, &error),
                     ERROR_USAGE);
    crossval_report_free(&report);
    /* all of class 1 in fold 0: its training rows have one class only */
    error = (struct error)ERROR_INITIAL;
    settings = (struct crossval_settings)CROSSVAL_DEFAULTS;
    int32_t *fold_of = calloc(input.rows, sizeof *fold_of);
    assert_non_null(fold_of);
    for (size_t row = 0; row < input.rows; row++)
        fold_of[row] = input.labels[row] == 1 ? 0 : (int32_t)(row % 2);
    input.fold_of = fold_of;
    input.folds = 2;
    assert_int_equal(crossval_run(&device_cpu_operations, device, &input, &settings, NULL,
                                  probabilities, &report, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "fold 0"));
    crossval_report_free(&report);
    device_cpu_operations.close(device);
    free(fold_of);
    free(spoiled);
    free(probabilities);
    crossval_example_free(&example);
}

/* How many lines of warnings the choice of C gives, of three values in steps of ten from `least` */
static size_t edge_warnings(double least, double first, double second, double third) {
    struct error error = ERROR_INITIAL;
    struct crossval_report report;
    const double c_values[] = {least, 10 * least, 100 * least}, losses[] = {first, second, third};
    crossval_report_open(&report, c_values, 3, 1, &error);
    assert_no_error(&error);
    memcpy(report.log_losses, losses, sizeof losses);
    crossval_report_choose(&report);
    assert_true(report.at_edge == (second > first || second > third));
    struct text text = TEXT_INITIAL;
    crossval_report_warnings(&report, &text);
    size_t lines = 0;
    for (size_t i = 0; i < text.length; i++) lines += text.data[i] == '\n';
    text_free(&text);
    crossval_report_free(&report);
    return lines;
}

/* The edge of the values of C is only worth a warning while the log-loss still falls. */
static void test_edge(void **state) {
    (void)state;
    assert_int_equal(edge_warnings(1, 0.5, 0.4, 0.5), 0);
    assert_int_equal(edge_warnings(1, 0.5, 0.4, 0.3), 1);
    assert_int_equal(edge_warnings(1e-4, 0.3, 0.4, 0.5), 1);
    assert_int_equal(edge_warnings(1, 0.5, 0.4, 0.397), 0);
    assert_int_equal(edge_warnings(1, 0.5, 0.4, 0.395), 1);
    assert_int_equal(edge_warnings(1, 0.5, 0.0014, 0.0005), 0);
    assert_int_equal(edge_warnings(1e-4, 0.0005, 0.0014, 0.5), 0);
    /* Usual values beyond the edge were not tried. */
    assert_int_equal(edge_warnings(1e-8, 2.3, 2.3, 2.299), 1);
    assert_int_equal(edge_warnings(1e4, 0.399, 0.4, 0.4), 1);
    assert_int_equal(edge_warnings(1e4, 0.4, 0.4, 0.399), 0);
}

/* The rows backwards, in x (rows, features) and y (2, rows). */
static void turn(struct crossval_input *input, float *x, int32_t *y) {
    size_t rows = input->rows, features = input->features;
    for (size_t i = 0; i < rows; i++) {
        memcpy(x + i * features, matrix_row(&input->embeddings, rows - 1 - i),
               features * sizeof *x);
        y[i] = input->labels[rows - 1 - i];
        y[rows + i] = input->fold_of[rows - 1 - i];
    }
    input->embeddings = matrix_of(x, features);
    input->labels = y;
    input->fold_of = y + rows;
}

/* Of three times as many rows as the sample has: C is chosen on the same rows in any order of the
 * list, and all rows are fitted with it once. */
static void test_sample(void **state) {
    (void)state;
    struct crossval_example example = crossval_example_read("crossval", "unbalanced");
    size_t rows = example.input.rows, features = example.input.features;
    size_t cells = rows * example.input.classes;
    struct crossval_settings settings = {.c_auto = true,
                                         .scale = SCALE_STANDARD,
                                         .tolerance = 1e-6,
                                         .max_iterations = 1000,
                                         .sample = rows / 3};
    struct crossval_report report, turned_report, alone_report;
    float *probabilities = run(&example.input, &settings, 2, &report);
    assert_non_null(report.sample);
    assert_true(report.sample->rows >= rows / 4 && report.sample->rows <= rows / 2);
    assert_int_equal(report.sample->c_count, CROSSVAL_AUTO_COUNT);
    assert_int_equal(report.c_count, 1);
    double chosen = report.c_values[0];
    assert_true(report.sample->c_values[report.sample->chosen] == chosen);

    struct crossval_settings alone = settings;
    alone.c_auto = false;
    alone.c_values[0] = chosen;
    alone.c_count = 1;
    float *expected = run(&example.input, &alone, 1, &alone_report);
    assert_memory_equal(probabilities, expected, cells * sizeof *expected);
    assert_true(report.log_losses[0] == alone_report.log_losses[0]);
    assert_null(alone_report.sample);

    struct crossval_input turned = example.input;
    float *x = malloc(rows * features * sizeof *x);
    int32_t *y = malloc(2 * rows * sizeof *y);
    assert_true(x != NULL && y != NULL);
    turn(&turned, x, y);
    free(run(&turned, &settings, 2, &turned_report));
    assert_int_equal(turned_report.sample->rows, report.sample->rows);
    for (size_t c = 0; c < CROSSVAL_AUTO_COUNT; c++)
        assert_within(fabs(turned_report.sample->log_losses[c] - report.sample->log_losses[c]),
                      1e-5, "log-loss of the sample");

    settings.sample = rows / 2; /* too few rows for a sample */
    crossval_report_free(&turned_report);
    free(run(&example.input, &settings, 2, &turned_report));
    assert_null(turned_report.sample);
    assert_int_equal(turned_report.c_count, CROSSVAL_AUTO_COUNT);
    crossval_report_free(&turned_report);
    crossval_report_free(&alone_report);
    crossval_report_free(&report);
    free(y);
    free(x);
    free(expected);
    free(probabilities);
    crossval_example_free(&example);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),      cmocka_unit_test(test_standardised),
        cmocka_unit_test(test_raw),         cmocka_unit_test(test_large_means),
        cmocka_unit_test(test_two_classes), cmocka_unit_test(test_missing_classes),
        cmocka_unit_test(test_same_bytes),  cmocka_unit_test(test_choice),
        cmocka_unit_test(test_limits),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_pooled),      cmocka_unit_test(test_logarithms),
        cmocka_unit_test(test_edge),
    };
    return cmocka_run_group_tests_name("crossval", tests, NULL, NULL);
}
