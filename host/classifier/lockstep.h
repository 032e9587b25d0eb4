/* Many fits side by side: their points are evaluated by one call to the device. */
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
    size_t *free_classes; /* (free_count) whose weights are fitted; the others are pinned */
    size_t free_count;
    struct lbfgs lbfgs;      /* over (free_count, features + 1) */
    double *gradient;        /* (free_count, features + 1) */
    double *weights;         /* (classes, features + 1), the device's */
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

/* Bytes that one fit takes at most. */
size_t lockstep_fit_bytes(size_t features, size_t classes);

/* present (classes): whether the class has training rows in this fold. */
enum error_code lockstep_fit_open(struct lockstep_fit *fit, size_t fold, double c,
                                  const struct lockstep *lockstep, const bool *present,
                                  struct error *error);
/* Frees all; may be called on a zeroed struct. */
void lockstep_fit_close(struct lockstep_fit *fit);
/* Frees all but the device's weights. */
void lockstep_fit_trim(struct lockstep_fit *fit);

/* Runs all fits to their ends; fit->weights then hold the results. */
enum error_code lockstep_run(struct lockstep *lockstep, struct error *error);

#endif
