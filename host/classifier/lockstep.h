/* Many fits in lockstep: one call to the device evaluates the points of all of them. */
#ifndef EARMARK_CLASSIFIER_LOCKSTEP_H
#define EARMARK_CLASSIFIER_LOCKSTEP_H

#include "host/classifier/crossval_settings.h"
#include "host/classifier/lbfgs.h"
#include "host/classifier/scaling.h"
#include "kernels/device.h"

/* One logistic regression: a fold and a C. */
struct lockstep_fit {
    size_t fold;
    double c;
    size_t training_rows;
    size_t *free_classes; /* (free_count) whose weights are fitted; the others are fixed */
    size_t free_count;
    struct lbfgs lbfgs;      /* over (free_count, features + 1) */
    double *gradient;        /* (free_count, features + 1) */
    double *weights;         /* (classes, features + 1), scaled for the device */
    double *device_gradient; /* (classes, features + 1) */
    double value, norm;      /* of the point just evaluated */
    bool exact;              /* in float64 now */
    int exact_evaluations;
    bool finished;
};

struct lockstep {
    const struct device_operations *operations;
    struct classifier *classifier;
    const struct scaling *scaling;
    const struct crossval_settings *settings;
    const struct crossval_progress *progress; /* or NULL */
    size_t features, classes;
    size_t finished_before, all_fits; /* for the progress */
    struct lockstep_fit *fits;
    size_t fit_count;
};

/* Most bytes that one fit takes. */
size_t lockstep_fit_bytes(size_t features, size_t classes);

/* A fit of fold and C at zero weights. present (classes): whether the class has training rows
 * in this fold. ERROR_DATA when fewer than two have. lockstep_fit_close() frees it, after an
 * error too. */
enum error_code lockstep_fit_open(struct lockstep_fit *fit, size_t fold, double c,
                                  const struct lockstep *lockstep, const bool *present,
                                  struct error *error);
/* Frees everything; takes a zeroed struct. */
void lockstep_fit_close(struct lockstep_fit *fit);
/* Frees everything but `weights`. */
void lockstep_fit_trim(struct lockstep_fit *fit);

/* Runs all fits until they stop; their `weights` are then the results. ERROR_STOPPED after a
 * signal, or the device's error. */
enum error_code lockstep_run(struct lockstep *lockstep, struct error *error);

#endif
