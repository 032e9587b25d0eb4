#include "bench/feeding/counting_device.h"

#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT 3
#define BATCH_CLIPS ((size_t)4096)
#define MOST_BATCHES 16
#define READY_BATCHES 6

struct counting_batch {
    struct device_batch base; /* first */
    float *zeros;             /* (clip_capacity, embedding_size + STATISTICS_COUNT) */
    bool used;
};

struct counting_device {
    struct device base; /* first */
    size_t batch_bytes, size;
    struct counting_batch all[MOST_BATCHES];
    struct counting_batch *queue[MOST_BATCHES]; /* (queued) submitted, the oldest first */
    size_t queued;
};

static size_t next_bytes = (size_t)32 << 20;
static struct counted counted;

void counting_device_batches(size_t bytes) {
    next_bytes = bytes;
}

struct counted counting_device_take(void) {
    const struct counted taken = counted;
    counted = (struct counted){0};
    return taken;
}

static struct counting_device *counting(struct device *device) {
    return (struct counting_device *)device;
}

static enum error_code counting_open(const struct device_settings *settings, struct device **device,
                                     struct error *error) {
    (void)settings;
    struct counting_device *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a device");
    opened->base.operations = &counting_device_operations;
    opened->batch_bytes = next_bytes;
    *device = &opened->base;
    return ERROR_NONE;
}

static void counting_close(struct device *device) {
    if (device == NULL) return;
    for (size_t i = 0; i < MOST_BATCHES; i++) {
        struct counting_batch *batch = &counting(device)->all[i];
        free(batch->base.samples);
        free(batch->base.clips);
        free(batch->zeros);
    }
    free(device);
}

static void counting_properties(const struct device *device, struct device_properties *properties) {
    *properties = (struct device_properties){.name = "counting",
                                             .description = "counts and computes nothing",
                                             .batches_in_flight = IN_FLIGHT,
                                             .batch_clips = BATCH_CLIPS};
    properties->batch_bytes = ((const struct counting_device *)device)->batch_bytes;
}

/* Memory for clips and samples is kept from batch to batch, as pinned memory is. */
static enum error_code reserve(struct counting_batch *batch, size_t bytes, size_t clips,
                               size_t values, struct error *error) {
    struct device_batch *base = &batch->base;
    if (base->samples_capacity < bytes) {
        free(base->samples);
        base->samples = NULL;
        base->samples_capacity = 0;
        if (posix_memalign((void **)&base->samples, 4096, bytes) != 0)
            return FAIL(error, ERROR_MEMORY, "no memory for a batch");
        memset(base->samples, 0, bytes); /* as pinned memory has its pages */
        base->samples_capacity = bytes;
    }
    if (base->clip_capacity < clips) {
        free(base->clips);
        free(batch->zeros);
        base->clips = calloc(clips, sizeof *base->clips);
        batch->zeros = calloc(clips * values, sizeof *batch->zeros);
        base->clip_capacity = clips;
        if (base->clips == NULL || batch->zeros == NULL)
            return FAIL(error, ERROR_MEMORY, "no memory for a batch");
    }
    return ERROR_NONE;
}

/* Has the memory of all batches that a run uses at a time, which is no part of feeding. */
static enum error_code counting_load_model(struct device *device, const struct xvector_model *model,
                                           struct error *error) {
    struct counting_device *self = counting(device);
    self->size = model->embedding_size;
    for (size_t i = 0; i < READY_BATCHES && error->code == ERROR_NONE; i++)
        reserve(&self->all[i], self->batch_bytes, BATCH_CLIPS, self->size + STATISTICS_COUNT,
                error);
    return error->code;
}

static enum error_code counting_acquire(struct device *device, size_t samples_bytes,
                                        size_t clip_count, bool want_features,
                                        struct device_batch **result, struct error *error) {
    struct counting_device *self = counting(device);
    struct counting_batch *batch = NULL;
    for (size_t i = 0; i < MOST_BATCHES && batch == NULL; i++)
        if (!self->all[i].used) batch = &self->all[i];
    if (batch == NULL || want_features)
        return FAIL(error, ERROR_INTERNAL, "the counting device has no such batch");
    const size_t bytes = samples_bytes > self->batch_bytes ? samples_bytes : self->batch_bytes;
    const size_t clips = clip_count > BATCH_CLIPS ? clip_count : BATCH_CLIPS;
    if (reserve(batch, bytes, clips, self->size + STATISTICS_COUNT, error) != ERROR_NONE)
        return error->code;
    batch->used = true;
    batch->base.clip_count = 0;
    batch->base.want_statistics = false;
    batch->base.embeddings = batch->base.statistics = NULL;
    *result = &batch->base;
    return ERROR_NONE;
}

static enum error_code counting_submit(struct device *device, struct device_batch *batch,
                                       struct error *error) {
    struct counting_device *self = counting(device);
    if (device_batch_check(batch, error) != ERROR_NONE) return error->code;
    counted.batches++;
    counted.clips += batch->clip_count;
    for (size_t i = 0; i < batch->clip_count; i++) {
        const struct device_clip *clip = &batch->clips[i];
        const size_t bytes = clip->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
        counted.bytes += (double)(clip->frames * (size_t)clip->channels * bytes);
    }
    self->queue[self->queued++] = (struct counting_batch *)batch;
    return ERROR_NONE;
}

static enum error_code counting_wait(struct device *device, struct device_batch **result,
                                     struct error *error) {
    struct counting_device *self = counting(device);
    if (self->queued == 0) return FAIL(error, ERROR_INTERNAL, "no batch is submitted");
    struct counting_batch *batch = self->queue[0];
    self->queued--;
    for (size_t i = 0; i < self->queued; i++) self->queue[i] = self->queue[i + 1];
    batch->base.embeddings = batch->zeros;
    if (batch->base.want_statistics)
        batch->base.statistics = batch->zeros + batch->base.clip_count * self->size;
    *result = &batch->base;
    return ERROR_NONE;
}

static void counting_release(struct device *device, struct device_batch *batch) {
    (void)device;
    if (batch != NULL) ((struct counting_batch *)batch)->used = false;
}

const struct device_operations counting_device_operations = {
    .interface_version = DEVICE_INTERFACE_VERSION,
    .name = "counting",
    .open = counting_open,
    .close = counting_close,
    .properties = counting_properties,
    .load_model = counting_load_model,
    .acquire = counting_acquire,
    .submit = counting_submit,
    .wait = counting_wait,
    .release = counting_release,
};
