/* The CPU's classifier against plain loops in double precision, for every
 * instruction set of this machine. */
#include "kernels/cpu/tile_kernels.h"
#include "kernels/device.h"
#include "tests/support/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers between -1 and 1 that depend on the index only. */
static double number(size_t index) {
    uint64_t mixed = (index + 1) * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    return (double)(mixed >> 11) / 4503599627370496.0 - 1;
}

struct example {
    struct classifier_problem problem;
    float *data;
    int32_t *labels, *fold_of;
    double *constants;
    struct classifier_task *tasks;
    size_t task_count;
    double *weights, *gradients;
};

static struct example make_example(size_t rows, size_t features, size_t classes, size_t folds,
                                   size_t task_count) {
    struct example example = {.task_count = task_count};
    size_t size = classes * (features + 1);
    example.data = malloc(rows * features * sizeof(float));
    example.labels = malloc(rows * sizeof(int32_t));
    example.fold_of = malloc(rows * sizeof(int32_t));
    example.constants = malloc(2 * features * sizeof(double));
    example.tasks = calloc(task_count, sizeof *example.tasks);
    example.weights = malloc(task_count * size * sizeof(double));
    example.gradients = malloc(task_count * size * sizeof(double));
    assert_true(example.data && example.labels && example.fold_of && example.constants &&
                example.tasks && example.weights && example.gradients);
    for (size_t i = 0; i < rows * features; i++) example.data[i] = (float)(3 + 2 * number(i));
    for (size_t row = 0; row < rows; row++) {
        example.labels[row] = (int32_t)(row * 7 % classes);
        example.fold_of[row] = (int32_t)((row * row + row / 3) % folds);
    }
    for (size_t f = 0; f < features; f++) {
        example.constants[f] = 3 + 0.1 * number(f + 77);
        example.constants[features + f] = 1 + 0.3 * number(f + 770);
    }
    for (size_t t = 0; t < task_count; t++) {
        example.tasks[t].fold = (t * 3 + 1) % folds;
        example.tasks[t].weights = example.weights + t * size;
        example.tasks[t].gradient = example.gradients + t * size;
    }
    for (size_t i = 0; i < task_count * size; i++) example.weights[i] = 0.5 * number(i + 5000);
    /* the first task lacks its last class, if that leaves two */
    if (classes > 2) {
        for (size_t f = 0; f < features; f++)
            example.weights[(classes - 1) * (features + 1) + f] = 0;
        example.weights[size - 1] = -1e30;
    }
    example.problem = (struct classifier_problem){.rows = rows,
                                                  .features = features,
                                                  .classes = classes,
                                                  .folds = folds,
                                                  .data = example.data,
                                                  .labels = example.labels,
                                                  .fold_of = example.fold_of,
                                                  .shift = example.constants,
                                                  .scale = example.constants + features};
    return example;
}

static void free_example(struct example *example) {
    free(example->data);
    free(example->labels);
    free(example->fold_of);
    free(example->constants);
    free(example->tasks);
    free(example->weights);
    free(example->gradients);
}

/* p (classes) of a row by one task; returns -log p[label]. */
static double plain_row(const struct classifier_problem *problem, const double *weights, size_t row,
                        double *x, double *p) {
    double most = -INFINITY, sum = 0;
    for (size_t f = 0; f < problem->features; f++)
        x[f] = ((double)problem->data[row * problem->features + f] - problem->shift[f]) *
               problem->scale[f];
    for (size_t c = 0; c < problem->classes; c++) {
        const double *w = weights + c * (problem->features + 1);
        p[c] = w[problem->features];
        for (size_t f = 0; f < problem->features; f++) p[c] += w[f] * x[f];
        most = fmax(most, p[c]);
    }
    double logit = p[problem->labels[row]];
    for (size_t c = 0; c < problem->classes; c++) sum += p[c] = exp(p[c] - most);
    for (size_t c = 0; c < problem->classes; c++) p[c] /= sum;
    return log(sum) + most - logit;
}

/* Loss and gradient of one task. */
static double plain_task(const struct classifier_problem *problem,
                         const struct classifier_task *task, double *gradient) {
    size_t features = problem->features, row_size = features + 1;
    double loss = 0;
    double *x = malloc(features * sizeof *x), *p = malloc(problem->classes * sizeof *p);
    assert_true(x != NULL && p != NULL);
    memset(gradient, 0, problem->classes * row_size * sizeof *gradient);
    for (size_t row = 0; row < problem->rows; row++) {
        if ((size_t)problem->fold_of[row] == task->fold) continue;
        loss += plain_row(problem, task->weights, row, x, p);
        for (size_t c = 0; c < problem->classes; c++) {
            double residual = p[c] - (c == (size_t)problem->labels[row] ? 1 : 0);
            for (size_t f = 0; f < features; f++) gradient[c * row_size + f] += residual * x[f];
            gradient[c * row_size + features] += residual;
        }
    }
    free(x);
    free(p);
    return loss;
}

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

/* A fresh task's loss is compared relative to it, gradients relative to the rows. */
static void compare_tasks(const struct example *example, double tolerance) {
    const struct classifier_problem *problem = &example->problem;
    size_t size = problem->classes * (problem->features + 1);
    double *expected = malloc(size * sizeof *expected);
    assert_non_null(expected);
    for (size_t t = 0; t < example->task_count; t++) {
        double loss = plain_task(problem, &example->tasks[t], expected), worst = 0;
        for (size_t i = 0; i < size; i++) {
            double apart = fabs(example->tasks[t].gradient[i] - expected[i]);
            if (!(apart <= worst)) worst = apart;
        }
        assert_within(worst / (double)problem->rows, tolerance, "gradient");
        assert_within(fabs(example->tasks[t].loss / loss - 1), tolerance, "loss");
    }
    free(expected);
}

static void check_evaluate(size_t rows, size_t features, size_t classes, size_t folds,
                           size_t tasks) {
    struct example example = make_example(rows, features, classes, folds, tasks);
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(&example.problem, 2, &device);
    evaluate(classifier, CLASSIFIER_SINGLE, example.tasks, tasks);
    compare_tasks(&example, 2e-6); /* float32 logits of dozens of features */
    evaluate(classifier, CLASSIFIER_DOUBLE, example.tasks, tasks);
    compare_tasks(&example, 1e-13);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    free_example(&example);
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

/* The bytes of a task's result depend neither on threads nor on the other tasks. */
static void test_same_bytes(void **state) {
    (void)state;
    struct example example = make_example(3000, 50, 7, 5, 10);
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
    free_example(&example);
}

static void test_predict(void **state) {
    (void)state;
    struct example example = make_example(600, 30, 6, 4, 4);
    const struct classifier_problem *problem = &example.problem;
    struct device *device = NULL;
    struct classifier *classifier = open_classifier(problem, 2, &device);
    struct error error = ERROR_INITIAL;
    double loss = 0, expected = 0, x[30], p[6], worst = 0;
    float *probabilities = malloc(600 * 6 * sizeof *probabilities);
    assert_non_null(probabilities);
    example.weights[6 * 31 - 1] = 0; /* every class is there */
    device_cpu_operations.classifier_predict(classifier, example.tasks, 4, probabilities, &loss,
                                             &error);
    assert_no_error(&error);
    for (size_t row = 0; row < 600; row++) {
        size_t task = 0;
        while (example.tasks[task].fold != (size_t)problem->fold_of[row]) task++;
        expected += plain_row(problem, example.tasks[task].weights, row, x, p);
        for (size_t c = 0; c < 6; c++) {
            double apart = fabs((double)probabilities[row * 6 + c] - p[c]);
            if (!(apart <= worst)) worst = apart;
        }
    }
    assert_within(worst, 1e-7, "probabilities"); /* rounded to float32 */
    assert_within(fabs(loss / expected - 1), 1e-13, "log-loss");
    assert_int_equal(
        device_cpu_operations.classifier_predict(classifier, example.tasks, 2, NULL, &loss, &error),
        ERROR_INTERNAL);
    free(probabilities);
    device_cpu_operations.classifier_close(classifier);
    device_cpu_operations.close(device);
    free_example(&example);
}

static void test_refused(void **state) {
    (void)state;
    struct example example = make_example(20, 3, 3, 2, 2);
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
    free_example(&example);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("classifier_device", tests, NULL, NULL);
}
