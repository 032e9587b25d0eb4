/* Confident learning where a row may have any number of classes: one versus rest.
 * Class c is a problem of its own with labels 0 and 1 and probabilities 1 - p and p; a
 * row is an issue if it is one for any class. cleanlab 2.9's multilabel_classification,
 * but for its ranking of the low_* filters, which is scrambled, and its label noise,
 * which is divided by all rows. */
#ifndef EARMARK_CONFIDENT_MULTILABEL_H
#define EARMARK_CONFIDENT_MULTILABEL_H

#include "host/confident/confident.h"

struct multilabel_input {
    struct npy_array labels;        /* (rows, classes): integers or bool, 0 or 1 */
    struct npy_array probabilities; /* (rows, classes), -1e-6 <= p <= 1 + 1e-6 */
    int threads;
};

/* How a class fares: rows that have it and probably should not, and the reverse. */
struct multilabel_class {
    uint64_t rows;
    uint64_t label_issues;
    uint64_t inverse_label_issues;
};

/* Its share of the rows (of `rows` in all) that have the class and should not, and of those
 * that have it not and should. */
double multilabel_noise(const struct multilabel_class *counts);
double multilabel_inverse_noise(const struct multilabel_class *counts, size_t rows);

/* One annotation that is probably wrong. */
struct multilabel_annotation {
    uint32_t row;
    int32_t class_index;
    bool given;
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
    struct multilabel_annotation *annotations; /* by class, then by row */
    size_t annotation_count;
};

/* settings.joint: (classes, 2, 2); settings.num_to_remove: (classes), the first of the
 * two counts of every class's own problem (the second is 0), as in the reference.
 * On an error *result is empty; multilabel_free releases it. */
enum error_code multilabel_find(const struct multilabel_input *input,
                                const struct confident_settings *settings,
                                struct multilabel_result *result, struct error *error);
void multilabel_free(struct multilabel_result *result); /* leaves it empty */

/* Quality of a row: its classes' scores from high to low, exponential moving average
 * with alpha 0.8, so that the low ones weigh most. thresholds (classes, 2) or NULL as
 * in confident_score_rows; scores (count) of the rows given, or of the first `count`
 * where rows is NULL. */
enum error_code multilabel_score_rows(const struct multilabel_input *input,
                                      enum confident_score score, const double *thresholds,
                                      const uint32_t *rows, size_t count, double *scores,
                                      struct error *error);

#endif
