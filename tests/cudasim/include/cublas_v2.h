/* The simulator's stand-in for cuBLAS: the calls that kernels/cuda makes, as plain loops in
 * a fixed order (blas.cpp). Matrices are column-major, scalars are on the host. */
#ifndef CUDASIM_CUBLAS_V2_H
#define CUDASIM_CUBLAS_V2_H

#include <cuda_runtime.h>

typedef struct cudasim_blas *cublasHandle_t;

typedef enum {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_STATUS_NOT_INITIALIZED = 1,
    CUBLAS_STATUS_ALLOC_FAILED = 3,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_EXECUTION_FAILED = 13,
    CUBLAS_STATUS_INTERNAL_ERROR = 14,
} cublasStatus_t;

typedef enum { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 } cublasOperation_t;
typedef enum { CUBLAS_DEFAULT_MATH = 0, CUBLAS_TF32_TENSOR_OP_MATH = 3 } cublasMath_t;

extern "C" {
cublasStatus_t cublasCreate(cublasHandle_t *handle);
cublasStatus_t cublasDestroy(cublasHandle_t handle);
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void *workspace, size_t bytes);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode);
cublasStatus_t cublasGetVersion(cublasHandle_t handle, int *version);
const char *cublasGetStatusString(cublasStatus_t status);

#define CUDASIM_GEMM(letter, Real)                                                                 \
    cublasStatus_t cublas##letter##gemm(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, \
                                        int, int, const Real *, const Real *, int, const Real *,   \
                                        int, const Real *, Real *, int);                           \
    cublasStatus_t cublas##letter##gemmStridedBatched(                                             \
        cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const Real *,         \
        const Real *, int, long long, const Real *, int, long long, const Real *, Real *, int,     \
        long long, int);
CUDASIM_GEMM(S, float)
CUDASIM_GEMM(D, double)
}

#endif
