#include "kernels/cuda/nearest_kernels.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#include <math.h>
#include <stdint.h>

#define THREADS 256
#define ALL_LANES 0xffffffffU

/* tile = (tile - shift) * scale, in float64; values: rows * columns of the tile. */
__global__ void scale_columns(float *__restrict__ tile, size_t values, size_t columns,
                              const double *__restrict__ moments) {
    const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x, f = i % columns;
    if (i < values) tile[i] = (float)(((double)tile[i] - moments[f]) * moments[columns + f]);
}

/* The length of each row in float64; a warp for each row. */
__global__ void row_lengths(const float *__restrict__ tile, size_t rows, size_t columns,
                            double *__restrict__ lengths) {
    const size_t row = (size_t)blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
    double square = 0.0;
    if (row < rows)
        for (size_t f = threadIdx.x % 32; f < columns; f += 32) {
            const double value = (double)tile[row * columns + f];
            square += value * value;
        }
    for (int offset = 16; offset > 0; offset /= 2)
        square += __shfl_xor_sync(ALL_LANES, square, offset);
    if (row < rows && threadIdx.x % 32 == 0) lengths[row] = sqrt(square);
}

__global__ void divide_rows(float *__restrict__ rows, size_t values, size_t columns,
                            const double *__restrict__ lengths) {
    const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
    if (i >= values) return;
    const double length = lengths[i / columns];
    if (length > 0.0) rows[i] = (float)((double)rows[i] / length);
}

struct candidate {
    float similarity;
    long long row; /* -1: none */
};

/* Whether a comes before b in the list; an empty candidate comes last. */
static __device__ __forceinline__ bool comes_before(candidate a, candidate b) {
    if (a.row < 0) return false;
    if (b.row < 0) return true;
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

/* The better of best and found; found counts only if it comes after last (row -1: always). */
static __device__ __forceinline__ candidate take(candidate best, candidate found, candidate last) {
    if (last.row >= 0 && !comes_before(last, found)) return best;
    return comes_before(found, best) ? found : best;
}

static __device__ __forceinline__ candidate warp_best(candidate best) {
    for (int offset = 16; offset > 0; offset /= 2) {
        candidate other;
        other.similarity = __shfl_xor_sync(ALL_LANES, best.similarity, offset);
        other.row = __shfl_xor_sync(ALL_LANES, best.row, offset);
        if (comes_before(other, best)) best = other;
    }
    return best;
}

/* A block for each query: picks, `count` times, the best that comes after the previous pick, from
 * the tile's rows and the old list. */
__global__ void __launch_bounds__(THREADS)
    pick_nearest(nearest_tile tile, nearest_queries queries,
                 const long long *__restrict__ old_found, const float *__restrict__ old_similar,
                 long long *__restrict__ found, float *__restrict__ similar) {
    SHARED_ARRAY(float, warp_similar, THREADS / 32);
    SHARED_ARRAY(long long, warp_rows, THREADS / 32);
    const size_t query = blockIdx.x, list = query * tile.count;
    const float *products = tile.products + query * tile.stride;
    const long long own = queries.numbers[query];
    const int own_group = queries.apart[query];
    candidate last = {0.0F, -1};
    for (size_t k = 0; k < tile.count; k++) {
        candidate best = {0.0F, -1};
        for (size_t r = threadIdx.x; r < tile.rows && own >= 0; r += THREADS) {
            candidate next = {0.0F, tile.numbers[r]};
            if (tile.lengths[r] > 0.0)
                next.similarity = (float)((double)products[r] / tile.lengths[r]);
            if (next.row != own && tile.apart[r] != own_group) best = take(best, next, last);
        }
        for (size_t i = threadIdx.x; i < tile.count; i += THREADS) {
            const candidate next = {old_similar[list + i], old_found[list + i]};
            if (next.row >= 0) best = take(best, next, last);
        }
        best = warp_best(best);
        if (threadIdx.x % 32 == 0) {
            warp_similar[threadIdx.x / 32] = best.similarity;
            warp_rows[threadIdx.x / 32] = best.row;
        }
        __syncthreads();
        for (int warp = 0; warp < THREADS / 32; warp++) {
            const candidate other = {warp_similar[warp], warp_rows[warp]};
            if (comes_before(other, best)) best = other;
        }
        __syncthreads(); /* all have read before the next pick is written */
        if (threadIdx.x == 0) {
            found[list + k] = best.row;
            similar[list + k] = best.similarity;
        }
        last = best;
        if (last.row < 0) last = candidate{-INFINITY, INT64_MAX}; /* nothing comes after it */
    }
}

enum error_code launch_scale_columns(float *rows, size_t row_count, size_t columns,
                                     const double *moments, cudaStream_t stream,
                                     struct error *error) {
    const size_t values = row_count * columns;
    LAUNCH(scale_columns, dim3(blocks_for(values, THREADS)), dim3(THREADS), 0, stream, rows, values,
           columns, moments);
    return cuda_check_launch("scale_columns", error);
}

enum error_code launch_row_lengths(const float *rows, size_t row_count, size_t columns,
                                   double *lengths, cudaStream_t stream, struct error *error) {
    LAUNCH(row_lengths, dim3(blocks_for(row_count, THREADS / 32)), dim3(THREADS), 0, stream, rows,
           row_count, columns, lengths);
    return cuda_check_launch("row_lengths", error);
}

enum error_code launch_divide_rows(float *rows, size_t row_count, size_t columns,
                                   const double *lengths, cudaStream_t stream,
                                   struct error *error) {
    const size_t values = row_count * columns;
    LAUNCH(divide_rows, dim3(blocks_for(values, THREADS)), dim3(THREADS), 0, stream, rows, values,
           columns, lengths);
    return cuda_check_launch("divide_rows", error);
}

enum error_code launch_pick_nearest(const struct nearest_tile *tile,
                                    const struct nearest_queries *queries, size_t query_count,
                                    const struct nearest_lists *old_lists,
                                    const struct nearest_lists *lists, cudaStream_t stream,
                                    struct error *error) {
    LAUNCH(pick_nearest, dim3((unsigned)query_count), dim3(THREADS), 0, stream, *tile, *queries,
           old_lists->found, old_lists->similar, lists->found, lists->similar);
    return cuda_check_launch("pick_nearest", error);
}
