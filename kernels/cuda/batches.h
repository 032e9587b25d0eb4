/* The staging buffers of the CUDA device, in pinned memory, which the GPU copies without the
 * host. */
#ifndef EARMARK_CUDA_BATCHES_H
#define EARMARK_CUDA_BATCHES_H

#include "kernels/cuda/device_state.h"

/* See struct device_operations. */
enum error_code cuda_acquire(struct device *device, size_t samples_bytes, size_t clip_count,
                             bool want_features, struct device_batch **batch, struct error *error);
enum error_code cuda_submit(struct device *device, struct device_batch *batch, struct error *error);
enum error_code cuda_wait(struct device *device, struct device_batch **batch, struct error *error);
void cuda_release(struct device *device, struct device_batch *batch);

/* Bytes of samples of a good batch: what suits the GPU with the least memory. */
size_t cuda_batches_bytes(const struct cuda_device *device);

/* Frees all batches; no GPU may have work queued. */
void cuda_batches_free(struct cuda_device *device);

/* Makes room on the GPUs, for cross-validation say: frees the buffers of free batches, and the
 * embedder's on GPUs where no batch is in use. They are allocated again when needed. */
void cuda_batches_trim(struct device *device);

/* Whether any batch is between acquire and release. */
bool cuda_batches_in_use(const struct cuda_device *device);

#endif
