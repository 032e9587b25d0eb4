/* How columns are shifted and scaled: for each fold by its own training rows, and
 * for the device once by all rows.
 *
 * A fit for fold f works on z = (x - mean_f) / deviation_f. The device sees
 * x' = (x - shift) * scale with the overall means and deviations, and so
 *     z = x' * ratio_f + offset_f
 * with a ratio near 1 and an offset near 0: applying these small differences to
 * weights and gradients loses no digits, whereas applying whole means would. */
#ifndef EARMARK_CLASSIFIER_SCALING_H
#define EARMARK_CLASSIFIER_SCALING_H

#include "host/base/error.h"
#include "host/classifier/crossval_settings.h"
#include "kernels/device.h"

struct scaling {
    size_t features, folds;
    enum crossval_scale scaled;
    double *shift;         /* (features), for the device */
    double *scale;         /* (features), for the device */
    double *ratio;         /* (folds, features) */
    double *offset;        /* (folds, features) */
    size_t *training_rows; /* (folds) */
};

/* Computes the scaling of data (rows, features), finite; fold_of (rows). SCALE_STANDARD:
 * columns are scaled per fold by the mean and deviation (divisor n) of its training rows,
 * constant ones by 1, as scikit-learn's StandardScaler does. SCALE_POOLED: by those of all rows,
 * ratio 1 and offset 0 in every fold. SCALE_NONE: columns are only shifted by the overall means,
 * which does not change a fit with an unpenalised intercept.
 * Results do not depend on the threads (>= 1). ERROR_MEMORY. scaling_close() frees it, and
 * takes a zeroed struct. */
enum error_code scaling_open(struct scaling *scaling, const struct matrix_rows *data, size_t rows,
                             size_t features, const int32_t *fold_of, size_t folds,
                             enum crossval_scale scaled, int threads, struct error *error);
/* ERROR_DATA with the row and column of the first number of the same data that is not finite. For
 * the message: name, of the data, and row_numbers (rows); NULL: "embeddings", 0 .. rows - 1. */
enum error_code scaling_check(const struct scaling *scaling, const struct matrix_rows *data,
                              size_t rows, const char *name, const int64_t *row_numbers,
                              struct error *error);
void scaling_close(struct scaling *scaling);

/* Converts one class's weights (features + 1, the intercept last) for z to those for x'. */
void scaling_weights(const struct scaling *scaling, size_t fold, const double *weights,
                     double *device_weights);

/* Converts the gradient (features + 1) by the weights for x' to that by the weights for z. */
void scaling_gradient(const struct scaling *scaling, size_t fold, const double *device_gradient,
                      double *gradient);

#endif
