/* The CUDA device: what its parts share. One worker for each GPU; every worker has
 * streams for copies up, computation and copies down, and a cuBLAS handle with a
 * workspace of its own, so that a result does not depend on what else runs. */
#ifndef EARMARK_CUDA_DEVICE_CUDA_H
#define EARMARK_CUDA_DEVICE_CUDA_H

#include "kernels/cuda/check.h"
#include "kernels/device.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <stddef.h>

#define CUDA_BLAS_WORKSPACE ((size_t)32 << 20) /* bytes; NVIDIA's advice for sm_90 */

struct cuda_embedder; /* embedder.h: a loaded model and its buffers on one GPU */

struct cuda_worker {
    int gpu;             /* for cudaSetDevice */
    int processors;      /* multiprocessors */
    cudaStream_t stream; /* computation */
    cudaStream_t up;     /* copies to the GPU */
    cudaStream_t down;   /* copies to the host */
    cublasHandle_t blas; /* on `stream`, with `workspace` */
    void *workspace;
    size_t workspace_bytes;
    struct cuda_embedder *embedder; /* NULL until load_model */
};

extern "C" {
extern const struct device_operations device_cuda_operations;
}

#endif
