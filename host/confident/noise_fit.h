/* Fits how labels go wrong for one sharpness of the mix and one prior of the destinations. */
#ifndef EARMARK_CONFIDENT_NOISE_FIT_H
#define EARMARK_CONFIDENT_NOISE_FIT_H

#include "host/base/error.h"

/* Log-probabilities of some rows, sorted by their given class. */
struct noise_rows {
    size_t rows, classes;
    const size_t
        *starts; /* (classes + 1): rows of the class j are starts[j] .. starts[j + 1] - 1 */
    const float *const *mix; /* (rows) of (classes) log-probabilities */
};

/* What a fit works on and leaves behind; one for each thread. */
struct noise_fit {
    double *likely;     /* (rows, classes): the mix to the power of the sharpness, sums of 1 */
    double *counts;     /* (given, true): expected rows */
    double *transition; /* (given, true): probability of the given class if the other is true */
    double *kept;       /* (classes): expected rows of a true class with its own label */
    double *changed;    /* (classes): with another one */
    double rate;        /* of errors, over all classes */
};

enum error_code noise_fit_allocate(struct noise_fit *fit, const struct noise_rows *rows,
                                   struct error *error);
void noise_fit_free(struct noise_fit *fit);

/* Fills fit->likely; sharpness > 0. */
void noise_fit_sharpen(struct noise_fit *fit, const struct noise_rows *rows, double sharpness);

/* Fits fit->transition to fit->likely by variational Bayes and returns the lower bound of the log
 * evidence. A true class k is kept with probability 1 - e_k, e_k near the error rate of all
 * classes; otherwise the label is drawn from a Dirichlet distribution over the other classes with
 * the sum of parameters `spread` > 0: large is symmetric, small means few destinations.
 * Sums have a fixed order. */
double noise_fit_run(struct noise_fit *fit, const struct noise_rows *rows, double spread);

#endif
