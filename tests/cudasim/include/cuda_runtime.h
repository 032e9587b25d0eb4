/* The simulator's stand-in for the CUDA toolkit's cuda_runtime.h: only what kernels/cuda
 * uses. Kernels run as fibres of the host thread (fibre.cpp); see ../README.md. */
#ifndef CUDASIM_CUDA_RUNTIME_H
#define CUDASIM_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

struct float2 {
    float x, y;
} __align__(8);
struct float4 {
    float x, y, z, w;
} __align__(16);
struct double2 {
    double x, y;
} __align__(16);
struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

static inline float2 make_float2(float x, float y) { return float2{x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return float4{x, y, z, w}; }
static inline double2 make_double2(double x, double y) { return double2{x, y}; }
/* ---- errors ---- */

typedef enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInsufficientDriver = 35,
    cudaErrorInvalidDeviceFunction = 98,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorNoKernelImageForDevice = 209,
    cudaErrorInvalidResourceHandle = 400,
    cudaErrorNotReady = 600,
    cudaErrorIllegalAddress = 700,
} cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
};

enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9
};
enum cudaSharedCarveout { cudaSharedmemCarveoutMaxShared = 100 }; /* in percent */

struct cudaDeviceProp {
    char name[256];
    int major, minor, multiProcessorCount;
    size_t totalGlobalMem;
};

typedef struct cudasim_stream *cudaStream_t;
typedef struct cudasim_event *cudaEvent_t;

#define cudaStreamNonBlocking 1u
#define cudaEventDefault 0u
#define cudaEventDisableTiming 2u

extern "C" {
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int gpu);
cudaError_t cudaSetDevice(int gpu);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes);
cudaError_t cudaFree(void *memory);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void *memory, int byte, size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end);
cudaError_t cudaGetLastError(void);
const char *cudaGetErrorString(cudaError_t status);
const char *cudaGetErrorName(cudaError_t status);

cudaError_t cudasim_malloc(void **memory, size_t bytes);
cudaError_t cudasim_malloc_host(void **memory, size_t bytes);
cudaError_t cudasim_set_attribute(const void *kernel, enum cudaFuncAttribute attribute, int value);
}

template <typename T> static inline cudaError_t cudaMalloc(T **memory, size_t bytes) {
    return cudasim_malloc((void **)memory, bytes);
}
template <typename T> static inline cudaError_t cudaMallocHost(T **memory, size_t bytes) {
    return cudasim_malloc_host((void **)memory, bytes);
}
template <typename T>
static inline cudaError_t cudaFuncSetAttribute(T *kernel, enum cudaFuncAttribute attribute,
                                               int value) {
    return cudasim_set_attribute((const void *)kernel, attribute, value);
}

/* ---- inside kernels ---- */

/* One thread of the running block. */
struct cudasim_thread {
    void *stack_pointer;
    struct uint3 index;
    unsigned number; /* in the block */
};

/* State of the running kernel; used only by the thread that runs kernels. */
struct cudasim_view {
    struct cudasim_thread *self;
    struct dim3 grid, block;
    struct uint3 block_index;
    unsigned char *dynamic_shared;
    unsigned long long fused_operations; /* of fmaf, fma and the tensor cores, 2 each */
};
extern struct cudasim_view cudasim_view;

#define threadIdx (cudasim_view.self->index)
#define blockIdx (cudasim_view.block_index)
#define blockDim (cudasim_view.block)
#define gridDim (cudasim_view.grid)

/* A thread's position in the source, for messages and to distinguish barriers. */
struct cudasim_place {
    const char *file;
    int line;
};
#define CUDASIM_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

extern "C" void cudasim_block_barrier(struct cudasim_place place);

/* Waits until all lanes of the warp are here; the mask must name them all. The last one calls
 * `finish` for all of them with the value that each passed. */
typedef void cudasim_finish(void *const given[32]);
extern "C" void cudasim_warp_meet(unsigned mask, cudasim_finish *finish, void *given,
                                  struct cudasim_place place);

static inline void __syncthreads(CUDASIM_PLACE) { cudasim_block_barrier({file, line}); }

template <typename T> struct cudasim_shuffle {
    T value, result;
    unsigned from;
};

template <typename T> void cudasim_finish_shuffle(void *const given[32]) {
    for (int lane = 0; lane < 32; lane++) {
        struct cudasim_shuffle<T> *own = (struct cudasim_shuffle<T> *)given[lane];
        own->result = ((const struct cudasim_shuffle<T> *)given[own->from])->value;
    }
}

template <typename T>
static inline T __shfl_xor_sync(unsigned mask, T value, int flip, CUDASIM_PLACE) {
    struct cudasim_shuffle<T> own = {
        value, value, (cudasim_view.self->number ^ (unsigned)flip) & 31
    };
    cudasim_warp_meet(mask, cudasim_finish_shuffle<T>, &own, {file, line});
    return own.result;
}
static inline int min(int a, int b) { return b < a ? b : a; }
static inline int max(int a, int b) { return a < b ? b : a; }
static inline unsigned __float_as_uint(float value) {
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline float __uint_as_float(unsigned bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The build with hooks counts fused operations; plain additions and products are not counted. */
#ifdef CUDASIM_HOOKS
inline __attribute__((no_sanitize("thread"), noinline)) float cudasim_fmaf(float a, float b,
                                                                           float c) {
    cudasim_view.fused_operations += 2;
    return __builtin_fmaf(a, b, c);
}
inline __attribute__((no_sanitize("thread"), noinline)) double cudasim_fma(double a, double b,
                                                                           double c) {
    cudasim_view.fused_operations += 2;
    return __builtin_fma(a, b, c);
}
#define fmaf cudasim_fmaf
#define fma cudasim_fma
#endif

#endif
