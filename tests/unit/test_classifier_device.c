/* The CPU device's classifier against plain loops in double precision, for every
 * instruction set of this machine. */
#include "kernels/cpu/tile_kernels.h"
#include "kernels/device.h"
#include "tests/support/classifier_example.h"
#include "tests/support/compare.h"
#include "tests/support/scattered.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct classifier *open_classifier(const struct classifier_problem *problem, int threads,
                                          struct device **device) {
    struct error error = ERROR_INITIAL;
    struct device_settings settings = {.threads = threads};
    struct classifier *classifier = NULL;
    device_cpu_operations.open(&settings, device, &error);
    assert_no_error(&error);
    device_cpu_operations.classifier_open(*device, problem, &classifier, &error);
    assert_no_error(&error);
    return classifier;
}

static void evaluate(struct classifier *classifier, enum classifier_precision precision,
                     struct classifier_task *tasks, size_t count) {
    struct error error = ERROR_INITIAL;
    device_cpu_operations.classifier_evaluate(classifier, precision, tasks, count, &error);
    assert_no_error(&error);
}

static void check_evaluate(size_t rows, size_t features, size_t classes, size_t folds,
                           size_t tasks) {
    struct classifier_example example =
        classifier_example_make(rows, features, classes, folds, tasks);
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(&example.problem, 2, &device);
    evaluate(classifier, CLASSIFIER_SINGLE, example.tasks, tasks);
    classifier_compare_tasks(&example, 2e-6); /* float32 logits of dozens of features */
    evaluate(classifier, CLASSIFIER_DOUBLE, example.tasks, tasks);
    classifier_compare_tasks(&example, 1e-13);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    classifier_example_free(&example);
}

static void test_evaluate(void **state) {
    (void)state;
    static const char *const instructions[] = {"portable", "avx2", NULL};
    for (size_t i = 0; i < 3; i++) {
        if (instructions[i] == NULL)
            unsetenv("EARMARK_INSTRUCTIONS");
        else
            setenv("EARMARK_INSTRUCTIONS", instructions[i], 1);
        check_evaluate(500, 40, 10, 5, 5);
        check_evaluate(331, 7, 2, 3, 9);
        check_evaluate(700, 17, 53, 4, 6);
        check_evaluate(30, 3, 5, 11, 11);
        check_evaluate(150, 65, 3, 2, 1);
    }
}

/* The bytes of a task's result do not depend on threads or on the other tasks. */
static void test_same_bytes(void **state) {
    (void)state;
    struct classifier_example example = classifier_example_make(3000, 50, 7, 5, 10);
    size_t size = 7 * 51;
    double *expected = malloc(10 * size * sizeof *expected), losses[10];
    assert_non_null(expected);
    for (int precision = 0; precision <= 1; precision++)
        for (int threads = 1; threads <= 3; threads++) {
            struct device *device = NULL;
            struct classifier *classifier = open_classifier(&example.problem, threads, &device);
            if (threads == 1) {
                evaluate(classifier, (enum classifier_precision)precision, example.tasks, 10);
                memcpy(expected, example.gradients, 10 * size * sizeof *expected);
                for (size_t t = 0; t < 10; t++) losses[t] = example.tasks[t].loss;
            }
            evaluate(classifier, (enum classifier_precision)precision, example.tasks, 10);
            assert_memory_equal(expected, example.gradients, 10 * size * sizeof *expected);
            for (size_t t = 0; t < 10; t++) { /* one by one */
                evaluate(classifier, (enum classifier_precision)precision, &example.tasks[t], 1);
                assert_true(example.tasks[t].loss == losses[t]);
            }
            assert_memory_equal(expected, example.gradients, 10 * size * sizeof *expected);
            device_cpu_operations.classifier_close(classifier);
            device_cpu_operations.close(device);
        }
    free(expected);
    classifier_example_free(&example);
}

static void test_predict(void **state) {
    (void)state;
    struct classifier_example example = classifier_example_make(600, 30, 6, 4, 4);
    const struct classifier_problem *problem = &example.problem;
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(problem, 2, &device);
    struct error error = ERROR_INITIAL;
    double loss = 0, expected = 0, x[30], p[6], worst = 0;
    float *probabilities = malloc(600 * 6 * sizeof *probabilities);
    assert_non_null(probabilities);
    example.weights[6 * 31 - 1] = 0; /* every class is present */
    device_cpu_operations.classifier_predict(
        classifier, example.tasks, 4, 1, CLASSIFIER_PROBABILITIES, &probabilities, &loss, &error);
    assert_no_error(&error);
    for (size_t row = 0; row < 600; row++) {
        size_t task = 0;
        while (example.tasks[task].fold != (size_t)problem->fold_of[row]) task++;
        expected += classifier_plain_row(problem, example.tasks[task].weights, row, x, p);
        for (size_t c = 0; c < 6; c++) {
            double apart = fabs((double)probabilities[row * 6 + c] - p[c]);
            if (!(apart <= worst)) worst = apart;
        }
    }
    assert_within(worst, 1e-7, "probabilities"); /* rounded to float32 */
    assert_within(fabs(loss / expected - 1), 1e-13, "log-loss");
    assert_int_equal(device_cpu_operations.classifier_predict(classifier, example.tasks, 2, 1,
                                                              CLASSIFIER_PROBABILITIES, NULL, &loss,
                                                              &error),
                     ERROR_INTERNAL);
    free(probabilities);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    classifier_example_free(&example);
}

static void test_logarithms(void **state) {
    (void)state;
    for (int threads = 1; threads <= 3; threads++)
        for (size_t classes = 2; classes <= 70; classes += 17) {
            struct classifier_example example = classifier_example_make(400, 30, classes, 4, 4);
            struct device *device = NULL;
            struct classifier *classifier = open_classifier(&example.problem, threads, &device);
            classifier_check_sets(&device_cpu_operations, classifier, &example);
            classifier_check_logarithms(&device_cpu_operations, classifier, &example);
            device_cpu_operations.classifier_close(classifier);
            device_cpu_operations.close(device);
            classifier_example_free(&example);
        }
}

/* Sums and products of all folds, sums first; to be freed. */
static double *scatter_all(const struct classifier_problem *problem, int threads) {
    size_t sums = problem->classes * problem->features;
    size_t size = sums + problem->features * problem->features;
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(problem, threads, &device);
    double *all = calloc(problem->folds * size, sizeof *all);
    assert_non_null(all);
    for (size_t fold = 0; fold < problem->folds; fold++)
        classifier_check_scatter(&device_cpu_operations, classifier, problem, fold,
                                 all + fold * size, all + fold * size + sums);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    return all;
}

/* Against plain loops: whole and broken blocks, tiles and batches of them, for every instruction
 * set; the same bytes from any number of threads. */
static void test_scatter(void **state) {
    (void)state;
    static const char *const instructions[] = {"portable", "avx2", NULL};
    static const struct {
        size_t rows, features, classes, folds;
    } shapes[] = {{5, 1, 2, 2},    {400, 8, 3, 2},    {700, 47, 5, 3},  {301, 129, 4, 2},
                  {60, 200, 7, 5}, {2900, 64, 11, 2}, {25000, 9, 40, 2}};
    for (size_t i = 0; i < 3; i++) {
        if (instructions[i] == NULL)
            unsetenv("EARMARK_INSTRUCTIONS");
        else
            setenv("EARMARK_INSTRUCTIONS", instructions[i], 1);
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            struct classifier_example example = classifier_example_make(
                shapes[s].rows, shapes[s].features, shapes[s].classes, shapes[s].folds, 1);
            size_t numbers = shapes[s].features * (shapes[s].classes + shapes[s].features);
            double *first = scatter_all(&example.problem, 1);
            for (int threads = 2; threads <= 3; threads++) {
                double *again = scatter_all(&example.problem, threads);
                assert_memory_equal(first, again, shapes[s].folds * numbers * sizeof *first);
                free(again);
            }
            free(first);
            classifier_example_free(&example);
        }
    }
}

/* A fold without rows has zeros; one that is not there is refused. */
static void test_scatter_empty(void **state) {
    (void)state;
    struct classifier_example example = classifier_example_make(40, 5, 3, 3, 1);
    struct device *device = NULL;
    struct error error = ERROR_INITIAL;
    double sums[15], products[25];
    for (size_t row = 0; row < 40; row++) example.fold_of[row] = row % 2 == 0 ? 0 : 2;
    struct classifier *classifier = open_classifier(&example.problem, 2, &device);
    classifier_check_scatter(&device_cpu_operations, classifier, &example.problem, 1, sums,
                             products);
    for (size_t i = 0; i < 25; i++) assert_true(products[i] == 0);
    assert_int_equal(
        device_cpu_operations.classifier_scatter(classifier, 3, sums, products, &error),
        ERROR_INTERNAL);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    classifier_example_free(&example);
}

/* Rows at addresses of their own give the bytes of rows one after another. */
static void test_scattered(void **state) {
    (void)state;
    static const char *const instructions[] = {"portable", "avx2", NULL};
    for (size_t i = 0; i < 3; i++) {
        if (instructions[i] == NULL)
            unsetenv("EARMARK_INSTRUCTIONS");
        else
            setenv("EARMARK_INSTRUCTIONS", instructions[i], 1);
        struct classifier_example example = classifier_example_make(1801, 45, 7, 5, 5);
        struct scattered scattered = scattered_make(&example.problem.data, 1801, 45);
        struct classifier_problem problem = example.problem;
        struct device *device = NULL, *other = NULL;
        problem.data = scattered.rows;
        struct classifier *first = open_classifier(&example.problem, 2, &device);
        struct classifier *second = open_classifier(&problem, 3, &other);
        classifier_check_same(&device_cpu_operations, first, second, &example);
        device_cpu_operations.classifier_close(first);
        device_cpu_operations.classifier_close(second);
        device_cpu_operations.close(device);
        device_cpu_operations.close(other);
        scattered_free(&scattered);
        classifier_example_free(&example);
    }
}

static void test_refused(void **state) {
    (void)state;
    struct classifier_example example = classifier_example_make(20, 3, 3, 2, 2);
    struct device *device = NULL;
    struct device_settings settings = {.threads = 1};
    struct classifier *classifier = NULL;
    struct error error = ERROR_INITIAL;
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    example.labels[4] = 3;
    assert_int_not_equal(
        device_cpu_operations.classifier_open(device, &example.problem, &classifier, &error),
        ERROR_NONE);
    assert_non_null(strstr(error.message, "row 4"));
    assert_null(classifier);
    device_cpu_operations.classifier_close(NULL);
    device_cpu_operations.close(device);
    classifier_example_free(&example);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate), cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_predict),  cmocka_unit_test(test_logarithms),
        cmocka_unit_test(test_scatter),  cmocka_unit_test(test_scatter_empty),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_scattered),
    };
    return cmocka_run_group_tests_name("classifier_device", tests, NULL, NULL);
}
