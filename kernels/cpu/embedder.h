/* A model on the CPU, from the samples of a batch to its embeddings. */
#ifndef EARMARK_CPU_EMBEDDER_H
#define EARMARK_CPU_EMBEDDER_H

#include "kernels/device.h"

struct cpu_embedder;

enum error_code embedder_create(const struct xvector_model *model, enum device_precision precision,
                                int threads, struct cpu_embedder **embedder, struct error *error);
void embedder_free(struct cpu_embedder *embedder); /* takes NULL */

size_t embedder_size(const struct cpu_embedder *embedder); /* values of an embedding */
size_t embedder_mels(const struct cpu_embedder *embedder);
bool embedder_has_statistics(const struct cpu_embedder *embedder);

struct embedder_results {
    float *embeddings;     /* (clip_count, size), the caller's */
    float *statistics;     /* (clip_count, STATISTICS_COUNT), the caller's; NULL: not wanted. Not
                              written unless embedder_has_statistics() */
    const float *features; /* (frames, mels) of all clips in order, the embedder's own until its
                              next run */
    size_t frames;         /* of all clips */
};

/* Computes clip_count clips. Fills in features and frames, and what the other two point to. */
enum error_code embedder_run(struct cpu_embedder *embedder, const struct device_clip *clips,
                             size_t clip_count, const unsigned char *samples,
                             struct embedder_results *results, struct device_counters *counters,
                             struct error *error);

#endif
