/* What cuDNN and cuBLAS take for the network's five layers: the baseline of the custom
 * kernels. Not part of earmark; `make bench-gpu` builds and runs it.
 *
 *   baseline CLIPS FRAMES REPEATS
 *
 * Prints tab-separated lines: layer, precision, library, microseconds, teraflops a second.
 * cuDNN gets its best case: clips of one length with the halo already in place, every
 * algorithm in both layouts; the fastest counts. cuBLAS gets the taps already gathered. Both
 * leave out the reflection, the bias and the activation, which the custom kernels include. */
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <stdio.h>
#include <stdlib.h>

struct layer {
    const char *name;
    int in, out, taps, dilation;
};

static const struct layer layers[] = {{"layer 1", 24, 512, 5, 1},
                                      {"layer 2", 512, 512, 3, 2},
                                      {"layer 3", 512, 512, 3, 3},
                                      {"layer 4", 512, 512, 1, 1},
                                      {"layer 5", 512, 1500, 1, 1}};

enum precision { FLOAT32, TF32, BF16 };
static const char *const precision_names[] = {"float32", "tf32", "bf16"};

#define CHECK(call)                                                                                \
    do {                                                                                           \
        const int status = (int)(call);                                                            \
        if (status != 0) {                                                                         \
            fprintf(stderr, "baseline: %s: error %d\n", #call, status);                            \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct bench {
    cudaStream_t stream;
    cudaEvent_t begin, end;
    cudnnHandle_t dnn;
    cublasHandle_t blas;
    void *input, *weights, *output, *workspace;
    size_t workspace_bytes;
    int clips, frames, repeats;
};

/* Seconds of the fastest repeat; the first run is a warm-up. Negative: it does not run. */
template <typename Work> static double best_of(const struct bench *bench, Work work) {
    double best = -1.0;
    for (int i = 0; i <= bench->repeats; i++) {
        float milliseconds = 0.0F;
        CHECK(cudaEventRecord(bench->begin, bench->stream));
        if (!work()) return -1.0;
        CHECK(cudaEventRecord(bench->end, bench->stream));
        CHECK(cudaEventSynchronize(bench->end));
        CHECK(cudaEventElapsedTime(&milliseconds, bench->begin, bench->end));
        if (i > 0 && (best < 0.0 || milliseconds * 1e-3 < best)) best = milliseconds * 1e-3;
    }
    return best;
}

struct convolution {
    cudnnTensorDescriptor_t input, output;
    cudnnFilterDescriptor_t weights;
    cudnnConvolutionDescriptor_t operation;
};

static void describe(const struct bench *bench, const struct layer *layer, enum precision precision,
                     cudnnTensorFormat_t format, struct convolution *convolution) {
    const cudnnDataType_t type = precision == BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    const int halo = (layer->taps - 1) * layer->dilation;
    CHECK(cudnnCreateTensorDescriptor(&convolution->input));
    CHECK(cudnnCreateTensorDescriptor(&convolution->output));
    CHECK(cudnnCreateFilterDescriptor(&convolution->weights));
    CHECK(cudnnCreateConvolutionDescriptor(&convolution->operation));
    CHECK(cudnnSetTensor4dDescriptor(convolution->input, format, type, bench->clips, layer->in, 1,
                                     bench->frames + halo));
    CHECK(cudnnSetTensor4dDescriptor(convolution->output, format, type, bench->clips, layer->out, 1,
                                     bench->frames));
    CHECK(cudnnSetFilter4dDescriptor(convolution->weights, type, format, layer->out, layer->in, 1,
                                     layer->taps));
    CHECK(cudnnSetConvolution2dDescriptor(convolution->operation, 0, 0, 1, 1, 1, layer->dilation,
                                          CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    CHECK(cudnnSetConvolutionMathType(
        convolution->operation, precision == FLOAT32 ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH));
}

static double time_convolution(const struct bench *bench, const struct layer *layer,
                               enum precision precision, cudnnTensorFormat_t format) {
    struct convolution convolution;
    const float one = 1.0F, zero = 0.0F;
    double best = -1.0;
    describe(bench, layer, precision, format, &convolution);
    for (int algorithm = 0; algorithm < CUDNN_CONVOLUTION_FWD_ALGO_COUNT; algorithm++) {
        const cudnnConvolutionFwdAlgo_t chosen = (cudnnConvolutionFwdAlgo_t)algorithm;
        size_t bytes = 0;
        if (cudnnGetConvolutionForwardWorkspaceSize(
                bench->dnn, convolution.input, convolution.weights, convolution.operation,
                convolution.output, chosen, &bytes) != CUDNN_STATUS_SUCCESS ||
            bytes > bench->workspace_bytes)
            continue;
        const double seconds = best_of(bench, [&] {
            return cudnnConvolutionForward(
                       bench->dnn, &one, convolution.input, bench->input, convolution.weights,
                       bench->weights, convolution.operation, chosen, bench->workspace, bytes,
                       &zero, convolution.output, bench->output) == CUDNN_STATUS_SUCCESS;
        });
        if (seconds > 0.0 && (best < 0.0 || seconds < best)) best = seconds;
    }
    CHECK(cudnnDestroyTensorDescriptor(convolution.input));
    CHECK(cudnnDestroyTensorDescriptor(convolution.output));
    CHECK(cudnnDestroyFilterDescriptor(convolution.weights));
    CHECK(cudnnDestroyConvolutionDescriptor(convolution.operation));
    return best;
}

static double time_product(const struct bench *bench, const struct layer *layer,
                           enum precision precision) {
    const float one = 1.0F, zero = 0.0F;
    const int rows = bench->clips * bench->frames, inner = layer->in * layer->taps;
    const cudaDataType_t type = precision == BF16 ? CUDA_R_16BF : CUDA_R_32F;
    const cublasComputeType_t compute =
        precision == TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    return best_of(bench, [&] {
        return cublasGemmEx(bench->blas, CUBLAS_OP_T, CUBLAS_OP_N, layer->out, rows, inner, &one,
                            bench->weights, type, inner, bench->input, type, inner, &zero,
                            bench->output, type, layer->out, compute,
                            CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS;
    });
}

static void print_line(const struct bench *bench, const struct layer *layer,
                       enum precision precision, const char *library, double seconds) {
    const double operations =
        2.0 * bench->clips * bench->frames * layer->in * layer->out * layer->taps;
    if (seconds > 0.0)
        printf("%s\t%s\t%s\t%.1f\t%.2f\n", layer->name, precision_names[precision], library,
               seconds * 1e6, operations / seconds / 1e12);
    else
        printf("%s\t%s\t%s\t-\t-\n", layer->name, precision_names[precision], library);
}

static void run_layer(const struct bench *bench, const struct layer *layer) {
    for (int p = 0; p < 3; p++) {
        const enum precision precision = (enum precision)p;
        const double nchw = time_convolution(bench, layer, precision, CUDNN_TENSOR_NCHW);
        const double nhwc = time_convolution(bench, layer, precision, CUDNN_TENSOR_NHWC);
        print_line(bench, layer, precision, "cuDNN",
                   nchw > 0.0 && (nhwc < 0.0 || nchw < nhwc) ? nchw : nhwc);
        print_line(bench, layer, precision, "cuBLAS", time_product(bench, layer, precision));
    }
}

int main(int argc, char **argv) {
    struct bench bench = {};
    if (argc != 4 || (bench.clips = atoi(argv[1])) < 1 || (bench.frames = atoi(argv[2])) < 16 ||
        (bench.repeats = atoi(argv[3])) < 1) {
        fprintf(stderr, "usage: baseline CLIPS FRAMES REPEATS\n");
        return 2;
    }
    /* The largest input is three gathered taps of 512 channels. */
    const size_t rows = (size_t)bench.clips * (size_t)(bench.frames + 6);
    bench.workspace_bytes = (size_t)1 << 30;
    CHECK(cudaStreamCreateWithFlags(&bench.stream, cudaStreamNonBlocking));
    CHECK(cudaEventCreate(&bench.begin));
    CHECK(cudaEventCreate(&bench.end));
    CHECK(cudnnCreate(&bench.dnn));
    CHECK(cudnnSetStream(bench.dnn, bench.stream));
    CHECK(cublasCreate(&bench.blas));
    CHECK(cublasSetStream(bench.blas, bench.stream));
    CHECK(cudaMalloc(&bench.input, rows * 3 * 512 * sizeof(float)));
    CHECK(cudaMalloc(&bench.weights, (size_t)1500 * 1536 * sizeof(float)));
    CHECK(cudaMalloc(&bench.output, rows * 1500 * sizeof(float)));
    CHECK(cudaMalloc(&bench.workspace, bench.workspace_bytes));
    CHECK(cudaMemsetAsync(bench.input, 0x3c, rows * 3 * 512 * sizeof(float), bench.stream));
    CHECK(cudaMemsetAsync(bench.weights, 0x3c, (size_t)1500 * 1536 * sizeof(float), bench.stream));
    printf("layer\tprecision\tlibrary\tmicroseconds\tTFLOP/s\n");
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) run_layer(&bench, &layers[i]);
    CHECK(cudaDeviceSynchronize());
    return 0;
}
