/* The weights of linear discriminants, from sums of classes and of outer products. */
#ifndef EARMARK_CLASSIFIER_DISCRIMINANT_FIT_H
#define EARMARK_CLASSIFIER_DISCRIMINANT_FIT_H

#include "host/base/error.h"

/* What is known of the training rows of one fold: sums over all rows, and over those that the fold
 * holds out, which are taken off. */
struct discriminant_rows {
    size_t features, classes;
    const double *all_products; /* (features, features) */
    const double *out_products; /* likewise */
    const double *all_sums;     /* (classes, features) */
    const double *out_sums;     /* likewise */
    const size_t *all_counts;   /* (classes) */
    const size_t *out_counts;   /* likewise */
};

/* Working memory for one fold, and for as many factorisations as run at once. */
struct discriminant_fit {
    size_t features, classes;
    int threads;     /* of sums */
    int workers;     /* of factorisations */
    double *means;   /* (classes, features): of the `present` classes first */
    size_t *present; /* (classes): numbers of the classes that have rows */
    size_t *counts;  /* (classes): rows of each of these */
    size_t present_count, rows;
    double *within;       /* (features, features), lower triangle: sum (x - m[y]) (x - m[y])' */
    double mean_variance; /* tr(S) / d; 0: every row equals its class's mean */
    double *matrices;     /* (workers, features, features) */
    double *scratch;      /* (workers, scratch_size) */
    size_t scratch_size;
};

/* Allocates for at most `workers` factorisations at once, fewer where they are large. ERROR_MEMORY.
 * discriminant_fit_close() frees it, after an error too; takes a zeroed one. */
enum error_code discriminant_fit_open(struct discriminant_fit *fit, size_t features, size_t classes,
                                      int threads, int workers, struct error *error);
void discriminant_fit_close(struct discriminant_fit *fit);

/* Means and scatter within the classes of one fold's training rows. */
void discriminant_fit_rows(struct discriminant_fit *fit, const struct discriminant_rows *rows);

/* For each of `count` shrinkages, weights[i] (classes, features + 1), the last column the
 * intercept, as classifier_predict takes them: absent classes have weights 0 and intercept -1e30.
 * failed[i] is set when that shrinkage has no Cholesky factor or weights that are not finite. */
void discriminant_fit_weights(const struct discriminant_fit *fit, const double *shrinkages,
                              size_t count, double *const *weights, bool *failed);

#endif
