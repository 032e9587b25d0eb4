/* Settings from the environment, failures, injected errors, counts, leaks at exit. */
#include "cudasim.h"

#include "nvtx3/nvToolsExt.h"

#include <map>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <unistd.h>

std::recursive_mutex cudasim_mutex;

static unsigned long long calls, allocating_calls;
static cudaError_t lost = cudaSuccess;
static thread_local cudaError_t last_error = cudaSuccess;
static thread_local int current_gpu;
static thread_local int open_ranges;
static std::map<std::string, struct cudasim_kernel_counts> counts;

static unsigned long long from_environment(const char *name, unsigned long long otherwise) {
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? otherwise : strtoull(value, NULL, 10);
}

/* Whether one GPU is lost by now. */
static bool calls_lost(void) {
    const unsigned long long from = cudasim_get_settings()->fail_lost;
    return from != 0 && calls >= from;
}

static void write_counts(const char *path) {
    FILE *file = fopen(path, "a");
    if (file == NULL) return;
    fprintf(file, "# calls %llu, of which allocate %llu\n", calls, allocating_calls);
    fprintf(file, "kernel\tlaunches\tblocks\tthreads\tbarriers\tmatrix_steps\tfused_operations\t"
                  "shared_bytes\tglobal_read\tglobal_written\tshared_read\tshared_written\n");
    for (const auto &[name, c] : counts)
        fprintf(file, "%s\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\n",
                name.c_str(), c.launches, c.blocks, c.threads, c.barriers, c.matrix_steps,
                c.fused_operations, c.shared_bytes, c.global_read, c.global_written, c.shared_read,
                c.shared_written);
    fclose(file);
}

/* A lost GPU frees nothing, and a program that failed may leave memory to the system. */
static void at_exit(int status, void *) {
    const char *path = getenv("CUDASIM_COUNTS");
    if (path != NULL) write_counts(path);
    if (lost != cudaSuccess || calls_lost() || status != 0) return;
    if (cudasim_live_allocations(false) != 0)
        cudasim_fail("leak: %u allocations of device memory were never freed",
                     cudasim_live_allocations(false));
    if (cudasim_live_allocations(true) != 0)
        cudasim_fail("leak: %u allocations of pinned memory were never freed",
                     cudasim_live_allocations(true));
    if (cudasim_live_handles() != 0)
        cudasim_fail("leak: %u cuBLAS handles were never destroyed", cudasim_live_handles());
    cudasim_check_streams_gone();
    if (open_ranges != 0) cudasim_fail("leak: %d NVTX ranges were never ended", open_ranges);
}

static struct cudasim_settings read_settings(void) {
    struct cudasim_settings read = {};
    read.seed = (unsigned)from_environment("CUDASIM_SEED", 0);
    read.gpus = (int)from_environment("CUDASIM_GPUS", 1);
    read.old = (int)from_environment("CUDASIM_OLD", 0);
    read.memory = (size_t)from_environment("CUDASIM_MEMORY", (unsigned long long)1 << 30);
    read.shared = (size_t)from_environment("CUDASIM_SHARED", 101376);
    const char *fail = getenv("CUDASIM_FAIL");
    if (fail != NULL && *fail != '\0' && sscanf(fail, "memory:%llu", &read.fail_memory) != 1 &&
        sscanf(fail, "sticky:%llu", &read.fail_sticky) != 1 &&
        sscanf(fail, "gpu:%d:%llu", &read.lost, &read.fail_lost) != 2)
        cudasim_fail("CUDASIM_FAIL=%s is neither memory:N nor sticky:N nor gpu:GPU:N", fail);
    return read;
}

const struct cudasim_settings *cudasim_get_settings(void) {
    static const struct cudasim_settings settings = read_settings();
    static const int registered = on_exit(at_exit, NULL);
    (void)registered;
    return &settings;
}

void cudasim_fail(const char *format, ...) {
    char words[1024], thread[160] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    std::string message = std::string("cudasim: ") + words;
    if (cudasim_in_kernel()) {
        const struct cudasim_launch *launch = cudasim_now.launch;
        cudasim_describe_thread(thread, sizeof thread);
        message += std::string("\ncudasim: in kernel ") + launch->name + ", " + thread +
                   ", launched at " + launch->place.file + ":" + std::to_string(launch->place.line);
    } else if (cudasim_running() != NULL) {
        message += std::string("\ncudasim: in ") + cudasim_running()->name;
    }
    message += "\ncudasim: seed " + std::to_string(cudasim_get_settings()->seed) + "\n";
    if (write(2, message.data(), message.size()) < 0) _exit(CUDASIM_EXIT);
    _exit(CUDASIM_EXIT);
}

cudaError_t cudasim_error(cudaError_t status) {
    if (status != cudaSuccess && status != cudaErrorNotReady) last_error = status;
    return status;
}

cudaError_t cudasim_state_of(int gpu) {
    if (calls_lost() && gpu == cudasim_get_settings()->lost) return cudaErrorIllegalAddress;
    return lost;
}
int cudasim_current_gpu(void) { return current_gpu; }

cudaError_t cudasim_enter(bool allocates) {
    const cudaError_t status = cudasim_enter_any(allocates);
    return status == cudaSuccess ? cudasim_error(cudasim_state_of(current_gpu)) : status;
}

cudaError_t cudasim_enter_any(bool allocates) {
    const struct cudasim_settings *settings = cudasim_get_settings();
    if (cudasim_on_device()) cudasim_fail("a kernel calls the CUDA runtime");
    calls++;
    if (allocates) allocating_calls++;
    if (calls == settings->fail_sticky) lost = cudaErrorIllegalAddress;
    if (lost != cudaSuccess) return cudasim_error(lost);
    if (settings->gpus == 0) return cudasim_error(cudaErrorNoDevice);
    if (allocates && allocating_calls == settings->fail_memory)
        return cudasim_error(cudaErrorMemoryAllocation);
    return cudaSuccess;
}

struct cudasim_kernel_counts *cudasim_counts_of(const char *kernel) {
    return &counts[kernel];
}

uint32_t cudasim_random(void) {
    static uint64_t state =
        cudasim_get_settings()->seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* ---- the runtime's small calls ---- */

cudaError_t cudaGetDeviceCount(int *count) {
    cudasim_lock lock;
    const cudaError_t status = cudasim_enter_any(false);
    *count = cudasim_get_settings()->gpus;
    return status;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int gpu) {
    CUDASIM_ENTER_FOR(gpu);
    if (gpu < 0 || gpu >= cudasim_get_settings()->gpus)
        return cudasim_error(cudaErrorInvalidDevice);
    *properties = cudaDeviceProp{};
    snprintf(properties->name, sizeof properties->name, "simulated GPU %d", gpu);
    properties->major = gpu < cudasim_get_settings()->old ? 7 : 8;
    properties->multiProcessorCount = 4;
    properties->totalGlobalMem = cudasim_get_settings()->memory;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int gpu) {
    CUDASIM_ENTER_FOR(gpu);
    if (gpu < 0 || gpu >= cudasim_get_settings()->gpus)
        return cudasim_error(cudaErrorInvalidDevice);
    current_gpu = gpu;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaGetLastError(void) {
    const cudaError_t status = last_error;
    last_error = lost; /* a sticky error is never cleared */
    return status;
}

const char *cudaGetErrorName(cudaError_t status) {
    switch (status) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle: return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady: return "cudaErrorNotReady";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    default: return "unrecognized error code"; /* the simulator returns no others */
    }
}

const char *cudaGetErrorString(cudaError_t status) { return cudaGetErrorName(status); }

int nvtxRangePushA(const char *) { return open_ranges++; }
int nvtxRangePop(void) {
    if (open_ranges == 0) cudasim_fail("an NVTX range is ended that was never begun");
    return --open_ranges;
}
