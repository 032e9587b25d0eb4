#include "kernels/cuda/upload.h"

#include "kernels/cuda/check.h"

#include <string.h>

enum error_code cuda_upload(struct cuda_buffer *buffer, const void *from, size_t bytes,
                            const char *what, cudaStream_t stream, struct error *error) {
    struct cuda_buffer pinned = {NULL, 0};
    if (cuda_buffer_reserve(buffer, BUFFER_GPU, bytes, 1, what, error) != ERROR_NONE ||
        cuda_buffer_reserve(&pinned, BUFFER_PINNED, bytes, 1, what, error) != ERROR_NONE)
        return error->code;
    memcpy(pinned.data, from, bytes);
    cuda_check(cudaMemcpyAsync(buffer->data, pinned.data, bytes, cudaMemcpyHostToDevice, stream),
               what, error);
    cuda_check(cudaStreamSynchronize(stream), what, error);
    cuda_buffer_free(&pinned, BUFFER_PINNED);
    return error->code;
}
