/* What confident learning is given, and the issues that it ranks. */
#ifndef EARMARK_CONFIDENT_CONFIDENT_SETTINGS_H
#define EARMARK_CONFIDENT_CONFIDENT_SETTINGS_H

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

/* Both arrays may be mapped files or views of memory (npy_view()); they are not copied, and not
 * used after a call. float16 is computed in float32, integers and bool in float64. */
struct confident_input {
    struct npy_array labels;        /* (rows): integers 0 .. classes - 1 */
    struct npy_array probabilities; /* (rows, classes), -1e-6 <= p <= 1 + 1e-6 */
    int threads;                    /* >= 1 */
    /* Accept labels that are all 0: in multilabel, a class that no row has. */
    bool one_class_allowed;
};

struct confident_settings {
    enum confident_filter filter;
    enum confident_score score;     /* what the issues are ranked by */
    double frac_noise;              /* prune_* and both only: fraction of the off-diagonal
                                       counts to prune, >= 0 */
    int64_t min_examples_per_class; /* prune_* and both only: rows of classes with no more rows
                                       than this are not flagged */
    const double *num_to_remove;    /* (classes), prune_* and both only; NULL: from the joint */
    const double *joint;            /* (classes, classes): row given, column true; NULL: counted */
    bool adjust_pred_probs;         /* score probabilities from which thresholds are subtracted */
    unsigned char *off_diagonal;    /* (rows) or NULL: set to 1 for the rows that
                                       num_label_issues counts, else left as it is */
    double *scores;                 /* (rows) or NULL: confident_find() writes every row's score, as
                                       confident_score_rows() with the result's thresholds */
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

#endif
