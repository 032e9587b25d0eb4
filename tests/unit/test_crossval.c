/* Probabilities within 1e-4 of scikit-learn's in float64 at a tight tolerance
 * (tests/golden/crossval/make_crossval.py), and the same bits for any threads. */
#include "host/classifier/crossval.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define TOLERANCE 1e-4 /* of the specification */

struct fitted {
    float *probabilities;
    size_t count;
    struct crossval_report report;
};

struct data {
    struct golden x, y, folds, p;
};

static struct data read_data(const char *name) {
    struct data data;
    char path[64];
    snprintf(path, sizeof path, "crossval/%s_x.npy", name);
    data.x = golden_read(path);
    snprintf(path, sizeof path, "crossval/%s_y.npy", name);
    data.y = golden_read(path);
    snprintf(path, sizeof path, "crossval/%s_f.npy", name);
    data.folds = golden_read(path);
    snprintf(path, sizeof path, "crossval/%s_p.npy", name);
    data.p = golden_read(path);
    return data;
}

static void free_data(struct data *data) {
    golden_free(&data->x);
    golden_free(&data->y);
    golden_free(&data->folds);
    golden_free(&data->p);
}

static struct fitted fit(const struct data *data, const double *c, size_t c_count, bool standardise,
                         double tolerance, int threads) {
    const struct device_settings device_settings = {.threads = threads};
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct device *device = NULL;
    struct error error = ERROR_INITIAL;
    struct fitted fitted = {.count = data->p.count};
    int32_t folds = 0;
    for (size_t i = 0; i < data->folds.count; i++)
        if (data->folds.integers[i] >= folds) folds = data->folds.integers[i] + 1;
    const struct crossval_input input = {.embeddings = data->x.floats,
                                         .labels = data->y.integers,
                                         .fold_of = data->folds.integers,
                                         .rows = data->x.shape[0],
                                         .features = data->x.shape[1],
                                         .classes = data->p.shape[1],
                                         .folds = (size_t)folds};
    settings.c_auto = c == NULL;
    settings.c_count = c_count;
    for (size_t i = 0; i < c_count; i++) settings.c_values[i] = c[i];
    settings.standardise = standardise;
    settings.tolerance = tolerance;
    settings.max_iterations = 100000;
    settings.threads = threads;
    fitted.probabilities = calloc(fitted.count, sizeof *fitted.probabilities);
    assert_non_null(fitted.probabilities);
    device_cpu_operations.open(&device_settings, &device, &error);
    assert_no_error(&error);
    crossval_run(&device_cpu_operations, device, &input, &settings, NULL, fitted.probabilities,
                 &fitted.report, &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
    return fitted;
}

static void free_fitted(struct fitted *fitted) {
    free(fitted->probabilities);
    crossval_report_free(&fitted->report);
}

/* The settings with which make_crossval.py made each case. */
static const struct {
    const char *name;
    double c;
    bool standardise;
} cases[] = {{"ten", 1.0, true},        {"small", 1000.0, false}, {"offset", 0.1, true},
             {"raw", 0.01, false},      {"two", 1.0, true},       {"hundred", 0.1, true},
             {"unbalanced", 1.0, true}, {"missing", 1.0, true}};

#define CASES (sizeof cases / sizeof cases[0])

static void test_probabilities_of_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct data data = read_data(cases[i].name);
        struct fitted fitted = fit(&data, &cases[i].c, 1, cases[i].standardise, 1e-8, 2);
        assert_within(compare_largest_float(fitted.probabilities, data.p.doubles, fitted.count),
                      TOLERANCE, cases[i].name);
        assert_int_equal(fitted.report.unconverged, 0);
        free_fitted(&fitted);
        free_data(&data);
    }
}

static void test_same_bits_for_any_threads(void **state) {
    (void)state;
    struct data data = read_data("hundred");
    struct fitted one = fit(&data, NULL, 0, true, 1e-5, 1);
    for (int threads = 1; threads <= 3; threads++) {
        struct fitted other = fit(&data, NULL, 0, true, 1e-5, threads);
        assert_memory_equal(one.probabilities, other.probabilities,
                            one.count * sizeof *one.probabilities);
        free_fitted(&other);
    }
    free_fitted(&one);
    free_data(&data);
}

/* A grid chooses the C of the lowest log-loss, and gives what that C alone gives. */
static void test_the_grid_chooses_by_log_loss(void **state) {
    (void)state;
    struct data data = read_data("ten");
    struct fitted grid = fit(&data, NULL, 0, true, 1e-8, 2);
    const struct crossval_report *report = &grid.report;
    assert_int_equal(report->c_count, CROSSVAL_AUTO_COUNT);
    for (size_t i = 0; i < report->c_count; i++)
        assert_true(report->log_losses[report->chosen] <= report->log_losses[i]);
    double chosen = report->c_values[report->chosen];
    struct fitted alone = fit(&data, &chosen, 1, true, 1e-8, 2);
    assert_within(compare_largest_floats(grid.probabilities, alone.probabilities, grid.count), 1e-6,
                  "grid and single C");
    free_fitted(&grid);
    free_fitted(&alone);
    free_data(&data);
}

/* The reason of stopping and the gradient are told for every fold. */
static void test_every_fit_is_reported(void **state) {
    (void)state;
    struct data data = read_data("ten");
    const double c = 1.0;
    struct fitted fitted = fit(&data, &c, 1, true, 1e-9, 1);
    for (size_t i = 0; i < fitted.report.folds; i++) {
        const struct crossval_fit *one = &fitted.report.fits[i];
        assert_true(one->stop == LBFGS_GRADIENT || one->stop == LBFGS_FLAT);
        if (one->stop == LBFGS_GRADIENT) assert_true(one->gradient <= 1e-9);
        assert_true(one->iterations > 0 && one->evaluations >= one->iterations);
    }
    free_fitted(&fitted);
    free_data(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probabilities_of_the_reference),
        cmocka_unit_test(test_same_bits_for_any_threads),
        cmocka_unit_test(test_the_grid_chooses_by_log_loss),
        cmocka_unit_test(test_every_fit_is_reported),
    };
    return cmocka_run_group_tests_name("crossval", tests, NULL, NULL);
}
