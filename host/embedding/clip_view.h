/* The clips of a run in the form that the output files need: the list, the facts of each clip,
 * its fold and its array row. */
#ifndef EARMARK_EMBEDDING_CLIP_VIEW_H
#define EARMARK_EMBEDDING_CLIP_VIEW_H

#include "host/embedding/duplicates.h"
#include "host/embedding/embedding.h"
#include "host/output/run.h"

struct clip_view {
    const struct clip_list *clips;
    const struct clip_measures *measures; /* (clips->count) */
    const int32_t *class_of;  /* (classes of the list): index in classes.json, -1: none; or NULL */
    bool multilabel;          /* a clip's label is a set, and its class -1 */
    const int32_t *folds;     /* (clips->count), -1: none; or NULL */
    const size_t *array_rows; /* (clips->count): row in the .npy files or EMBEDDING_NO_ROW;
          NULL: the store's rows */
    const struct clip_relations *relations; /* (clips->count), or NULL: duplicates not searched */
    struct text *id;                        /* for the id of the row that was asked for last */
};

/* The view must stay valid while the result is used. */
struct run_clips clip_view_clips(const struct clip_view *view);

#endif
