/* What goes to the GPU once, when a model is loaded. */
#ifndef EARMARK_CUDA_UPLOAD_H
#define EARMARK_CUDA_UPLOAD_H

#include "kernels/cuda/memory.h"

#include <cuda_runtime.h>

/* Makes room on the GPU and copies; the copy has ended when it returns. */
enum error_code cuda_upload(struct cuda_buffer *buffer, const void *from, size_t bytes,
                            const char *what, cudaStream_t stream, struct error *error);

#endif
