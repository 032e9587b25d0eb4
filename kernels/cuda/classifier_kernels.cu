#include "kernels/cuda/classifier_kernels.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#define THREADS 256

/* A thread for each column of x'; rows are in y, in a loop over the grid. */
template <typename Real>
__global__ void scale_rows(const float *__restrict__ raw, const int32_t *__restrict__ labels,
                           const double *__restrict__ shift, const double *__restrict__ scale,
                           size_t rows, size_t features, size_t stride, Real *__restrict__ scaled) {
    const size_t f = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (f >= stride) return;
    const bool inside = f < features;
    const double minus = inside ? shift[f] : 0.0;
    const double times = inside ? scale[f] : 0.0;
    for (size_t row = blockIdx.y; row < rows; row += gridDim.y) {
        Real value = 0;
        if (inside && labels[row] >= 0)
            value = (Real)(((double)raw[row * features + f] - minus) * times);
        scaled[row * stride + f] = value;
    }
}

template <typename Real>
enum error_code launch_scale_rows(const float *raw, const int32_t *labels, const double *shift,
                                  const double *scale, size_t rows, size_t features, size_t stride,
                                  Real *scaled, cudaStream_t stream, struct error *error) {
    const unsigned row_blocks = rows < 32768 ? (unsigned)rows : 32768U;
    LAUNCH((scale_rows<Real>), dim3(blocks_for(stride, 128), row_blocks), dim3(128), 0, stream, raw,
           labels, shift, scale, rows, features, stride, scaled);
    return cuda_check(cudaGetLastError(), "scale_rows", error);
}

template <typename Real>
__global__ void pack_weights(const double *__restrict__ weights, size_t columns, size_t features,
                             size_t packed_columns, size_t stride, Real *__restrict__ packed) {
    const size_t f = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (f >= stride) return;
    for (size_t c = blockIdx.y; c < packed_columns; c += gridDim.y) {
        Real value = 0;
        if (f < features && c < 2 * columns)
            value = (Real)weights[(c < columns ? c : c - columns) * (features + 1) + f];
        packed[c * stride + f] = value;
    }
}

template <typename Real>
enum error_code launch_pack_weights(const double *weights, size_t columns, size_t features,
                                    size_t packed_columns, size_t stride, Real *packed,
                                    cudaStream_t stream, struct error *error) {
    const unsigned column_blocks = packed_columns < 32768 ? (unsigned)packed_columns : 32768U;
    LAUNCH((pack_weights<Real>), dim3(blocks_for(stride, 128), column_blocks), dim3(128), 0, stream,
           weights, columns, features, packed_columns, stride, packed);
    return cuda_check(cudaGetLastError(), "pack_weights", error);
}

__global__ void onehot_kernel(const int32_t *__restrict__ labels, size_t rows, size_t stride,
                              double *__restrict__ onehot) {
    const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= rows * stride) return;
    const int label = labels[i / stride];
    onehot[i] = label >= 0 && (size_t)label == i % stride ? 1.0 : 0.0;
}

enum error_code launch_onehot(const int32_t *labels, size_t rows, size_t stride, double *onehot,
                              cudaStream_t stream, struct error *error) {
    LAUNCH(onehot_kernel, dim3(blocks_for(rows * stride, THREADS)), dim3(THREADS), 0, stream,
           labels, rows, stride, onehot);
    return cuda_check(cudaGetLastError(), "onehot", error);
}

/* Slices of rows that a block sums in parallel, for 32 columns. */
#define SUM_SLICES 8

/* The sum of a column of a chunk, for the threads of slice 0. */
template <typename Real>
static __device__ __forceinline__ double sum_column(const Real *chunk, size_t chunk_rows,
                                                    size_t stride, size_t columns, size_t column,
                                                    double *slices) {
    double sum = 0.0;
    if (column < columns)
        for (size_t row = threadIdx.y; row < chunk_rows; row += SUM_SLICES)
            sum += (double)chunk[row * stride + column];
    slices[threadIdx.y * 32 + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0)
        for (unsigned slice = 1; slice < SUM_SLICES; slice++)
            sum += slices[slice * 32 + threadIdx.x];
    return sum;
}

template <typename Real>
__global__ void sum_columns(const Real *__restrict__ matrix, size_t chunk_rows, size_t stride,
                            size_t columns, double *__restrict__ sums) {
    SHARED_ARRAY(double, slices, SUM_SLICES * 32);
    const size_t column = (size_t)blockIdx.x * 32 + threadIdx.x;
    const Real *chunk = matrix + (size_t)blockIdx.y * chunk_rows * stride;
    const double sum = sum_column(chunk, chunk_rows, stride, columns, column, slices);
    if (threadIdx.y == 0 && column < columns) sums[(size_t)blockIdx.y * columns + column] = sum;
}

template <typename Real>
enum error_code launch_sum_columns(const Real *matrix, size_t chunks, size_t chunk_rows,
                                   size_t stride, size_t columns, double *sums, cudaStream_t stream,
                                   struct error *error) {
    LAUNCH((sum_columns<Real>), dim3(blocks_for(columns, 32), (unsigned)chunks),
           dim3(32, SUM_SLICES), 0, stream, matrix, chunk_rows, stride, columns, sums);
    return cuda_check(cudaGetLastError(), "sum_columns", error);
}

template <typename Real>
__global__ void add_gradients(const Real *__restrict__ partial, size_t chunks, size_t block,
                              size_t stride, size_t count, size_t features, size_t begin,
                              size_t all_columns, double *__restrict__ totals) {
    const size_t f = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (f >= features) return;
    for (size_t c = blockIdx.y; c < count; c += gridDim.y) {
        size_t column = begin + c;
        if (column >= all_columns) column -= all_columns;
        double *total = totals + column * (features + 1) + f;
        double sum = *total;
        for (size_t chunk = 0; chunk < chunks; chunk++)
            sum += (double)partial[(chunk * block + c) * stride + f];
        *total = sum;
    }
}

template <typename Real>
enum error_code launch_add_gradients(const Real *partial, size_t chunks, size_t block,
                                     size_t stride, size_t count, size_t features, size_t begin,
                                     size_t all_columns, double *totals, cudaStream_t stream,
                                     struct error *error) {
    const unsigned column_blocks = count < 32768 ? (unsigned)count : 32768U;
    LAUNCH((add_gradients<Real>), dim3(blocks_for(features, 128), column_blocks), dim3(128), 0,
           stream, partial, chunks, block, stride, count, features, begin, all_columns, totals);
    return cuda_check(cudaGetLastError(), "add_gradients", error);
}

__global__ void add_sums(const double *__restrict__ sums, size_t chunks, size_t count, size_t begin,
                         size_t all, size_t step, double *__restrict__ totals) {
    const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    size_t at = begin + i;
    if (at >= all) at -= all;
    double sum = totals[at * step];
    for (size_t chunk = 0; chunk < chunks; chunk++) sum += sums[chunk * count + i];
    totals[at * step] = sum;
}

enum error_code launch_add_sums(const double *sums, size_t chunks, size_t count, size_t begin,
                                size_t all, size_t step, double *totals, cudaStream_t stream,
                                struct error *error) {
    LAUNCH(add_sums, dim3(blocks_for(count, THREADS)), dim3(THREADS), 0, stream, sums, chunks,
           count, begin, all, step, totals);
    return cuda_check(cudaGetLastError(), "add_sums", error);
}

/* Adds what sum_columns computes of every chunk to the total, in the chunks' order. */
template <typename Real>
static __device__ __forceinline__ void add_column(const Real *matrix, const tile_sums &tile,
                                                  size_t stride, size_t columns, size_t column,
                                                  double *slices, double *total) {
    const bool own = threadIdx.y == 0 && column < columns;
    double all = own ? *total : 0.0;
    for (size_t chunk = 0; chunk < tile.chunks; chunk++) {
        all += sum_column(matrix + chunk * tile.chunk_rows * stride, tile.chunk_rows, stride,
                          columns, column, slices);
        __syncthreads(); /* all have read the slices */
    }
    if (own) *total = all;
}

/* The first blocks add residuals, the others losses, 32 columns each. */
template <typename Real>
__global__ void add_tile_sums(tile_sums tile, const Real *__restrict__ residuals,
                              const double *__restrict__ losses, double *__restrict__ totals) {
    SHARED_ARRAY(double, slices, SUM_SLICES * 32);
    const size_t residual_blocks = (tile.columns + 31) / 32;
    if (blockIdx.x < residual_blocks) {
        const size_t column = (size_t)blockIdx.x * 32 + threadIdx.x;
        size_t at = tile.begin + column;
        if (at >= tile.all_columns) at -= tile.all_columns;
        add_column(residuals, tile, tile.stride, tile.columns, column, slices,
                   totals + at * tile.row_size + tile.row_size - 1);
        return;
    }
    const size_t task = (blockIdx.x - residual_blocks) * 32 + threadIdx.x;
    size_t at = tile.first_task + task;
    if (at >= tile.all_tasks) at -= tile.all_tasks;
    add_column(losses, tile, tile.tasks, tile.tasks, task, slices,
               totals + tile.all_columns * tile.row_size + at);
}

template <typename Real>
enum error_code launch_add_tile_sums(const struct tile_sums *tile, const Real *residuals,
                                     const double *losses, double *totals, cudaStream_t stream,
                                     struct error *error) {
    LAUNCH((add_tile_sums<Real>), dim3(blocks_for(tile->columns, 32) + blocks_for(tile->tasks, 32)),
           dim3(32, SUM_SLICES), 0, stream, *tile, residuals, losses, totals);
    return cuda_check(cudaGetLastError(), "add_tile_sums", error);
}

#define INSTANTIATE(Real)                                                                          \
    template enum error_code launch_scale_rows<Real>(                                              \
        const float *, const int32_t *, const double *, const double *, size_t, size_t, size_t,    \
        Real *, cudaStream_t, struct error *);                                                     \
    template enum error_code launch_pack_weights<Real>(                                            \
        const double *, size_t, size_t, size_t, size_t, Real *, cudaStream_t, struct error *);     \
    template enum error_code launch_sum_columns<Real>(                                             \
        const Real *, size_t, size_t, size_t, size_t, double *, cudaStream_t, struct error *);     \
    template enum error_code launch_add_gradients<Real>(const Real *, size_t, size_t, size_t,      \
                                                        size_t, size_t, size_t, size_t, double *,  \
                                                        cudaStream_t, struct error *);             \
    template enum error_code launch_add_tile_sums<Real>(const struct tile_sums *, const Real *,    \
                                                        const double *, double *, cudaStream_t,    \
                                                        struct error *);
INSTANTIATE(float)
INSTANTIATE(double)
