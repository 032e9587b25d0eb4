/* Out-of-fold probabilities where a row may have any number of labels: one binary
 * logistic regression for each class, the rows that have it against the rest, as in
 * scikit-learn's OneVsRestClassifier(LogisticRegression(C, solver="lbfgs")). Each is
 * crossval.h's problem with two classes, which has one weight vector, so that the penalty
 * is scikit-learn's too (a softmax with two free vectors would need C / 2). */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_MULTILABEL_H
#define EARMARK_CLASSIFIER_CROSSVAL_MULTILABEL_H

#include "host/classifier/crossval.h"

struct crossval_multilabel_input {
    struct matrix_rows embeddings; /* (rows, features), finite */
    const int8_t *labels;          /* (rows, classes): 1 where the row has the class, else 0 */
    const int32_t *fold_of;        /* (rows), 0 .. folds - 1; folds without rows are allowed */
    size_t rows, features, classes, folds;
    const char *name;           /* as in struct crossval_input */
    const int64_t *row_numbers; /* likewise */
};

/* Writes probabilities (rows, classes), float32: of having the class. All classes use the
 * same C, that of the lowest log-loss, averaged over rows and classes. In *report, the entry
 * of a C and fold is the fit of the class that ended worst, and counts are of the fits of
 * all classes; crossval_report_free() frees it, after an error too. Memory beyond the
 * arguments: 12 bytes a row and what crossval_run() takes for two classes. Errors as of
 * crossval_run(); ERROR_DATA also when a fold's training rows all have a class, or none of
 * them has it (auditable_multilabel() finds such classes). */
enum error_code crossval_multilabel_run(const struct device_operations *operations,
                                        struct device *device,
                                        const struct crossval_multilabel_input *input,
                                        const struct crossval_settings *settings,
                                        const struct crossval_progress *progress,
                                        float *probabilities, struct crossval_report *report,
                                        struct error *error);

#endif
