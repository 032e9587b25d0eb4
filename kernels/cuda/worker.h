/* One GPU: its streams, and a cuBLAS handle with a workspace that no other handle uses, so
 * that a result does not depend on what else runs. */
#ifndef EARMARK_CUDA_WORKER_H
#define EARMARK_CUDA_WORKER_H

#include "kernels/cuda/check.h"

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

/* Opens the GPU of this number: streams, handle and workspace of a zeroed *worker. After an
 * error worker_close() frees what was opened. */
enum error_code worker_open(int gpu, struct cuda_worker *worker, struct error *error);

/* Waits for all work and frees what worker_open() made; worker->embedder is the caller's to
 * free, before this. Takes a zeroed worker. */
void worker_close(struct cuda_worker *worker);

/* Makes the worker's GPU the current one. */
enum error_code worker_choose(const struct cuda_worker *worker, struct error *error);

/* Waits for all work that was queued on the worker's streams. */
enum error_code worker_synchronise(const struct cuda_worker *worker, struct error *error);

#endif
