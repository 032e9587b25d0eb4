/* Which GPUs the next device takes: chosen by name before it is opened (part.cu). */
#ifndef EARMARK_CUDA_PLUGIN_H
#define EARMARK_CUDA_PLUGIN_H

#include "kernels/device_plugin.h"

#define CUDA_MAXIMUM_GPUS 64

struct cuda_choice {
    int count; /* 1 .. CUDA_MAXIMUM_GPUS */
    int gpus[CUDA_MAXIMUM_GPUS];
};

/* The first GPU until one was chosen. */
const struct cuda_choice *cuda_chosen(void);

#endif
