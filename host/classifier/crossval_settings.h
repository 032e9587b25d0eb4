/* The settings of a cross-validation, and how its progress is reported. */
#ifndef EARMARK_CLASSIFIER_CROSSVAL_SETTINGS_H
#define EARMARK_CLASSIFIER_CROSSVAL_SETTINGS_H

#include "host/base/error.h"

#define CROSSVAL_MAXIMUM_C 64

/* How columns are scaled before a fit. */
enum crossval_scale {
    SCALE_NONE = 0,     /* as they are */
    SCALE_STANDARD = 1, /* standardised for each fold by its training rows */
    /* Standardised by all rows, in every fold the same: a column that is nearly constant in a
     * fold's training rows cannot give held-out rows thousands of deviations. No option asks for
     * it. */
    SCALE_POOLED = 2
};

struct crossval_settings {
    /* for assign.h; crossval_run ignores these three */
    size_t folds;
    bool shuffle;
    uint32_t seed;

    bool c_auto;                         /* crossval_auto_c in place of c_values */
    double c_values[CROSSVAL_MAXIMUM_C]; /* each > 0 */
    size_t c_count;
    enum crossval_scale scale;
    double tolerance;   /* on the largest magnitude in the gradient; > 0 */
    int max_iterations; /* of each fit; >= 1 */
    bool logarithms;    /* write max(ln p, LOG_FLOOR) in place of p */
    int threads;        /* of the host's own sums; 0: 1. Results do not depend on it */
    /* --C auto of more than twice as many rows is chosen on a sample of so many; 0:
     * CROSSVAL_SAMPLE */
    size_t sample;
    size_t memory; /* bytes for fits that run at once; 0: CROSSVAL_MEMORY */
};

#define CROSSVAL_DEFAULTS                                                                          \
    {                                                                                              \
        .folds = 5, .c_auto = true, .scale = SCALE_STANDARD, .tolerance = 1e-4,                    \
        .max_iterations = 1000                                                                     \
    }
#define CROSSVAL_MEMORY ((size_t)1 << 30)

/* Seven values of C on all rows cost seven times the fits; on so many rows of 512 columns and 20
 * classes they take about a minute on two processors, however many rows there are. The help of
 * --C has the number. */
#define CROSSVAL_SAMPLE ((size_t)50000)

/* Called after every step of all fits; worst_gradient is the largest of the fits' norms. */
struct crossval_progress {
    void (*step)(void *context, size_t finished_fits, size_t all_fits, double worst_gradient);
    void *context;
};

#endif
