#include "host/classifier/lbfgs.h"
#include "host/base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_LIMIT 1e10
#define VECTORS (4 + 2 * LBFGS_HISTORY)

/* Eight partial sums, always in the same order. */
static double dot(const double *a, const double *b, size_t size) {
    double part[8] = {0};
    size_t i = 0;
    for (; i + 8 <= size; i += 8)
        for (size_t k = 0; k < 8; k++) part[k] += a[i + k] * b[i + k];
    for (; i < size; i++) part[0] += a[i] * b[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) +
           ((part[4] + part[5]) + (part[6] + part[7]));
}

static void add_scaled(double *y, double factor, const double *x, size_t size) {
    for (size_t i = 0; i < size; i++) y[i] += factor * x[i];
}

size_t lbfgs_bytes(size_t size) {
    return size * VECTORS * sizeof(double);
}

enum error_code lbfgs_open(struct lbfgs *lbfgs, size_t size, const struct lbfgs_settings *settings,
                           struct error *error) {
    *lbfgs = (struct lbfgs){.size = size, .settings = *settings, .scale = 1};
    lbfgs->memory = memory_array(size, VECTORS * sizeof(double), "L-BFGS state", error);
    if (lbfgs->memory == NULL) return error->code;
    lbfgs->point = lbfgs->memory;
    lbfgs->gradient = lbfgs->memory + size;
    lbfgs->origin = lbfgs->memory + 2 * size;
    lbfgs->direction = lbfgs->memory + 3 * size;
    lbfgs->steps = lbfgs->memory + 4 * size;
    lbfgs->changes = lbfgs->steps + LBFGS_HISTORY * size;
    return ERROR_NONE;
}

void lbfgs_close(struct lbfgs *lbfgs) {
    free(lbfgs->memory);
    lbfgs->memory = NULL;
}

void lbfgs_resume(struct lbfgs *lbfgs, const struct lbfgs_settings *settings) {
    lbfgs->settings = *settings;
    lbfgs->stop = LBFGS_RUNNING;
    lbfgs->searching = false;
    lbfgs->retrying = false;
}

/* direction = - H gradient, by the two loops over the history. */
static void find_direction(struct lbfgs *lbfgs) {
    size_t size = lbfgs->size;
    double weights[LBFGS_HISTORY];
    double *direction = lbfgs->direction;
    for (size_t i = 0; i < size; i++) direction[i] = -lbfgs->gradient[i];
    for (size_t k = 0; k < lbfgs->kept; k++) { /* newest first */
        size_t slot = (lbfgs->newest + LBFGS_HISTORY - k) % LBFGS_HISTORY;
        weights[slot] = dot(lbfgs->steps + slot * size, direction, size) / lbfgs->curvature[slot];
        add_scaled(direction, -weights[slot], lbfgs->changes + slot * size, size);
    }
    for (size_t i = 0; i < size; i++) direction[i] *= lbfgs->scale;
    for (size_t k = lbfgs->kept; k-- > 0;) {
        size_t slot = (lbfgs->newest + LBFGS_HISTORY - k) % LBFGS_HISTORY;
        double back = dot(lbfgs->changes + slot * size, direction, size) / lbfgs->curvature[slot];
        add_scaled(direction, weights[slot] - back, lbfgs->steps + slot * size, size);
    }
}

static void move(struct lbfgs *lbfgs) {
    for (size_t i = 0; i < lbfgs->size; i++)
        lbfgs->point[i] = lbfgs->origin[i] + lbfgs->search.step * lbfgs->direction[i];
}

static void forget(struct lbfgs *lbfgs) {
    lbfgs->kept = 0;
    lbfgs->scale = 1;
}

/* Starts a line search from the point, whose value and gradient are known. */
static void begin_search(struct lbfgs *lbfgs) {
    for (;;) {
        bool fresh = lbfgs->kept == 0;
        find_direction(lbfgs);
        double slope = dot(lbfgs->gradient, lbfgs->direction, lbfgs->size);
        if (slope < 0) {
            double length = sqrt(dot(lbfgs->direction, lbfgs->direction, lbfgs->size));
            /* The very first direction has no scale: take a step of length 1. */
            double step = lbfgs->iterations == 0 && fresh ? fmin(1 / length, STEP_LIMIT) : 1;
            memcpy(lbfgs->origin, lbfgs->point, lbfgs->size * sizeof(double));
            line_search_start(&lbfgs->search, lbfgs->value, slope, step);
            lbfgs->search_evaluations = 0;
            lbfgs->searching = true;
            move(lbfgs);
            return;
        }
        if (fresh) {
            lbfgs->stop = LBFGS_LINE_SEARCH;
            return;
        }
        forget(lbfgs);
    }
}

/* Returns to where the search began, and tries once more without the history if there was
 * one. */
static void search_failed(struct lbfgs *lbfgs) {
    memcpy(lbfgs->point, lbfgs->origin, lbfgs->size * sizeof(double));
    lbfgs->searching = false;
    if (!lbfgs->retrying) lbfgs->promised = -lbfgs->search.start.slope;
    lbfgs->retrying = true;
    if (lbfgs->kept == 0 || lbfgs->settings.stop_at_once) {
        /* Where only rounding was left to be gained, nothing is wrong. */
        double rounding = lbfgs->settings.flatness * fmax(fabs(lbfgs->value), 1);
        lbfgs->stop = lbfgs->promised <= rounding ? LBFGS_FLAT : LBFGS_LINE_SEARCH;
        return;
    }
    forget(lbfgs);
    begin_search(lbfgs);
}

/* Keeps the pair (step, change of the gradient) unless it has too little curvature. */
static void remember(struct lbfgs *lbfgs, const double *gradient, double slope) {
    size_t size = lbfgs->size, slot = lbfgs->kept == 0 ? 0 : (lbfgs->newest + 1) % LBFGS_HISTORY;
    double *step = lbfgs->steps + slot * size, *change = lbfgs->changes + slot * size;
    double length = lbfgs->search.step;
    double curvature = (slope - lbfgs->search.start.slope) * length;
    if (curvature <= -DBL_EPSILON * lbfgs->search.start.slope * length) return;
    for (size_t i = 0; i < size; i++) {
        step[i] = length * lbfgs->direction[i];
        change[i] = gradient[i] - lbfgs->gradient[i];
    }
    lbfgs->curvature[slot] = curvature;
    lbfgs->scale = curvature / dot(change, change, size);
    lbfgs->newest = slot;
    if (lbfgs->kept < LBFGS_HISTORY) lbfgs->kept++;
}

static void accept(struct lbfgs *lbfgs, double value, const double *gradient, double slope,
                   double norm) {
    double last = lbfgs->value;
    lbfgs->searching = false;
    lbfgs->retrying = false;
    lbfgs->iterations++;
    remember(lbfgs, gradient, slope);
    memcpy(lbfgs->gradient, gradient, lbfgs->size * sizeof(double));
    lbfgs->value = value;
    lbfgs->norm = norm;
    if (norm <= lbfgs->settings.tolerance) {
        lbfgs->stop = LBFGS_GRADIENT;
    } else if (last - value <= lbfgs->settings.flatness * fmax(fmax(fabs(last), fabs(value)), 1)) {
        lbfgs->stop = LBFGS_FLAT;
    } else if (lbfgs->iterations >= lbfgs->settings.max_iterations) {
        lbfgs->stop = LBFGS_ITERATIONS;
    } else {
        begin_search(lbfgs);
    }
}

static void start(struct lbfgs *lbfgs, double value, const double *gradient, double norm) {
    memcpy(lbfgs->gradient, gradient, lbfgs->size * sizeof(double));
    lbfgs->value = value;
    lbfgs->norm = norm;
    if (!isfinite(value) || !isfinite(norm))
        lbfgs->stop = LBFGS_LINE_SEARCH;
    else if (norm <= lbfgs->settings.tolerance)
        lbfgs->stop = LBFGS_GRADIENT;
    else if (lbfgs->iterations >= lbfgs->settings.max_iterations)
        lbfgs->stop = LBFGS_ITERATIONS;
    else
        begin_search(lbfgs);
}

void lbfgs_advance(struct lbfgs *lbfgs, double value, const double *gradient, double norm) {
    if (lbfgs->stop != LBFGS_RUNNING) return;
    lbfgs->evaluations++;
    if (!lbfgs->searching) {
        start(lbfgs, value, gradient, norm);
        return;
    }
    lbfgs->search_evaluations++;
    double slope = dot(gradient, lbfgs->direction, lbfgs->size);
    bool finite = isfinite(value) && isfinite(slope);
    bool ended = finite && line_search_advance(&lbfgs->search, value, slope);
    /* A search whose interval became too narrow, and that is no lower than it began, has found
     * nothing. */
    bool found = value < lbfgs->search.start.value || norm <= lbfgs->settings.tolerance;
    if (ended && found)
        accept(lbfgs, value, gradient, slope, norm);
    else if (finite && !ended && lbfgs->search_evaluations < lbfgs->settings.search_steps)
        move(lbfgs);
    else
        search_failed(lbfgs);
}
