/* Out-of-fold probabilities where a row may have any number of labels: one binary
 * logistic regression for each class, its rows against the rest, as scikit-learn's
 * OneVsRestClassifier(LogisticRegression(C, solver="lbfgs")) has them. Each is
 * crossval.h's problem with two classes, which has one weight vector: the penalty is
 * the reference's own (a softmax with both vectors free would want C / 2 for it). */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_MULTILABEL_H
#define EARMARK_CLASSIFIER_CROSSVAL_MULTILABEL_H

#include "host/classifier/crossval.h"

struct crossval_multilabel_input {
    const float *embeddings; /* (rows, features), finite */
    const int8_t *labels;    /* (rows, classes): 1 where the row has the class, else 0 */
    const int32_t *fold_of;  /* (rows), 0 .. folds - 1; folds without rows are allowed */
    size_t rows, features, classes, folds;
};

/* probabilities (rows, classes), float32, of having the class, is written. One C serves
 * all classes: the one of the lowest log-loss, which is the mean over rows and classes.
 * Of the report, fits are for each C and fold that of the class which ended worst;
 * counts are of all classes' fits. Memory beyond the arguments is 12 bytes a row and
 * what crossval_run takes for two classes. crossval_report_free frees the report, after
 * a failure too. ERROR_DATA when a fold's training rows all have a class, or none of
 * them has it (auditable_multilabel tells before). */
enum error_code crossval_multilabel_run(const struct device_operations *operations,
                                        struct device *device,
                                        const struct crossval_multilabel_input *input,
                                        const struct crossval_settings *settings,
                                        const struct crossval_progress *progress,
                                        float *probabilities, struct crossval_report *report,
                                        struct error *error);

#endif
