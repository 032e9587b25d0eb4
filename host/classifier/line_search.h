/* The step along a direction that satisfies the strong Wolfe conditions, after
 * J. J. More and D. J. Thuente, "Line search algorithms with guaranteed
 * sufficient decrease", ACM TOMS 20 (1994): an interval of uncertainty shrunk by
 * safeguarded cubic and quadratic interpolation, first on the function less its
 * sufficient decrease, then on the function itself. The caller evaluates. */
#ifndef EARMARK_CLASSIFIER_LINE_SEARCH_H
#define EARMARK_CLASSIFIER_LINE_SEARCH_H

#include <stdbool.h>

/* A step, the value there, and the slope along the direction. */
struct line_point {
    double step, value, slope;
};

struct line_search {
    struct line_point start; /* step 0 */
    struct line_point best;  /* least value so far: one end of the interval */
    struct line_point other; /* the other end */
    double least, most;      /* bounds of the next step */
    double width, last_width;
    bool bracketed;
    bool first_stage; /* still on the auxiliary function */
    double step;      /* to be evaluated next; in the end, the step that is accepted */
};

/* Begins a search: value and slope (< 0) at step 0, and the first step to try (> 0). */
void line_search_start(struct line_search *search, double value, double slope, double step);

/* Takes the value and slope at search->step. True when that step is accepted: the
 * conditions hold, or rounding or the width of the interval allow no better one. Otherwise
 * search->step is the next one to evaluate. */
bool line_search_advance(struct line_search *search, double value, double slope);

#endif
