/* CUDA's and cuBLAS's errors as earmark's.
 *
 * Out of memory is ERROR_MEMORY: whoever asked may ask for less and go on. What the
 * GPU says of a wrong call is ERROR_DEVICE. Everything else has ended the context
 * (a sticky error: every later call returns it too) and is ERROR_DEVICE_LOST. */
#ifndef EARMARK_CUDA_CHECK_H
#define EARMARK_CUDA_CHECK_H

#include "kernels/error.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>

/* ERROR_NONE for cudaSuccess, or fills in *error ("what: CUDA's own words"). An error that
 * is not sticky is taken off CUDA's record, so that a later check does not see it again. */
enum error_code cuda_check_at(cudaError_t status, const char *what, const char *file, int line,
                              struct error *error);
enum error_code cublas_check_at(cublasStatus_t status, const char *what, const char *file, int line,
                                struct error *error);

#define cuda_check(status, what, error) cuda_check_at((status), (what), __FILE__, __LINE__, (error))
#define cublas_check(status, what, error)                                                          \
    cublas_check_at((status), (what), __FILE__, __LINE__, (error))

/* Right after a LAUNCH: whether it was accepted. */
#define cuda_check_launch(what, error) cuda_check(cudaGetLastError(), (what), (error))

#endif
