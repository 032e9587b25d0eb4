/* Out-of-fold probabilities by multinomial logistic regression: one fit for each
 * fold and each C, all in lockstep through the device's classifier.
 *
 * Each fit minimises, over its S training rows, what scikit-learn's
 * LogisticRegression(C, solver="lbfgs") minimises:
 *     (1 / S) sum -log p[label] + (1 / (2 C S)) |W|^2
 * without penalty on intercepts, from zeros; where only two classes are present
 * there is one weight vector (binomial), as in the reference. */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_H
#define EARMARK_CLASSIFIER_CROSSVAL_H

#include "host/classifier/crossval_report.h"
#include "host/classifier/crossval_settings.h"
#include "host/classifier/scaling.h"
#include "kernels/device.h"

/* The values of --C auto: 1e-4 to 1e2 in steps of ten. */
#define CROSSVAL_AUTO_COUNT 7
extern const double crossval_auto_c[CROSSVAL_AUTO_COUNT];

/* *settings with c_auto replaced by its values of C, and at least one thread. */
struct crossval_settings crossval_settings_complete(const struct crossval_settings *settings);

/* How many rows --C auto is chosen on where there are more than twice as many, and whether there
 * are, not of too many classes and folds for a sample. */
size_t crossval_sample_rows(const struct crossval_settings *settings);
bool crossval_is_sampled(const struct crossval_settings *settings, size_t rows, size_t classes,
                         size_t folds);
/* Says so, where there are. */
void crossval_say_sample(const struct crossval_settings *settings, size_t rows, size_t classes,
                         size_t folds);

struct crossval_input {
    struct matrix_rows embeddings; /* (rows, features), finite */
    const int32_t *labels;         /* (rows), 0 .. classes - 1; classes without rows are allowed */
    const int32_t *fold_of;        /* (rows), 0 .. folds - 1; folds without rows are allowed */
    size_t rows, features, classes, folds;
    const struct scaling *pooled; /* crossval_scaling() with SCALE_POOLED; NULL: not known yet */
    /* for messages: what the embeddings are called, and the numbers of their rows (rows); NULL:
     * "embeddings", 0 .. rows - 1 */
    const char *name;
    const int64_t *row_numbers;
};

/* How the columns are scaled: of every value of the embeddings, which must be finite. Errors:
 * ERROR_DATA, ERROR_MEMORY. scaling_close() frees *scaling, after an error too. */
enum error_code crossval_scaling(const struct crossval_input *input, enum crossval_scale scaled,
                                 int threads, struct scaling *scaling, struct error *error);

/* Fits all folds at every C and writes the out-of-fold probabilities of the best C, which with
 * c_auto and many rows (crossval_is_sampled) is chosen on a fixed sample of them (report->sample):
 * probabilities (rows, classes), float32, 0 for a class that is absent from the training
 * rows of the row's fold; with settings' `logarithms`, max(ln p, LOG_FLOOR) in their place.
 * progress may be NULL. *report is freed by crossval_report_free(),
 * after an error too. Errors: ERROR_USAGE for settings out of range, ERROR_DATA when
 * embeddings are not finite or a fold's training rows have fewer than two classes,
 * ERROR_STOPPED, and what the device reports. Fits that did not converge are not an error:
 * see the report. */
enum error_code crossval_run(const struct device_operations *operations, struct device *device,
                             const struct crossval_input *input,
                             const struct crossval_settings *settings,
                             const struct crossval_progress *progress, float *probabilities,
                             struct crossval_report *report, struct error *error);

/* The report of every C of the settings, which are complete, on the sample alone. */
enum error_code crossval_judge_sample(const struct device_operations *operations,
                                      struct device *device, const struct crossval_input *input,
                                      const struct crossval_settings *settings,
                                      const struct crossval_progress *progress,
                                      struct crossval_report *report, struct error *error);

/* A step of struct crossval_progress that shows the finished fits; context: a struct progress
 * that was started. */
void crossval_show_fits(void *context, size_t finished_fits, size_t all_fits,
                        double worst_gradient);

#endif
