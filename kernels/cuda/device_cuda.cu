#include "kernels/cuda/device_cuda.h"

#include "kernels/cuda/batches.h"
#include "kernels/cuda/classifier.h"
#include "kernels/cuda/embedder.h"
#include "kernels/cuda/gemm_speed.h"
#include "kernels/cuda/kernel_times.h"
#include "kernels/cuda/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cuda_choice chosen = {1, {0}};

void cuda_choose(const struct cuda_choice *choice) {
    chosen = *choice;
}

/* ---- open and close ---- */

static void cuda_close(struct device *device) {
    if (device == NULL) return;
    struct cuda_device *cuda = cuda_device_of(device);
    struct error ignored = ERROR_INITIAL;
    for (int i = 0; i < cuda->worker_count; i++) {
        worker_choose(&cuda->workers[i], &ignored);
        worker_synchronise(&cuda->workers[i], &ignored);
    }
    cuda_batches_free(cuda);
    for (int i = 0; i < cuda->worker_count; i++) {
        worker_choose(&cuda->workers[i], &ignored);
        embedder_free(cuda->workers[i].embedder);
        worker_close(&cuda->workers[i]);
    }
    free(cuda);
}

/* Tries a second time when out of memory: another program may have freed some. */
static enum error_code open_worker(int gpu, struct cuda_worker *worker, struct error *error) {
    struct error first = ERROR_INITIAL;
    if (worker_open(gpu, worker, &first) == ERROR_NONE) return ERROR_NONE;
    if (first.code == ERROR_MEMORY) return worker_open(gpu, worker, error);
    *error = first;
    return error->code;
}

static enum error_code cuda_open(const struct device_settings *settings, struct device **device,
                                 struct error *error) {
    *device = NULL;
    struct cuda_device *cuda = (struct cuda_device *)calloc(1, sizeof *cuda);
    if (cuda == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the CUDA device");
    cuda->base.operations = &device_cuda_operations;
    cuda->precision = settings->precision;
    for (int i = 0; i < chosen.count && error->code == ERROR_NONE; i++) {
        cuda->worker_count++;
        open_worker(chosen.gpus[i], &cuda->workers[i], error);
    }
    if (error->code != ERROR_NONE) {
        cuda_close(&cuda->base);
        return error->code;
    }
    *device = &cuda->base;
    return ERROR_NONE;
}

/* ---- properties ---- */

static void cuda_properties(const struct device *device, struct device_properties *properties) {
    const struct cuda_device *cuda = (const struct cuda_device *)device;
    static const char *const precisions[] = {"float32", "tf32", "bf16"};
    cudaDeviceProp gpu;
    int runtime = 0, blas = 0;
    memset(properties, 0, sizeof *properties);
    (void)cudaSetDevice(cuda->workers[0].gpu);
    if (cudaGetDeviceProperties(&gpu, cuda->workers[0].gpu) != cudaSuccess)
        snprintf(gpu.name, sizeof gpu.name, "unknown GPU");
    (void)cudaRuntimeGetVersion(&runtime);
    (void)cublasGetVersion(cuda->workers[0].blas, &blas);
    snprintf(properties->name, sizeof properties->name, "cuda");
    snprintf(properties->description, sizeof properties->description,
             "%d x %.100s, %s, CUDA runtime %d.%d, cuBLAS %d.%d.%d", cuda->worker_count, gpu.name,
             precisions[cuda->precision], runtime / 1000, runtime % 1000 / 10, blas / 10000,
             blas / 100 % 100, blas % 100);
    properties->batches_in_flight = CUDA_BATCHES_PER_WORKER * cuda->worker_count;
    properties->batch_bytes = cuda_batches_bytes(cuda);
    properties->batch_clips = CUDA_BATCH_CLIPS;
    properties->batch_frames =
        cuda->workers[0].embedder == NULL ? 0 : embedder_batch_frames(cuda->workers[0].embedder);
}

static void cuda_counters(const struct device *device, struct device_counters *counters) {
    *counters = ((const struct cuda_device *)device)->counters;
}

/* ---- the model ---- */

static enum error_code load_on(struct cuda_worker *worker, const struct xvector_model *model,
                               enum device_precision precision, struct error *error) {
    struct error first = ERROR_INITIAL;
    if (worker_choose(worker, error) != ERROR_NONE ||
        worker_synchronise(worker, error) != ERROR_NONE)
        return error->code;
    embedder_free(worker->embedder);
    worker->embedder = NULL;
    if (embedder_create(worker, model, precision, &worker->embedder, &first) == ERROR_NONE)
        return ERROR_NONE;
    if (first.code == ERROR_MEMORY)
        return embedder_create(worker, model, precision, &worker->embedder, error);
    *error = first;
    return error->code;
}

static enum error_code cuda_load_model(struct device *device, const struct xvector_model *model,
                                       struct error *error) {
    struct cuda_device *cuda = cuda_device_of(device);
    if (cuda_batches_in_use(cuda))
        return FAIL(error, ERROR_USAGE, "a model cannot be loaded while batches are in use");
    for (int i = 0; i < cuda->worker_count; i++)
        if (load_on(&cuda->workers[i], model, cuda->precision, error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

extern "C" {
const struct device_operations device_cuda_operations = {
    DEVICE_INTERFACE_VERSION,
    "cuda",
    cuda_open,
    cuda_close,
    cuda_properties,
    cuda_counters,
    cuda_load_model,
    cuda_acquire,
    cuda_submit,
    cuda_wait,
    cuda_release,
    cuda_classifier_open,
    cuda_classifier_evaluate,
    cuda_classifier_predict,
    cuda_classifier_scatter,
    cuda_classifier_close,
    cuda_nearest,
    cuda_gemm_speed,
    cuda_kernels_start,
    cuda_kernels_stop,
};
}
