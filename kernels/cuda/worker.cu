#include "kernels/cuda/worker.h"

enum error_code worker_choose(const struct cuda_worker *worker, struct error *error) {
    return cuda_check(cudaSetDevice(worker->gpu), "choosing a GPU", error);
}

static enum error_code open_streams(struct cuda_worker *worker, struct error *error) {
    cudaStream_t *const streams[] = {&worker->stream, &worker->up, &worker->down};
    for (int i = 0; i < 3; i++)
        if (*streams[i] == NULL &&
            cuda_check(cudaStreamCreateWithFlags(streams[i], cudaStreamNonBlocking),
                       "a stream of work for the GPU", error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

static enum error_code open_blas(struct cuda_worker *worker, struct error *error) {
    if (worker->blas == NULL) cublas_check(cublasCreate(&worker->blas), "starting cuBLAS", error);
    if (error->code == ERROR_NONE && worker->workspace == NULL)
        cuda_check(cudaMalloc(&worker->workspace, CUDA_BLAS_WORKSPACE), "cuBLAS's workspace",
                   error);
    if (error->code != ERROR_NONE) return error->code;
    worker->workspace_bytes = CUDA_BLAS_WORKSPACE;
    /* The stream first: setting it resets the workspace. */
    cublas_check(cublasSetStream(worker->blas, worker->stream), "starting cuBLAS", error);
    return cublas_check(
        cublasSetWorkspace(worker->blas, worker->workspace, worker->workspace_bytes),
        "starting cuBLAS", error);
}

enum error_code worker_open(int gpu, struct cuda_worker *worker, struct error *error) {
    cudaDeviceProp properties;
    worker->gpu = gpu;
    if (worker_choose(worker, error) != ERROR_NONE ||
        cuda_check(cudaGetDeviceProperties(&properties, gpu), "asking a GPU", error) != ERROR_NONE)
        return error->code;
    worker->processors = properties.multiProcessorCount;
    if (open_streams(worker, error) != ERROR_NONE) return error->code;
    return open_blas(worker, error);
}

void worker_close(struct cuda_worker *worker) {
    struct error ignored = ERROR_INITIAL;
    if (worker->stream == NULL && worker->blas == NULL) return;
    worker_choose(worker, &ignored);
    worker_synchronise(worker, &ignored);
    if (worker->blas != NULL) cublasDestroy(worker->blas);
    if (worker->workspace != NULL) cudaFree(worker->workspace);
    cudaStream_t *const streams[] = {&worker->stream, &worker->up, &worker->down};
    for (int i = 0; i < 3; i++) {
        if (*streams[i] != NULL) cudaStreamDestroy(*streams[i]);
        *streams[i] = NULL;
    }
    worker->blas = NULL;
    worker->workspace = NULL;
}

enum error_code worker_synchronise(const struct cuda_worker *worker, struct error *error) {
    const cudaStream_t streams[] = {worker->up, worker->stream, worker->down};
    for (int i = 0; i < 3; i++)
        if (streams[i] != NULL && cuda_check(cudaStreamSynchronize(streams[i]),
                                             "waiting for the GPU", error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}
