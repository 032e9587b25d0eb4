/* How many labels are wrong. */
#ifndef EARMARK_CONFIDENT_ERROR_COUNT_H
#define EARMARK_CONFIDENT_ERROR_COUNT_H

#include "host/confident/mix_view.h"

/* Numbers of rows, with the ends of intervals that are to hold the truth 95 times in 100. */
struct error_count {
    double errors, low, high;                                    /* wrong labels in all */
    double flagged_right, flagged_right_low, flagged_right_high; /* flagged, and wrong indeed */
    double unflagged_wrong, unflagged_wrong_low, unflagged_wrong_high;
};

/* flagged (rows): of flagged_find(). The estimates are expected numbers by noise_model.h, and
 * flagged_right + unflagged_wrong = errors. Mix and labels alone do not tell errors from classes
 * that overlap: the intervals span all models that explain the labels nearly as well as the best,
 * and grow with the classifier's doubt and with rows that look like no class.
 * tests/unit/test_flagged.c simulates how often they hold. ERROR_MEMORY. */
enum error_code error_count_estimate(const struct mix_view *view, const unsigned char *flagged,
                                     struct error_count *count, struct error *error);

#endif
