/* The ensemble: three estimators of out-of-fold probabilities for each view of the same rows,
 * and their mix. */
#ifndef EARMARK_CLASSIFIER_ENSEMBLE_H
#define EARMARK_CLASSIFIER_ENSEMBLE_H

#include "host/base/progress.h"
#include "host/classifier/crossval.h"
#include "host/classifier/discriminant.h"
#include "host/classifier/mix.h"

/* One matrix of embeddings of the rows. */
struct ensemble_view {
    const char *name;              /* "xvector" */
    const char *file;              /* that it came from, for messages; NULL: the name */
    struct matrix_rows embeddings; /* (rows, features), finite */
    size_t features;
};

struct ensemble_input {
    const struct ensemble_view *views; /* (view_count), 1 .. MIX_VIEWS */
    size_t view_count;
    const int32_t *labels;  /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of; /* (rows), 0 .. folds - 1 */
    const int32_t *apart;   /* (rows): rows of the same number are not neighbours; or NULL */
    size_t rows, classes, folds;
    const int64_t *row_numbers; /* (rows) for messages; NULL: 0 .. rows - 1 */
};

enum ensemble_estimator {
    ESTIMATOR_LOGISTIC = 0,
    ESTIMATOR_DISCRIMINANT = 1,
    ESTIMATOR_NEIGHBOURS = 2,
};

struct ensemble {
    size_t view_count;
    float *estimators[MIX_VIEWS * MIX_ESTIMATORS]; /* a view's by enum ensemble_estimator:
                                                      (rows, classes) log-probabilities */
    float *mix;                                    /* (rows, classes) the same of the mix */
    float *margins;                                /* (rows), see mix.h */
    struct mix_report report;
    struct crossval_report logistic[MIX_VIEWS];
    struct discriminant_report discriminant[MIX_VIEWS];
};

/* ERROR_UNSUPPORTED, with the name, for a view of more columns than the discriminant takes. */
enum error_code ensemble_check_columns(const char *name, size_t features, struct error *error);

/* Runs the estimators of every view and mixes them. Columns are standardised over all rows, not
 * by each fold's training rows: a column that is nearly constant in a fold (a ReLU that is mostly
 * 0) would otherwise give its other rows values of thousands of deviations. With settings->scale
 * SCALE_NONE logistic regression takes the columns as they are. settings: those of crossval_run.
 * Results do not depend on the threads. ensemble_free() frees *ensemble, after an error too. */
enum error_code ensemble_run(const struct device_operations *operations, struct device *device,
                             const struct ensemble_input *input,
                             const struct crossval_settings *settings, enum progress_style style,
                             struct ensemble *ensemble, struct error *error);
void ensemble_free(struct ensemble *ensemble); /* takes a zeroed one */

/* Appends the choices as a JSON object: the weight, log-loss, C and shrinkage of each view, the
 * temperature, the log-loss of the mix, and the fits. */
void ensemble_json(const struct ensemble *ensemble, const struct ensemble_view *views,
                   struct text *text);

#endif
