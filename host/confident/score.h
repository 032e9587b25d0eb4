/* Label quality scores of single rows: how well the given label agrees with the
 * probabilities. Low is bad. */
#ifndef EARMARK_CONFIDENT_SCORE_H
#define EARMARK_CONFIDENT_SCORE_H

#include "host/confident/confident_settings.h"
#include "host/confident/rows.h"

struct scorer {
    const struct rows *rows;
    enum confident_score score;
    const double *thresholds; /* (classes), subtracted from probabilities; NULL: plain ones */
    double highest_threshold;
    bool single; /* precision of the probabilities once they are adjusted */
    double log_classes;
};

/* rows and thresholds (classes; NULL: no adjustment) must outlive *scorer, which has nothing to
 * free. ERROR_USAGE for the entropy of adjusted probabilities, which is not defined. */
enum error_code scorer_open(const struct rows *rows, enum confident_score score,
                            const double *thresholds, struct scorer *scorer, struct error *error);

/* Doubles of scratch that scorer_row() needs. */
size_t scorer_work(const struct rows *rows);

/* The score of one row: (classes) as rows_block() returns it. */
double scorer_row(const struct scorer *scorer, const void *row, size_t given, double *work);

#endif
