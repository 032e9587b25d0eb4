/* The linear layer over pooled statistics, through cuBLAS.
 *
 * The 3,000 products of an output are summed in float32 in parts of LINEAR_PART, and the parts in
 * double precision: one float32 sum would be the largest error of the whole embedding. All calls
 * of cuBLAS have the same sizes, whatever the batch, so that cuBLAS chooses the same kernel and a
 * clip's bytes stay the same. */
#ifndef EARMARK_CUDA_LINEAR_H
#define EARMARK_CUDA_LINEAR_H

#include "kernels/cuda/memory.h"
#include "kernels/device.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>

#define LINEAR_ROWS 64  /* clips of one call */
#define LINEAR_PART 256 /* statistics of one product */

struct cuda_linear {
    bool fast;    /* TF32 */
    int size;     /* values of an embedding */
    int channels; /* stored channels of the last layer: where deviations begin */
    int width;    /* statistics of a clip, a multiple of LINEAR_PART */
    int parts;
    struct cuda_buffer weights; /* (parts, LINEAR_PART, size) */
    struct cuda_buffer bias;    /* double (size) */
    struct cuda_buffer sums;    /* (parts, LINEAR_ROWS, size) */
};

/* Copies the linear layer, with batch normalisation folded in, to the current GPU. ERROR_MEMORY.
 * *linear must be zero; linear_free() frees it, after an error too. */
enum error_code linear_create(const struct xvector_model *model, enum device_precision precision,
                              struct cuda_linear *linear, cudaStream_t stream, struct error *error);
void linear_free(struct cuda_linear *linear);

/* Number of clips, rounded up to whole calls. */
static inline int linear_padded(int clip_count) {
    return (clip_count + LINEAR_ROWS - 1) / LINEAR_ROWS * LINEAR_ROWS;
}

/* Queues statistics (linear_padded(clip_count), width) -> embeddings (clip_count, size), both on
 * the GPU. stream: that of the handle. */
enum error_code linear_run(const struct cuda_linear *linear, cublasHandle_t blas,
                           const float *statistics, int clip_count, float *embeddings,
                           cudaStream_t stream, struct error *error);

/* Floating-point operations of a clip, for the counters. */
double linear_operations(const struct cuda_linear *linear);

#endif
