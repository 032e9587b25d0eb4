/* The parts of the list that learns. Private to host/review/learning*.c. */
#ifndef EARMARK_REVIEW_LEARNING_INTERNAL_H
#define EARMARK_REVIEW_LEARNING_INTERNAL_H

#include "host/classifier/discriminant_fit.h"
#include "host/classifier/scaling.h"
#include "host/review/learning_input.h"

/* The discriminant: sums of each fold, and what of them is changed for an order. */
struct learning_sums {
    const struct learning_input *input;
    const struct scaling *scaling;
    size_t folds;
    int32_t *fold_of;                /* (rows), below `folds` */
    double *sums, *products;         /* (folds, classes, features), (folds, features^2) */
    size_t *counts;                  /* (folds, classes) */
    double *now_sums, *now_products; /* the same with the decisions, and of all folds: */
    size_t *now_counts;              /* (folds, classes) */
    double *all_sums, *all_products; /* (classes, features), (features, features) */
    size_t *all_counts;              /* (classes) */
    double *row;                     /* (features) */
    double shrinkage, temperature;
    struct discriminant_fit fit;
    double *weights;                             /* (folds, classes, features + 1) */
    const float **addresses;                     /* (candidate_count) */
    int32_t *candidate_labels, *candidate_folds; /* (candidate_count) */
    struct classifier *classifier;               /* of the candidates */
    float *logarithms;                           /* (candidate_count, classes) */
};

enum error_code learning_sums_open(struct learning_sums *sums, const struct learning_input *input,
                                   const struct scaling *scaling, struct device *device,
                                   struct error *error);
void learning_sums_close(struct learning_sums *sums); /* takes a zeroed one */

/* margins (candidate_count): d of learning_model.h. */
enum error_code learning_sums_margins(struct learning_sums *sums,
                                      const struct learning_decision *decisions, size_t count,
                                      double *margins, struct error *error);

/* The neighbours of the candidates. */
struct learning_votes {
    const struct learning_input *input;
    size_t *neighbours;  /* (candidate_count, VOTES_NEIGHBOURS) */
    float *similarities; /* likewise */
    double *votes;       /* (classes) */
};

enum error_code learning_votes_open(struct learning_votes *votes,
                                    const struct learning_input *input,
                                    const struct scaling *scaling, struct device *device,
                                    const volatile bool *stop, struct error *error);
void learning_votes_close(struct learning_votes *votes); /* takes a zeroed one */

/* margins (candidate_count): v of learning_model.h, with the labels now (rows). */
void learning_votes_margins(const struct learning_votes *votes, const int32_t *now,
                            double *margins);

#endif
