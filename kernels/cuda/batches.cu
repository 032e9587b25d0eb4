#include "kernels/cuda/batches.h"

#include "kernels/cuda/embedder.h"
#include "kernels/cuda/memory.h"

#include <stdlib.h>

enum batch_state { BATCH_FREE, BATCH_ACQUIRED, BATCH_SUBMITTED, BATCH_FINISHED };

struct cuda_batch {
    struct device_batch base; /* first */
    enum batch_state state;
    bool want_features;
    struct cuda_worker *worker;                                   /* computes it */
    struct cuda_buffer samples, embeddings, features, statistics; /* pinned */
    struct embedder_work work;
    cudaEvent_t done;         /* the results have been copied down */
    struct cuda_batch *next;  /* in the list of all */
    struct cuda_batch *queue; /* submitted next */
};

/* ---- acquire ---- */

size_t cuda_batches_bytes(const struct cuda_device *device) {
    size_t least = EMBEDDER_BATCH_BYTES;
    for (int i = 0; i < device->worker_count; i++) {
        const struct cuda_embedder *embedder = device->workers[i].embedder;
        if (embedder != NULL && embedder_batch_bytes(embedder) < least)
            least = embedder_batch_bytes(embedder);
    }
    return least;
}

/* The worker with the fewest batches that are acquired or submitted. */
static struct cuda_worker *least_busy(struct cuda_device *device) {
    int busy[CUDA_MAXIMUM_GPUS] = {0}, best = 0;
    for (struct cuda_batch *batch = device->batches; batch != NULL; batch = batch->next)
        if (batch->state == BATCH_ACQUIRED || batch->state == BATCH_SUBMITTED)
            busy[batch->worker - device->workers]++;
    for (int i = 1; i < device->worker_count; i++)
        if (busy[i] < busy[best]) best = i;
    return &device->workers[best];
}

static enum error_code find_batch(struct cuda_device *device, struct cuda_worker *worker,
                                  struct cuda_batch **result, struct error *error) {
    for (*result = device->batches; *result != NULL; *result = (*result)->next)
        if ((*result)->state == BATCH_FREE && (*result)->worker == worker) return ERROR_NONE;
    struct cuda_batch *batch = (struct cuda_batch *)calloc(1, sizeof *batch);
    if (batch == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a batch");
    batch->worker = worker;
    if (cuda_check(cudaEventCreateWithFlags(&batch->done, cudaEventDisableTiming),
                   "an event on the GPU", error) != ERROR_NONE) {
        free(batch);
        return error->code;
    }
    batch->next = device->batches;
    device->batches = batch;
    *result = batch;
    return ERROR_NONE;
}

static enum error_code reserve_clips(struct device_batch *base, size_t clips, struct error *error) {
    if (clips <= base->clip_capacity) return ERROR_NONE;
    free(base->clips);
    base->clips = NULL;
    base->clip_capacity = 0;
    if (clips <= SIZE_MAX / sizeof(struct device_clip))
        base->clips = (struct device_clip *)malloc(clips * sizeof(struct device_clip));
    if (base->clips == NULL) return FAIL(error, ERROR_MEMORY, "no memory for %zu clips", clips);
    base->clip_capacity = clips;
    return ERROR_NONE;
}

/* Makes room in a batch, whose contents are lost. After an error the batch is still valid. */
static enum error_code reserve(struct cuda_batch *batch, size_t bytes, size_t clips,
                               struct error *error) {
    const size_t size = embedder_size(batch->worker->embedder);
    if (cuda_buffer_reserve(&batch->samples, BUFFER_PINNED, bytes, 1, "a batch of samples",
                            error) == ERROR_NONE &&
        reserve_clips(&batch->base, clips, error) == ERROR_NONE)
        cuda_buffer_reserve(&batch->embeddings, BUFFER_PINNED, batch->base.clip_capacity,
                            size * sizeof(float), "embeddings", error);
    batch->base.samples = (unsigned char *)batch->samples.data;
    batch->base.samples_capacity = batch->samples.bytes;
    return error->code;
}

/* Frees the buffers of free batches. */
static void trim(struct cuda_device *device) {
    for (struct cuda_batch *batch = device->batches; batch != NULL; batch = batch->next) {
        if (batch->state != BATCH_FREE) continue;
        cuda_buffer_free(&batch->samples, BUFFER_PINNED);
        cuda_buffer_free(&batch->embeddings, BUFFER_PINNED);
        cuda_buffer_free(&batch->features, BUFFER_PINNED);
        cuda_buffer_free(&batch->statistics, BUFFER_PINNED);
        batch->base.samples = NULL;
        batch->base.samples_capacity = 0;
    }
}

/* A free batch of the worker, with room. */
static enum error_code take(struct cuda_device *device, struct cuda_worker *worker, size_t bytes,
                            size_t clips, struct cuda_batch **batch, struct error *error) {
    if (find_batch(device, worker, batch, error) == ERROR_NONE)
        reserve(*batch, bytes, clips, error);
    return error->code;
}

enum error_code cuda_acquire(struct device *base, size_t samples_bytes, size_t clip_count,
                             bool want_features, struct device_batch **result,
                             struct error *error) {
    struct cuda_device *device = cuda_device_of(base);
    struct cuda_worker *worker = least_busy(device);
    struct cuda_batch *batch;
    struct error roomy = ERROR_INITIAL;
    *result = NULL;
    if (worker->embedder == NULL)
        return FAIL(error, ERROR_USAGE, "a batch was requested before a model was loaded");
    if (worker_choose(worker, error) != ERROR_NONE) return error->code;
    const size_t good = cuda_batches_bytes(device);
    const size_t bytes = samples_bytes > good ? samples_bytes : good;
    const size_t clips = clip_count > CUDA_BATCH_CLIPS ? clip_count : CUDA_BATCH_CLIPS;
    if (take(device, worker, bytes, clips, &batch, &roomy) != ERROR_NONE) {
        if (roomy.code != ERROR_MEMORY) {
            *error = roomy;
            return error->code;
        }
        trim(device); /* then try again, with no more than is needed */
        if (take(device, worker, samples_bytes, clip_count, &batch, error) != ERROR_NONE)
            return error->code;
    }
    batch->state = BATCH_ACQUIRED;
    batch->want_features = want_features;
    batch->base.clip_count = 0;
    batch->base.want_statistics = false;
    batch->base.embeddings = NULL;
    batch->base.features = NULL;
    batch->base.statistics = NULL;
    batch->base.tag = NULL;
    *result = &batch->base;
    return ERROR_NONE;
}

/* ---- submit ---- */

static enum error_code check_batch(const struct cuda_batch *batch, struct error *error) {
    const struct device_batch *base = &batch->base;
    if (batch->state != BATCH_ACQUIRED)
        return FAIL(error, ERROR_INTERNAL, "a batch was submitted that had not been acquired");
    return device_batch_check(base, error);
}

static bool has_statistics(const struct cuda_batch *batch) {
    return batch->base.want_statistics && embedder_has_statistics(batch->worker->embedder);
}

/* Makes room for the results that are not of every batch. */
static enum error_code reserve_results(struct cuda_batch *batch, struct error *error) {
    size_t frames = 0;
    if (has_statistics(batch) &&
        cuda_buffer_reserve(&batch->statistics, BUFFER_PINNED, batch->base.clip_count + 1,
                            STATISTICS_COUNT * sizeof(float), "the statistics of clips",
                            error) != ERROR_NONE)
        return error->code;
    if (!batch->want_features) return ERROR_NONE;
    for (size_t i = 0; i < batch->base.clip_count; i++)
        frames += xvector_frames(
            device_resampled_length(batch->base.clips[i].frames, batch->base.clips[i].rate));
    /* At least one value, so that requested features are never NULL. */
    return cuda_buffer_reserve(&batch->features, BUFFER_PINNED,
                               frames * embedder_mels(batch->worker->embedder) + 1, sizeof(float),
                               "features", error);
}

enum error_code cuda_submit(struct device *base, struct device_batch *submitted,
                            struct error *error) {
    struct cuda_device *device = cuda_device_of(base);
    struct cuda_batch *batch = (struct cuda_batch *)submitted;
    struct cuda_worker *worker = batch->worker;
    if (check_batch(batch, error) != ERROR_NONE || worker_choose(worker, error) != ERROR_NONE)
        return error->code;
    struct error first = ERROR_INITIAL;
    if (reserve_results(batch, &first) != ERROR_NONE) {
        trim(device);
        if (reserve_results(batch, error) != ERROR_NONE) return error->code;
    }
    batch->work.clips = submitted->clips;
    batch->work.clip_count = submitted->clip_count;
    batch->work.samples = submitted->samples;
    batch->work.embeddings = (float *)batch->embeddings.data;
    batch->work.features = batch->want_features ? (float *)batch->features.data : NULL;
    batch->work.statistics = has_statistics(batch) ? (float *)batch->statistics.data : NULL;
    if (embedder_submit(worker->embedder, &batch->work, error) != ERROR_NONE ||
        cuda_check(cudaEventRecord(batch->done, worker->down), "the end of a batch", error) !=
            ERROR_NONE)
        return error->code;
    batch->state = BATCH_SUBMITTED;
    batch->queue = NULL;
    if (device->newest != NULL)
        device->newest->queue = batch;
    else
        device->oldest = batch;
    device->newest = batch;
    return ERROR_NONE;
}

/* ---- wait ---- */

/* A batch that has finished, or the oldest; returns the link that points to it. */
static struct cuda_batch **find_finished(struct cuda_device *device) {
    for (struct cuda_batch **link = &device->oldest; *link != NULL; link = &(*link)->queue)
        if (cudaSetDevice((*link)->worker->gpu) == cudaSuccess &&
            cudaEventQuery((*link)->done) == cudaSuccess)
            return link;
    (void)cudaGetLastError(); /* cudaErrorNotReady is not an error */
    return &device->oldest;
}

static void unlink_batch(struct cuda_device *device, struct cuda_batch **link) {
    *link = (*link)->queue;
    device->newest = NULL;
    for (struct cuda_batch *batch = device->oldest; batch != NULL; batch = batch->queue)
        device->newest = batch;
}

/* A batch that fails becomes free: the host must not release it. */
enum error_code cuda_wait(struct device *base, struct device_batch **result, struct error *error) {
    struct cuda_device *device = cuda_device_of(base);
    *result = NULL;
    if (device->oldest == NULL) return FAIL(error, ERROR_INTERNAL, "no batch is submitted");
    struct cuda_batch **link = find_finished(device), *batch = *link;
    unlink_batch(device, link);
    batch->state = BATCH_FREE;
    if (worker_choose(batch->worker, error) != ERROR_NONE ||
        cuda_check(cudaEventSynchronize(batch->done), "waiting for a batch", error) != ERROR_NONE ||
        embedder_count(&batch->work, &device->counters, error) != ERROR_NONE)
        return error->code;
    batch->state = BATCH_FINISHED;
    batch->base.embeddings = (const float *)batch->embeddings.data;
    batch->base.features = batch->want_features ? (const float *)batch->features.data : NULL;
    batch->base.statistics = batch->work.statistics;
    *result = &batch->base;
    return ERROR_NONE;
}

void cuda_release(struct device *device, struct device_batch *released) {
    struct cuda_batch *batch = (struct cuda_batch *)released;
    (void)device;
    if (batch == NULL || batch->state == BATCH_SUBMITTED) return;
    batch->state = BATCH_FREE;
}

void cuda_batches_free(struct cuda_device *device) {
    for (struct cuda_batch *batch = device->batches, *next; batch != NULL; batch = next) {
        next = batch->next;
        (void)cudaSetDevice(batch->worker->gpu);
        cuda_buffer_free(&batch->samples, BUFFER_PINNED);
        cuda_buffer_free(&batch->embeddings, BUFFER_PINNED);
        cuda_buffer_free(&batch->features, BUFFER_PINNED);
        cuda_buffer_free(&batch->statistics, BUFFER_PINNED);
        embedder_work_free(&batch->work);
        cudaEventDestroy(batch->done);
        free(batch->base.clips);
        free(batch);
    }
    device->batches = device->oldest = device->newest = NULL;
}

void cuda_batches_trim(struct device *base) {
    struct cuda_device *device = cuda_device_of(base);
    trim(device);
    for (int i = 0; i < device->worker_count; i++) {
        struct cuda_worker *worker = &device->workers[i];
        struct error ignored = ERROR_INITIAL;
        bool busy = worker->embedder == NULL;
        for (struct cuda_batch *batch = device->oldest; batch != NULL; batch = batch->queue)
            busy = busy || batch->worker == worker;
        if (!busy && worker_choose(worker, &ignored) == ERROR_NONE) embedder_trim(worker->embedder);
    }
}

bool cuda_batches_in_use(const struct cuda_device *device) {
    for (const struct cuda_batch *batch = device->batches; batch != NULL; batch = batch->next)
        if (batch->state != BATCH_FREE) return true;
    return false;
}
