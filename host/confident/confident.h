/* Confident learning (Northcutt, Jiang, Chuang 2021): which rows of a data set have a
 * label that is probably wrong, from out-of-sample probabilities. Exact to
 * cleanlab 2.9's find_label_issues with a stable sort, for float32 and float64
 * input; streams over the rows, so that a mapped file may be larger than memory;
 * the same result for any number of threads.
 *
 * Needs 14 to 24 bytes a row beside the input, and (classes x classes) tables. */
#ifndef EARMARK_CONFIDENT_CONFIDENT_H
#define EARMARK_CONFIDENT_CONFIDENT_H

#include "host/confident/confident_settings.h"

/* "prune_by_noise_rate", "self_confidence", ...: cleanlab's names. */
const char *confident_filter_name(enum confident_filter filter);
const char *confident_score_name(enum confident_score score);
/* FILTER_COUNT, SCORE_COUNT for a name that is none of them. */
enum confident_filter confident_filter_find(const char *name);
enum confident_score confident_score_find(const char *name);

struct confident_result {
    size_t rows;
    size_t classes;
    struct confident_issue *issues; /* ranked: lowest score first, ties by row */
    size_t issue_count;
    double *thresholds;        /* (classes); 2 for a class that no row has */
    uint64_t *class_counts;    /* (classes): rows with this label */
    int64_t *confident_joint;  /* (classes, classes): row given, column true; diagonal >= 1 */
    int64_t *calibrated_joint; /* that, calibrated to the class counts; settings.joint
                                  calibrated when one is given */
    uint64_t num_label_issues; /* cleanlab's off_diagonal */
    uint64_t num_label_issues_calibrated; /* cleanlab's off_diagonal_calibrated */
};

#define CONFIDENT_RESULT_INITIAL                                                                   \
    { .rows = 0 }

/* Finds the issues. On an error (ERROR_DATA for input that is refused: names the row
 * or class and the reason) *result is empty. confident_free releases the result. */
enum error_code confident_find(const struct confident_input *input,
                               const struct confident_settings *settings,
                               struct confident_result *result, struct error *error);
void confident_free(struct confident_result *result); /* leaves it empty */

/* What there is to say about one row. */
struct confident_row {
    int32_t given;
    int32_t suggested; /* the first class of the highest probability */
    double given_probability;
    double suggested_probability;
    double scores[SCORE_COUNT]; /* of the plain probabilities */
};

/* Describes the rows of `count` issues: described (count). */
enum error_code confident_describe(const struct confident_input *input,
                                   const struct confident_issue *issues, size_t count,
                                   struct confident_row *described, struct error *error);

/* cleanlab's get_label_quality_scores: scores (rows). thresholds: those of a result
 * for adjusted probabilities, NULL for plain ones. The input must have been accepted
 * by confident_find. */
enum error_code confident_score_rows(const struct confident_input *input,
                                     enum confident_score score, const double *thresholds,
                                     double *scores, struct error *error);

#endif
