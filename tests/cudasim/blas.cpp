/* cuBLAS: products in plain loops; each output is summed over ascending k with fused
 * multiply-adds in the matrices' type. Built without sanitizers for speed: the memory that it
 * touches is checked before a product is queued. */
#include "cudasim.h"

#include "include/cudasim_primitives.h"

#include <algorithm>
#include <set>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <vector>

struct cudasim_blas {
    int gpu;
    cudaStream_t stream;
    cublasMath_t mode;
    void *workspace;
    size_t workspace_bytes;
};

static unsigned live_handles;
unsigned cudasim_live_handles(void) { return live_handles; }

static cublasStatus_t enter(bool allocates) {
    const cudaError_t status = cudasim_enter(allocates);
    if (status == cudaSuccess) return CUBLAS_STATUS_SUCCESS;
    cudaGetLastError();
    if (status == cudaErrorMemoryAllocation) return CUBLAS_STATUS_ALLOC_FAILED;
    return status == cudaErrorNoDevice ? CUBLAS_STATUS_NOT_INITIALIZED
                                       : CUBLAS_STATUS_EXECUTION_FAILED;
}

cublasStatus_t cublasCreate(cublasHandle_t *handle) {
    cudasim_lock lock;
    const cublasStatus_t status = enter(true);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    *handle = new cudasim_blas{cudasim_current_gpu(), NULL, CUBLAS_DEFAULT_MATH, NULL, 0};
    live_handles++;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
    cudasim_lock lock;
    const cublasStatus_t status = enter(false);
    delete handle;
    live_handles--;
    return status;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
    cudasim_lock lock;
    const cublasStatus_t status = enter(false);
    if (cudasim_stream_gpu(stream) != handle->gpu)
        cudasim_fail("a cuBLAS handle of GPU %d gets a stream of GPU %d", handle->gpu,
                     cudasim_stream_gpu(stream));
    handle->stream = stream;
    handle->workspace = NULL; /* as cuBLAS does */
    return status;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void *workspace, size_t bytes) {
    cudasim_lock lock;
    const cublasStatus_t status = enter(false);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    cudasim_check_range(workspace, bytes, handle->gpu, "cublasSetWorkspace");
    handle->workspace = workspace;
    handle->workspace_bytes = bytes;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
    cudasim_lock lock;
    handle->mode = mode;
    return enter(false);
}

cublasStatus_t cublasGetVersion(cublasHandle_t, int *version) {
    *version = 130000;
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusString(cublasStatus_t status) {
    static thread_local char words[32];
    snprintf(words, sizeof words, "cublasStatus %d", (int)status);
    return words;
}

/* ---- products ---- */

/* A matrix as passed to cuBLAS and as stored: rows x columns before the operation. */
template <typename Real> struct matrix {
    Real *data;
    size_t rows, columns, stride;
    long long step; /* from one of a batch to the next */
    bool transposed;
};

template <typename Real> struct product {
    struct matrix<Real> a, b, c;
    size_t rows, columns, inner, count;
    Real alpha, beta;
    bool tf32;
    void *workspace;
    size_t workspace_bytes;
};

static float rounded(float value, bool tf32) { return tf32 ? float_to_tf32(value) : value; }
static double rounded(double value, bool) { return value; }
static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <typename Real> static size_t extent(const struct matrix<Real> &m, size_t count) {
    const size_t one = (m.columns - 1) * m.stride + m.rows;
    return ((count - 1) * (size_t)m.step + one) * sizeof(Real);
}

/* The operand after its operation, column-major, without gaps. */
template <typename Real>
static void pack(const struct matrix<Real> &m, size_t index, bool tf32, std::vector<Real> *packed) {
    const Real *from = m.data + index * (size_t)m.step;
    packed->resize(m.rows * m.columns);
    for (size_t c = 0; c < m.columns; c++)
        for (size_t r = 0; r < m.rows; r++)
            (*packed)[m.transposed ? r * m.columns + c : c * m.rows + r] =
                rounded(from[c * m.stride + r], tf32);
}

#define BLOCK_ROWS ((size_t)256)
#define BLOCK_COLUMNS ((size_t)4)

template <typename Real>
static void multiply_block(const struct product<Real> &p, const Real *a, const Real *b, Real *c,
                           size_t first_row, size_t first_column) {
    const size_t rows = std::min(BLOCK_ROWS, p.rows - first_row);
    const size_t columns = std::min(BLOCK_COLUMNS, p.columns - first_column);
    Real sums[BLOCK_COLUMNS][BLOCK_ROWS] = {};
    for (size_t k = 0; k < p.inner; k++)
        for (size_t j = 0; j < columns; j++) {
            const Real *from = a + k * p.rows + first_row;
            const Real factor = b[(first_column + j) * p.inner + k];
            for (size_t i = 0; i < rows; i++) sums[j][i] = fused(from[i], factor, sums[j][i]);
        }
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++) {
            Real *to = c + (first_column + j) * p.c.stride + first_row + i;
            const Real scaled = p.alpha * sums[j][i];
            *to = p.beta == 0 ? scaled : fused(p.beta, *to, scaled);
        }
}

template <typename Real> static void multiply(const struct product<Real> &p) {
    std::vector<Real> a, b;
    cudasim_race_range(p.a.data, extent(p.a, p.count), false);
    cudasim_race_range(p.b.data, extent(p.b, p.count), false);
    cudasim_race_range(p.c.data, extent(p.c, p.count), true);
    if (p.workspace != NULL) { /* its contents are internal to cuBLAS */
        cudasim_race_range(p.workspace, std::min(p.workspace_bytes, (size_t)4096), true);
        memset(p.workspace, 0xff, std::min(p.workspace_bytes, (size_t)4096));
    }
    for (size_t i = 0; i < p.count; i++) {
        if (i == 0 || p.a.step != 0) pack(p.a, i, p.tf32, &a);
        if (i == 0 || p.b.step != 0) pack(p.b, i, p.tf32, &b);
        for (size_t column = 0; column < p.columns; column += BLOCK_COLUMNS)
            for (size_t row = 0; row < p.rows; row += BLOCK_ROWS)
                multiply_block(p, a.data(), b.data(), p.c.data + i * (size_t)p.c.step, row, column);
    }
}

template <typename Real>
static struct matrix<Real> operand(const Real *data, cublasOperation_t operation, int rows,
                                   int columns, int stride, long long step) {
    const bool transposed = operation == CUBLAS_OP_T;
    return {const_cast<Real *>(data),
            (size_t)(transposed ? columns : rows),
            (size_t)(transposed ? rows : columns),
            (size_t)stride,
            step,
            transposed};
}

template <typename Real>
static cublasStatus_t enqueue(cublasHandle_t handle, const char *call, struct product<Real> p) {
    cudasim_lock lock;
    const cublasStatus_t status = enter(false);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
    if (handle->stream == NULL) cudasim_fail("%s on the default stream: set one", call);
    if (p.rows == 0 || p.columns == 0 || p.inner == 0 || p.count == 0)
        cudasim_fail("%s of %zu x %zu x %zu, %zu times", call, p.rows, p.columns, p.inner, p.count);
    if (p.a.stride < p.a.rows || p.b.stride < p.b.rows || p.c.stride < p.c.rows)
        return CUBLAS_STATUS_INVALID_VALUE;
    cudasim_check_range(p.a.data, extent(p.a, p.count), handle->gpu, "the first matrix of cuBLAS");
    cudasim_check_range(p.b.data, extent(p.b, p.count), handle->gpu, "the second matrix of cuBLAS");
    cudasim_check_range(p.c.data, extent(p.c, p.count), handle->gpu, "cuBLAS's result");
    p.tf32 = handle->mode == CUBLAS_TF32_TENSOR_OP_MATH;
    p.workspace = handle->workspace;
    p.workspace_bytes = handle->workspace_bytes;
    char words[120];
    snprintf(words, sizeof words, "%s %zux%zux%zu", call, p.rows, p.columns, p.inner);
    struct cudasim_kernel_counts *counts = cudasim_counts_of(words);
    counts->launches++;
    counts->fused_operations += 2ull * p.rows * p.columns * p.inner * p.count;
    cudasim_enqueue(handle->stream, call, [=] { multiply(p); });
    cudasim_run_early();
    return CUBLAS_STATUS_SUCCESS;
}

template <typename Real>
static cublasStatus_t
batched(cublasHandle_t handle, const char *call, cublasOperation_t a_operation,
        cublasOperation_t b_operation, int rows, int columns, int inner, const Real *alpha,
        const Real *a, int a_stride, long long a_step, const Real *b, int b_stride,
        long long b_step, const Real *beta, Real *c, int c_stride, long long c_step, int count) {
    struct product<Real> p = {};
    if (rows < 0 || columns < 0 || inner < 0 || count < 0) return CUBLAS_STATUS_INVALID_VALUE;
    p.a = operand(a, a_operation, rows, inner, a_stride, a_step);
    p.b = operand(b, b_operation, inner, columns, b_stride, b_step);
    p.c = operand((const Real *)c, CUBLAS_OP_N, rows, columns, c_stride, c_step);
    p.rows = (size_t)rows;
    p.columns = (size_t)columns;
    p.inner = (size_t)inner;
    p.count = (size_t)count;
    p.alpha = *alpha;
    p.beta = *beta;
    return enqueue(handle, call, p);
}

#define GEMM(letter, Real)                                                                         \
    cublasStatus_t cublas##letter##gemm(                                                           \
        cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,       \
        int rows, int columns, int inner, const Real *alpha, const Real *a, int a_stride,          \
        const Real *b, int b_stride, const Real *beta, Real *c, int c_stride) {                    \
        return batched(handle, "cublas" #letter "gemm", a_operation, b_operation, rows, columns,   \
                       inner, alpha, a, a_stride, 0, b, b_stride, 0, beta, c, c_stride, 0, 1);     \
    }                                                                                              \
    cublasStatus_t cublas##letter##gemmStridedBatched(                                             \
        cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,       \
        int rows, int columns, int inner, const Real *alpha, const Real *a, int a_stride,          \
        long long a_step, const Real *b, int b_stride, long long b_step, const Real *beta,         \
        Real *c, int c_stride, long long c_step, int count) {                                      \
        return batched(handle, "cublas" #letter "gemmStridedBatched", a_operation, b_operation,    \
                       rows, columns, inner, alpha, a, a_stride, a_step, b, b_stride, b_step,      \
                       beta, c, c_stride, c_step, count);                                          \
    }
GEMM(S, float)
GEMM(D, double)
