/* How many wrong labels a review has left, in numbers and words. host/report/web/estimate.js is its
 * twin: both must pass tests/golden/estimate/cases.json.
 *
 * Flagged clips that are not decided. Decided ones are counted in 30 cells, tenth of the ranking by
 * side of the neighbours, and in each by the fifth of the review in which they were decided. The
 * logits of the cells' shares have a Gaussian prior in which likelier clips come first and
 * neighbouring tenths are alike. One more number is how much the share falls in the course of the
 * review beyond that: who goes by the order that learns has taken the likelier clips of each cell.
 * The low end of the range takes it into account, the high end does not. Both are ends of a normal
 * approximation, on the logit, at the mode. Excluded clips count as wrong ones, and clips that the
 * reviewer was unsure of are left out.
 *
 * Clips that are not flagged: Wilson's interval for those that were drawn at random. */
#ifndef EARMARK_REVIEW_ESTIMATE_H
#define EARMARK_REVIEW_ESTIMATE_H

#include "host/base/text.h"

enum estimate_answer {
    ESTIMATE_UNDECIDED,
    ESTIMATE_KEPT,
    ESTIMATE_WRONG,
    ESTIMATE_EXCLUDED,
    ESTIMATE_UNSURE
};

struct estimate_issue {
    int side; /* of the neighbours: 1 more have the suggested label, -1 the given one, 0 neither */
    enum estimate_answer answer;
    uint64_t turn; /* decided clips in this order */
};

/* A sample of the clips that are not flagged. */
struct estimate_sample {
    size_t clips;   /* not flagged, in all */
    size_t checked; /* drawn at random and answered */
    size_t wrong;   /* of those, to be relabelled or excluded */
};

struct estimate_left {
    size_t decided, wrong, kept, excluded, unsure; /* of flagged clips */
    size_t undecided;
    size_t flagged_low, flagged_high; /* of the undecided, how many are wrong: 95% */
    double unflagged_high;            /* the share of the clips that are not flagged which is wrong
                                         at most; NaN: none was drawn */
    bool stop;                        /* going on would find little */
};

/* issues (count): in the order of the ranking. Errors: ERROR_MEMORY. */
enum error_code estimate_left(const struct estimate_issue *issues, size_t count,
                              const struct estimate_sample *sample, struct estimate_left *left,
                              struct error *error);

/* Appends what is left in sentences, and whether to stop. */
void estimate_words(struct text *text, const struct estimate_left *left,
                    const struct estimate_sample *sample);

/* Appends it as the JSON object LEFT: decided, wrong, kept, excluded, unsure, flagged_low,
 * flagged_high, unflagged_high, words. */
void estimate_json(struct text *text, const struct estimate_left *left,
                   const struct estimate_sample *sample);

/* Upper end of Wilson's 95% interval for a share; 1 where nothing was drawn. */
double estimate_wilson_high(size_t wrong, size_t drawn);

/* Draws rows at random among those that are `open` (count: whether a row is audited and not
 * flagged), in an order that the run's hash decides: the first `wanted` of it are written to rows,
 * and are the same whatever `wanted` is. Returns how many there are. Errors: ERROR_MEMORY. */
enum error_code estimate_draw(const char *run, const bool *open, size_t count, size_t *rows,
                              size_t wanted, size_t *drawn, struct error *error);

#endif
