/* What becomes of each clip of the data set. */
#ifndef EARMARK_REVIEW_APPLY_OUTCOME_H
#define EARMARK_REVIEW_APPLY_OUTCOME_H

#include "host/base/error.h"

#include <stdint.h>

enum outcome_kind {
    OUTCOME_NONE, /* nothing was decided, or that its label is right */
    OUTCOME_RELABEL,
    OUTCOME_UNSURE, /* it stays as it is */
    OUTCOME_EXCLUDE
};

struct outcome {
    const char *label; /* OUTCOME_RELABEL: the new one, or a set (LABEL_JOINT between its labels);
                          the caller's */
    uint8_t kind;      /* enum outcome_kind */
};

enum exclude_how {
    EXCLUDE_DROP, /* it is no longer in the list */
    EXCLUDE_MARK, /* it stays, and the list says so */
    EXCLUDE_COUNT
};

#define EXCLUDE_COLUMN "earmark" /* the column or member that marks a clip, */
#define EXCLUDE_MARKED "exclude" /* and its value */

#endif
