/* Staging buffers of the CUDA device, pinned so that the GPU copies them by itself. */
#ifndef EARMARK_CUDA_BATCHES_H
#define EARMARK_CUDA_BATCHES_H

#include "kernels/cuda/device_state.h"

/* See struct device_operations. */
enum error_code cuda_acquire(struct device *device, size_t samples_bytes, size_t clip_count,
                             bool want_features, struct device_batch **batch, struct error *error);
enum error_code cuda_submit(struct device *device, struct device_batch *batch, struct error *error);
enum error_code cuda_wait(struct device *device, struct device_batch **batch, struct error *error);
void cuda_release(struct device *device, struct device_batch *batch);

/* Frees all of them; the GPUs have nothing to do any more. */
void cuda_batches_free(struct cuda_device *device);

/* Frees the buffers of free batches, and those of the embedding on GPUs where no batch is under
 * way, to make room for cross-validation. They are allocated again when they are needed. */
void cuda_batches_trim(struct device *device);

/* Whether any is between acquire and release. */
bool cuda_batches_in_use(const struct cuda_device *device);

#endif
