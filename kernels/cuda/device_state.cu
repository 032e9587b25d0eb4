#include "kernels/cuda/device_state.h"

#include "kernels/cuda/embedder.h"

struct cuda_worker *cuda_device_worker(struct device *device) {
    struct cuda_worker *worker = &((struct cuda_device *)device)->workers[0];
    (void)cudaSetDevice(worker->gpu);
    return worker;
}

struct device_counters *cuda_device_counters(struct device *device) {
    return &((struct cuda_device *)device)->counters;
}

size_t cuda_device_batch_bytes(const struct cuda_device *device) {
    size_t least = EMBEDDER_BATCH_BYTES;
    for (int i = 0; i < device->worker_count; i++) {
        const struct cuda_embedder *embedder = device->workers[i].embedder;
        if (embedder != NULL && embedder_batch_bytes(embedder) < least)
            least = embedder_batch_bytes(embedder);
    }
    return least;
}
