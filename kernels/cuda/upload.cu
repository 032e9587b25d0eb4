#include "kernels/cuda/upload.h"

#include "kernels/cuda/check.h"

enum error_code cuda_upload(struct cuda_buffer *buffer, const void *from, size_t bytes,
                            const char *what, cudaStream_t stream, struct error *error) {
    if (cuda_buffer_reserve(buffer, BUFFER_GPU, bytes, 1, what, error) != ERROR_NONE)
        return error->code;
    cuda_check(cudaMemcpyAsync(buffer->data, from, bytes, cudaMemcpyHostToDevice, stream), what,
               error);
    cuda_check(cudaStreamSynchronize(stream), what, error);
    return error->code;
}
