/* The clips of a run as the output files want them: the list, what decoding told,
 * and the fold and array row that each was given. */
#ifndef EARMARK_EMBEDDING_CLIP_VIEW_H
#define EARMARK_EMBEDDING_CLIP_VIEW_H

#include "host/embedding/duplicates.h"
#include "host/embedding/embedding.h"
#include "host/output/run.h"

struct clip_view {
    const struct clip_list *clips;
    const struct clip_measures *measures; /* (clips->count) */
    const int32_t *class_of;  /* (classes of the list): index in classes.json, -1: none; or NULL */
    bool several_labels;      /* a clip may have: it is of no class then, its label is a set */
    const int32_t *folds;     /* (clips->count), -1: none; or NULL */
    const size_t *array_rows; /* (clips->count): row in the .npy files or EMBEDDING_NO_ROW;
          NULL: the store's rows */
    const struct clip_relations *relations; /* (clips->count), or NULL: duplicates not searched */
};

/* The view must stay valid while the result is used. */
struct run_clips clip_view_clips(const struct clip_view *view);

#endif
