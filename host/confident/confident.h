/* Confident learning (Northcutt, Jiang, Chuang 2021): which rows of a data set have a
 * label that is probably wrong, from out-of-sample probabilities. The results are exactly
 * those of cleanlab 2.9's find_label_issues with a stable sort, for float32 and float64
 * input, for any number of threads. The rows are streamed, so that a mapped file may be
 * larger than memory.
 *
 * Takes 14 to 24 bytes a row beside the input, and (classes x classes) tables. */
#ifndef EARMARK_CONFIDENT_CONFIDENT_H
#define EARMARK_CONFIDENT_CONFIDENT_H

#include "host/confident/confident_settings.h"

/* Bytes that a search takes beside its arrays of rows (host/base/scratch.h): tables of pairs of
 * classes, and what each thread reads into. */
size_t confident_memory(size_t classes, int threads);

/* cleanlab's names: "prune_by_noise_rate", "self_confidence", ... */
const char *confident_filter_name(enum confident_filter filter);
const char *confident_score_name(enum confident_score score);

struct confident_result {
    size_t rows;
    size_t classes;
    struct confident_issue *issues; /* ranked: lowest score first, ties by row */
    size_t issue_count;
    double *thresholds;        /* (classes); 2 for a class that no row has */
    uint64_t *class_counts;    /* (classes): rows with this label */
    int64_t *confident_joint;  /* (classes, classes): row given, column true; diagonal >= 1 */
    int64_t *calibrated_joint; /* confident_joint, or settings.joint if it is given,
                                  calibrated to the class counts */
    uint64_t num_label_issues; /* cleanlab's off_diagonal */
    uint64_t num_label_issues_calibrated; /* cleanlab's off_diagonal_calibrated */
    uint64_t num_label_issues_custom;     /* its off_diagonal_custom of settings.joint; else 0 */
};

#define CONFIDENT_RESULT_INITIAL                                                                   \
    { .rows = 0 }

/* Finds the issues. ERROR_DATA for invalid input, with the row or class and the reason;
 * ERROR_USAGE for settings that do not fit together; ERROR_STOPPED. *result is empty after an
 * error; otherwise confident_free() frees it. */
enum error_code confident_find(const struct confident_input *input,
                               const struct confident_settings *settings,
                               struct confident_result *result, struct error *error);
void confident_free(struct confident_result *result); /* leaves it empty */

/* Replaces the issues of a result by the flagged rows (rows), ranked by the scores (rows) of the
 * caller. labels (rows). */
enum error_code confident_set_issues(struct confident_result *result, const unsigned char *flagged,
                                     const float *scores, const int32_t *labels,
                                     struct error *error);
/* Ranks the issues of a result again, after their scores were changed: lowest first, ties by row.
 */
enum error_code confident_rank_issues(struct confident_result *result, struct error *error);

/* One row's label, the suggested one, and all scores. */
struct confident_row {
    int32_t given;
    int32_t suggested; /* the first class of the highest probability */
    double given_probability;
    double suggested_probability;
    double scores[SCORE_COUNT]; /* of the plain probabilities */
};

/* Describes the rows of issues (count): described (count) is written. The input must have been
 * accepted by confident_find(). */
enum error_code confident_describe(const struct confident_input *input,
                                   const struct confident_issue *issues, size_t count,
                                   struct confident_row *described, struct error *error);

/* cleanlab's get_label_quality_scores: scores (rows) is written. thresholds (classes): those of
 * a result, for adjusted probabilities; NULL for plain ones. The input must have been accepted
 * by confident_find(). ERROR_USAGE for the entropy of adjusted probabilities. */
enum error_code confident_score_rows(const struct confident_input *input,
                                     enum confident_score score, const double *thresholds,
                                     double *scores, struct error *error);

#endif
