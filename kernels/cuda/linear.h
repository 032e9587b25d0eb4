/* The linear layer over pooled statistics, in float32 whatever the precision.
 *
 * The 3,000 products of an output are summed in float32 in parts of LINEAR_PART, and the parts in
 * double precision: one float32 sum would be the largest error of the whole embedding. Both are in
 * a fixed order, so that a clip's bits depend neither on the batch nor on the GPU. */
#ifndef EARMARK_CUDA_LINEAR_H
#define EARMARK_CUDA_LINEAR_H

#include "kernels/cuda/memory.h"
#include "kernels/device.h"

#include <cuda_runtime.h>

#define LINEAR_PART 256 /* products of a float32 sum */

struct cuda_linear {
    int size;                   /* values of an embedding */
    int channels;               /* stored channels of the last layer: where deviations begin */
    int width;                  /* statistics of a clip: twice as many, a multiple of 16 */
    int columns;                /* size, rounded up to whole tiles */
    struct cuda_buffer weights; /* (width, columns) */
    struct cuda_buffer bias;    /* double (columns) */
};

/* Copies the linear layer, with batch normalisation folded in, to the current GPU. ERROR_MEMORY.
 * *linear must be zero; linear_free() frees it, after an error too. */
enum error_code linear_create(const struct xvector_model *model, struct cuda_linear *linear,
                              cudaStream_t stream, struct error *error);
void linear_free(struct cuda_linear *linear);

/* Queues statistics (clip_count, width) -> embeddings (clip_count, size), both on the GPU: one
 * launch. */
enum error_code linear_run(const struct cuda_linear *linear, const float *statistics,
                           int clip_count, float *embeddings, cudaStream_t stream,
                           struct error *error);

/* Floating-point operations of a clip, for the counters. */
double linear_operations(const struct cuda_linear *linear);

#endif
