#include "kernels/cuda/check.h"

static enum error_code kind_of(cudaError_t status) {
    switch (status) {
    case cudaErrorMemoryAllocation: return ERROR_MEMORY;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
    case cudaErrorInvalidDevice:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice: return ERROR_DEVICE;
    default: return ERROR_DEVICE_LOST;
    }
}

enum error_code cuda_check_at(cudaError_t status, const char *what, const char *file, int line,
                              struct error *error) {
    if (status == cudaSuccess) return ERROR_NONE;
    cudaGetLastError();
    return error_set(error, kind_of(status), file, line, "%s: %s (%s)", what,
                     cudaGetErrorString(status), cudaGetErrorName(status));
}

enum error_code cublas_check_at(cublasStatus_t status, const char *what, const char *file, int line,
                                struct error *error) {
    if (status == CUBLAS_STATUS_SUCCESS) return ERROR_NONE;
    enum error_code code = ERROR_DEVICE;
    if (status == CUBLAS_STATUS_ALLOC_FAILED) code = ERROR_MEMORY;
    if (status == CUBLAS_STATUS_EXECUTION_FAILED || status == CUBLAS_STATUS_INTERNAL_ERROR)
        code = ERROR_DEVICE_LOST;
    return error_set(error, code, file, line, "%s: cuBLAS: %s", what,
                     cublasGetStatusString(status));
}
