/* A model on one GPU, from the samples of a batch to its embeddings.
 *
 * A batch is computed in groups of clips, as many as fit into the memory that may be taken:
 * all of them, usually. A group's samples are copied up, its results copied down, and it
 * is computed on three streams; two lanes of buffers let the copies of one group
 * overlap with the computation of another. */
#ifndef EARMARK_CUDA_EMBEDDER_H
#define EARMARK_CUDA_EMBEDDER_H

#include "kernels/cuda/worker.h"
#include "kernels/device.h"

/* Bytes of samples of a good batch on a GPU with memory to spare: on an H100 some 5 ms. */
#define EMBEDDER_BATCH_BYTES ((size_t)16 << 20)

enum embedder_mark {
    MARK_BEGIN,
    MARK_RESAMPLED,
    MARK_FEATURES,
    MARK_NETWORK,
    MARK_END,
    MARK_COUNT
};

/* When the stages of a group ended: events with time. */
struct embedder_clock {
    cudaEvent_t marks[MARK_COUNT];
};

/* What is asked for, and where it goes. */
struct embedder_work {
    const struct device_clip *clips;
    size_t clip_count;
    const unsigned char *samples;  /* pinned, as all that follow */
    float *embeddings;             /* (clip_count, size) */
    float *features;               /* (frames of all clips, mels), or NULL */
    struct embedder_clock *clocks; /* one for each group, made as needed */
    int clock_count;               /* groups */
    int clock_capacity;
    double operations[STAGE_COUNT];
    double sample_count; /* at 16 kHz */
    double frames;
};

/* The model's buffers on worker->gpu, the current one. */
enum error_code embedder_create(struct cuda_worker *worker, const struct xvector_model *model,
                                enum device_precision precision, struct cuda_embedder **embedder,
                                struct error *error);
/* Takes NULL. All work must have ended. */
void embedder_free(struct cuda_embedder *embedder);

size_t embedder_size(const struct cuda_embedder *embedder); /* values of an embedding */
size_t embedder_mels(const struct cuda_embedder *embedder);
size_t embedder_batch_bytes(const struct cuda_embedder *embedder);

/* Gives back the buffers of groups, which come back by themselves; waits for their work. */
void embedder_trim(struct cuda_embedder *embedder);

/* Queues the work and returns; it has ended when an event recorded on worker->down has. Out
 * of memory: gives back buffers, halves what a group may take, and goes on. */
enum error_code embedder_submit(struct cuda_embedder *embedder, struct embedder_work *work,
                                struct error *error);

/* Adds the seconds of work that has ended, and its counts, to the counters. */
enum error_code embedder_count(struct embedder_work *work, struct device_counters *counters,
                               struct error *error);
void embedder_work_free(struct embedder_work *work);

#endif
