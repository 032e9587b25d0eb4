/* The batches that are being filled. The threads of the decoders copy clips straight into them, so
 * that no thread copies the samples of all; the thread of the device lists the clips, in the list's
 * order, and submits a batch once all that was placed in it is listed. Clips without a place, which
 * come when all room is taken or are larger than a batch, are copied by that thread into a batch
 * of its own: what waits for a clip that comes later never keeps it from going on. */
#ifndef EARMARK_EMBEDDING_OPEN_BATCHES_H
#define EARMARK_EMBEDDING_OPEN_BATCHES_H

#include "host/sound/decode.h"

#include <pthread.h>

#define OPEN_SHARED 2 /* one is filled while the other waits for its last clips, or for room */
#define OPEN_BATCHES (OPEN_SHARED + 1)
#define OPEN_OWN OPEN_SHARED /* the place of the device's thread */

struct open_batch {
    struct device_batch *batch; /* NULL: there is none */
    size_t bytes, frames;       /* of the clips that have a place */
    size_t places;
    size_t waiting; /* places whose clip is not listed yet */
    bool full;      /* a clip found no room: it takes no more */
};

struct open_batches {
    struct device_properties properties; /* of the device */
    pthread_mutex_t lock;                /* for all below */
    struct open_batch all[OPEN_BATCHES];
    int older; /* of the shared ones: filled first */
};

void open_batches_begin(struct open_batches *open, const struct device_properties *properties);
void open_batches_end(struct open_batches *open);

/* From any thread: memory for the samples of this clip, and *place, where they are; or NULL. The
 * caller copies them before it hands the clip to the device's thread. */
void *open_batches_place(struct open_batches *open, const struct decoded *decoded, void **place);

/* The rest is for the device's thread. */

/* The same in its own batch; NULL: there is none with room. */
void *open_batches_place_own(struct open_batches *open, const struct decoded *decoded);

/* A shared one that should be acquired now, because the other has little room left; or -1. */
int open_batches_wanted(struct open_batches *open);

/* This batch was acquired for a place that had none. */
void open_batches_set(struct open_batches *open, int index, struct device_batch *batch);

/* A clip that had a place in this batch, by open_batches_place(), was delivered. */
void open_batches_delivered(struct open_batches *open, struct open_batch *batch);

/* A batch that takes no more clips and waits for none; with `all` any that has no clip to wait for.
 * The caller submits it, or releases one without clips: its place is empty then. NULL: none. */
struct device_batch *open_batches_take(struct open_batches *open, bool all);

/* Adds a clip, whose samples are at `samples` of this batch. */
void open_batches_list(struct device_batch *batch, const struct decoded *decoded,
                       const void *samples);

#endif
