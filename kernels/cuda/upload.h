/* Copies to the GPU that are made once, when a model is loaded. */
#ifndef EARMARK_CUDA_UPLOAD_H
#define EARMARK_CUDA_UPLOAD_H

#include "kernels/cuda/memory.h"

#include <cuda_runtime.h>

/* Makes room in *buffer on the GPU and copies `bytes` from host memory; the copy has ended when it
 * returns. what: for the message of an error. ERROR_MEMORY. */
enum error_code cuda_upload(struct cuda_buffer *buffer, const void *from, size_t bytes,
                            const char *what, cudaStream_t stream, struct error *error);

#endif
