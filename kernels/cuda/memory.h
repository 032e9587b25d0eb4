/* Buffers that grow, on the GPU and pinned on the host, and how much memory there is. */
#ifndef EARMARK_CUDA_MEMORY_H
#define EARMARK_CUDA_MEMORY_H

#include "kernels/error.h"

#include <stddef.h>

enum cuda_buffer_place { BUFFER_GPU, BUFFER_PINNED };

struct cuda_buffer {
    void *data; /* 256-byte aligned */
    size_t bytes;
};

/* At least count * size bytes; what was there is lost where it has to grow. ERROR_MEMORY
 * when there is no room: the buffer is then empty, the device is as it was. The GPU
 * must not use the buffer any more. */
enum error_code cuda_buffer_reserve(struct cuda_buffer *buffer, enum cuda_buffer_place place,
                                    size_t count, size_t size, const char *what,
                                    struct error *error);

void cuda_buffer_free(struct cuda_buffer *buffer, enum cuda_buffer_place place);

/* Bytes of the current GPU that may be taken beside `taken`, which are in use already: what
 * is free, but in all at most the environment's EARMARK_CUDA_MEMORY, for a shared GPU. */
enum error_code cuda_free_memory(size_t taken, size_t *bytes, struct error *error);

#endif
