/* How far the reviewers of a run agree. */
#ifndef EARMARK_REVIEW_AGREEMENT_H
#define EARMARK_REVIEW_AGREEMENT_H

#include "host/review/decisions.h"

#include <stdio.h>

struct agreement_reviewer {
    size_t kinds[DECISION_KINDS]; /* of clips; those undone are 0 */
    size_t decided;               /* all that can be used */
    size_t stale, gone;           /* that cannot */
};

struct agreement_pair {
    size_t one, other;     /* reviewers */
    size_t common, agreed; /* clips that both decided */
    double kappa;          /* Cohen's; NaN: not defined, since nothing is in common or there is one
                              answer only */
};

struct agreement {
    const struct decisions *decisions;    /* the caller's, placed */
    struct agreement_reviewer *reviewers; /* (decisions->reviewer_count) */
    size_t active;                        /* reviewers with decisions that can be used */
    struct agreement_pair *pairs;         /* (pair_count) of reviewers that both have some */
    size_t pair_count;
    size_t *conflicts; /* (conflict_count) first decisions on clips that were answered differently,
                          in the order of their rows */
    size_t conflict_count;
    size_t *unusable; /* (unusable_count) stale and gone ones, by reviewer and line */
    size_t unusable_count;
};

/* Two reviewers agree on a clip if they gave the same answer: keep, unsure, exclude, or relabel
 * with the same label; these are the categories of kappa. Errors: ERROR_MEMORY. */
enum error_code agreement_find(const struct decisions *decisions, struct agreement *agreement,
                               struct error *error);
void agreement_close(struct agreement *agreement); /* takes a zeroed one */

/* For people, `width` columns wide (0: any), and as one JSON object. `out`: the run's folder. */
enum error_code agreement_print(FILE *stream, int width, const char *out,
                                const struct agreement *agreement, struct error *error);
enum error_code agreement_print_json(FILE *stream, const char *out,
                                     const struct agreement *agreement, struct error *error);

#endif
