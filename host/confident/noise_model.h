/* How probable it is that a row's given class is wrong, from the mix and the labels alone.
 *
 * The mix was trained on the labels, errors included, so its probabilities are softer than those
 * of the true classes, and some of that softness is doubt of the classifier. The model separates
 * the two: the true class has the mix to the power of a sharpness as its probabilities, and labels
 * go wrong with class-wise rates and destinations (noise_fit.h). A grid of sharpness and of how
 * concentrated destinations are is weighed by the evidence. */
#ifndef EARMARK_CONFIDENT_NOISE_MODEL_H
#define EARMARK_CONFIDENT_NOISE_MODEL_H

#include "host/confident/mix_view.h"

#define NOISE_GRID 40
#define NOISE_CANDIDATES 8

struct noise_candidate {
    double sharpness;
    double spread;      /* of noise_fit_run() */
    double evidence;    /* logarithm, with the prior of the sharpness */
    double weight;      /* candidates sum to 1 */
    double *transition; /* (given, true) probability of the given class if the other is true */
};

struct noise_model {
    /* Of every point of the grid: the lower bound of its log evidence, without a prior, and its
     * share of wrong labels. */
    double bounds[NOISE_GRID], rates[NOISE_GRID];
    size_t rows; /* that were fitted */
    size_t classes, count;
    struct noise_candidate candidates[NOISE_CANDIDATES]; /* the highest evidence first */
};

/* Fits the model to all rows or, of a large set, to a fixed part of them. Memory: a few times
 * classes * classes, and 8 bytes for each number of the mix of the rows in use, for each thread.
 * noise_model_free() afterwards. ERROR_MEMORY. */
enum error_code noise_model_fit(const struct mix_view *view, struct noise_model *model,
                                struct error *error);
void noise_model_free(struct noise_model *model);

/* wrong (model->count): for each candidate the probability that a row with the given class
 * `label` and the log-probabilities mix (classes) is wrong. likely: (classes), scratch. */
void noise_model_row(const struct noise_model *model, const float *mix, int32_t label,
                     double *likely, double *wrong);

#endif
