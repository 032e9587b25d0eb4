/* Several labels a row: folds, probabilities and flagged labels against scikit-learn's KFold
 * and OneVsRestClassifier(LogisticRegression), and cleanlab's multi-label functions. */
#include "host/classifier/assign.h"
#include "host/classifier/crossval_multilabel.h"
#include "host/classifier/folds.h"
#include "host/confident/multilabel.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/multilabel_example.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GATE 1e-4 /* the same as for one label a row */

static void test_folds(void **state) {
    (void)state;
    struct golden cases = golden_read("multilabel/folds.npy");
    struct golden groups = golden_read("multilabel/fold_groups.npy");
    struct golden expected = golden_read("multilabel/fold_of.npy");
    assert_true(cases.shape[0] >= 20);
    for (size_t i = 0; i < cases.shape[0]; i++) {
        const int32_t *facts = cases.integers + 5 * i;
        size_t rows = (size_t)facts[0], folds = (size_t)facts[1], at = (size_t)facts[4];
        struct error error = ERROR_INITIAL;
        struct assign_result result = {0};
        unsigned char status[1];
        int64_t *wide = calloc(rows, sizeof *wide);
        int8_t *labels = calloc(rows, sizeof *labels);
        assert_true(wide != NULL && labels != NULL);
        /* Every second row has the label, so that it can be audited. */
        for (size_t row = 0; row < rows; row++) {
            wide[row] = groups.integers[at + row];
            labels[row] = row % 2 == 1;
        }
        struct assign_request request = {
            .groups = facts[3] != 0 ? wide : NULL, .folds = folds, .seed = (uint32_t)facts[2]};
        assign_folds_multilabel(labels, rows, 1, &request, &result, status, &error);
        assert_no_error(&error);
        assert_int_equal(result.auditable, rows);
        assert_memory_equal(result.fold_of, expected.integers + at, rows * sizeof(int32_t));
        assign_free(&result);
        free(wide);
        free(labels);
    }
    golden_free(&cases);
    golden_free(&groups);
    golden_free(&expected);
}

static void check_example(const char *name, double c, enum crossval_scale scale) {
    struct multilabel_example example = multilabel_example_read(name);
    struct crossval_settings settings = {
        .c_values = {c}, .c_count = 1, .scale = scale, .tolerance = 1e-8, .max_iterations = 10000};
    struct crossval_report report;
    float *probabilities =
        multilabel_example_run(&device_cpu_operations, &example, &settings, 2, &report);
    double apart = compare_largest_float(probabilities, example.p.doubles, example.p.count);
    print_message("# %s, from scikit-learn: %.3g\n", name, apart);
    assert_within(apart, GATE, name);
    assert_int_equal(report.exhausted + report.failed, 0);
    assert_int_equal(report.fit_count, example.input.classes * example.input.folds);
    for (size_t i = 0; i < report.folds; i++) assert_true(report.fits[i].exact);
    free(probabilities);
    crossval_report_free(&report);
    multilabel_example_free(&example);
}

static void test_probabilities(void **state) {
    (void)state;
    check_example("noisy", 1, SCALE_STANDARD);
    check_example("plain", 0.1, SCALE_NONE);
}

/* One C for all classes: that of the lowest log-loss over them, as computed by scikit-learn. */
static void test_choice(void **state) {
    (void)state;
    struct multilabel_example example = multilabel_example_read("noisy");
    struct golden losses = golden_read("multilabel/noisy_losses.npy");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct crossval_report report;
    settings.tolerance = 1e-8;
    settings.max_iterations = 10000;
    float *chosen = multilabel_example_run(&device_cpu_operations, &example, &settings, 2, &report);
    assert_int_equal(report.c_count, losses.count);
    size_t best = 0;
    for (size_t c = 0; c < losses.count; c++) {
        assert_within(fabs(report.log_losses[c] / losses.doubles[c] - 1), 1e-6, "log-loss");
        if (losses.doubles[c] < losses.doubles[best]) best = c;
    }
    assert_int_equal(report.chosen, best);
    assert_false(report.at_edge);
    assert_int_equal(report.fit_count, 5 * CROSSVAL_AUTO_COUNT * example.input.classes);
    /* the same bytes as with only that C, whichever C is best for single classes */
    struct crossval_report other;
    settings.c_auto = false;
    settings.c_values[0] = report.c_values[report.chosen];
    settings.c_count = 1;
    for (int threads = 1; threads <= 3; threads++) {
        float *alone =
            multilabel_example_run(&device_cpu_operations, &example, &settings, threads, &other);
        assert_memory_equal(chosen, alone, example.p.count * sizeof *alone);
        assert_true(other.log_losses[0] == report.log_losses[report.chosen]);
        free(alone);
        crossval_report_free(&other);
    }
    free(chosen);
    crossval_report_free(&report);
    golden_free(&losses);
    multilabel_example_free(&example);
}

/* Of many rows C is chosen on samples, and all rows are fitted with it once. */
static void test_sample(void **state) {
    (void)state;
    struct multilabel_example example = multilabel_example_read("noisy");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct crossval_report report, other;
    settings.sample = example.input.rows / 3;
    float *chosen = multilabel_example_run(&device_cpu_operations, &example, &settings, 2, &report);
    assert_non_null(report.sample);
    assert_int_equal(report.sample->c_count, CROSSVAL_AUTO_COUNT);
    assert_true(report.sample->rows < example.input.rows / 2);
    assert_int_equal(report.c_count, 1);
    assert_true(report.c_values[0] == report.sample->c_values[report.sample->chosen]);
    settings.c_auto = false;
    settings.c_values[0] = report.c_values[0];
    settings.c_count = 1;
    float *alone = multilabel_example_run(&device_cpu_operations, &example, &settings, 1, &other);
    assert_memory_equal(chosen, alone, example.p.count * sizeof *alone);
    assert_true(other.log_losses[0] == report.log_losses[0]);
    assert_null(other.sample);
    free(alone);
    free(chosen);
    crossval_report_free(&other);
    crossval_report_free(&report);
    multilabel_example_free(&example);
}

/* From embeddings to flagged labels: rows, their order, which labels, and scores. */
static void test_issues(void **state) {
    (void)state;
    struct multilabel_example example = multilabel_example_read("noisy");
    struct golden issues = golden_read("multilabel/noisy_issues.npy");
    struct golden wrong = golden_read("multilabel/noisy_wrong.npy");
    struct golden scores = golden_read("multilabel/noisy_scores.npy");
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    struct crossval_report report;
    struct confident_settings confident = CONFIDENT_DEFAULTS;
    struct multilabel_result result;
    struct error error = ERROR_INITIAL;
    settings.tolerance = 1e-8;
    float *p = multilabel_example_run(&device_cpu_operations, &example, &settings, 2, &report);
    size_t rows = example.input.rows, classes = example.input.classes, found = 0, flagged = 0;
    const struct multilabel_input input = {.labels =
                                               npy_view(NPY_INT8, rows, classes, example.labels),
                                           .probabilities = npy_view(NPY_FLOAT32, rows, classes, p),
                                           .threads = 2};
    multilabel_find(&input, &confident, &result, &error);
    assert_no_error(&error);
    assert_int_equal(result.issue_count, issues.count);
    for (size_t i = 0; i < issues.count; i++) {
        assert_int_equal(result.issues[i].row, issues.integers[i]);
        double apart = result.issues[i].score - scores.doubles[issues.integers[i]];
        assert_within(fabs(apart), GATE, "score");
    }
    for (size_t i = 0; i < wrong.count; i++) flagged += wrong.integers[i] != 0;
    for (size_t i = 0; i < result.annotation_count; i++) {
        size_t at = result.annotations[i].row * classes + (size_t)result.annotations[i].class_index;
        assert_int_equal(wrong.integers[at], 1);
        assert_int_equal(result.annotations[i].given, example.labels[at]);
        found++;
    }
    assert_int_equal(found, flagged);
    multilabel_free(&result);
    crossval_report_free(&report);
    free(p);
    golden_free(&issues);
    golden_free(&wrong);
    golden_free(&scores);
    multilabel_example_free(&example);
}

/* Twelve rows in three folds 0, 1, 2, 0 ...: which classes can be judged, and the reasons. */
static void test_auditable(void **state) {
    (void)state;
    static const struct {
        const char *has; /* twelve rows */
        enum auditable status;
    } classes[] = {{"101010101010", AUDITABLE_YES},        {"100100000000", AUDITABLE_FEW},
                   {"100100100100", AUDITABLE_ABSENT},     {"111111111100", AUDITABLE_COMMON},
                   {"011011011011", AUDITABLE_EVERYWHERE}, {"000000000000", AUDITABLE_FEW},
                   {"110010000000", AUDITABLE_YES}};
    enum { CLASSES = sizeof classes / sizeof classes[0], ROWS = 12 };
    int8_t labels[ROWS * CLASSES];
    int32_t fold_of[ROWS];
    unsigned char status[CLASSES];
    size_t left = 0;
    struct error error = ERROR_INITIAL;
    for (size_t row = 0; row < ROWS; row++) {
        fold_of[row] = (int32_t)row % 3;
        for (size_t c = 0; c < CLASSES; c++) labels[row * CLASSES + c] = classes[c].has[row] == '1';
    }
    auditable_multilabel(labels, fold_of, ROWS, CLASSES, 3, status, &left, &error);
    assert_no_error(&error);
    for (size_t c = 0; c < CLASSES; c++) {
        assert_int_equal(status[c], classes[c].status);
        assert_string_not_equal(auditable_class_reason((enum auditable)status[c]), "unknown");
    }
    assert_int_equal(left, 2);
    /* a column's folds: one clip elsewhere is enough, but in one fold is not */
    auditable_multilabel(labels, fold_of, ROWS, CLASSES, 0, status, &left, &error);
    assert_no_error(&error);
    assert_int_equal(status[1], AUDITABLE_ABSENT);
    assert_int_equal(status[3], AUDITABLE_YES);
    assert_int_equal(left, 3);
}

static void test_refused(void **state) {
    (void)state;
    static const int8_t labels[8] = {1, 0, 1, 0, -1, -1, 0, 1};
    static const int8_t known[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct assign_request request = {.folds = 2};
    struct assign_result result = {0};
    struct error error = ERROR_INITIAL;
    unsigned char status[2];
    assign_folds_multilabel(labels, 8, 1, &request, &result, status, &error);
    assert_no_error(&error);
    assert_int_equal(result.auditable, 6);
    assert_int_equal(result.status[4], AUDITABLE_UNLABELLED);
    assert_int_equal(result.fold_of[5], -1);
    assign_free(&result);
    assert_int_equal(assign_folds_multilabel(known, 8, 1, &request, &result, status, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "fewer clips than folds are without it"));
    assign_free(&result);
    request.folds = 9;
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(assign_folds_multilabel(known, 8, 1, &request, &result, status, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "9 folds, but only 8 clips"));
    assign_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folds),   cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_sample),  cmocka_unit_test(test_choice),
        cmocka_unit_test(test_issues),  cmocka_unit_test(test_auditable),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("crossval_multilabel", tests, NULL, NULL);
}
