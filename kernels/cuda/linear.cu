#include "kernels/cuda/linear.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/layer_row.h"
#include "kernels/cuda/upload.h"

extern "C" {
#include "kernels/batch_norm.h"
}

#include <stdlib.h>

#define THREADS 128

/* Stores weight (size, 2, model channels) in packed (width, size), which is zero. */
static void pack(const struct cuda_linear *linear, size_t channels, const double *weight,
                 float *packed) {
    const size_t size = (size_t)linear->size, stored = (size_t)linear->channels;
    for (size_t e = 0; e < size; e++)
        for (size_t part = 0; part < 2; part++)
            for (size_t c = 0; c < channels; c++)
                packed[(part * stored + c) * size + e] =
                    (float)weight[(e * 2 + part) * channels + c];
}

enum error_code linear_create(const struct xvector_model *model, enum device_precision precision,
                              struct cuda_linear *linear, cudaStream_t stream,
                              struct error *error) {
    const size_t channels = model->blocks[model->block_count - 1].out_channels;
    const size_t size = model->embedding_size, stored = layer_stored(channels);
    linear->fast = precision != PRECISION_FLOAT32;
    linear->size = (int)size;
    linear->channels = (int)stored;
    linear->parts = (int)((2 * stored + LINEAR_PART - 1) / LINEAR_PART);
    linear->width = linear->parts * LINEAR_PART;
    const size_t bytes = (size_t)linear->width * size * sizeof(float);
    double *weight = (double *)malloc(size * 2 * channels * sizeof(double));
    double *bias = (double *)malloc(size * sizeof(double));
    float *packed = (float *)calloc(1, bytes);
    if (weight == NULL || bias == NULL || packed == NULL) {
        FAIL(error, ERROR_MEMORY, "no memory to load the model's linear layer");
    } else {
        batch_norm_linear(model, weight, bias);
        pack(linear, channels, weight, packed);
        cuda_upload(&linear->weights, packed, bytes, "the linear layer's weights", stream, error);
        cuda_upload(&linear->bias, bias, size * sizeof(double), "the linear layer's biases", stream,
                    error);
        cuda_buffer_reserve(&linear->sums, BUFFER_GPU, (size_t)linear->parts * LINEAR_ROWS * size,
                            sizeof(float), "the linear layer's sums", error);
    }
    free(weight);
    free(bias);
    free(packed);
    return error->code;
}

void linear_free(struct cuda_linear *linear) {
    cuda_buffer_free(&linear->weights, BUFFER_GPU);
    cuda_buffer_free(&linear->bias, BUFFER_GPU);
    cuda_buffer_free(&linear->sums, BUFFER_GPU);
}

/* Adds the parts of a clip's outputs in order, in double precision; a block for each clip. */
__global__ void __launch_bounds__(THREADS)
    add_parts_kernel(const float *__restrict__ sums, int parts, const double *__restrict__ bias,
                     int size, float *__restrict__ embeddings) {
    const int row = (int)blockIdx.x;
    for (int e = (int)threadIdx.x; e < size; e += THREADS) {
        double sum = bias[e];
        for (int part = 0; part < parts; part++)
            sum += (double)sums[((long long)part * LINEAR_ROWS + row) * size + e];
        embeddings[(long long)row * size + e] = (float)sum;
    }
}

/* One call of cuBLAS, for which matrices are column-major: sums (size, rows) = weights (size, part)
 * times statistics (part, rows), for every part. */
static enum error_code multiply(const struct cuda_linear *linear, cublasHandle_t blas,
                                const float *statistics, struct error *error) {
    const float one = 1.0f, zero = 0.0f;
    const cublasStatus_t status = cublasSgemmStridedBatched(
        blas, CUBLAS_OP_N, CUBLAS_OP_N, linear->size, LINEAR_ROWS, LINEAR_PART, &one,
        (const float *)linear->weights.data, linear->size, (long long)LINEAR_PART * linear->size,
        statistics, linear->width, LINEAR_PART, &zero, (float *)linear->sums.data, linear->size,
        (long long)LINEAR_ROWS * linear->size, linear->parts);
    return cublas_check(status, "the linear layer", error);
}

enum error_code linear_run(const struct cuda_linear *linear, cublasHandle_t blas,
                           const float *statistics, int clip_count, float *embeddings,
                           cudaStream_t stream, struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    const cublasMath_t mode = linear->fast ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH;
    if (cublas_check(cublasSetMathMode(blas, mode), "the linear layer", error) != ERROR_NONE)
        return error->code;
    for (int first = 0; first < clip_count && error->code == ERROR_NONE; first += LINEAR_ROWS) {
        const int rows = clip_count - first < LINEAR_ROWS ? clip_count - first : LINEAR_ROWS;
        if (multiply(linear, blas, statistics + (long long)first * linear->width, error) !=
            ERROR_NONE)
            break;
        LAUNCH(add_parts_kernel, dim3((unsigned)rows), dim3(THREADS), 0, stream,
               (const float *)linear->sums.data, linear->parts, (const double *)linear->bias.data,
               linear->size, embeddings + (long long)first * linear->size);
        cuda_check_launch("the linear layer", error);
    }
    cublas_check(cublasSetMathMode(blas, CUBLAS_DEFAULT_MATH), "the linear layer", error);
    return error->code;
}

double linear_operations(const struct cuda_linear *linear) {
    return 2.0 * 2.0 * (double)linear->channels * (double)linear->size;
}
