/* Class health, from the calibrated joint of given and true labels: how well each class is
 * labelled, which classes are confused, and the share of rows without an issue. The results
 * are exactly those of cleanlab 2.9's `dataset` module; ties keep the order of the classes. */
#ifndef EARMARK_CONFIDENT_CLASS_HEALTH_H
#define EARMARK_CONFIDENT_CLASS_HEALTH_H

#include "host/base/error.h"

/* cleanlab's rank_classes_by_label_quality. */
struct class_health_entry {
    int32_t index;                /* of the class */
    int64_t label_issues;         /* rows with this label that belong to another class */
    int64_t inverse_label_issues; /* rows of this class that have another label */
    double label_noise;           /* share of the rows with this label, 0 .. 1 */
    double inverse_label_noise;   /* share of the rows of this class, 0 .. 1 */
    double label_quality;         /* 1 - label_noise */
};

/* cleanlab's find_overlapping_classes. */
struct class_health_pair {
    int32_t first; /* the lower class number */
    int32_t second;
    int64_t examples;         /* rows of either class with the other's label */
    double joint_probability; /* the same as a share of all rows */
};

struct class_health {
    size_t class_count;
    struct class_health_entry *classes; /* worst quality first */
    size_t pair_count;                  /* classes * (classes - 1) / 2 */
    struct class_health_pair *pairs;    /* most confused first */
    double overall;                     /* 1 - num_label_issues / rows */
};

#define CLASS_HEALTH_INITIAL                                                                       \
    { .class_count = 0 }

/* calibrated (classes, classes): row given, column true, and num_label_issues, as in a
 * confident_result; rows: of the data set, > 0. ERROR_MEMORY, *health is then empty;
 * otherwise class_health_free() frees it. */
enum error_code class_health_measure(const int64_t *calibrated, size_t classes, uint64_t rows,
                                     uint64_t num_label_issues, struct class_health *health,
                                     struct error *error);
void class_health_free(struct class_health *health); /* leaves it empty */

#endif
