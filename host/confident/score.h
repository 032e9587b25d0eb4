/* Label quality scores of single rows: how sure the probabilities are of the given
 * label. Low is bad. */
#ifndef EARMARK_CONFIDENT_SCORE_H
#define EARMARK_CONFIDENT_SCORE_H

#include "host/confident/confident_settings.h"
#include "host/confident/rows.h"

struct scorer {
    const struct rows *rows;
    enum confident_score score;
    const double *thresholds; /* (classes): adjusted probabilities; NULL: plain ones */
    double highest_threshold;
    bool single; /* precision of the probabilities once they are adjusted */
    double log_classes;
};

/* thresholds (NULL: no adjustment) must stay valid. ERROR_USAGE for the entropy of
 * adjusted probabilities, which is not defined. */
enum error_code scorer_open(const struct rows *rows, enum confident_score score,
                            const double *thresholds, struct scorer *scorer, struct error *error);

/* Scratch that scorer_row needs, in doubles. */
size_t scorer_work(const struct rows *rows);

/* The score of one row (classes, as rows_block gives it). */
double scorer_row(const struct scorer *scorer, const void *row, size_t given, double *work);

#endif
