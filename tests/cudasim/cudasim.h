/* Shared by the simulator's files. One lock guards all state; its holder may run the operations
 * that wait in the streams. */
#ifndef CUDASIM_H
#define CUDASIM_H

#include "cublas_v2.h"
#include "cuda_runtime.h"
#include "cudasim_launch.h"

#include <functional>
#include <memory>
#include <mutex>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CUDASIM_ASAN 1
#else
#define CUDASIM_ASAN 0
#define __asan_poison_memory_region(address, size) ((void)(address), (void)(size))
#define __asan_unpoison_memory_region(address, size) ((void)(address), (void)(size))
#endif

/* ---- report.cpp: settings, failures, counts, errors ---- */

#define CUDASIM_EXIT 99 /* as of a sanitizer: no test expects it */
#define CUDASIM_HOST (-1)
#define CUDASIM_STREAMS 64

struct cudasim_settings {
    unsigned seed;
    int gpus;
    int old;                        /* of these, the first ones: compute capability 7.0 */
    size_t memory, shared;          /* bytes per GPU, per block */
    unsigned long long fail_memory; /* the n-th call that allocates; 0: none */
    unsigned long long fail_sticky; /* the n-th call */
    unsigned long long fail_lost;   /* from the n-th call on, GPU `lost` is lost; 0: none */
    int lost;
};
const struct cudasim_settings *cudasim_get_settings(void);

/* Prints what is wrong and what the device is doing, and ends the process. */
[[noreturn]] void cudasim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern std::recursive_mutex cudasim_mutex;
struct cudasim_lock {
    std::lock_guard<std::recursive_mutex> guard{cudasim_mutex};
};

/* Begins a call: counts it and returns the error that the call must return, if any. The second: of
 * a call for which it is all the same which GPU is the current one. */
cudaError_t cudasim_enter(bool allocates);
cudaError_t cudasim_enter_any(bool allocates);
#define CUDASIM_ENTER(allocates)                                                                   \
    cudasim_lock lock;                                                                             \
    if (const cudaError_t status = cudasim_enter(allocates)) return status
#define CUDASIM_ENTER_FOR(gpu)                                                                     \
    cudasim_lock lock;                                                                             \
    if (const cudaError_t status = cudasim_enter_any(false)) return status;                        \
    if (const cudaError_t status = cudasim_state_of(gpu)) return cudasim_error(status)
/* Keeps an error for cudaGetLastError. */
cudaError_t cudasim_error(cudaError_t status);
/* Success, or the error that all calls for this GPU return. */
cudaError_t cudasim_state_of(int gpu);
int cudasim_current_gpu(void);

struct cudasim_kernel_counts {
    unsigned long long launches, blocks, threads, barriers, matrix_steps, fused_operations;
    unsigned long long shared_bytes; /* dynamic, of the largest launch */
    unsigned long long global_read, global_written, shared_read, shared_written; /* bytes */
};
struct cudasim_kernel_counts *cudasim_counts_of(const char *kernel);

uint32_t cudasim_random(void);
/* Uniform on 0 .. below - 1. */
static inline uint32_t cudasim_draw(uint32_t below) { return cudasim_random() % below; }

/* ---- memory.cpp ---- */

struct cudasim_allocation {
    unsigned char *data, *pages;
    size_t bytes, page_bytes;
    int gpu; /* or CUDASIM_HOST: pinned */
    bool live, open, fresh;
    unsigned number;
};
/* The allocation whose pages contain the address, even if freed, or NULL. */
struct cudasim_allocation *cudasim_find(const void *address);
/* Ends the test unless the bytes are inside one live allocation of that GPU. */
void cudasim_check_range(const void *address, size_t bytes, int gpu, const char *what);
/* Between these calls the thread acts as the GPU and may touch its memory. */
void cudasim_device_begin(int gpu);
void cudasim_device_end(void);
extern __thread int cudasim_device_gpu; /* that the calling thread acts as, or CUDASIM_HOST */
/* Checks the red zones of the opened allocations; messages name what ran. */
void cudasim_check_red_zones(const char *what);
unsigned cudasim_live_allocations(bool pinned);
#define CUDASIM_ARENA_BYTES ((size_t)1 << 40)
unsigned char *cudasim_arena(void);
static inline bool cudasim_on_device(void) { return cudasim_device_gpu != CUDASIM_HOST; }

/* ---- streams.cpp ---- */

struct cudasim_operation {
    const char *name;
    uint32_t number; /* over all streams, from 1 */
    struct cudasim_stream *stream;
    int slot;                        /* of the stream */
    uint32_t sequence;               /* in the slot, from 1 */
    uint32_t clock[CUDASIM_STREAMS]; /* per slot, the last operation ordered before this one */
    bool done;
    double seconds;   /* when it ran */
    const void *host; /* pinned memory in use, until it ran */
    size_t host_bytes;
    std::shared_ptr<struct cudasim_operation> after; /* of another stream, for a wait */
    std::function<void()> work;
};
/* Appends to a stream; the seed decides whether it runs at once. */
struct cudasim_operation *cudasim_enqueue(cudaStream_t stream, const char *name,
                                          std::function<void()> work);
void cudasim_run_early(void);
int cudasim_stream_gpu(cudaStream_t stream);
/* The operation that runs now, or NULL. */
const struct cudasim_operation *cudasim_running(void);
/* Runs all pending operations of a GPU. */
void cudasim_drain(int gpu);
/* Ends the test if pending operations use the pinned bytes. */
void cudasim_check_unused(const void *host, size_t bytes);
void cudasim_check_streams_gone(void);

/* ---- fibre.cpp ---- */

void cudasim_check_launch(const struct cudasim_launch *launch, const struct cudasim_call *call);
void cudasim_run_kernel(const struct cudasim_launch *launch, const struct cudasim_call *call);
/* Calls it with the number of each block of a grid, in an order of the seed. */
void cudasim_each_block(uint64_t blocks, void (*run)(uint64_t number));
static inline bool cudasim_in_kernel(void) {
    return cudasim_view.self != NULL && cudasim_on_device();
}
/* The state of the running kernel, its block, the block's barriers, and the stacks. */
extern struct cudasim_now {
    const struct cudasim_launch *launch;
    struct cudasim_kernel_counts *counts;
    uint32_t block, blocks_run; /* number in the grid; of all kernels */
    uint32_t barrier;           /* passed in this block */
    uintptr_t stacks, stacks_bytes;
} cudasim_now;
/* "block (1,2,0), thread (3,0,0)" of the running thread. */
void cudasim_describe_thread(char *words, size_t size);
static inline bool cudasim_in_fibre(const void *address) {
    return (uintptr_t)address - cudasim_now.stacks < cudasim_now.stacks_bytes;
}
/* Whether kernels may touch it although it is not GPU memory: their parameters and arguments. */
bool cudasim_is_own(const void *address);
void cudasim_maybe_yield(void); /* sometimes switches to another fibre */

/* ---- shared.cpp ---- */

void cudasim_shared_begin(const struct cudasim_launch *launch);
void cudasim_shared_new_block(void);
void cudasim_shared_check_block(void);
#define CUDASIM_AREA_BYTES ((size_t)512 * 1024)
extern unsigned char *const cudasim_area;
/* Offset in the block's shared memory, including red zones; SIZE_MAX: outside. */
static inline size_t cudasim_shared_offset(const void *address) {
    const size_t offset = (uintptr_t)address - (uintptr_t)cudasim_area;
    return offset < CUDASIM_AREA_BYTES ? offset : SIZE_MAX;
}
/* Whether all the bytes are in one array. */
bool cudasim_in_array(const void *address, size_t bytes);
void cudasim_check_async_done(unsigned thread);

/* ---- race.cpp: does nothing except in the build with hooks ---- */

void cudasim_race_access(unsigned thread, const void *address, size_t bytes, bool write);
/* Access to a whole range of a GPU's memory by an operation other than a kernel. */
void cudasim_race_range(const void *address, size_t bytes, bool write);
void cudasim_race_new_operation(const struct cudasim_operation *operation);

/* ---- blas.cpp ---- */
unsigned cudasim_live_handles(void);

#endif
