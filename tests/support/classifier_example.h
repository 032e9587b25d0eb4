/* Synthetic classifier problems with tasks, and plain loops in double precision that compute
 * the expected results. */
#ifndef EARMARK_CLASSIFIER_EXAMPLE_H
#define EARMARK_CLASSIFIER_EXAMPLE_H

#include "kernels/device.h"

struct classifier_example {
    struct classifier_problem problem;
    float *data;
    int32_t *labels, *fold_of;
    double *constants;
    struct classifier_task *tasks;
    size_t task_count;
    double *weights, *gradients;
};

struct classifier_example classifier_example_make(size_t rows, size_t features, size_t classes,
                                                  size_t folds, size_t task_count);
void classifier_example_free(struct classifier_example *example);

/* Probabilities p (classes) of a row by one task; x (features) is scratch. Returns
 * -log p[label]. */
double classifier_plain_row(const struct classifier_problem *problem, const double *weights,
                            size_t row, double *x, double *p);

/* Fails the test unless this device's logarithms of out-of-fold probabilities, with and without
 * the floor, are those of plain loops, rounded to float32. The example has a task for each fold;
 * its weights are enlarged, so that probabilities underflow, and the first task lacks a class. */
void classifier_check_logarithms(const struct device_operations *operations,
                                 struct classifier *classifier, struct classifier_example *example);

/* Fails the test unless several sets of tasks, predicted in one pass, have the results of each
 * predicted alone. The example has a task for each fold, at most 16. */
void classifier_check_sets(const struct device_operations *operations,
                           struct classifier *classifier, struct classifier_example *example);

/* Fails the test unless this device's sums of a fold's classes and outer products are those of
 * plain loops, the products exactly symmetric. sums (classes, features) and products (features,
 * features) are left with the device's. */
void classifier_check_scatter(const struct device_operations *operations,
                              struct classifier *classifier,
                              const struct classifier_problem *problem, size_t fold, double *sums,
                              double *products);

/* Everything that a classifier computes of the example, which has a task for each fold, at least:
 * losses and gradients in both precisions, logarithms, sums of all folds. (*count) numbers, to be
 * freed. */
double *classifier_compute_all(const struct device_operations *operations,
                               struct classifier *classifier, struct classifier_example *example,
                               size_t *count);

/* The same into `all`, which has room for it, up to the first error. */
enum error_code classifier_try_all(const struct device_operations *operations,
                                   struct classifier *classifier,
                                   struct classifier_example *example, double *all,
                                   struct error *error);

/* Fails the test unless two classifiers of one problem, by this device, compute the same
 * bytes. */
void classifier_check_same(const struct device_operations *operations, struct classifier *first,
                           struct classifier *second, struct classifier_example *example);

/* Fails the test if a task's loss differs from that of plain loops by more than `tolerance`
 * relative to it, or its gradient relative to the number of rows. */
void classifier_compare_tasks(const struct classifier_example *example, double tolerance);

#endif
