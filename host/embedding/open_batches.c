#include "host/embedding/open_batches.h"

void open_batches_begin(struct open_batches *open, const struct device_properties *properties) {
    *open = (struct open_batches){.properties = *properties};
    pthread_mutex_init(&open->lock, NULL);
}

void open_batches_end(struct open_batches *open) {
    pthread_mutex_destroy(&open->lock);
}

static size_t aligned(size_t bytes) {
    return (bytes + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
}

static struct device_clip clip_of(const struct decoded *decoded) {
    return (struct device_clip){.frames = decoded->frames,
                                .channels = decoded->channels,
                                .rate = decoded->rate,
                                .format = decoded->format};
}

/* With the lock. */
static void *put(const struct device_properties *properties, struct open_batch *open,
                 const struct decoded *decoded) {
    const struct device_batch *batch = open->batch;
    const struct device_clip clip = clip_of(decoded);
    const size_t bytes = aligned(decoded->bytes), frames = device_clip_frames(&clip);
    if (batch == NULL || open->full) return NULL;
    open->full =
        open->places == batch->clip_capacity || open->places == properties->batch_clips ||
        bytes > batch->samples_capacity - open->bytes ||
        (open->places > 0 && device_batch_whole(properties, open->frames, open->bytes, frames));
    if (open->full) return NULL;
    void *samples = batch->samples + open->bytes;
    open->bytes += bytes;
    open->frames += frames;
    open->places++;
    return samples;
}

void *open_batches_place(struct open_batches *open, const struct decoded *decoded, void **place) {
    void *samples = NULL;
    if (aligned(decoded->bytes) > open->properties.batch_bytes) return NULL; /* fills none */
    pthread_mutex_lock(&open->lock);
    for (int i = 0; i < OPEN_SHARED && samples == NULL; i++) {
        struct open_batch *batch = &open->all[(open->older + i) % OPEN_SHARED];
        samples = put(&open->properties, batch, decoded);
        if (samples == NULL) continue;
        batch->waiting++;
        *place = batch;
    }
    pthread_mutex_unlock(&open->lock);
    return samples;
}

void *open_batches_place_own(struct open_batches *open, const struct decoded *decoded) {
    pthread_mutex_lock(&open->lock);
    void *samples = put(&open->properties, &open->all[OPEN_OWN], decoded);
    pthread_mutex_unlock(&open->lock);
    return samples;
}

/* With the lock. */
static bool has_room(const struct open_batches *open, const struct open_batch *batch) {
    return batch->batch != NULL && !batch->full && batch->bytes < open->properties.batch_bytes / 2;
}

int open_batches_wanted(struct open_batches *open) {
    int wanted = -1;
    bool room = false;
    pthread_mutex_lock(&open->lock);
    for (int i = 0; i < OPEN_SHARED; i++) {
        room = room || has_room(open, &open->all[i]);
        if (open->all[i].batch == NULL) wanted = i;
    }
    pthread_mutex_unlock(&open->lock);
    return room ? -1 : wanted;
}

void open_batches_set(struct open_batches *open, int index, struct device_batch *batch) {
    pthread_mutex_lock(&open->lock);
    open->all[index] = (struct open_batch){.batch = batch};
    pthread_mutex_unlock(&open->lock);
}

void open_batches_delivered(struct open_batches *open, struct open_batch *batch) {
    pthread_mutex_lock(&open->lock);
    batch->waiting--;
    pthread_mutex_unlock(&open->lock);
}

struct device_batch *open_batches_take(struct open_batches *open, bool all) {
    struct device_batch *taken = NULL;
    pthread_mutex_lock(&open->lock);
    for (int i = 0; i < OPEN_BATCHES && taken == NULL; i++) {
        struct open_batch *batch = &open->all[i];
        if (batch->batch == NULL || batch->waiting > 0 || (!batch->full && !all)) continue;
        taken = batch->batch;
        *batch = (struct open_batch){0};
        if (i < OPEN_SHARED) open->older = (i + 1) % OPEN_SHARED;
    }
    pthread_mutex_unlock(&open->lock);
    return taken;
}

void open_batches_list(struct device_batch *batch, const struct decoded *decoded,
                       const void *samples) {
    struct device_clip clip = clip_of(decoded);
    clip.offset = (size_t)((const unsigned char *)samples - batch->samples);
    batch->clips[batch->clip_count++] = clip;
}
