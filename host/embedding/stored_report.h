/* What a run says of the clips that an earlier one has embedded. */
#ifndef EARMARK_EMBEDDING_STORED_REPORT_H
#define EARMARK_EMBEDDING_STORED_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct stored_counts {
    size_t clips;      /* of the list */
    size_t known;      /* of these: are stored */
    size_t stored;     /* clips that are, of this list or not */
    size_t judged;     /* cannot be used, as an earlier run found */
    const char *state; /* the folder that keeps embeddings from run to run, or NULL */
    bool verify;       /* they are decoded all the same */
};

void stored_report(const struct stored_counts *counts);

/* A warning that this many clips had other samples; none for 0. Not silenced: such a clip was
 * judged by another sound until now. */
void stored_report_changed(size_t count);

#endif
