/* Latent estimates: the prior of the true labels and the noise rates, from a confident
 * joint, as cleanlab 2.9's estimate_latent. */
#ifndef EARMARK_CONFIDENT_LATENT_H
#define EARMARK_CONFIDENT_LATENT_H

#include "host/base/error.h"

/* cleanlab's py_method. */
enum latent_method {
    LATENT_CNT = 0,
    LATENT_EQN = 1,
    LATENT_MARGINAL = 2,
    LATENT_MARGINAL_PS = 3,
    LATENT_METHOD_COUNT = 4
};

const char *latent_method_name(enum latent_method method); /* "cnt", "eqn", ... */

/* joint (K, K): row given, column true; class_counts (K) of the given labels.
 * Writes prior (K), p(true); noise (K, K), p(given | true), row given, column true; inverse
 * (K, K), p(true | given), row true, column given. ERROR_DATA when the noise matrix is
 * singular (LATENT_EQN only). */
enum error_code latent_estimate(const double *joint, size_t classes, const uint64_t *class_counts,
                                enum latent_method method, double *prior, double *noise,
                                double *inverse, struct error *error);

#endif
