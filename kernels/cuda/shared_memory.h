/* Shared memory against the first-level cache: both are one memory of a multiprocessor, which CUDA
 * divides anew for each kernel. Left to itself it may leave too little for as many blocks as the
 * registers allow. */
#ifndef EARMARK_CUDA_SHARED_MEMORY_H
#define EARMARK_CUDA_SHARED_MEMORY_H

#include "kernels/cuda/check.h"

/* Asks for as much shared memory as there is whenever the kernel runs on the current GPU. */
template <typename Kernel>
static inline enum error_code prefer_shared_memory(Kernel *kernel, struct error *error) {
    return cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                           cudaSharedmemCarveoutMaxShared),
                      "shared memory of a kernel", error);
}

#endif
