/* The CUDA device: its operations, and the GPUs that it opens. */
#ifndef EARMARK_CUDA_DEVICE_CUDA_H
#define EARMARK_CUDA_DEVICE_CUDA_H

#include "kernels/cuda/device_state.h"

struct cuda_choice {
    int count; /* 1 .. CUDA_MAXIMUM_GPUS */
    int gpus[CUDA_MAXIMUM_GPUS];
};

/* The GPUs of the next open(); the first GPU until this is called. */
void cuda_choose(const struct cuda_choice *choice);

extern "C" {
extern const struct device_operations device_cuda_operations;
}

#endif
