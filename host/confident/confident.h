/* Confident learning (Northcutt, Jiang, Chuang 2021): which rows of a data set have a
 * label that is probably wrong, from out-of-sample probabilities. Exact to
 * cleanlab 2.9's find_label_issues with a stable sort, for float32 and float64
 * input; streams over the rows, so that a mapped file may be larger than memory;
 * the same result for any number of threads.
 *
 * Needs 14 to 24 bytes a row beside the input, and (classes x classes) tables. */
#ifndef EARMARK_CONFIDENT_CONFIDENT_H
#define EARMARK_CONFIDENT_CONFIDENT_H

#include "host/base/npy.h"

/* cleanlab's filter_by. */
enum confident_filter {
    FILTER_PRUNE_BY_NOISE_RATE = 0,
    FILTER_PRUNE_BY_CLASS = 1,
    FILTER_BOTH = 2,
    FILTER_CONFIDENT_LEARNING = 3,
    FILTER_PREDICTED_NEQ_GIVEN = 4,
    FILTER_LOW_SELF_CONFIDENCE = 5,
    FILTER_LOW_NORMALIZED_MARGIN = 6,
    FILTER_COUNT = 7
};

/* cleanlab's return_indices_ranked_by. Low is bad. */
enum confident_score {
    SCORE_SELF_CONFIDENCE = 0,
    SCORE_NORMALIZED_MARGIN = 1,
    SCORE_CONFIDENCE_WEIGHTED_ENTROPY = 2,
    SCORE_COUNT = 3
};

/* "prune_by_noise_rate", "self_confidence", ...: cleanlab's names. */
const char *confident_filter_name(enum confident_filter filter);
const char *confident_score_name(enum confident_score score);
/* FILTER_COUNT, SCORE_COUNT for a name that is none of them. */
enum confident_filter confident_filter_find(const char *name);
enum confident_score confident_score_find(const char *name);

/* Both arrays may be mapped files or views of memory (npy_view); nothing is copied
 * or kept. float16 is computed in float32; integers and bool in float64. */
struct confident_input {
    struct npy_array labels;        /* (rows): integers 0 .. classes - 1 */
    struct npy_array probabilities; /* (rows, classes), -1e-6 <= p <= 1 + 1e-6 */
    int threads;                    /* >= 1 */
    /* Labels that are all 0 are accepted (a class that no row has, in one versus rest). */
    bool one_class_allowed;
};

struct confident_settings {
    enum confident_filter filter;
    enum confident_score score;     /* what the issues are ranked by */
    double frac_noise;              /* prune_* and both only: part of the off-diagonal counts */
    int64_t min_examples_per_class; /* prune_* and both only: classes with no more rows than
                                       this are not flagged */
    const double *num_to_remove;    /* (classes), prune_* and both only; NULL: by the counts */
    const double *joint;            /* (classes, classes): row given, column true; NULL: counted */
    bool adjust_pred_probs;         /* scores of probabilities less the thresholds */
    unsigned char *off_diagonal;    /* (rows) or NULL: the rows that num_label_issues counts
                                       are set to 1, the others left alone */
};

#define CONFIDENT_DEFAULTS                                                                         \
    {                                                                                              \
        .filter = FILTER_PRUNE_BY_NOISE_RATE, .score = SCORE_SELF_CONFIDENCE, .frac_noise = 1.0,   \
        .min_examples_per_class = 1                                                                \
    }

struct confident_issue {
    double score;
    uint32_t row;
    int32_t given;
};

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
