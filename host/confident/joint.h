/* Tables of (classes x classes) counts: the joint of given and true labels, its
 * calibration, and the numbers of rows to prune that follow from it.
 * All tables are row given, column true; K is the number of classes. */
#ifndef EARMARK_CONFIDENT_JOINT_H
#define EARMARK_CONFIDENT_JOINT_H

#include "host/base/error.h"

/* Which index is the outer one in memory when numpy sums a table: the true class for a
 * joint that was just counted, the given class for any other. */
enum joint_order { JOINT_TRUE_OUTER = 0, JOINT_GIVEN_OUTER = 1 };

/* Writes calibrated (K, K): the rows of joint (K, K) scaled to class_counts (K), then the whole
 * to the number of rows, rounded row by row. ERROR_MEMORY. */
enum error_code joint_calibrate(const double *joint, size_t classes, const uint64_t *class_counts,
                                enum joint_order order, int64_t *calibrated, struct error *error);

/* cleanlab's off_diagonal_calibrated: rint((1 - trace of the joint distribution) * rows). */
uint64_t joint_calibrated_issues(const int64_t *calibrated, size_t classes, uint64_t rows);

struct joint_pruning {
    double frac_noise;
    int64_t min_examples_per_class;
    const double *num_to_remove; /* (K) or NULL */
};

/* joint (K, K): a calibrated one, or counts that the caller supplies; class_counts (K).
 * Writes prune (K, K): entry (k, j) is how many rows of given class k to flag as of true class
 * j, and the diagonal how many rows of class k to keep. A negative entry counts as 0.
 * ERROR_MEMORY. */
enum error_code joint_prune_counts(const double *joint, size_t classes,
                                   const uint64_t *class_counts,
                                   const struct joint_pruning *pruning, int64_t *prune,
                                   struct error *error);

#endif
