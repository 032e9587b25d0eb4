#include "host/confident/confident.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/confident/joint.h"
#include "host/confident/rank.h"
#include "host/confident/scan.h"
#include "host/confident/score.h"
#include "host/confident/select.h"
#include "host/confident/supplied.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static const char *const filter_names[FILTER_COUNT] = {
    [FILTER_PRUNE_BY_NOISE_RATE] = "prune_by_noise_rate",
    [FILTER_PRUNE_BY_CLASS] = "prune_by_class",
    [FILTER_BOTH] = "both",
    [FILTER_CONFIDENT_LEARNING] = "confident_learning",
    [FILTER_PREDICTED_NEQ_GIVEN] = "predicted_neq_given",
    [FILTER_LOW_SELF_CONFIDENCE] = "low_self_confidence",
    [FILTER_LOW_NORMALIZED_MARGIN] = "low_normalized_margin",
};

static const char *const score_names[SCORE_COUNT] = {
    [SCORE_SELF_CONFIDENCE] = "self_confidence",
    [SCORE_NORMALIZED_MARGIN] = "normalized_margin",
    [SCORE_CONFIDENCE_WEIGHTED_ENTROPY] = "confidence_weighted_entropy",
};

const char *confident_filter_name(enum confident_filter filter) {
    return filter_names[filter];
}

const char *confident_score_name(enum confident_score score) {
    return score_names[score];
}

size_t confident_memory(size_t classes, int threads) {
    double count = (double)classes;
    double bytes = 96 * count * count + 1024 * count + threads * (128 * count + 0x1p19);
    return bytes < 0x1p62 ? (size_t)bytes : (size_t)1 << 62;
}

static bool filter_prunes(enum confident_filter filter) {
    return filter == FILTER_PRUNE_BY_NOISE_RATE || filter == FILTER_PRUNE_BY_CLASS ||
           filter == FILTER_BOTH;
}

static enum error_code check_settings(const struct confident_settings *settings, size_t classes,
                                      struct error *error) {
    if (settings->num_to_remove != NULL && !filter_prunes(settings->filter))
        return FAIL(error, ERROR_USAGE,
                    "numbers to remove per class apply to the filters prune_by_noise_rate, "
                    "prune_by_class and both, not to %s",
                    confident_filter_name(settings->filter));
    if (!isfinite(settings->frac_noise) || settings->frac_noise < 0)
        return FAIL(error, ERROR_USAGE, "the fraction of noise is %g: it must be at least 0",
                    settings->frac_noise);
    if (settings->num_to_remove != NULL)
        TRY(supplied_check_removals(settings->num_to_remove, classes, error));
    return settings->joint == NULL ? ERROR_NONE
                                   : supplied_check_joint(settings->joint, classes, error);
}

/* ---- tables ---- */

/* Fills the calibrated joint, and the number of issues that calibrating it again estimates. */
static enum error_code calibrate(const struct scan *scan, const struct confident_settings *settings,
                                 struct confident_result *result, struct error *error) {
    size_t classes = scan->classes;
    size_t cells = classes * classes;
    int64_t *calibrated = result->calibrated_joint;
    double *counts = memory_array(cells, sizeof *counts, "the confident joint", error);
    int64_t *twice = memory_array(cells, sizeof *twice, "the confident joint", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t i = 0; i < cells; i++) counts[i] = (double)result->confident_joint[i];
    joint_calibrate(counts, classes, result->class_counts, JOINT_TRUE_OUTER, calibrated, error);
    for (size_t i = 0; i < cells; i++) counts[i] = (double)calibrated[i];
    joint_calibrate(counts, classes, result->class_counts, JOINT_GIVEN_OUTER, twice, error);
    result->num_label_issues_calibrated = joint_calibrated_issues(twice, classes, scan->rows.count);
    if (settings->joint != NULL) {
        joint_calibrate(settings->joint, classes, result->class_counts, JOINT_GIVEN_OUTER,
                        calibrated, error);
        result->num_label_issues_custom =
            joint_calibrated_issues(calibrated, classes, scan->rows.count);
    }
done:
    free(twice);
    free(counts);
    return error->code;
}

/* Counts the rows that are confidently guessed to be of another class and are not vetoed;
 * marks (rows), if not NULL, gets 1 for each. */
static uint64_t count_off_diagonal(const struct scan *scan, unsigned char *marks) {
    uint64_t count = 0;
#pragma omp parallel for num_threads(scan->threads) reduction(+ : count)
    for (size_t place = 0; place < scan->rows.count; place++) {
        if ((scan->states[place] & (STATE_OFF_DIAGONAL | STATE_VETOED)) != STATE_OFF_DIAGONAL)
            continue;
        count++;
        if (marks != NULL) marks[scan->row_of[place]] = 1;
    }
    return count;
}

/* The second pass has them at hand. */
static bool scores_are_probabilities(const struct confident_settings *settings) {
    return settings->score == SCORE_SELF_CONFIDENCE && !settings->adjust_pred_probs;
}

static enum error_code count_tables(struct scan *scan, const struct confident_settings *settings,
                                    struct confident_result *result, struct error *error) {
    size_t classes = scan->classes;
    size_t cells = classes * classes;
    result->rows = scan->rows.count;
    result->classes = classes;
    result->thresholds = memory_array(classes, sizeof *result->thresholds, "thresholds", error);
    result->class_counts = memory_array(classes, sizeof *result->class_counts, "classes", error);
    result->confident_joint =
        memory_array(cells, sizeof *result->confident_joint, "the confident joint", error);
    result->calibrated_joint =
        memory_array(cells, sizeof *result->calibrated_joint, "the confident joint", error);
    TRY(error->code);
    for (size_t k = 0; k < classes; k++) result->class_counts[k] = scan_class_count(scan, k);
    TRY(scan_thresholds(scan, result->thresholds, error));
    if (scores_are_probabilities(settings)) scan->self_confidence = settings->scores;
    TRY(scan_rows(scan, result->thresholds, result->confident_joint, error));
    for (size_t k = 0; k < classes; k++)
        if (result->confident_joint[k * classes + k] < 1)
            result->confident_joint[k * classes + k] = 1;
    result->num_label_issues = count_off_diagonal(scan, settings->off_diagonal);
    return calibrate(scan, settings, result, error);
}

/* ---- filters ---- */

/* Flags the rows that have a bit of their state and are not vetoed. */
static void flag_by_state(struct scan *scan, uint32_t bit) {
    for (size_t place = 0; place < scan->rows.count; place++)
        if ((scan->states[place] & (bit | STATE_VETOED)) == bit)
            scan->states[place] |= STATE_FLAGGED;
}

static enum error_code prune(struct scan *scan, const struct confident_settings *settings,
                             const struct confident_result *result, struct error *error) {
    size_t classes = scan->classes;
    struct joint_pruning pruning = {.frac_noise = settings->frac_noise,
                                    .min_examples_per_class = settings->min_examples_per_class,
                                    .num_to_remove = settings->num_to_remove};
    size_t cells = classes * classes;
    int64_t *counts = memory_array(cells, sizeof *counts, "prune counts", error);
    double *joint = memory_array(cells, sizeof *joint, "prune counts", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t i = 0; i < cells; i++) /* a joint that the caller supplies is not calibrated */
        joint[i] =
            settings->joint != NULL ? settings->joint[i] : (double)result->calibrated_joint[i];
    joint_prune_counts(joint, classes, result->class_counts, &pruning, counts, error);
    if (error->code == ERROR_NONE && settings->filter != FILTER_PRUNE_BY_CLASS)
        select_by_noise_rate(scan, counts, settings->min_examples_per_class, error);
    if (error->code == ERROR_NONE && settings->filter != FILTER_PRUNE_BY_NOISE_RATE)
        select_by_class(scan, counts, settings->min_examples_per_class, error);
done:
    free(joint);
    free(counts);
    return error->code;
}

/* Flags rows; *mask: the bits that the states of flagged rows, and only theirs, all have. */
static enum error_code apply_filter(struct scan *scan, const struct confident_settings *settings,
                                    const struct confident_result *result, uint32_t *mask,
                                    struct error *error) {
    *mask = STATE_FLAGGED;
    switch (settings->filter) {
    case FILTER_PRUNE_BY_NOISE_RATE:
        *mask = STATE_BY_NOISE_RATE;
        return prune(scan, settings, result, error);
    case FILTER_BOTH: *mask |= STATE_BY_NOISE_RATE; return prune(scan, settings, result, error);
    case FILTER_PRUNE_BY_CLASS: return prune(scan, settings, result, error);
    case FILTER_CONFIDENT_LEARNING: flag_by_state(scan, STATE_OFF_DIAGONAL); return ERROR_NONE;
    case FILTER_PREDICTED_NEQ_GIVEN: flag_by_state(scan, STATE_UNEQUAL); return ERROR_NONE;
    default: return select_lowest(scan, settings->filter, result->num_label_issues, error);
    }
}

/* ---- scores ---- */

/* Fills the issues' scores; every thread has its own buffers. */
static enum error_code score_issues(const struct scorer *scorer, int threads,
                                    struct confident_issue *issues, size_t count,
                                    struct error *error) {
    const struct rows *rows = scorer->rows;
    size_t work_size = scorer_work(rows) + rows->classes;
    double *work = memory_array((size_t)threads * work_size, sizeof *work, "scores", error);
    if (work == NULL) return error->code;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 256)
    for (size_t i = 0; i < count; i++) {
        double *own = work + (size_t)omp_get_thread_num() * work_size;
        const void *row = rows_block(rows, issues[i].row, 1, own + scorer_work(rows));
        issues[i].score = scorer_row(scorer, row, (size_t)issues[i].given, own);
    }
    free(work);
    return ERROR_NONE;
}

static enum error_code rank_issues(const struct scan *scan,
                                   const struct confident_settings *settings, uint32_t mask,
                                   struct confident_result *result, struct error *error) {
    struct scorer scorer;
    TRY(scorer_open(&scan->rows, settings->score,
                    settings->adjust_pred_probs ? result->thresholds : NULL, &scorer, error));
    TRY(rank_collect(scan, mask, &result->issues, &result->issue_count, error));
    /* rank_collect() has filled in the plain self-confidence. */
    if (!scores_are_probabilities(settings))
        TRY(score_issues(&scorer, scan->threads, result->issues, result->issue_count, error));
    return rank_sort(result->issues, result->issue_count, error);
}

enum error_code confident_find(const struct confident_input *input,
                               const struct confident_settings *settings,
                               struct confident_result *result, struct error *error) {
    struct scan scan;
    uint32_t mask = 0;
    *result = (struct confident_result)CONFIDENT_RESULT_INITIAL;
    TRY(scan_open(input, &scan, error));
    if (check_settings(settings, scan.classes, error) == ERROR_NONE &&
        count_tables(&scan, settings, result, error) == ERROR_NONE &&
        stop_check(error) == ERROR_NONE &&
        apply_filter(&scan, settings, result, &mask, error) == ERROR_NONE &&
        stop_check(error) == ERROR_NONE &&
        rank_issues(&scan, settings, mask, result, error) == ERROR_NONE)
        stop_check(error);
    scan_close(&scan);
    if (error->code == ERROR_NONE && settings->scores != NULL &&
        !scores_are_probabilities(settings))
        confident_score_rows(input, settings->score,
                             settings->adjust_pred_probs ? result->thresholds : NULL,
                             settings->scores, error);
    if (error->code != ERROR_NONE) confident_free(result);
    return error->code;
}

void confident_free(struct confident_result *result) {
    scratch_free(result->issues);
    free(result->thresholds);
    free(result->class_counts);
    free(result->confident_joint);
    free(result->calibrated_joint);
    *result = (struct confident_result)CONFIDENT_RESULT_INITIAL;
}
