/* The CUDA device's classifier against plain loops in double precision and against
 * scikit-learn. Results have the same bytes in every run, whether the data is on the GPU or
 * streamed. */
#include "host/classifier/crossval.h"
#include "host/classifier/discriminant.h"
#include "tests/support/classifier_example.h"
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"
#include "tests/support/golden.h"
#include "tests/support/multilabel_example.h"
#include "tests/support/scattered.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GATE 1e-4 /* largest difference of a probability */

/* Too little for the data: rows are streamed tile by tile. */
#define NO_MEMORY "1"
/* Unlimited. */
#define ALL_MEMORY ""

static const struct device_operations *cuda;

static struct classifier *open_classifier(const struct classifier_problem *problem,
                                          const char *memory, struct device **device) {
    struct error error = ERROR_INITIAL;
    struct device_settings settings = {.threads = 2};
    struct classifier *classifier = NULL;
    cuda = cuda_plugin_operations();
    setenv("EARMARK_CUDA_MEMORY", memory, 1);
    cuda->open(&settings, device, &error);
    assert_no_error(&error);
    cuda->classifier_open(*device, problem, &classifier, &error);
    assert_no_error(&error);
    return classifier;
}

static void close_classifier(struct classifier *classifier, struct device *device) {
    cuda->classifier_close(classifier);
    cuda->close(device);
    unsetenv("EARMARK_CUDA_MEMORY");
}

static void evaluate(struct classifier *classifier, enum classifier_precision precision,
                     struct classifier_task *tasks, size_t count) {
    struct error error = ERROR_INITIAL;
    cuda->classifier_evaluate(classifier, precision, tasks, count, &error);
    assert_no_error(&error);
}

static void check_evaluate(size_t rows, size_t features, size_t classes, size_t folds,
                           size_t tasks) {
    static const char *const memories[] = {ALL_MEMORY, NO_MEMORY};
    struct classifier_example example =
        classifier_example_make(rows, features, classes, folds, tasks);
    for (size_t i = 0; i < 2; i++) {
        struct device *device = NULL;
        struct classifier *classifier = open_classifier(&example.problem, memories[i], &device);
        evaluate(classifier, CLASSIFIER_SINGLE, example.tasks, tasks);
        classifier_compare_tasks(&example, 2e-6); /* float32 logits of dozens of features */
        evaluate(classifier, CLASSIFIER_DOUBLE, example.tasks, tasks);
        classifier_compare_tasks(&example, 1e-13);
        close_classifier(classifier, device);
    }
    classifier_example_free(&example);
}

static void test_evaluate(void **state) {
    (void)state;
    check_evaluate(500, 40, 10, 5, 5);
    check_evaluate(331, 7, 2, 3, 9);
    check_evaluate(700, 17, 53, 4, 6);
    check_evaluate(30, 3, 5, 11, 11);
    check_evaluate(150, 65, 3, 2, 1);
}

/* Each form of the softmax at its smallest and largest number of classes. */
static void test_classes(void **state) {
    (void)state;
    static const size_t classes[] = {2, 4, 5, 16, 17, 64, 65, 256, 257, 300};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        check_evaluate(60, 5, classes[i], 2, 3);
}

/* Folds of about one and two chunks of 512 rows, a row more, a row less; many columns. */
static void test_chunks(void **state) {
    (void)state;
    static const size_t rows[] = {1022, 1023, 1024, 1025, 1026, 2047, 2048, 2049, 2051};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check_evaluate(rows[i], 4, 3, 2, 2);
    check_evaluate(400, 6, 30, 5, 35);  /* blocks of columns */
    check_evaluate(100, 3, 500, 2, 11); /* more columns than a pass */
}

/* The bytes do not depend on the run, on where the data is, or on the other tasks. */
static void test_same_bytes(void **state) {
    (void)state;
    static const char *const memories[] = {ALL_MEMORY, ALL_MEMORY, NO_MEMORY, "400000"};
    struct classifier_example example = classifier_example_make(3000, 30, 7, 5, 10);
    size_t size = 7 * 31;
    double *expected = malloc(10 * size * sizeof *expected), losses[10];
    assert_non_null(expected);
    for (int precision = 0; precision <= 1; precision++)
        for (size_t m = 0; m < sizeof memories / sizeof memories[0]; m++) {
            struct device *device = NULL;
            struct classifier *classifier = open_classifier(&example.problem, memories[m], &device);
            evaluate(classifier, (enum classifier_precision)precision, example.tasks, 10);
            if (m == 0) {
                memcpy(expected, example.gradients, 10 * size * sizeof *expected);
                for (size_t t = 0; t < 10; t++) losses[t] = example.tasks[t].loss;
            }
            assert_memory_equal(expected, example.gradients, 10 * size * sizeof *expected);
            for (size_t t = 0; t < 10; t++) assert_true(example.tasks[t].loss == losses[t]);
            memset(example.gradients, 0, 10 * size * sizeof *expected);
            for (size_t t = 0; t < 10; t++) { /* one by one */
                evaluate(classifier, (enum classifier_precision)precision, &example.tasks[t], 1);
                assert_true(example.tasks[t].loss == losses[t]);
            }
            assert_memory_equal(expected, example.gradients, 10 * size * sizeof *expected);
            close_classifier(classifier, device);
        }
    free(expected);
    classifier_example_free(&example);
}

static void check_predict(size_t rows, size_t features, size_t classes, const char *memory) {
    struct classifier_example example = classifier_example_make(rows, features, classes, 4, 4);
    const struct classifier_problem *problem = &example.problem;
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(problem, memory, &device);
    struct error error = ERROR_INITIAL;
    double loss = 0, without = 0, expected = 0, worst = 0;
    double *x = malloc(features * sizeof *x), *p = malloc(classes * sizeof *p);
    float *probabilities = malloc(rows * classes * sizeof *probabilities);
    assert_true(probabilities != NULL && x != NULL && p != NULL);
    example.weights[classes * (features + 1) - 1] = 0; /* every class is present */
    cuda->classifier_predict(classifier, example.tasks, 4, 1, CLASSIFIER_PROBABILITIES,
                             &probabilities, &loss, &error);
    assert_no_error(&error);
    for (size_t row = 0; row < rows; row++) {
        size_t task = 0;
        while (example.tasks[task].fold != (size_t)problem->fold_of[row]) task++;
        expected += classifier_plain_row(problem, example.tasks[task].weights, row, x, p);
        for (size_t c = 0; c < classes; c++) {
            double apart = fabs((double)probabilities[row * classes + c] - p[c]);
            if (!(apart <= worst)) worst = apart;
        }
    }
    assert_within(worst, 1e-7, "probabilities"); /* rounded to float32 */
    assert_within(fabs(loss / expected - 1), 1e-13, "log-loss");
    cuda->classifier_predict(classifier, example.tasks, 4, 1, CLASSIFIER_PROBABILITIES, NULL,
                             &without, &error);
    assert_no_error(&error);
    assert_true(without == loss);
    assert_int_equal(cuda->classifier_predict(classifier, example.tasks, 2, 1,
                                              CLASSIFIER_PROBABILITIES, NULL, &loss, &error),
                     ERROR_INTERNAL);
    close_classifier(classifier, device);
    free(x);
    free(p);
    free(probabilities);
    classifier_example_free(&example);
}

static void test_predict(void **state) {
    (void)state;
    check_predict(600, 30, 6, ALL_MEMORY);
    check_predict(600, 30, 6, NO_MEMORY);
    check_predict(2500, 3, 2, ALL_MEMORY);
    check_predict(90, 3, 270, NO_MEMORY);
}

static void test_logarithms(void **state) {
    (void)state;
    static const size_t classes[] = {2, 6, 31, 32, 33, 270};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        struct classifier_example example = classifier_example_make(250, 9, classes[i], 4, 4);
        struct device *device = NULL;
        struct classifier *classifier =
            open_classifier(&example.problem, i % 2 == 0 ? ALL_MEMORY : NO_MEMORY, &device);
        classifier_check_sets(cuda, classifier, &example);
        classifier_check_logarithms(cuda, classifier, &example);
        close_classifier(classifier, device);
        classifier_example_free(&example);
    }
}

/* Against plain loops, and the same bytes wherever the data is. */
static void check_scatter(size_t rows, size_t features, size_t classes, size_t folds) {
    static const char *const memories[] = {ALL_MEMORY, NO_MEMORY, "400000"};
    struct classifier_example example = classifier_example_make(rows, features, classes, folds, 1);
    size_t sums_size = classes * features, size = sums_size + features * features;
    double *expected = malloc(size * sizeof *expected), *again = malloc(size * sizeof *again);
    assert_true(expected != NULL && again != NULL);
    for (size_t fold = 0; fold < folds; fold++)
        for (size_t m = 0; m < sizeof memories / sizeof memories[0]; m++) {
            struct device *device = NULL;
            struct classifier *classifier = open_classifier(&example.problem, memories[m], &device);
            double *to = m == 0 ? expected : again;
            classifier_check_scatter(cuda, classifier, &example.problem, fold, to, to + sums_size);
            if (m > 0) assert_memory_equal(expected, again, size * sizeof *again);
            close_classifier(classifier, device);
        }
    free(expected);
    free(again);
    classifier_example_free(&example);
}

static void test_scatter(void **state) {
    (void)state;
    check_scatter(5, 1, 2, 2);
    check_scatter(300, 47, 5, 3);
    check_scatter(60, 70, 9, 2);
    check_scatter(2600, 6, 17, 2); /* several chunks */
}

/* Rows at addresses of their own give the bytes of rows one after another, on the GPU and
 * streamed. */
static void test_scattered(void **state) {
    (void)state;
    static const char *const memories[] = {ALL_MEMORY, NO_MEMORY};
    struct classifier_example example = classifier_example_make(1801, 45, 7, 5, 5);
    struct scattered scattered = scattered_make(&example.problem.data, 1801, 45);
    struct classifier_problem problem = example.problem;
    problem.data = scattered.rows;
    for (size_t i = 0; i < 2; i++) {
        struct device *device = NULL, *other = NULL;
        struct classifier *first = open_classifier(&example.problem, memories[i], &device);
        struct classifier *second = open_classifier(&problem, memories[i], &other);
        classifier_check_same(cuda, first, second, &example);
        close_classifier(first, device);
        close_classifier(second, other);
    }
    scattered_free(&scattered);
    classifier_example_free(&example);
}

static void test_refused(void **state) {
    (void)state;
    struct classifier_example example = classifier_example_make(20, 3, 3, 2, 2);
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(&example.problem, ALL_MEMORY, &device);
    struct error error = ERROR_INITIAL;
    size_t fold = example.tasks[1].fold;
    example.tasks[1].fold = 2;
    assert_int_equal(
        cuda->classifier_evaluate(classifier, CLASSIFIER_SINGLE, example.tasks, 2, &error),
        ERROR_INTERNAL);
    example.tasks[1].fold = fold;
    cuda->classifier_close(classifier);
    classifier = NULL;
    error = (struct error)ERROR_INITIAL;
    example.labels[4] = 3;
    assert_int_not_equal(cuda->classifier_open(device, &example.problem, &classifier, &error),
                         ERROR_NONE);
    assert_non_null(strstr(error.message, "row 4"));
    assert_null(classifier);
    close_classifier(NULL, device);
    classifier_example_free(&example);
}

struct wide {
    struct crossval_input input;
    float *x;
    int32_t *y, *fold_of;
};

static struct wide make_wide(void) {
    struct wide wide = {.x = malloc(WIDE_ROWS * WIDE_FEATURES * sizeof(float)),
                        .y = malloc(WIDE_ROWS * sizeof(int32_t)),
                        .fold_of = malloc(WIDE_ROWS * sizeof(int32_t))};
    assert_true(wide.x != NULL && wide.y != NULL && wide.fold_of != NULL);
    wide_data(wide.x, wide.y, wide.fold_of);
    wide.input = (struct crossval_input){.embeddings = matrix_of(wide.x, WIDE_FEATURES),
                                         .labels = wide.y,
                                         .fold_of = wide.fold_of,
                                         .rows = WIDE_ROWS,
                                         .features = WIDE_FEATURES,
                                         .classes = WIDE_CLASSES,
                                         .folds = WIDE_FOLDS};
    return wide;
}

static void free_wide(struct wide *wide) {
    free(wide->x);
    free(wide->y);
    free(wide->fold_of);
}

/* Probabilities (rows, classes), to be freed. */
static float *run_crossval(const struct device_operations *operations,
                           const struct crossval_input *input, const char *memory) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings device_settings = {.threads = 2};
    struct crossval_settings settings = {.c_values = {WIDE_C},
                                         .c_count = 1,
                                         .scale = SCALE_STANDARD,
                                         .tolerance = 1e-8,
                                         .max_iterations = 10000,
                                         .threads = 2};
    struct crossval_report report;
    float *probabilities = calloc(input->rows * input->classes, sizeof *probabilities);
    assert_non_null(probabilities);
    setenv("EARMARK_CUDA_MEMORY", memory, 1);
    operations->open(&device_settings, &device, &error);
    assert_no_error(&error);
    crossval_run(operations, device, input, &settings, NULL, probabilities, &report, &error);
    assert_no_error(&error);
    assert_int_equal(report.exhausted + report.failed, 0);
    crossval_report_free(&report);
    operations->close(device);
    unsetenv("EARMARK_CUDA_MEMORY");
    return probabilities;
}

/* 2,000 x 512, 10 classes: first on the CPU, to check the synthetic data; then twice on the GPU,
 * with the data in its memory and streamed. */
static void test_wide_golden(void **state) {
    (void)state;
    cuda = cuda_plugin_operations();
    struct golden golden = golden_read("crossval/wide_p.npy");
    struct wide wide = make_wide();
    size_t count = WIDE_ROWS * WIDE_CLASSES;
    assert_int_equal(golden.count, count);
    float *cpu = run_crossval(&device_cpu_operations, &wide.input, ALL_MEMORY);
    assert_within(compare_largest_float(cpu, golden.doubles, count), GATE, "CPU");
    float *first = run_crossval(cuda, &wide.input, ALL_MEMORY);
    double apart = compare_largest_float(first, golden.doubles, count);
    print_message("# from scikit-learn: %.3g (CPU: %.3g)\n", apart,
                  compare_largest_float(cpu, golden.doubles, count));
    assert_within(apart, GATE, "CUDA");
    float *streamed = run_crossval(cuda, &wide.input, NO_MEMORY);
    assert_memory_equal(first, streamed, count * sizeof(float));
    free(cpu);
    free(first);
    free(streamed);
    free_wide(&wide);
    golden_free(&golden);
}

/* The discriminant's log-probabilities of the wide data, to be freed. */
static float *run_discriminant(const struct device_operations *operations, const struct wide *wide,
                               const char *memory, struct discriminant_report *report) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = 2};
    float *logarithms = calloc(WIDE_ROWS * WIDE_CLASSES, sizeof *logarithms);
    assert_non_null(logarithms);
    setenv("EARMARK_CUDA_MEMORY", memory, 1);
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    discriminant_run(operations, device, &wide->input, 2, NULL, logarithms, report, &error);
    assert_no_error(&error);
    operations->close(device);
    unsetenv("EARMARK_CUDA_MEMORY");
    return logarithms;
}

/* On 1,000 of its rows. */
static void test_discriminant(void **state) {
    (void)state;
    cuda = cuda_plugin_operations();
    struct wide wide = make_wide();
    struct discriminant_report report, other;
    wide.input.rows = 1000;
    size_t count = wide.input.rows * WIDE_CLASSES;
    float *cpu = run_discriminant(&device_cpu_operations, &wide, ALL_MEMORY, &report);
    float *first = run_discriminant(cuda, &wide, ALL_MEMORY, &other);
    double apart = compare_largest_floats(first, cpu, count);
    print_message("# discriminant, from the CPU's: %.3g\n", apart);
    assert_within(apart, 1e-5, "discriminant");
    assert_true(report.shrinkage == other.shrinkage && report.temperature == other.temperature);
    assert_within(fabs(report.log_loss - other.log_loss), 1e-9, "log-loss");
    float *streamed = run_discriminant(cuda, &wide, NO_MEMORY, &other);
    assert_memory_equal(first, streamed, count * sizeof(float));
    free(cpu);
    free(first);
    free(streamed);
    free_wide(&wide);
}

/* Several labels a row: one problem of two classes for each label, in sequence. */
static void test_multilabel(void **state) {
    (void)state;
    cuda = cuda_plugin_operations();
    struct multilabel_example example = multilabel_example_read("plain");
    const struct crossval_settings settings = {
        .c_values = {0.1}, .c_count = 1, .tolerance = 1e-8, .max_iterations = 10000};
    struct crossval_report report;
    float *probabilities = multilabel_example_run(cuda, &example, &settings, 2, &report);
    double apart = compare_largest_float(probabilities, example.p.doubles, example.p.count);
    print_message("# multilabel, from scikit-learn: %.3g\n", apart);
    assert_within(apart, GATE, "multilabel");
    assert_int_equal(report.exhausted + report.failed, 0);
    crossval_report_free(&report);
    free(probabilities);
    multilabel_example_free(&example);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate),     cmocka_unit_test(test_classes),
        cmocka_unit_test(test_chunks),       cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_predict),      cmocka_unit_test(test_logarithms),
        cmocka_unit_test(test_scatter),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wide_golden),  cmocka_unit_test(test_multilabel),
        cmocka_unit_test(test_discriminant), cmocka_unit_test(test_scattered),
    };
    return cmocka_run_group_tests_name("cuda_classifier", tests, NULL, NULL);
}
