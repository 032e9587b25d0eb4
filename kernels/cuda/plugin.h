/* What a program asks of the plug-in before it opens a device: the list of GPUs and the choice
 * of those that the next device uses. See struct device_plugin. */
#ifndef EARMARK_CUDA_PLUGIN_H
#define EARMARK_CUDA_PLUGIN_H

#include "kernels/device_plugin.h"

#define CUDA_MAXIMUM_GPUS 64

struct cuda_choice {
    int count; /* 1 .. CUDA_MAXIMUM_GPUS */
    int gpus[CUDA_MAXIMUM_GPUS];
};

enum error_code cuda_choose(int gpu, char *description, struct error *error);
bool cuda_list_gpu(size_t gpu, char *line, struct error *error);

/* The first GPU until one was chosen. */
const struct cuda_choice *cuda_chosen(void);

#endif
