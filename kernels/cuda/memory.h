/* Buffers that grow, on the GPU or pinned on the host, and the size of the free memory. */
#ifndef EARMARK_CUDA_MEMORY_H
#define EARMARK_CUDA_MEMORY_H

#include "kernels/error.h"

#include <stddef.h>

enum cuda_buffer_place { BUFFER_GPU, BUFFER_PINNED };

struct cuda_buffer {
    void *data; /* 256-byte aligned */
    size_t bytes;
};

/* Makes *buffer at least count * size bytes; its contents are lost when it grows, and the GPU must
 * no longer use it. what: for the message of an error. ERROR_MEMORY when there is no room: the
 * buffer is then empty, and the device can still be used. cuda_buffer_free() frees it, and takes
 * an empty one. */
enum error_code cuda_buffer_reserve(struct cuda_buffer *buffer, enum cuda_buffer_place place,
                                    size_t count, size_t size, const char *what,
                                    struct error *error);

void cuda_buffer_free(struct cuda_buffer *buffer, enum cuda_buffer_place place);

/* *bytes: how much of the current GPU's memory may be allocated. That is the free memory; if the
 * environment has EARMARK_CUDA_MEMORY (bytes, for a shared GPU), at most that less `taken`, the
 * bytes in use already. ERROR_USAGE when it is not a number. */
enum error_code cuda_free_memory(size_t taken, size_t *bytes, struct error *error);

#endif
