#include "host/classifier/line_search.h"

#include <math.h>

#define DECREASE 1e-3 /* sufficient decrease, of the slope at the start */
#define CURVATURE 0.9 /* the slope must shrink to this fraction */
#define INTERVAL 0.1  /* relative width of the interval that is narrow enough */
#define STEP_LIMIT 1e10
#define SHRINK 0.66 /* the interval must shrink by this in two steps */

void line_search_start(struct line_search *search, double value, double slope, double step) {
    struct line_point start = {0, value, slope};
    *search = (struct line_search){
        .start = start, .best = start, .other = start, .first_stage = true, .step = step};
    search->least = 0;
    search->most = step + 4 * step;
    search->width = STEP_LIMIT;
    search->last_width = 2 * STEP_LIMIT;
}

/* The terms of the minimiser of the cubic through two points with their slopes, scaled
 * against overflow. `clamp`: a negative discriminant counts as 0. */
struct cubic {
    double theta, gamma;
};

static struct cubic cubic_through(const struct line_point *a, const struct line_point *b,
                                  bool clamp, bool negative) {
    double theta = 3 * (a->value - b->value) / (b->step - a->step) + a->slope + b->slope;
    double scale = fmax(fabs(theta), fmax(fabs(a->slope), fabs(b->slope)));
    double inside = (theta / scale) * (theta / scale) - (a->slope / scale) * (b->slope / scale);
    if (clamp && inside < 0) inside = 0;
    double gamma = scale * sqrt(inside);
    return (struct cubic){theta, negative ? -gamma : gamma};
}

/* Case 1: the value rose, so the minimum is bracketed. The cubic's minimiser if it
 * is nearer to the best step than the quadratic's, else their mean. */
static double step_higher(const struct line_point *best, const struct line_point *now) {
    struct cubic cubic = cubic_through(best, now, false, now->step < best->step);
    double p = (cubic.gamma - best->slope) + cubic.theta;
    double q = ((cubic.gamma - best->slope) + cubic.gamma) + now->slope;
    double by_cubic = best->step + p / q * (now->step - best->step);
    double by_square =
        best->step + best->slope /
                         ((best->value - now->value) / (now->step - best->step) + best->slope) / 2 *
                         (now->step - best->step);
    if (fabs(by_cubic - best->step) < fabs(by_square - best->step)) return by_cubic;
    return by_cubic + (by_square - by_cubic) / 2;
}

/* Case 2: lower, but the slope changed its sign: bracketed. The farther of the
 * cubic's and the secant's minimisers from the present step. */
static double step_turned(const struct line_point *best, const struct line_point *now) {
    struct cubic cubic = cubic_through(best, now, false, now->step > best->step);
    double p = (cubic.gamma - now->slope) + cubic.theta;
    double q = ((cubic.gamma - now->slope) + cubic.gamma) + best->slope;
    double by_cubic = now->step + p / q * (best->step - now->step);
    double by_secant =
        now->step + now->slope / (now->slope - best->slope) * (best->step - now->step);
    return fabs(by_cubic - now->step) > fabs(by_secant - now->step) ? by_cubic : by_secant;
}

/* Case 3: lower, same sign, and the slope shrinks. The cubic may have no minimiser
 * beyond the step; within the interval the nearer one is taken, else the farther. */
static double step_flatter(const struct line_search *search, const struct line_point *best,
                           const struct line_point *other, const struct line_point *now) {
    struct cubic cubic = cubic_through(best, now, true, now->step > best->step);
    double p = (cubic.gamma - now->slope) + cubic.theta;
    double q = (cubic.gamma + (best->slope - now->slope)) + cubic.gamma;
    double ratio = p / q, by_cubic;
    if (ratio < 0 && cubic.gamma != 0)
        by_cubic = now->step + ratio * (best->step - now->step);
    else
        by_cubic = now->step > best->step ? search->most : search->least;
    double by_secant =
        now->step + now->slope / (now->slope - best->slope) * (best->step - now->step);
    bool cubic_nearer = fabs(by_cubic - now->step) < fabs(by_secant - now->step);
    if (search->bracketed) {
        double next = cubic_nearer ? by_cubic : by_secant;
        double limit = now->step + SHRINK * (other->step - now->step);
        return now->step > best->step ? fmin(limit, next) : fmax(limit, next);
    }
    double next = cubic_nearer ? by_secant : by_cubic;
    return fmax(search->least, fmin(search->most, next));
}

/* Case 4: lower, same sign, and the slope does not shrink. */
static double step_steeper(const struct line_search *search, const struct line_point *best,
                           const struct line_point *other, const struct line_point *now) {
    if (!search->bracketed) return now->step > best->step ? search->most : search->least;
    struct cubic cubic = cubic_through(other, now, false, now->step > other->step);
    double p = (cubic.gamma - now->slope) + cubic.theta;
    double q = ((cubic.gamma - now->slope) + cubic.gamma) + other->slope;
    return now->step + p / q * (other->step - now->step);
}

/* Chooses the next step and updates the interval (best, other) with the point. */
static double next_step(struct line_search *search, struct line_point *best,
                        struct line_point *other, const struct line_point *now) {
    bool turned = now->slope * (best->slope / fabs(best->slope)) < 0;
    double next;
    if (now->value > best->value) {
        next = step_higher(best, now);
        search->bracketed = true;
    } else if (turned) {
        next = step_turned(best, now);
        search->bracketed = true;
    } else if (fabs(now->slope) < fabs(best->slope)) {
        next = step_flatter(search, best, other, now);
    } else {
        next = step_steeper(search, best, other, now);
    }
    if (now->value > best->value) {
        *other = *now;
    } else {
        if (turned) *other = *best;
        *best = *now;
    }
    return next;
}

/* Whether the step just evaluated ends the search. */
static bool is_accepted(const struct line_search *search, const struct line_point *now) {
    double expected = search->start.value + now->step * DECREASE * search->start.slope;
    if (search->bracketed && (now->step <= search->least || now->step >= search->most))
        return true; /* rounding errors prevent a better step */
    if (search->bracketed && search->most - search->least <= INTERVAL * search->most) return true;
    if (now->step == STEP_LIMIT && now->value <= expected &&
        now->slope <= DECREASE * search->start.slope)
        return true;
    return now->value <= expected && fabs(now->slope) <= CURVATURE * -search->start.slope;
}

/* The function less its sufficient decrease. */
static struct line_point auxiliary(const struct line_search *search,
                                   const struct line_point *point) {
    double slope = DECREASE * search->start.slope;
    return (struct line_point){point->step, point->value - point->step * slope,
                               point->slope - slope};
}

static struct line_point plain(const struct line_search *search, const struct line_point *point) {
    double slope = DECREASE * search->start.slope;
    return (struct line_point){point->step, point->value + point->step * slope,
                               point->slope + slope};
}

static void set_bounds(struct line_search *search) {
    if (search->bracketed) {
        /* Force the interval to shrink. */
        if (fabs(search->other.step - search->best.step) >= SHRINK * search->last_width)
            search->step = search->best.step + (search->other.step - search->best.step) / 2;
        search->last_width = search->width;
        search->width = fabs(search->other.step - search->best.step);
        search->least = fmin(search->best.step, search->other.step);
        search->most = fmax(search->best.step, search->other.step);
    } else {
        search->least = search->step + 1.1 * (search->step - search->best.step);
        search->most = search->step + 4 * (search->step - search->best.step);
    }
}

bool line_search_advance(struct line_search *search, double value, double slope) {
    struct line_point now = {search->step, value, slope};
    double expected = search->start.value + now.step * DECREASE * search->start.slope;
    if (search->first_stage && value <= expected && slope >= 0) search->first_stage = false;
    if (is_accepted(search, &now)) return true;
    if (search->first_stage && value <= search->best.value && value > expected) {
        struct line_point best = auxiliary(search, &search->best);
        struct line_point other = auxiliary(search, &search->other);
        struct line_point here = auxiliary(search, &now);
        search->step = next_step(search, &best, &other, &here);
        search->best = plain(search, &best);
        search->other = plain(search, &other);
    } else {
        search->step = next_step(search, &search->best, &search->other, &now);
    }
    set_bounds(search);
    search->step = fmax(0, fmin(STEP_LIMIT, search->step));
    /* No further progress is possible: take the best step. */
    if (search->bracketed && (search->step <= search->least || search->step >= search->most ||
                              search->most - search->least <= INTERVAL * search->most))
        search->step = search->best.step;
    return false;
}
