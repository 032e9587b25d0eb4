/* What reviewers decided differently, as the list of a review. */
#ifndef EARMARK_REVIEW_CONFLICTS_H
#define EARMARK_REVIEW_CONFLICTS_H

#include "host/output/run.h"
#include "host/review/decisions.h"

struct conflicts {
    size_t *rows; /* (count) of clips.csv */
    size_t count;
    struct run_issue *issues; /* (issue_count) those of the run in their order, then the others */
    size_t issue_count;
    char **sets; /* (set_count) that the others point to; owned */
    size_t set_count;
};

/* The decisions are placed. A clip that is no issue becomes one, with the first label that a
 * reviewer gave it as the suggested one (where none did, its own), and without scores; but for
 * clips that were not audited or whose label is no class: of these there is the row alone. The
 * results must know every clip, and stay valid. conflicts_free also after a failure. */
enum error_code conflicts_find(const struct run_results *results, const struct decisions *decisions,
                               const char *separator, struct conflicts *conflicts,
                               struct error *error);
void conflicts_free(struct conflicts *conflicts); /* takes a zeroed one */

#endif
