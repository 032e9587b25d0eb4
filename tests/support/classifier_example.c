#include "classifier_example.h"

#include "compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers between -1 and 1 that depend only on the index. */
static double number(size_t index) {
    uint64_t mixed = (index + 1) * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    return (double)(mixed >> 11) / 4503599627370496.0 - 1;
}

struct classifier_example classifier_example_make(size_t rows, size_t features, size_t classes,
                                                  size_t folds, size_t task_count) {
    struct classifier_example example = {.task_count = task_count};
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
                                                  .data = matrix_of(example.data, features),
                                                  .labels = example.labels,
                                                  .fold_of = example.fold_of,
                                                  .shift = example.constants,
                                                  .scale = example.constants + features};
    return example;
}

void classifier_example_free(struct classifier_example *example) {
    free(example->data);
    free(example->labels);
    free(example->fold_of);
    free(example->constants);
    free(example->tasks);
    free(example->weights);
    free(example->gradients);
}

double classifier_plain_row(const struct classifier_problem *problem, const double *weights,
                            size_t row, double *x, double *p) {
    double most = -INFINITY, sum = 0;
    for (size_t f = 0; f < problem->features; f++)
        x[f] = ((double)matrix_row(&problem->data, row)[f] - problem->shift[f]) * problem->scale[f];
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
static double classifier_plain_task(const struct classifier_problem *problem,
                                    const struct classifier_task *task, double *gradient) {
    size_t features = problem->features, row_size = features + 1;
    double loss = 0;
    double *x = malloc(features * sizeof *x), *p = malloc(problem->classes * sizeof *p);
    assert_true(x != NULL && p != NULL);
    memset(gradient, 0, problem->classes * row_size * sizeof *gradient);
    for (size_t row = 0; row < problem->rows; row++) {
        if ((size_t)problem->fold_of[row] == task->fold) continue;
        loss += classifier_plain_row(problem, task->weights, row, x, p);
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

void classifier_compare_tasks(const struct classifier_example *example, double tolerance) {
    const struct classifier_problem *problem = &example->problem;
    size_t size = problem->classes * (problem->features + 1);
    double *expected = malloc(size * sizeof *expected);
    assert_non_null(expected);
    for (size_t t = 0; t < example->task_count; t++) {
        double loss = classifier_plain_task(problem, &example->tasks[t], expected), worst = 0;
        for (size_t i = 0; i < size; i++) {
            double apart = fabs(example->tasks[t].gradient[i] - expected[i]);
            if (!(apart <= worst)) worst = apart;
        }
        assert_within(worst / (double)problem->rows, tolerance, "gradient");
        assert_within(fabs(example->tasks[t].loss / loss - 1), tolerance, "loss");
    }
    free(expected);
}

/* Numbers that classifier_try_all() writes of the gradients, and of one fold's sums. */
static size_t gradient_numbers(const struct classifier_example *example) {
    return example->task_count * example->problem.classes * (example->problem.features + 1);
}
static size_t scatter_numbers(const struct classifier_problem *problem) {
    return (problem->classes + problem->features) * problem->features;
}

enum error_code classifier_try_all(const struct device_operations *operations,
                                   struct classifier *classifier,
                                   struct classifier_example *example, double *all,
                                   struct error *error) {
    const struct classifier_problem *problem = &example->problem;
    const size_t gradients = gradient_numbers(example), scatter = scatter_numbers(problem);
    const size_t cells = problem->rows * problem->classes;
    float *logarithms = malloc(cells * sizeof *logarithms);
    if (logarithms == NULL) return FAIL(error, ERROR_MEMORY, "logarithms");
    for (int precision = 0; precision <= 1 && error->code == ERROR_NONE; precision++) {
        operations->classifier_evaluate(classifier, (enum classifier_precision)precision,
                                        example->tasks, example->task_count, error);
        memcpy(all, example->gradients, gradients * sizeof *all);
        all += gradients;
        for (size_t t = 0; t < example->task_count; t++) *all++ = example->tasks[t].loss;
    }
    if (error->code == ERROR_NONE)
        operations->classifier_predict(classifier, example->tasks, problem->folds, 1,
                                       CLASSIFIER_LOGARITHMS, &logarithms, all++, error);
    for (size_t i = 0; i < cells && error->code == ERROR_NONE; i++) *all++ = (double)logarithms[i];
    for (size_t fold = 0; fold < problem->folds && error->code == ERROR_NONE;
         fold++, all += scatter)
        operations->classifier_scatter(classifier, fold, all,
                                       all + problem->classes * problem->features, error);
    free(logarithms);
    return error->code;
}

double *classifier_compute_all(const struct device_operations *operations,
                               struct classifier *classifier, struct classifier_example *example,
                               size_t *count) {
    const struct classifier_problem *problem = &example->problem;
    struct error error = ERROR_INITIAL;
    *count = 2 * (gradient_numbers(example) + example->task_count) +
             problem->rows * problem->classes + 1 + problem->folds * scatter_numbers(problem);
    double *all = malloc(*count * sizeof *all);
    assert_non_null(all);
    classifier_try_all(operations, classifier, example, all, &error);
    assert_no_error(&error);
    return all;
}

void classifier_check_sets(const struct device_operations *operations,
                           struct classifier *classifier, struct classifier_example *example) {
    enum { SETS = 3 };
    const struct classifier_problem *problem = &example->problem;
    size_t folds = problem->folds, size = problem->classes * (problem->features + 1);
    size_t bytes = problem->rows * problem->classes * sizeof(float);
    struct classifier_task tasks[SETS * 16];
    double *weights = malloc(SETS * folds * size * sizeof *weights), losses[SETS], alone;
    float *together[SETS], *own = malloc(bytes);
    struct error error = ERROR_INITIAL;
    assert_true(weights != NULL && own != NULL && folds <= 16);
    for (size_t set = 0; set < SETS; set++) {
        together[set] = malloc(bytes);
        assert_non_null(together[set]);
        for (size_t fold = 0; fold < folds; fold++) {
            double *to = weights + (set * folds + fold) * size;
            for (size_t i = 0; i < size; i++)
                to[i] = example->tasks[fold].weights[i] * (1 + (double)set / 4);
            tasks[set * folds + fold] =
                (struct classifier_task){example->tasks[fold].fold, to, NULL, 0};
        }
    }
    operations->classifier_predict(classifier, tasks, folds, SETS, CLASSIFIER_LOGARITHMS, together,
                                   losses, &error);
    assert_no_error(&error);
    for (size_t set = 0; set < SETS; set++) {
        operations->classifier_predict(classifier, tasks + set * folds, folds, 1,
                                       CLASSIFIER_LOGARITHMS, &own, &alone, &error);
        assert_no_error(&error);
        assert_true(alone == losses[set]);
        assert_memory_equal(own, together[set], bytes);
        free(together[set]);
    }
    assert_true(losses[0] != losses[1]);
    free(own);
    free(weights);
}

void classifier_check_same(const struct device_operations *operations, struct classifier *first,
                           struct classifier *second, struct classifier_example *example) {
    size_t count;
    double *expected = classifier_compute_all(operations, first, example, &count);
    double *again = classifier_compute_all(operations, second, example, &count);
    assert_memory_equal(expected, again, count * sizeof *again);
    for (size_t i = 0; i < count; i++) assert_true(isfinite(again[i]));
    free(expected);
    free(again);
}

/* ln p (classes) of a row by one task. */
static void plain_logarithms(const struct classifier_problem *problem, const double *weights,
                             size_t row, double *logarithms) {
    size_t features = problem->features;
    double most = -INFINITY, sum = 0;
    for (size_t c = 0; c < problem->classes; c++) {
        const double *w = weights + c * (features + 1);
        double z = w[features];
        for (size_t f = 0; f < features; f++)
            z += w[f] * ((double)matrix_row(&problem->data, row)[f] - problem->shift[f]) *
                 problem->scale[f];
        logarithms[c] = z;
        most = fmax(most, z);
    }
    for (size_t c = 0; c < problem->classes; c++) sum += exp(logarithms[c] - most);
    for (size_t c = 0; c < problem->classes; c++) logarithms[c] -= most + log(sum);
}

static void compare_logarithms(const struct classifier_example *example, const float *whole,
                               const float *floored) {
    const struct classifier_problem *problem = &example->problem;
    size_t classes = problem->classes, under = 0;
    double *expected = malloc(classes * sizeof *expected), worst = 0;
    assert_non_null(expected);
    for (size_t row = 0; row < problem->rows; row++) {
        size_t task = 0;
        while (example->tasks[task].fold != (size_t)problem->fold_of[row]) task++;
        plain_logarithms(problem, example->tasks[task].weights, row, expected);
        for (size_t c = 0; c < classes; c++) {
            double value = (double)whole[row * classes + c];
            double apart = fabs(value - expected[c]) / (1e-3 + fabs(expected[c]));
            if (!(apart <= worst)) worst = apart;
            if (value < -800) under++;
            float kept = value < LOG_FLOOR ? (float)LOG_FLOOR : whole[row * classes + c];
            assert_true(floored[row * classes + c] == kept);
        }
    }
    assert_within(worst, 1e-7, "logarithms"); /* rounded to float32 */
    assert_true(under > 0);
    free(expected);
}

void classifier_check_logarithms(const struct device_operations *operations,
                                 struct classifier *classifier,
                                 struct classifier_example *example) {
    const struct classifier_problem *problem = &example->problem;
    size_t count = problem->rows * problem->classes;
    double loss = 0, loss_of_floored = 0, loss_of_probabilities = 0;
    struct error error = ERROR_INITIAL;
    float *whole = malloc(count * sizeof *whole), *floored = malloc(count * sizeof *floored);
    assert_true(whole != NULL && floored != NULL);
    for (size_t i = 0; i < example->task_count * problem->classes * (problem->features + 1); i++)
        if (example->weights[i] > -1e30) example->weights[i] *= 400;
    operations->classifier_predict(classifier, example->tasks, example->task_count, 1,
                                   CLASSIFIER_LOGARITHMS_WHOLE, &whole, &loss, &error);
    operations->classifier_predict(classifier, example->tasks, example->task_count, 1,
                                   CLASSIFIER_LOGARITHMS, &floored, &loss_of_floored, &error);
    operations->classifier_predict(classifier, example->tasks, example->task_count, 1,
                                   CLASSIFIER_PROBABILITIES, NULL, &loss_of_probabilities, &error);
    assert_no_error(&error);
    assert_true(loss == loss_of_probabilities && loss_of_floored == loss_of_probabilities);
    compare_logarithms(example, whole, floored);
    free(whole);
    free(floored);
}

/* The largest difference between `numbers` and what they should be, NaN if one of them is. */
static double largest_apart(const double *numbers, const double *expected, size_t count) {
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double apart = fabs(numbers[i] - expected[i]);
        if (!(apart <= worst)) worst = apart;
    }
    return worst;
}

void classifier_check_scatter(const struct device_operations *operations,
                              struct classifier *classifier,
                              const struct classifier_problem *problem, size_t fold, double *sums,
                              double *products) {
    size_t features = problem->features, size = features * features;
    size_t sums_size = problem->classes * features;
    struct error error = ERROR_INITIAL;
    double *expected = calloc(size + sums_size + features, sizeof *expected);
    assert_non_null(expected);
    double *expected_sums = expected + size, *x = expected_sums + sums_size;
    for (size_t row = 0; row < problem->rows; row++) {
        if ((size_t)problem->fold_of[row] != fold) continue;
        double *own = expected_sums + (size_t)problem->labels[row] * features;
        for (size_t f = 0; f < features; f++) {
            x[f] = ((double)matrix_row(&problem->data, row)[f] - problem->shift[f]) *
                   problem->scale[f];
            own[f] += x[f];
        }
        for (size_t i = 0; i < features; i++)
            for (size_t j = 0; j < features; j++) expected[i * features + j] += x[i] * x[j];
    }
    memset(sums, 0xff, sums_size * sizeof *sums);
    memset(products, 0xff, size * sizeof *products);
    operations->classifier_scatter(classifier, fold, sums, products, &error);
    assert_no_error(&error);
    double tolerance = 1e-15 * (double)problem->rows; /* of numbers up to about 10 */
    assert_within(largest_apart(sums, expected_sums, sums_size), 10 * tolerance, "class sums");
    assert_within(largest_apart(products, expected, size), 100 * tolerance, "outer products");
    for (size_t i = 0; i < features; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(products[i * features + j] == products[j * features + i]);
    free(expected);
}
