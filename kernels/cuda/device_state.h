/* The CUDA device itself, and what its operations take from it. */
#ifndef EARMARK_CUDA_DEVICE_STATE_H
#define EARMARK_CUDA_DEVICE_STATE_H

#include "kernels/cuda/device_cuda.h"
#include "kernels/cuda/plugin.h"

struct cuda_batch; /* batches.cu */

struct cuda_device {
    struct device base; /* first: a struct device * is a struct cuda_device * */
    enum device_precision precision;
    struct device_counters counters;
    int worker_count;
    struct cuda_worker workers[CUDA_MAXIMUM_GPUS];
    struct cuda_batch *batches; /* all of them */
    struct cuda_batch *oldest;  /* submitted, first to be waited for */
    struct cuda_batch *newest;
};

#define CUDA_BATCH_CLIPS ((size_t)4096)
#define CUDA_BATCHES_PER_WORKER 3 /* one computed, one copied, one being filled */

/* The first worker: cross-validation and neighbours run on it. */
struct cuda_worker *cuda_device_worker(struct device *device);
struct device_counters *cuda_device_counters(struct device *device);

/* Bytes of samples that make a good batch: of the GPU with the least memory. */
size_t cuda_device_batch_bytes(const struct cuda_device *device);

#endif
