/* Limited-memory BFGS for a smooth function without bounds, as a state machine:
 * the caller evaluates the function at lbfgs.point, so that many problems advance in
 * lockstep through one call to the device.
 *
 * Steps and reasons to stop are those of L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995;
 * scipy's minimize(method="L-BFGS-B")) where no bound is active: a history of 10, a first
 * step of length 1, the line search of More and Thuente; pairs of too little curvature are
 * left out, and the history is discarded when a search fails. */
#ifndef EARMARK_CLASSIFIER_LBFGS_H
#define EARMARK_CLASSIFIER_LBFGS_H

#include "host/base/error.h"
#include "host/classifier/line_search.h"

#define LBFGS_HISTORY 10
#define LBFGS_SEARCH_STEPS 50 /* scikit-learn's */

enum lbfgs_stop {
    LBFGS_RUNNING = 0,
    LBFGS_GRADIENT = 1,    /* the gradient is small enough: converged */
    LBFGS_FLAT = 2,        /* the value no longer decreases, or only by rounding */
    LBFGS_ITERATIONS = 3,  /* max_iterations reached: not converged */
    LBFGS_LINE_SEARCH = 4, /* no acceptable step: not converged */
};

struct lbfgs_settings {
    double tolerance;   /* on the gradient's norm, in whatever norm the caller passes */
    double flatness;    /* least relative decrease of max(|f|, 1); 64 eps in scikit-learn */
    int max_iterations; /* counted over lbfgs_resume as well */
    int search_steps;   /* evaluations in a line search before it counts as failed */
    bool stop_at_once;  /* do not try again without the history when a search fails */
};

struct lbfgs {
    size_t size;
    struct lbfgs_settings settings;
    enum lbfgs_stop stop;
    int iterations;  /* accepted steps */
    int evaluations; /* calls of lbfgs_advance */

    double *point; /* (size): evaluate here */
    double value;  /* at the best point so far */
    double norm;   /* of the gradient, there */

    /* private */
    double *memory;
    double *gradient;                /* (size) at the last accepted point */
    double *origin;                  /* (size) where the line search began */
    double *direction;               /* (size) */
    double *steps;                   /* (LBFGS_HISTORY, size) */
    double *changes;                 /* (LBFGS_HISTORY, size) of the gradient */
    double curvature[LBFGS_HISTORY]; /* step . change */
    double scale;                    /* of the initial inverse Hessian */
    size_t kept, newest;             /* pairs in the history; slot of the last */
    struct line_search search;
    int search_evaluations;
    bool searching;
    double promised; /* slope, as a decrease, at the start of the search that failed first */
    bool retrying;   /* a search failed; this is the one without history */
};

/* Bytes that lbfgs_open() allocates for a problem of this size. */
size_t lbfgs_bytes(size_t size);

/* A new problem of `size` unknowns; the first point is 0. ERROR_MEMORY. lbfgs_close() frees
 * it, and takes a zeroed struct. */
enum error_code lbfgs_open(struct lbfgs *lbfgs, size_t size, const struct lbfgs_settings *settings,
                           struct error *error);
void lbfgs_close(struct lbfgs *lbfgs);

/* Takes the value, the gradient (size) and the gradient's norm (the largest magnitude, say)
 * at lbfgs->point. While lbfgs->stop is LBFGS_RUNNING afterwards, the point is the next one
 * to be evaluated; otherwise it is the result. */
void lbfgs_advance(struct lbfgs *lbfgs, double value, const double *gradient, double norm);

/* Continues after a stop from the same point, which the caller evaluates again (in higher
 * precision, say), with new settings and the history so far. */
void lbfgs_resume(struct lbfgs *lbfgs, const struct lbfgs_settings *settings);

#endif
