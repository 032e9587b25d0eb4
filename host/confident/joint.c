#include "host/confident/joint.h"

#include "host/base/memory.h"
#include "host/confident/pairwise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING_TOLERANCE 1e-6
#define TINY 1e-100

/* Sorts index (count) by key, ascending, ties by index (merge sort); work (count / 2). */
static void sort_by_key(size_t *index, size_t count, const double *key, size_t *work) {
    if (count < 2) return;
    size_t half = count / 2;
    sort_by_key(index, half, key, work);
    sort_by_key(index + half, count - half, key, work);
    memcpy(work, index, half * sizeof *work);
    size_t left = 0;
    size_t right = half;
    for (size_t at = 0; left < half; at++) {
        bool take_right = right < count && key[index[right]] < key[work[left]];
        index[at] = take_right ? index[right++] : work[left++];
    }
}

/* Rounds x (K) half to even into rounded (K) so that its sum is the rounded sum of x: entries
 * that lost most in rounding are raised by one, those that gained most are lowered by one.
 * work: 3 K size_t of scratch. */
static void round_row(const double *x, size_t classes, double *rounded, size_t *work) {
    size_t *index = work;
    double *loss = (double *)(void *)(work + 2 * classes);
    double target = rint(pairwise_float64(x, classes));
    double last = INFINITY;
    for (size_t k = 0; k < classes; k++) rounded[k] = rint(x[k]);
    for (;;) {
        double difference = target - pairwise_float64(rounded, classes);
        double wanted = fabs(difference);
        if (!(wanted > ROUNDING_TOLERANCE)) return; /* also when it is NaN */
        if (!(wanted < last)) return;               /* beyond 2^53 a step of one is lost */
        last = wanted;
        size_t steps = wanted < (double)classes ? (size_t)wanted : classes;
        if (steps == 0) return;
        for (size_t k = 0; k < classes; k++) {
            index[k] = k;
            loss[k] = x[k] - rounded[k];
        }
        sort_by_key(index, classes, loss, work + classes);
        for (size_t i = 0; i < steps; i++) {
            if (difference > 0)
                rounded[index[classes - 1 - i]] += 1;
            else
                rounded[index[i]] -= 1;
        }
    }
}

/* numpy's conversion to int64: truncated; values that do not fit become INT64_MIN. */
static int64_t to_integer(double value) {
    if (!(value > -9.2233720368547758e18 && value < 9.2233720368547758e18)) return INT64_MIN;
    return (int64_t)value;
}

/* Scratch for round_row(): two rows of indices and one of doubles. */
static size_t *rounding_work(size_t classes, struct error *error) {
    _Static_assert(sizeof(size_t) == sizeof(double), "rows of both are in one buffer");
    return memory_array(3 * classes, sizeof(size_t), "rounding of counts", error);
}

static uint64_t total_of(const uint64_t *counts, size_t classes) {
    uint64_t total = 0;
    for (size_t k = 0; k < classes; k++) total += counts[k];
    return total;
}

enum error_code joint_calibrate(const double *joint, size_t classes, const uint64_t *class_counts,
                                enum joint_order order, int64_t *calibrated, struct error *error) {
    size_t *work = rounding_work(classes, error);
    double *scaled = memory_array(classes * classes, sizeof *scaled, "the joint", error);
    double *turned = memory_array(classes * classes, sizeof *turned, "the joint", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t s = 0; s < classes; s++) {
        double row_sum = fmax(pairwise_float64(joint + s * classes, classes), TINY);
        for (size_t j = 0; j < classes; j++) {
            double value = joint[s * classes + j] / row_sum * (double)class_counts[s];
            scaled[s * classes + j] = value;
            turned[order == JOINT_TRUE_OUTER ? j * classes + s : s * classes + j] = value;
        }
    }
    double sum = fmax(pairwise_float64(turned, classes * classes), TINY);
    double rows = (double)total_of(class_counts, classes);
    for (size_t s = 0; s < classes; s++) {
        double *row = scaled + s * classes;
        for (size_t j = 0; j < classes; j++) row[j] = row[j] / sum * rows;
        round_row(row, classes, turned, work);
        for (size_t j = 0; j < classes; j++) calibrated[s * classes + j] = to_integer(turned[j]);
    }
done:
    free(turned);
    free(scaled);
    free(work);
    return error->code;
}

uint64_t joint_calibrated_issues(const int64_t *calibrated, size_t classes, uint64_t rows) {
    double sum = 0;
    double trace = 0;
    for (size_t i = 0; i < classes * classes; i++) sum += (double)calibrated[i];
    for (size_t k = 0; k < classes; k++)
        trace += (double)calibrated[k * classes + k] / fmax(sum, TINY);
    double issues = rint((1 - trace) * (double)rows);
    return issues > 0 ? (uint64_t)issues : 0;
}

/* cleanlab's keep_at_least_n_per_class and reduce_prune_counts for given class k: column (K),
 * over the true classes, is changed in place; reduced is scratch (K). */
static void prune_column(double *column, size_t classes, size_t k,
                         const struct joint_pruning *pruning, double *reduced) {
    double diagonal = fmax(column[k], (double)pruning->min_examples_per_class);
    double increase = diagonal - column[k];
    size_t entries = 0;
    for (size_t j = 0; j < classes; j++) entries += column[j] != 0;
    double share = increase / (entries > 2 ? (double)(entries - 1) : 1.0);
    for (size_t j = 0; j < classes; j++) {
        column[j] -= share;
        if (column[j] < 0) column[j] = 0;
    }
    column[k] = diagonal;
    for (size_t j = 0; j < classes; j++)
        reduced[j] = j == k ? 0 : column[j] - column[j] * pruning->frac_noise;
    double kept = diagonal + pairwise_float64(reduced, classes);
    for (size_t j = 0; j < classes; j++)
        if (j != k) column[j] *= pruning->frac_noise;
    column[k] = kept;
}

/* Replaces the counts by num_to_remove (K) removals a class, divided among the cells in
 * proportion to the counts. Works on the rows of true classes j, as cleanlab does: each is
 * divided by the sums of the rows, and its off-diagonal is scaled to num_to_remove[j]. Rows
 * without noise become NaN, which prunes nothing. */
static void share_removals(const double *columns, size_t classes, const uint64_t *class_counts,
                           const double *num_to_remove, double *scratch, size_t *work,
                           int64_t *prune) {
    double *row_sums = scratch;
    double *row = scratch + classes;
    double *rounded = scratch + 2 * classes;
    for (size_t j = 0; j < classes; j++) {
        row_sums[j] = 0; /* of whole numbers: exact in any order */
        for (size_t k = 0; k < classes; k++) row_sums[j] += columns[k * classes + j];
    }
    for (size_t j = 0; j < classes; j++) {
        for (size_t k = 0; k < classes; k++) row[k] = columns[k * classes + j] / row_sums[k];
        double noise = pairwise_float64(row, classes) - row[j];
        for (size_t k = 0; k < classes; k++) row[k] = row[k] * num_to_remove[j] / noise;
        row[j] = (double)class_counts[j] - num_to_remove[j];
        round_row(row, classes, rounded, work);
        for (size_t k = 0; k < classes; k++) prune[k * classes + j] = to_integer(rounded[k]);
    }
}

enum error_code joint_prune_counts(const double *joint, size_t classes,
                                   const uint64_t *class_counts,
                                   const struct joint_pruning *pruning, int64_t *prune,
                                   struct error *error) {
    size_t *work = rounding_work(classes, error);
    double *columns = memory_array(classes * classes, sizeof *columns, "prune counts", error);
    double *scratch = memory_array(classes * 3, sizeof *scratch, "prune counts", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t k = 0; k < classes; k++) {
        double *column = columns + k * classes;
        memcpy(column, joint + k * classes, classes * sizeof *column);
        prune_column(column, classes, k, pruning, scratch);
        for (size_t j = 0; j < classes; j++) {
            prune[k * classes + j] = to_integer(column[j]);
            column[j] = (double)prune[k * classes + j];
        }
    }
    if (pruning->num_to_remove != NULL)
        share_removals(columns, classes, class_counts, pruning->num_to_remove, scratch, work,
                       prune);
done:
    free(scratch);
    free(columns);
    free(work);
    return error->code;
}
