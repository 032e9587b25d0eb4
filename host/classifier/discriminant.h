/* Out-of-fold probabilities by a linear discriminant with a shared, shrunk covariance.
 *
 * Columns are standardised by all rows. For each fold, over its n training rows with K classes,
 * of class k n_k rows with the mean m_k:
 *     S   = sum (x - m[y]) (x - m[y])' / (n - K)
 *     S_a = (1 - a) S + a tr(S) / d I                               a: the shrinkage
 *     score of class k: x' S_a^-1 m_k - m_k' S_a^-1 m_k / 2 + ln(n_k / n)
 * The probabilities are softmax(b scores), with one temperature b for all folds (temperature.h),
 * and of the shrinkages that of the lowest out-of-fold log-loss. Where every row equals its
 * class's mean, S_a is I.
 *
 * One pass over the data gives each fold's sums of classes and of outer products, from which the
 * others' follow; then every shrinkage takes a Cholesky factorisation for each fold, and a pass. */
#ifndef EARMARK_CLASSIFIER_DISCRIMINANT_H
#define EARMARK_CLASSIFIER_DISCRIMINANT_H

#include "host/classifier/crossval.h"

#define DISCRIMINANT_SHRINKAGES 6
extern const double discriminant_shrinkages[DISCRIMINANT_SHRINKAGES];

/* Most columns: a matrix of so many rows and columns takes 512 MB. */
#define DISCRIMINANT_MAXIMUM_FEATURES ((size_t)8192)

struct discriminant_report {
    double shrinkage;   /* the chosen a; 0 if all failed */
    double temperature; /* b */
    double log_loss;    /* mean out-of-fold -ln p[label] */
    /* Of each shrinkage; INFINITY where a fold's S_a has no Cholesky factor or weights overflow. */
    double log_losses[DISCRIMINANT_SHRINKAGES];
};

/* Called after every step. */
struct discriminant_progress {
    void (*step)(void *context, size_t finished_steps, size_t all_steps);
    void *context;
};

/* Writes max(ln p, LOG_FLOOR), float32, to log_probabilities (rows, classes): LOG_FLOOR for a class
 * that is absent from the fold's training rows. If all shrinkages fail, p is the classes' frequency
 * in the training rows. Results do not depend on the threads (>= 1). progress may be NULL.
 * ERROR_UNSUPPORTED above DISCRIMINANT_MAXIMUM_FEATURES; ERROR_DATA without two classes and two
 * folds or when embeddings are not finite; ERROR_MEMORY, ERROR_STOPPED, and what the device
 * reports. */
enum error_code discriminant_run(const struct device_operations *operations, struct device *device,
                                 const struct crossval_input *input, int threads,
                                 const struct discriminant_progress *progress,
                                 float *log_probabilities, struct discriminant_report *report,
                                 struct error *error);

/* The same with another limit than DISCRIMINANT_MEMORY, in bytes, each for the sums of outer
 * products that are kept and for the weights of all shrinkages. With less, folds are summed again
 * and fewer shrinkages fitted together; results are the same. */
#define DISCRIMINANT_MEMORY ((size_t)1 << 30)
enum error_code discriminant_run_within(size_t memory, const struct device_operations *operations,
                                        struct device *device, const struct crossval_input *input,
                                        int threads, const struct discriminant_progress *progress,
                                        float *log_probabilities,
                                        struct discriminant_report *report, struct error *error);

#endif
