/* Confident learning where a row may have any number of labels: each class against the rest.
 * Every class is a problem with labels 0 and 1 and probabilities 1 - p and p; a row is an
 * issue if it is one for any class. The filters low_* flag the rows with the lowest scores
 * instead, by self-confidence, as many as confident_learning flags. The results are those of
 * cleanlab 2.9's multilabel_classification with a stable sort, except for the order of issues
 * of the low_* filters, which cleanlab scrambles, and label noise, which cleanlab divides by
 * all rows. */
#ifndef EARMARK_CONFIDENT_MULTILABEL_H
#define EARMARK_CONFIDENT_MULTILABEL_H

#include "host/confident/confident.h"

struct multilabel_input {
    struct npy_array labels;        /* (rows, classes): integers or bool, 0 or 1 */
    struct npy_array probabilities; /* (rows, classes), -1e-6 <= p <= 1 + 1e-6 */
    int threads;                    /* >= 1 */
};

/* Class health: what prune_by_noise_rate with its defaults finds, whatever the settings are
 * (all but the joint). */
struct multilabel_class {
    uint64_t rows;                 /* that have the class */
    uint64_t label_issues;         /* of these, those that probably should not */
    uint64_t inverse_label_issues; /* rows without the class that probably should have it */
};

/* Label noise: the share of the rows with the class that are issues. Inverse label noise: the
 * share of the rows without it; rows: of the data set. */
double multilabel_noise(const struct multilabel_class *counts);
double multilabel_inverse_noise(const struct multilabel_class *counts, size_t rows);

/* One annotation that is probably wrong. */
struct multilabel_annotation {
    uint32_t row;
    int32_t class_index;
    bool given; /* whether the row has the class */
};

struct multilabel_result {
    size_t rows;
    size_t classes;
    struct confident_issue *issues; /* ranked by the row's score; given is unused (-1) */
    size_t issue_count;
    struct multilabel_class *class_counts;     /* (classes) */
    double *thresholds;                        /* (classes, 2): without the class, with it */
    int64_t *confident_joint;                  /* (classes, 2, 2): class, given, true */
    uint64_t num_label_issues;                 /* rows that are off the diagonal for any class */
    uint64_t health_issues;                    /* rows with any of the issues in class_counts */
    struct multilabel_annotation *annotations; /* of the issues' rows, at least one each */
    size_t annotation_count;
};

/* cleanlab's overall_multilabel_health_score: 1 - health_issues / rows. */
double multilabel_health(const struct multilabel_result *result);

/* Finds the issues. settings->joint is (classes, 2, 2) here; settings->num_to_remove (classes)
 * is the first of the two counts of each class's problem, the second being 0, as in cleanlab;
 * settings->off_diagonal is ignored. ERROR_DATA for invalid input, with the row or class.
 * *result is empty after an error; otherwise multilabel_free() frees it. */
enum error_code multilabel_find(const struct multilabel_input *input,
                                const struct confident_settings *settings,
                                struct multilabel_result *result, struct error *error);
void multilabel_free(struct multilabel_result *result); /* leaves it empty */

/* Label quality of rows: the exponential moving average (alpha 0.8) of the classes' scores from
 * high to low, so that low ones weigh most (cleanlab's default aggregator). thresholds
 * (classes, 2), or NULL, as in confident_score_rows(). Writes scores (count), of rows (count)
 * or, where rows is NULL, of the first `count`. */
enum error_code multilabel_score_rows(const struct multilabel_input *input,
                                      enum confident_score score, const double *thresholds,
                                      const uint32_t *rows, size_t count, double *scores,
                                      struct error *error);

#endif
