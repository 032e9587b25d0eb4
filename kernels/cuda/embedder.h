/* A model on one GPU, from the samples of a batch to its embeddings.
 *
 * A batch is computed in groups of as many clips as fit into the allowed memory, usually all of
 * them. Copying a group's samples up, computing, and copying its results down are on three
 * streams; two lanes of buffers let the copies of one group overlap with the computation of
 * another. */
#ifndef EARMARK_CUDA_EMBEDDER_H
#define EARMARK_CUDA_EMBEDDER_H

#include "kernels/cuda/worker.h"
#include "kernels/device.h"

/* Recommended bytes of samples in a batch on a GPU with enough memory. At 48 kHz they are four
 * chunks of an H100 or H200. */
#define EMBEDDER_BATCH_BYTES ((size_t)32 << 20)

enum embedder_mark {
    MARK_BEGIN,
    MARK_RESAMPLED,
    MARK_FEATURES,
    MARK_NETWORK,
    MARK_END,
    MARK_COUNT
};

/* Events that record when the stages of a group ended. */
struct embedder_clock {
    cudaEvent_t marks[MARK_COUNT];
};

/* A batch to compute, and where its results go. */
struct embedder_work {
    const struct device_clip *clips;
    size_t clip_count;
    const unsigned char *samples;  /* pinned, as are embeddings and features */
    float *embeddings;             /* (clip_count, size) */
    float *features;               /* (frames of all clips, mels), or NULL */
    float *statistics;             /* (clip_count, STATISTICS_COUNT), pinned, or NULL */
    struct embedder_clock *clocks; /* one for each group, allocated as needed */
    int clock_count;               /* groups */
    int clock_capacity;
    double operations[STAGE_COUNT];
    double sample_count; /* at 16 kHz */
    double frames;
};

/* Copies the model to worker->gpu, which must be the current GPU. ERROR_DATA or ERROR_UNSUPPORTED
 * for a model that cannot be computed; ERROR_MEMORY. embedder_free() frees *embedder. */
enum error_code embedder_create(struct cuda_worker *worker, const struct xvector_model *model,
                                enum device_precision precision, struct cuda_embedder **embedder,
                                struct error *error);
/* All work must have ended. Takes NULL. */
void embedder_free(struct cuda_embedder *embedder);

size_t embedder_size(const struct cuda_embedder *embedder); /* values of an embedding */
size_t embedder_mels(const struct cuda_embedder *embedder);
bool embedder_has_statistics(const struct cuda_embedder *embedder);
/* Bytes of samples in a batch that suit the GPU's memory, a multiple of DEVICE_ALIGNMENT. */
size_t embedder_batch_bytes(const struct cuda_embedder *embedder);
/* Feature frames that surely fit into a chunk, wherever clips are cut. */
size_t embedder_batch_frames(const struct cuda_embedder *embedder);

/* Waits for all work and frees the buffers of groups, which are allocated again when needed. */
void embedder_trim(struct cuda_embedder *embedder);

/* Queues the work and returns; it has ended when an event that is then recorded on worker->down
 * has. Out of memory, frees buffers, halves the size of groups and tries again; ERROR_MEMORY
 * when they cannot be halved. */
enum error_code embedder_submit(struct cuda_embedder *embedder, struct embedder_work *work,
                                struct error *error);

/* Adds the times and counts of work that has ended to the counters. */
enum error_code embedder_count(struct embedder_work *work, struct device_counters *counters,
                               struct error *error);
void embedder_work_free(struct embedder_work *work);

#endif
