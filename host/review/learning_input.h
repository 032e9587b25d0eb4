/* What the list that learns works on. */
#ifndef EARMARK_REVIEW_LEARNING_INPUT_H
#define EARMARK_REVIEW_LEARNING_INPUT_H

#include "kernels/device.h"

/* The current decision of one clip. */
struct learning_decision {
    size_t row;          /* of clips.csv */
    int32_t class_index; /* of the label that is right: the given one when kept; or one of these */
};
#define LEARNING_UNSURE (-1)
#define LEARNING_EXCLUDED (-2)

/* Clips whose order is computed: all issues, and the most suspicious others up to so many in all.
 */
#define LEARNING_CANDIDATES ((size_t)20000)

/* Folds are joined to so many: held-out rows stay held out, with more beside them. */
#define LEARNING_FOLDS ((size_t)10)
/* More columns would take seconds for each order, and memory by their square. */
#define LEARNING_COLUMNS ((size_t)2048)

struct learning_input {
    struct matrix_rows embeddings; /* (rows, features), finite; may be mapped */
    const int32_t *labels;         /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of;        /* (rows), >= 0 */
    const float *scores;           /* (rows) log margins */
    const int32_t *suggested;      /* (rows): the likeliest class other than the label */
    const bool *issue;             /* (rows): flagged */
    size_t rows, features, classes;
    const size_t *candidates; /* (candidate_count) rows, ascending */
    size_t candidate_count;
    int threads;
};

#endif
