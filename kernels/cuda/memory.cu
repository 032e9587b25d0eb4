#include "kernels/cuda/memory.h"

#include "kernels/cuda/check.h"

#include <cuda_runtime.h>
#include <stdint.h>
#include <stdlib.h>

void cuda_buffer_free(struct cuda_buffer *buffer, enum cuda_buffer_place place) {
    if (buffer->data != NULL && place == BUFFER_GPU) (void)cudaFree(buffer->data);
    if (buffer->data != NULL && place == BUFFER_PINNED) (void)cudaFreeHost(buffer->data);
    buffer->data = NULL;
    buffer->bytes = 0;
}

enum error_code cuda_buffer_reserve(struct cuda_buffer *buffer, enum cuda_buffer_place place,
                                    size_t count, size_t size, const char *what,
                                    struct error *error) {
    if (size != 0 && count > SIZE_MAX / 4 / size)
        return FAIL(error, ERROR_MEMORY, "%s: %zu x %zu bytes is more than can be addressed", what,
                    count, size);
    size_t bytes = count * size;
    if (bytes <= buffer->bytes) return ERROR_NONE;
    cuda_buffer_free(buffer, place);
    cudaError_t status = place == BUFFER_GPU ? cudaMalloc(&buffer->data, bytes)
                                             : cudaMallocHost(&buffer->data, bytes);
    if (status == cudaSuccess) {
        buffer->bytes = bytes;
        return ERROR_NONE;
    }
    buffer->data = NULL;
    if (status != cudaErrorMemoryAllocation) return cuda_check(status, what, error);
    (void)cudaGetLastError(); /* out of memory is not a sticky error */
    return FAIL(error, ERROR_MEMORY, "%s: no room for %zu bytes %s", what, bytes,
                place == BUFFER_GPU ? "on the GPU" : "of pinned memory");
}

enum error_code cuda_free_memory(size_t taken, size_t *bytes, struct error *error) {
    size_t total;
    *bytes = 0;
    if (cuda_check(cudaMemGetInfo(bytes, &total), "the GPU's memory", error) != ERROR_NONE)
        return error->code;
    const char *limit = getenv("EARMARK_CUDA_MEMORY");
    if (limit == NULL || *limit == '\0') return ERROR_NONE;
    char *end;
    unsigned long long most = strtoull(limit, &end, 10);
    if (*limit == '-' || *end != '\0')
        return FAIL(error, ERROR_USAGE, "EARMARK_CUDA_MEMORY=%s: give a number of bytes", limit);
    const size_t left = most > taken ? (size_t)most - taken : 0;
    if (left < *bytes) *bytes = left;
    return ERROR_NONE;
}
