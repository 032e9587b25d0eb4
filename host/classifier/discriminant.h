/* Out-of-fold probabilities by a linear discriminant with a shrunk shared covariance. */
#ifndef EARMARK_CLASSIFIER_DISCRIMINANT_H
#define EARMARK_CLASSIFIER_DISCRIMINANT_H

#include "host/classifier/crossval.h"

#define DISCRIMINANT_SHRINKAGES 6

struct discriminant_report {
    double shrinkage, temperature, log_loss;
    double log_losses[DISCRIMINANT_SHRINKAGES];
};

/* Writes log_probabilities (rows, classes). A placeholder: every class has the same probability,
 * which leaves the mix to the other estimators. */
enum error_code discriminant_run(const struct device_operations *operations, struct device *device,
                                 const struct crossval_input *input, int threads,
                                 const struct crossval_progress *progress, float *log_probabilities,
                                 struct discriminant_report *report, struct error *error);

#endif
