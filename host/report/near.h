/* The clips of a class that are most similar to a clip, by the embeddings in a run's folder. */
#ifndef EARMARK_REPORT_NEAR_H
#define EARMARK_REPORT_NEAR_H

#include "host/base/folder.h"
#include "host/output/run.h"

struct near;

#define NEAR_VIEW "xvector" /* whose embeddings these are, whichever views were audited */
#define NEAR_MOST 50u       /* that one search finds */

struct near_clip {
    size_t row;       /* of clips.csv */
    float similarity; /* cosine */
};

/* Takes the embeddings of the results, or maps embeddings.npy, and reads labels.npy. The results
 * must know every clip's row of the arrays. *near stays NULL, without an error, in a folder that
 * has no such files. Errors: ERROR_FILE; ERROR_DATA where the files do not fit each other;
 * ERROR_MEMORY.
 */
enum error_code near_open(const struct folder *folder, const struct run_results *results,
                          struct near **near, struct error *error);
void near_close(struct near *near); /* takes NULL */

/* Multiplications that a search in the class takes; 0 for what is no class. */
uint64_t near_work(const struct near *near, int32_t class_index);

/* The most similar clips with that label whose label does not look wrong (no issues), other than
 * the clip of `array_row` itself: at most `most`, at most NEAR_MOST, the most similar first, equal
 * ones in the order of clips.csv. Returns their number: 0 for a clip or class that is not known.
 * Any thread may call this. */
size_t near_find(const struct near *near, size_t array_row, int32_t class_index, size_t most,
                 struct near_clip *found);

#endif
