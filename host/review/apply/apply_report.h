/* What earmark apply is asked for, and what it says. */
#ifndef EARMARK_REVIEW_APPLY_APPLY_REPORT_H
#define EARMARK_REVIEW_APPLY_APPLY_REPORT_H

#include "host/base/text.h"
#include "host/base/warnings.h"
#include "host/review/apply/outcome.h"

/* What is done with a clip that reviewers decided differently. */
enum conflicts_how {
    CONFLICTS_STOP,  /* nothing is written */
    CONFLICTS_SKIP,  /* it stays as it is */
    CONFLICTS_FIRST, /* the first answer counts, in the order of the files */
    CONFLICTS_COUNT
};

struct apply_settings {
    const char *out;              /* a finished run */
    const char *const *decisions; /* (decision_count) files; none: those in OUT */
    size_t decision_count;
    const char *new_path;
    bool dry_run;
    enum exclude_how exclude;
    enum conflicts_how conflicts;
};

/* What became of the decisions. */
struct apply_report {
    size_t changed, excluded, unsure, kept;
    size_t stale;   /* that were made on another label, or on a clip that is not in the list */
    size_t skipped; /* clips on which reviewers do not agree */
    size_t already; /* clips that have the decided label */
    struct warnings warnings; /* names what is not applied */
    struct text next;         /* what was written, and what to do with it; sentences */
};

#endif
