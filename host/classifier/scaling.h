/* How columns are shifted and scaled, for each fold by its own training rows and
 * for the device once by all rows.
 *
 * A fit for fold f works on z = (x - mean_f) / deviation_f. The device sees
 * x' = (x - shift) * scale with the overall means and deviations, and so
 *     z = x' * ratio_f + offset_f
 * with a ratio near 1 and an offset near 0: folding these small differences into
 * weights and gradients loses no digits, where folding whole means would. */
#ifndef EARMARK_CLASSIFIER_SCALING_H
#define EARMARK_CLASSIFIER_SCALING_H

#include "host/base/error.h"

struct scaling {
    size_t features, folds;
    bool standardise;
    double *shift;         /* (features), for the device */
    double *scale;         /* (features), for the device */
    double *ratio;         /* (folds, features) */
    double *offset;        /* (folds, features) */
    size_t *training_rows; /* (folds) */
};

/* Over data (rows, features), finite. With `standardise`, columns are scaled per
 * fold by mean and deviation (divisor n) of its training rows, constant ones by 1
 * (scikit-learn's StandardScaler); without, columns stay as they are but for the
 * shift by the overall means, to which a fit with an unpenalised intercept is
 * indifferent. scaling_close frees; it may be called on a zeroed struct. */
enum error_code scaling_open(struct scaling *scaling, const float *data, size_t rows,
                             size_t features, const int32_t *fold_of, size_t folds,
                             bool standardise, int threads, struct error *error);
void scaling_close(struct scaling *scaling);

/* Weights (features + 1, the last the intercept) of one class for z to those for x'. */
void scaling_weights(const struct scaling *scaling, size_t fold, const double *weights,
                     double *device_weights);

/* The gradient (features + 1) in the device's weights to the one in the fit's. */
void scaling_gradient(const struct scaling *scaling, size_t fold, const double *device_gradient,
                      double *gradient);

#endif
