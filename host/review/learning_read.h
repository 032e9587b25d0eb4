/* What the list that learns takes from the arrays of a run. */
#ifndef EARMARK_REVIEW_LEARNING_READ_H
#define EARMARK_REVIEW_LEARNING_READ_H

#include "host/base/folder.h"
#include "host/base/npy.h"
#include "host/output/run.h"
#include "host/review/learning_input.h"

/* A clip's place in the arrays, as clips.csv has it. */
struct learning_clip {
    size_t array_row; /* or RUN_NO_ROW */
    int32_t fold;     /* -1: none */
};

struct learning_arrays {
    struct npy_array embeddings; /* mapped */
    size_t rows, features, classes;
    int32_t *labels, *fold_of, *suggested; /* (rows) */
    float *scores;                         /* (rows) */
    size_t *clip_of;                       /* (rows) row of clips.csv */
    bool *issue;                           /* (rows) */
    size_t *candidates;                    /* (candidate_count) ascending: learning.h */
    size_t candidate_count;
};

/* Reads embeddings.npy, labels.npy, scores.npy and pred_probs.npy of a run with clips (count), of
 * which issues (issue_count) are rows. The files may be anybody's: ERROR_DATA where they do not fit
 * each other, ERROR_FILE, ERROR_MEMORY. learning_arrays_close() also after a failure. */
enum error_code learning_arrays_open(const struct folder *folder, const struct learning_clip *clips,
                                     size_t count, const size_t *issues, size_t issue_count,
                                     size_t classes, struct learning_arrays *arrays,
                                     struct error *error);
void learning_arrays_close(struct learning_arrays *arrays); /* takes a zeroed one */

#endif
