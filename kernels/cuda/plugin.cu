/* What earmark-cuda.so exports (kernels/device_plugin.h): the choice of GPUs, and their list. */
#include "kernels/cuda/device_cuda.h"
#include "kernels/device_plugin.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <stdio.h>

/* The oldest architecture that the kernels are compiled for. */
#define OLDEST_MAJOR 8

#define GIBIBYTE 1073741824.0

/* CUDA writes its versions as 1000 * major + 10 * minor. */
static int version_major(int version) {
    return version / 1000;
}
static int version_minor(int version) {
    return version % 1000 / 10;
}

/* Finds the driver's version and the number of GPUs. ERROR_UNSUPPORTED with what is missing. */
static enum error_code look_for_gpus(int *driver, int *count, struct error *error) {
    int runtime = 0;
    *driver = *count = 0;
    if (cudaRuntimeGetVersion(&runtime) != cudaSuccess) runtime = 0;
    cudaError_t status = cudaDriverGetVersion(driver);
    if (status != cudaSuccess || *driver == 0) {
        cudaGetLastError();
        return FAIL(error, ERROR_UNSUPPORTED,
                    "this machine has no NVIDIA driver (libcuda.so.1 is missing)");
    }
    status = cudaGetDeviceCount(count);
    if (status == cudaSuccess && *count > 0) return ERROR_NONE;
    cudaGetLastError();
    if (status == cudaErrorInsufficientDriver)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "the NVIDIA driver is too old: it is for CUDA %d.%d, %s needs %d.%d",
                    version_major(*driver), version_minor(*driver), DEVICE_PLUGIN_FILE,
                    version_major(runtime), version_minor(runtime));
    if (status == cudaSuccess || status == cudaErrorNoDevice)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "the NVIDIA driver (CUDA %d.%d) shows no GPU to this process (see "
                    "CUDA_VISIBLE_DEVICES)",
                    version_major(*driver), version_minor(*driver));
    return FAIL(error, ERROR_UNSUPPORTED, "the NVIDIA driver does not start: %s",
                cudaGetErrorString(status));
}

static enum error_code check_gpu(int gpu, cudaDeviceProp *properties, struct error *error) {
    cudaError_t status = cudaGetDeviceProperties(properties, gpu);
    if (status != cudaSuccess) {
        cudaGetLastError();
        return FAIL(error, ERROR_UNSUPPORTED, "GPU %d does not answer: %s", gpu,
                    cudaGetErrorString(status));
    }
    if (properties->major < OLDEST_MAJOR)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "GPU %d (%.100s) has compute capability %d.%d, %d.0 is needed", gpu,
                    properties->name, properties->major, properties->minor, OLDEST_MAJOR);
    return ERROR_NONE;
}

/* All GPUs that can be used; an error, why the first cannot, where none can. */
static enum error_code choose_all(int count, struct cuda_choice *choice, cudaDeviceProp *properties,
                                  char *left_out, struct error *error) {
    struct error first = ERROR_INITIAL;
    size_t length = 0;
    choice->count = 0;
    for (int gpu = 0; gpu < count && choice->count < CUDA_MAXIMUM_GPUS; gpu++) {
        cudaDeviceProp found;
        struct error reason = ERROR_INITIAL;
        if (check_gpu(gpu, &found, &reason) == ERROR_NONE) {
            *properties = found;
            choice->gpus[choice->count++] = gpu;
            continue;
        }
        if (first.code == ERROR_NONE) first = reason;
        if (length < DEVICE_LINE_SIZE)
            length += (size_t)snprintf(left_out + length, DEVICE_LINE_SIZE - length, "%s%.200s",
                                       length == 0 ? "left out: " : "; ", reason.message);
    }
    if (choice->count == 0) *error = first;
    return error->code;
}

static enum error_code choose(int gpu, char *description, char *left_out, struct error *error) {
    cudaDeviceProp properties;
    struct cuda_choice choice = {1, {gpu}};
    int driver, count;
    left_out[0] = '\0';
    if (look_for_gpus(&driver, &count, error) != ERROR_NONE) return error->code;
    if (gpu == DEVICE_PLUGIN_ALL) {
        if (choose_all(count, &choice, &properties, left_out, error) != ERROR_NONE)
            return error->code;
        snprintf(description, DEVICE_LINE_SIZE, "cuda:all (%d of %.200s)", choice.count,
                 properties.name);
    } else {
        if (gpu < 0 || gpu >= count)
            return FAIL(error, ERROR_UNSUPPORTED,
                        "there is no GPU %d: this machine has %d (0 to %d)", gpu, count, count - 1);
        if (check_gpu(gpu, &properties, error) != ERROR_NONE) return error->code;
        snprintf(description, DEVICE_LINE_SIZE, "cuda:%d (%.200s)", gpu, properties.name);
    }
    cuda_choose(&choice);
    return ERROR_NONE;
}

/* Free and total memory, in words. This makes the driver initialise the GPU. */
static void describe_memory(int gpu, const cudaDeviceProp *properties, char *words, size_t size) {
    size_t free_bytes = 0, total = 0;
    if (cudaSetDevice(gpu) == cudaSuccess && cudaMemGetInfo(&free_bytes, &total) == cudaSuccess) {
        snprintf(words, size, "%.1f of %.1f GiB free", (double)free_bytes / GIBIBYTE,
                 (double)total / GIBIBYTE);
        return;
    }
    snprintf(words, size, "%.1f GiB, which cannot be used (%s)",
             (double)properties->totalGlobalMem / GIBIBYTE, cudaGetErrorString(cudaGetLastError()));
}

static void library_versions(int driver, char *words, size_t size) {
    int runtime = 0, cublas = 0;
    cublasHandle_t handle = NULL;
    if (cudaRuntimeGetVersion(&runtime) != cudaSuccess) runtime = 0;
    if (cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS) {
        if (cublasGetVersion(handle, &cublas) != CUBLAS_STATUS_SUCCESS) cublas = 0;
        cublasDestroy(handle);
    }
    int length =
        snprintf(words, size, "driver for CUDA %d.%d, runtime %d.%d", version_major(driver),
                 version_minor(driver), version_major(runtime), version_minor(runtime));
    if (length < 0 || (size_t)length >= size) return;
    /* cuBLAS 12 and later: 10000 * major + 100 * minor + patch */
    if (cublas > 0)
        snprintf(words + length, size - (size_t)length, ", cuBLAS %d.%d.%d", cublas / 10000,
                 cublas / 100 % 100, cublas % 100);
    else
        snprintf(words + length, size - (size_t)length, ", cuBLAS does not start");
}

static bool list(size_t gpu, char *line, struct error *error) {
    cudaDeviceProp properties;
    char memory[160], versions[160];
    int driver, count;
    if (look_for_gpus(&driver, &count, error) != ERROR_NONE || gpu >= (size_t)count) return false;
    if (check_gpu((int)gpu, &properties, error) != ERROR_NONE) {
        snprintf(line, DEVICE_LINE_SIZE, "cuda:%d: %.400s", (int)gpu, error->message);
        return true;
    }
    describe_memory((int)gpu, &properties, memory, sizeof memory);
    library_versions(driver, versions, sizeof versions);
    snprintf(line, DEVICE_LINE_SIZE,
             "cuda:%d: %.100s, compute capability %d.%d, %d multiprocessors, %s, %s", (int)gpu,
             properties.name, properties.major, properties.minor, properties.multiProcessorCount,
             memory, versions);
    return true;
}

extern "C" {
/* The only exported symbol. */
extern const struct device_plugin earmark_device_plugin __attribute__((visibility("default")));
const struct device_plugin earmark_device_plugin = {DEVICE_INTERFACE_VERSION,
                                                    &device_cuda_operations, choose, list};
}
