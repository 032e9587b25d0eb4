/* Health of a data set, from the calibrated joint of given and true labels: which
 * classes are labelled badly, which are confused, how healthy the whole is.
 * Exact to cleanlab 2.9's `dataset` module; ties keep the order of the classes. */
#ifndef EARMARK_CONFIDENT_HEALTH_H
#define EARMARK_CONFIDENT_HEALTH_H

#include "host/base/error.h"

/* cleanlab's rank_classes_by_label_quality. */
struct health_class {
    int32_t index;
    int64_t label_issues;         /* rows with this label that belong to another class */
    int64_t inverse_label_issues; /* rows of this class that have another label */
    double label_noise;
    double inverse_label_noise;
    double label_quality; /* 1 - label_noise */
};

/* cleanlab's find_overlapping_classes. */
struct health_pair {
    int32_t first; /* the lower class number */
    int32_t second;
    int64_t examples;
    double joint_probability;
};

struct health {
    size_t class_count;
    struct health_class *classes; /* worst quality first */
    size_t pair_count;            /* classes * (classes - 1) / 2 */
    struct health_pair *pairs;    /* most confused first */
    double overall;               /* 1 - num_label_issues / rows */
};

#define HEALTH_INITIAL                                                                             \
    { .class_count = 0 }

/* calibrated (classes, classes): row given, column true, as in a confident_result.
 * health_free releases the result. */
enum error_code health_measure(const int64_t *calibrated, size_t classes, uint64_t rows,
                               uint64_t num_label_issues, struct health *health,
                               struct error *error);
void health_free(struct health *health); /* leaves it empty */

#endif
