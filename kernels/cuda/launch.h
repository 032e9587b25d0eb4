/* How kernels are launched and how they get shared memory, so that nvcc and the
 * simulator (tests/cudasim, g++) build the same files.
 *
 *     LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...);
 *     LAUNCH((kernel<float, 4>), dim3(blocks), dim3(THREADS), 0, stream, a, b);
 *
 * grid and block are dim3, shared_bytes is the dynamic shared memory. A template kernel is written
 * in parentheses. Arguments are converted to the kernel's parameter types and copied at the
 * launch. Call cuda_check_launch() after it. The simulator has no default stream: name a stream
 * that was created.
 *
 * Inside a kernel, or inside a __device__ function that a kernel calls:
 *
 *     SHARED_MEMORY(float, tile);        `float *const tile`: the block's dynamic memory,
 *                                        128-byte aligned, the same for every use in a block
 *     SHARED_ARRAY(double, sums, 256);   `double sums[256]`, 16-byte aligned, count a constant
 *
 * Both are declarations, at the top of a function that every thread of the block calls. A
 * SHARED_ARRAY in an inlined function is one array however often the function is called; in a
 * template it is one array for each instance. In the simulator, a block's shared memory is NaN
 * (every byte 0xff) when the block starts, and each array ends in a red zone. Two dimensions:
 * SHARED_ARRAY(float, tile, ROWS * COLUMNS).
 *
 * kernel_times.cu sets launch_hooks while kernels are timed. */
#ifndef EARMARK_CUDA_LAUNCH_H
#define EARMARK_CUDA_LAUNCH_H

#include <cuda_runtime.h>

#include <stddef.h>

/* How many blocks `count` things make, `each` in a block. */
inline unsigned blocks_for(size_t count, size_t each) {
    return (unsigned)((count + each - 1) / each);
}

/* Called before and after each launch, with "softmax_kernel<float, 4>". */
struct launch_hooks {
    void (*before)(const char *kernel, cudaStream_t stream);
    void (*after)(cudaStream_t stream);
};
inline const struct launch_hooks *launch_hooks; /* NULL: none */

/* Its own text has the kernel's name, also where a template launches its instances. */
template <auto kernel> const char *launch_name(void) {
    return __PRETTY_FUNCTION__;
}

#ifdef EARMARK_SIMULATOR
#include "cudasim_launch.h"
#else

#define LAUNCH_NOW(kernel, grid, block, shared_bytes, stream, ...)                                 \
    (kernel)<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)

#define SHARED_MEMORY(type, name)                                                                  \
    extern __shared__ __align__(128) unsigned char launch_shared_memory[];                         \
    type *const name = reinterpret_cast<type *>(launch_shared_memory)

#define SHARED_ARRAY(type, name, count) __shared__ __align__(16) type name[count]

#endif

#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                     \
    do {                                                                                           \
        if (launch_hooks != NULL) launch_hooks->before(launch_name<(kernel)>(), (stream));         \
        LAUNCH_NOW(kernel, grid, block, shared_bytes, stream, ##__VA_ARGS__);                      \
        if (launch_hooks != NULL) launch_hooks->after(stream);                                     \
    } while (false)
#endif
