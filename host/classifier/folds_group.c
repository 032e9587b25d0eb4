/* Stratified folds of whole groups: the groups are placed one by one, those with the most
 * uneven classes first, each in the fold that keeps the classes' shares most even. A choice
 * can depend on the last bit of a sum, so everything is added in numpy's order (pairwise
 * where numpy does that). */
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/classifier/folds.h"
#include "host/classifier/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* numpy's pairwise summation: eight partial sums up to 128 numbers, halves beyond. */
static double pairwise_sum(const double *values, size_t count) {
    if (count < 8) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += values[i];
        return sum;
    }
    if (count <= 128) {
        double part[8];
        memcpy(part, values, sizeof part);
        size_t i = 8;
        for (; i < count - count % 8; i += 8)
            for (size_t k = 0; k < 8; k++) part[k] += values[i + k];
        double sum = ((part[0] + part[1]) + (part[2] + part[3])) +
                     ((part[4] + part[5]) + (part[6] + part[7]));
        for (; i < count; i++) sum += values[i];
        return sum;
    }
    size_t half = count / 2;
    half -= half % 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
}

/* How many rows of a class a group has. */
struct group_class {
    size_t class;
    double rows;
};

struct grouping {
    size_t classes; /* only those that have rows */
    size_t folds;
    size_t groups;
    double *class_rows; /* (classes) */
    size_t *starts;     /* (groups + 1) into members */
    struct group_class *members;
    double *fold_class_rows; /* (folds, classes) so far */
    double *fold_rows;       /* (folds) so far */
    double *deviations;      /* (classes) so far: of a class's shares over the folds */
    double *candidate;       /* (classes) the same, if a group were added to a fold */
    double *shares;          /* (folds) scratch: of one class */
};

/* numpy's sum over the first axis of (folds, classes): in order; with a single class the
 * folds are contiguous and numpy adds them pairwise. */
static double fold_sum(const struct grouping *grouping, const double *values) {
    if (grouping->classes == 1) return pairwise_sum(values, grouping->folds);
    double sum = 0;
    for (size_t k = 0; k < grouping->folds; k++) sum += values[k];
    return sum;
}

/* numpy.std over the folds of rows / class_rows for one class, with `extra` rows added to
 * fold `fold` (SIZE_MAX: to none). */
static double share_deviation(const struct grouping *grouping, size_t class, size_t fold,
                              double extra) {
    size_t folds = grouping->folds;
    double *shares = grouping->shares, total = grouping->class_rows[class];
    for (size_t k = 0; k < folds; k++) {
        double rows = grouping->fold_class_rows[k * grouping->classes + class];
        shares[k] = (k == fold ? rows + extra : rows) / total;
    }
    double mean = fold_sum(grouping, shares) / (double)folds;
    for (size_t k = 0; k < folds; k++) shares[k] = (shares[k] - mean) * (shares[k] - mean);
    return sqrt(fold_sum(grouping, shares) / (double)folds);
}

/* numpy.std over the classes of one group's rows. */
static double group_deviation(struct grouping *grouping, size_t group) {
    double *values = grouping->candidate;
    size_t classes = grouping->classes;
    memset(values, 0, classes * sizeof *values);
    for (size_t m = grouping->starts[group]; m < grouping->starts[group + 1]; m++)
        values[grouping->members[m].class] = grouping->members[m].rows;
    double mean = pairwise_sum(values, classes) / (double)classes;
    for (size_t c = 0; c < classes; c++) values[c] = (values[c] - mean) * (values[c] - mean);
    return sqrt(pairwise_sum(values, classes) / (double)classes);
}

/* numpy.isclose with its default tolerances. */
static bool is_close(double value, double reference) {
    return fabs(value - reference) <= 1e-8 + 1e-5 * fabs(reference);
}

static size_t best_fold(struct grouping *grouping, size_t group) {
    size_t best = 0, classes = grouping->classes;
    double least = INFINITY, least_rows = INFINITY;
    for (size_t fold = 0; fold < grouping->folds; fold++) {
        memcpy(grouping->candidate, grouping->deviations, classes * sizeof(double));
        for (size_t m = grouping->starts[group]; m < grouping->starts[group + 1]; m++) {
            const struct group_class *member = &grouping->members[m];
            grouping->candidate[member->class] =
                share_deviation(grouping, member->class, fold, member->rows);
        }
        double unevenness = pairwise_sum(grouping->candidate, classes) / (double)classes;
        if (unevenness < least ||
            (is_close(unevenness, least) && grouping->fold_rows[fold] < least_rows)) {
            least = unevenness;
            least_rows = grouping->fold_rows[fold];
            best = fold;
        }
    }
    return best;
}

static void add_group(struct grouping *grouping, size_t group, size_t fold) {
    for (size_t m = grouping->starts[group]; m < grouping->starts[group + 1]; m++) {
        const struct group_class *member = &grouping->members[m];
        grouping->fold_class_rows[fold * grouping->classes + member->class] += member->rows;
        grouping->fold_rows[fold] += member->rows;
        grouping->deviations[member->class] = share_deviation(grouping, member->class, SIZE_MAX, 0);
    }
}

struct ranked_group {
    double deviation;
    size_t position; /* in the shuffled order: ties keep it */
    size_t group;
};

static int compare_ranked(const void *left, const void *right) {
    const struct ranked_group *a = left, *b = right;
    if (a->deviation != b->deviation) return a->deviation > b->deviation ? -1 : 1;
    return (a->position > b->position) - (a->position < b->position);
}

/* fold_of_group: (groups) */
static enum error_code place_groups(struct grouping *grouping, bool shuffle, uint32_t seed,
                                    int32_t *fold_of_group, struct error *error) {
    size_t groups = grouping->groups;
    size_t *order = scratch_array(groups, sizeof *order, "group order", error);
    struct ranked_group *ranked = scratch_array(groups, sizeof *ranked, "group order", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t g = 0; g < groups; g++) order[g] = g;
    if (shuffle) {
        struct random_state random;
        random_seed(&random, seed);
        random_shuffle_sizes(&random, order, groups);
    }
    for (size_t g = 0; g < groups; g++)
        ranked[g] = (struct ranked_group){group_deviation(grouping, order[g]), g, order[g]};
    sort_in_place(ranked, groups, sizeof *ranked, compare_ranked);
    for (size_t g = 0; g < groups; g++) {
        size_t fold = best_fold(grouping, ranked[g].group);
        add_group(grouping, ranked[g].group, fold);
        fold_of_group[ranked[g].group] = (int32_t)fold;
    }
done:
    scratch_free(order);
    scratch_free(ranked);
    return error->code;
}

struct row_key {
    int32_t group, class;
};

static int compare_keys(const void *left, const void *right) {
    const struct row_key *a = left, *b = right;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    return (a->class > b->class) - (a->class < b->class);
}

/* Counts the rows of each group and class; dense (classes) maps labels to classes that have
 * rows. */
static enum error_code count_members(struct grouping *grouping, const int32_t *labels,
                                     const int32_t *group_of, const size_t *dense, size_t rows,
                                     struct error *error) {
    struct row_key *keys = scratch_array(rows, sizeof *keys, "group keys", error);
    grouping->members = scratch_array(rows, sizeof *grouping->members, "group members", error);
    grouping->starts = memory_array(grouping->groups + 1, sizeof(size_t), "groups", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t row = 0; row < rows; row++)
        keys[row] = (struct row_key){group_of[row], (int32_t)dense[labels[row]]};
    sort_in_place(keys, rows, sizeof *keys, compare_keys);
    size_t count = 0;
    for (size_t row = 0; row < rows; row++) {
        size_t group = (size_t)keys[row].group;
        if (row == 0 || compare_keys(&keys[row], &keys[row - 1]) != 0)
            grouping->members[count++] = (struct group_class){(size_t)keys[row].class, 0};
        grouping->members[count - 1].rows += 1;
        grouping->starts[group + 1] = count;
    }
done:
    scratch_free(keys);
    return error->code;
}

static void grouping_free(struct grouping *grouping) {
    free(grouping->class_rows);
    free(grouping->starts);
    scratch_free(grouping->members);
    free(grouping->fold_class_rows);
    free(grouping->fold_rows);
    free(grouping->deviations);
    free(grouping->candidate);
    free(grouping->shares);
}

/* Finds the classes that have rows, fills dense (classes), and allocates the rest. */
static enum error_code grouping_open(struct grouping *grouping, const int32_t *labels, size_t rows,
                                     size_t classes, size_t *dense, struct error *error) {
    grouping->class_rows = memory_array(classes, sizeof(double), "class counts", error);
    if (grouping->class_rows == NULL) return error->code;
    for (size_t row = 0; row < rows; row++) dense[labels[row]] = 1;
    for (size_t c = 0; c < classes; c++) dense[c] = dense[c] != 0 ? grouping->classes++ : SIZE_MAX;
    double most = 0;
    for (size_t row = 0; row < rows; row++) {
        double *count = &grouping->class_rows[dense[labels[row]]];
        *count += 1;
        if (*count > most) most = *count;
    }
    if (most < (double)grouping->folds)
        return FAIL(error, ERROR_DATA,
                    "%zu folds, but no class has that many clips (the largest has %.0f); use fewer "
                    "folds",
                    grouping->folds, most);
    grouping->fold_class_rows =
        memory_array(grouping->folds, grouping->classes * sizeof(double), "fold counts", error);
    grouping->fold_rows = memory_array(grouping->folds, sizeof(double), "fold counts", error);
    grouping->deviations = memory_array(grouping->classes, sizeof(double), "deviations", error);
    grouping->candidate = memory_array(grouping->classes, sizeof(double), "deviations", error);
    grouping->shares = memory_array(grouping->folds, sizeof(double), "deviations", error);
    return error->code;
}

enum error_code folds_stratified_group(const int32_t *labels, const int64_t *groups, size_t rows,
                                       size_t classes, size_t folds, bool shuffle, uint32_t seed,
                                       int32_t *fold_of, struct error *error) {
    if (folds < 2 || folds > FOLDS_MAXIMUM)
        return FAIL(error, ERROR_USAGE, "%zu folds: give 2 to %d", folds, FOLDS_MAXIMUM);
    if (rows == 0) return FAIL(error, ERROR_DATA, "no rows to divide into folds");
    struct grouping grouping = {.folds = folds};
    int64_t *distinct = NULL;
    int32_t *fold_of_group = NULL;
    size_t *dense = memory_array(classes, sizeof *dense, "classes", error);
    /* fold_of holds the rows' group numbers until the folds are known. */
    if (dense == NULL ||
        folds_encode(groups, rows, fold_of, &distinct, &grouping.groups, error) != ERROR_NONE)
        goto done;
    if (grouping.groups < folds) {
        FAIL(error, ERROR_DATA, "%zu folds, but only %zu group%s", folds, grouping.groups,
             grouping.groups == 1 ? "; at least two are needed" : "s; use fewer folds");
        goto done;
    }
    fold_of_group = scratch_array(grouping.groups, sizeof *fold_of_group, "groups", error);
    if (fold_of_group == NULL ||
        grouping_open(&grouping, labels, rows, classes, dense, error) != ERROR_NONE ||
        count_members(&grouping, labels, fold_of, dense, rows, error) != ERROR_NONE ||
        place_groups(&grouping, shuffle, seed, fold_of_group, error) != ERROR_NONE)
        goto done;
    for (size_t row = 0; row < rows; row++) fold_of[row] = fold_of_group[fold_of[row]];
done:
    grouping_free(&grouping);
    free(distinct);
    scratch_free(fold_of_group);
    free(dense);
    return error->code;
}
