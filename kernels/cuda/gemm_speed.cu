#include "kernels/cuda/gemm_speed.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/device_state.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/memory.h"

#include <math.h>

#define LARGEST 32768

/* Fills with numbers between -1 and 1: a product's power, and with it the clock, depends on
 * them. */
__global__ void fill_matrix(float *matrix, size_t count, int period) {
    const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) matrix[i] = (float)(i % (size_t)period) * (2.0F / (float)period) - 1.0F;
}

static enum error_code fill(const struct cuda_buffer *matrix, size_t count, int period,
                            cudaStream_t stream, struct error *error) {
    LAUNCH(fill_matrix, dim3((unsigned)((count + 255) / 256)), dim3(256), 0, stream,
           (float *)matrix->data, count, period);
    return cuda_check_launch("fill_matrix", error);
}

/* Seconds of one product, including launch and wait. */
static enum error_code time_product(const struct cuda_worker *worker,
                                    const struct cuda_buffer *matrices, int size, double *seconds,
                                    struct error *error) {
    const float one = 1.0F, zero = 0.0F;
    const double started = clock_seconds();
    cublas_check(cublasSgemm(worker->blas, CUBLAS_OP_N, CUBLAS_OP_N, size, size, size, &one,
                             (const float *)matrices[0].data, size, (const float *)matrices[1].data,
                             size, &zero, (float *)matrices[2].data, size),
                 "a matrix product", error);
    cuda_check(cudaStreamSynchronize(worker->stream), "a matrix product", error);
    *seconds = clock_seconds() - started;
    return error->code;
}

enum error_code cuda_gemm_speed(struct device *device, size_t size, int repeats, double *speed,
                                struct error *error) {
    *speed = 0.0;
    if (size == 0 || size > LARGEST || repeats < 1)
        return FAIL(
            error, ERROR_USAGE,
            "a matrix product of size %zu, %d times: give a size of 1 to %d and 1 or more times",
            size, repeats, LARGEST);
    struct cuda_worker *worker = cuda_device_worker(device);
    struct cuda_buffer matrices[3] = {};
    double best = INFINITY, seconds = 0.0;
    cuda_check(cudaSetDevice(worker->gpu), "the GPU", error);
    for (int i = 0; i < 3 && error->code == ERROR_NONE; i++)
        if (cuda_buffer_reserve(&matrices[i], BUFFER_GPU, size * size, sizeof(float),
                                "a matrix product", error) == ERROR_NONE)
            fill(&matrices[i], size * size, 1009 + 4 * i, worker->stream, error);
    if (error->code == ERROR_NONE)
        cublas_check(cublasSetMathMode(worker->blas, CUBLAS_DEFAULT_MATH), "float32 products",
                     error);
    /* The first product also loads the kernel and is not counted. */
    for (int i = 0; i <= repeats && error->code == ERROR_NONE; i++)
        if (time_product(worker, matrices, (int)size, &seconds, error) == ERROR_NONE && i > 0 &&
            seconds < best)
            best = seconds;
    if (error->code == ERROR_NONE) *speed = 2.0 * (double)size * (double)size * (double)size / best;
    (void)cudaStreamSynchronize(worker->stream);
    for (int i = 0; i < 3; i++) cuda_buffer_free(&matrices[i], BUFFER_GPU);
    return error->code;
}
