/* What the decided clips say about the evidence: a logistic regression of "the label is wrong" on
 * what speaks against a label, with a term for every pair of classes.
 *
 * logit P(wrong) = w . x + t(pair), by maximum a posteriori: w[k] has a normal prior of mean
 * LEARNING_MEANS[k] and precision LEARNING_PRECISIONS[k], every t one of mean 0 and precision
 * LEARNING_PAIR_PRECISION. So few decisions change little, and without any the means hold. The
 * optimum is unique, and is found by Newton steps over the rows in their order: the same rows give
 * the same weights. Pure computation, without a clock, random numbers or threads. */
#ifndef EARMARK_REVIEW_LEARNING_FIT_H
#define EARMARK_REVIEW_LEARNING_FIT_H

#include "host/base/error.h"

#include <stdint.h>

enum {
    EVIDENCE_ONE,   /* 1 */
    EVIDENCE_SCORE, /* how far the audit's score is below 0 */
    EVIDENCE_FLAG,  /* 0 of a flagged clip, -1 of another */
    EVIDENCE_SUMS,  /* by how much the discriminant has come to doubt the label */
    EVIDENCE_VOTES, /* and the votes of the neighbours */
    EVIDENCE_COUNT
};

#define LEARNING_MEANS                                                                             \
    { 0, 1, 3, 1, 1 }
#define LEARNING_PRECISIONS                                                                        \
    { 1, 10, 2, 10, 10 }
#define LEARNING_PAIR_PRECISION 1.0
#define LEARNING_TRUST 2.0

struct learning_evidence {
    double x[EVIDENCE_COUNT];
    int32_t pair; /* below pair_count */
    bool wrong;
};

/* weights (EVIDENCE_COUNT) and terms (pair_count) of the rows. ERROR_MEMORY. */
enum error_code learning_fit(const struct learning_evidence *rows, size_t count, size_t pair_count,
                             double *weights, double *terms, struct error *error);

/* How far the fit counts, 0 to 1: r / (r + LEARNING_TRUST), where r of the rows are right. As long
 * as every clip of the list was wrong, there is nothing to do better. */
double learning_trust(const struct learning_evidence *rows, size_t count);

/* How suspicious, lower is more: the negated logit by the means without a decision, and by the
 * weights and the term of the pair, mixed by trust. */
double learning_key(const double *x, const double *weights, double term, double trust);

#endif
