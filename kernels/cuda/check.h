/* Device errors: those of CUDA and cuBLAS as earmark's.
 *
 * Out of memory is ERROR_MEMORY: the caller may allocate less and go on. A call that CUDA
 * rejects is ERROR_DEVICE. Everything else has ended the context (a sticky error: every later
 * call returns it too) and is ERROR_DEVICE_LOST. */
#ifndef EARMARK_CUDA_CHECK_H
#define EARMARK_CUDA_CHECK_H

#include "kernels/error.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>

/* ERROR_NONE for success, or fills in *error ("what: CUDA's message"). Clears CUDA's last error,
 * so that a later check does not see an error that is not sticky again. */
enum error_code cuda_check_at(cudaError_t status, const char *what, const char *file, int line,
                              struct error *error);
enum error_code cublas_check_at(cublasStatus_t status, const char *what, const char *file, int line,
                                struct error *error);

#define cuda_check(status, what, error) cuda_check_at((status), (what), __FILE__, __LINE__, (error))
#define cublas_check(status, what, error)                                                          \
    cublas_check_at((status), (what), __FILE__, __LINE__, (error))

/* Right after a LAUNCH: whether the kernel was launched. */
#define cuda_check_launch(what, error) cuda_check(cudaGetLastError(), (what), (error))

#endif
