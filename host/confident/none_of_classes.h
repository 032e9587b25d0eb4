/* Issues that belong to none of the classes, told apart from labels that should be another one.
 *
 * Among likely errors the entropy of a clip's probabilities is high where no class fits: each
 * estimator says something else, or nothing. It is taken of the mean of the estimators'
 * probabilities, not of the mix: a geometric mean lets the one that is sure of itself decide. With
 * one class held out and its clips given other labels it told them from wrong labels with AUC .996
 * (digits), .972 (prompts), .887 (orchestra notes) and .945 (animals); the mix .990, .961, .854,
 * .910; the logistic regression alone .945, .929, .844, .860. */
#ifndef EARMARK_CONFIDENT_NONE_OF_CLASSES_H
#define EARMARK_CONFIDENT_NONE_OF_CLASSES_H

#include "host/confident/mix_view.h"

/* An issue with at least this entropy is marked. Chosen on the digits; there .97 of the flagged
 * clips without a class are marked and .04 of those with a wrong label; .92 and .09 of the
 * prompts, .80 and .20 of the notes, .91 and .13 of the animals. */
#define NONE_OF_CLASSES_ENTROPY 0.6

struct none_of_classes {
    double entropy; /* 0: one class has all the probability, to 1: all have the same */
    bool marked;
};

/* Entropy and mark of the rows `issues` (issue_count) of the view, written to found in their
 * order. Rows of which the estimators say nothing (no class has any probability) have entropy 1. */
void none_of_classes_find(const struct mix_view *view, const size_t *issues, size_t issue_count,
                          struct none_of_classes *found);

#endif
