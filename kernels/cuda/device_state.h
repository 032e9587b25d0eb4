/* The CUDA device itself, for device_cuda.cu and the files that implement its operations. */
#ifndef EARMARK_CUDA_DEVICE_STATE_H
#define EARMARK_CUDA_DEVICE_STATE_H

#include "kernels/cuda/worker.h"
#include "kernels/device.h"

#define CUDA_MAXIMUM_GPUS 64
#define CUDA_BATCH_CLIPS ((size_t)4096)
#define CUDA_BATCHES_PER_WORKER 3 /* one computed, one copied, one being filled */

struct cuda_batch; /* batches.cu */

struct cuda_device {
    struct device base; /* first: a struct device * is a struct cuda_device * */
    enum device_precision precision;
    struct device_counters counters;
    int worker_count;
    struct cuda_worker workers[CUDA_MAXIMUM_GPUS]; /* one for each GPU */
    struct cuda_batch *batches;                    /* all of them */
    struct cuda_batch *oldest;                     /* submitted, first to be waited for */
    struct cuda_batch *newest;
};

static inline struct cuda_device *cuda_device_of(struct device *device) {
    return (struct cuda_device *)device;
}

/* The first worker, whose GPU becomes the current one: the speed of products is measured on it. */
static inline struct cuda_worker *cuda_device_worker(struct device *device) {
    struct cuda_worker *worker = &cuda_device_of(device)->workers[0];
    (void)cudaSetDevice(worker->gpu);
    return worker;
}

#endif
