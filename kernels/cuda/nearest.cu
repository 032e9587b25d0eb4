/* Nearest rows by cosine: tiles of the rows that may be found are gathered and copied up once,
 * scaled there, and multiplied by every block of queries in a product of constant shape, and each
 * query's list takes the tile's better rows.
 * The order (similarity, then lower row) is total, so that results do not depend on the tiles. */
#include "kernels/cuda/nearest.h"

#include "kernels/cuda/batches.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/memory.h"

#include <math.h>
#include <nvtx3/nvToolsExt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TILE_ROWS ((size_t)8192)
#define SMALLEST_TILE ((size_t)64)
#define QUERY_BLOCK ((size_t)256)
#define THREADS 256
#define NO_GROUP 0 /* of queries where nothing is apart; rows then have another number */
#define ALL_LANES 0xffffffffU

struct nearest_search {
    struct cuda_worker *worker;
    const struct nearest_problem *problem;
    size_t candidates, columns, count, query_count;
    size_t tile_rows, blocks;      /* rows of a tile; blocks of queries */
    struct cuda_buffer staging[2]; /* pinned: numbers, groups and rows of a tile */
    cudaEvent_t copied[2];         /* the staging memory may be written again */
    struct cuda_buffer sent;       /* pinned: queries up, lists down */
    struct cuda_buffer moments;    /* double: shift (columns), scale (columns) */
    struct cuda_buffer tile;       /* (tile_rows, columns) */
    struct cuda_buffer labels;   /* int64 (tile_rows): row in the data; int32 (tile_rows): apart */
    struct cuda_buffer lengths;  /* double (tile_rows) */
    struct cuda_buffer units;    /* (blocks * QUERY_BLOCK, columns): queries of length 1 */
    struct cuda_buffer numbers;  /* int64 (blocks * QUERY_BLOCK): row of each query, -1: none;
                                  * int32 (blocks * QUERY_BLOCK): apart */
    struct cuda_buffer products; /* (QUERY_BLOCK, tile_rows) */
    struct cuda_buffer found[2]; /* int64 (blocks * QUERY_BLOCK, count), -1: none yet */
    struct cuda_buffer similar[2]; /* float, the same */
};

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

/* The tile that one launch searches for a block of queries. */
struct nearest_tile {
    const long long *numbers; /* (rows): row in the data */
    const int *apart;         /* (rows): not found by queries of the same number */
    const double *lengths;    /* (rows) */
    const float *products;    /* (queries, stride): with a row for each query, so that threads read
                               * neighbouring values */
    size_t rows, stride, count;
};

struct nearest_queries {
    const long long *numbers; /* row in the data, -1: none */
    const int *apart;
};

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

static enum error_code reserve_all(struct nearest_search *search, struct error *error) {
    const size_t queries = search->blocks * QUERY_BLOCK, tile = search->tile_rows * search->columns;
    const size_t lists = queries * search->count;
    const size_t labels = sizeof(long long) + sizeof(int);
    const size_t moments = 2 * search->columns * sizeof(double);
    const size_t sent = moments + queries * (labels + search->columns * sizeof(float));
    const size_t down = lists * (sizeof(float) + sizeof(long long));
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    for (int i = 0; i < 2; i++)
        if (cuda_buffer_reserve(&search->staging[i], pinned,
                                search->tile_rows * labels + tile * sizeof(float), 1, "rows",
                                error) != ERROR_NONE ||
            cuda_buffer_reserve(&search->found[i], gpu, lists, sizeof(long long), "neighbours",
                                error) != ERROR_NONE ||
            cuda_buffer_reserve(&search->similar[i], gpu, lists, sizeof(float), "neighbours",
                                error) != ERROR_NONE)
            return error->code;
    if (cuda_buffer_reserve(&search->sent, pinned, sent > down ? sent : down, 1, "queries",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&search->tile, gpu, tile, sizeof(float), "rows", error) != ERROR_NONE ||
        cuda_buffer_reserve(&search->moments, gpu, moments, 1, "columns", error) != ERROR_NONE ||
        cuda_buffer_reserve(&search->labels, gpu, search->tile_rows, labels, "rows", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&search->lengths, gpu, search->tile_rows, sizeof(double), "lengths",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&search->units, gpu, queries * search->columns, sizeof(float),
                            "queries", error) != ERROR_NONE ||
        cuda_buffer_reserve(&search->numbers, gpu, queries, labels, "queries", error) != ERROR_NONE)
        return error->code;
    return cuda_buffer_reserve(&search->products, gpu, search->tile_rows * QUERY_BLOCK,
                               sizeof(float), "similarities", error);
}

static void free_buffers(struct nearest_search *search) {
    struct cuda_buffer *const buffers[] = {
        &search->moments,  &search->tile,       &search->labels,    &search->lengths,
        &search->units,    &search->numbers,    &search->products,  &search->found[0],
        &search->found[1], &search->similar[0], &search->similar[1]};
    (void)cudaStreamSynchronize(search->worker->stream);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        cuda_buffer_free(buffers[i], BUFFER_GPU);
    for (int i = 0; i < 2; i++) cuda_buffer_free(&search->staging[i], BUFFER_PINNED);
    cuda_buffer_free(&search->sent, BUFFER_PINNED);
}

/* Allocates all buffers; out of memory, halves the tile until there is room or it has few rows. */
static enum error_code make_room(struct nearest_search *search, struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(search, &attempt) == ERROR_NONE) break;
        free_buffers(search);
        if (attempt.code != ERROR_MEMORY || search->tile_rows <= SMALLEST_TILE) {
            *error = attempt;
            return error->code;
        }
        search->tile_rows = (search->tile_rows / 2 + 31) / 32 * 32;
    }
    for (int i = 0; i < 2; i++)
        cuda_check(cudaEventCreateWithFlags(&search->copied[i], cudaEventDisableTiming), "an event",
                   error);
    return error->code;
}

static void free_all(struct nearest_search *search) {
    free_buffers(search);
    for (int i = 0; i < 2; i++)
        if (search->copied[i] != NULL) (void)cudaEventDestroy(search->copied[i]);
}

/* unit (columns) = the row, scaled, and divided by its length in float64; rows of zeros stay zero.
 */
static void unit_row(const struct nearest_problem *problem, size_t row, float *unit) {
    const float *x = matrix_row(&problem->data, row);
    double square = 0.0;
    for (size_t f = 0; f < problem->columns; f++) {
        unit[f] = x[f];
        if (problem->shift != NULL)
            unit[f] = (float)(((double)x[f] - problem->shift[f]) * problem->scale[f]);
        square += (double)unit[f] * (double)unit[f];
    }
    const double length = sqrt(square);
    for (size_t f = 0; f < problem->columns; f++)
        unit[f] = length > 0.0 ? (float)((double)unit[f] / length) : 0.0F;
}

/* Copies the moments and the queries' rows up, and empties the lists. */
static enum error_code send_queries(struct nearest_search *search, const size_t *queries,
                                    struct error *error) {
    const struct nearest_problem *problem = search->problem;
    const size_t padded = search->blocks * QUERY_BLOCK, columns = search->columns;
    const size_t lists = padded * search->count;
    const cudaStream_t stream = search->worker->stream;
    double *moments = (double *)search->sent.data;
    long long *numbers = (long long *)(moments + 2 * columns);
    int *apart = (int *)(numbers + padded);
    float *units = (float *)(apart + padded);
    for (size_t f = 0; f < columns && problem->shift != NULL; f++) {
        moments[f] = problem->shift[f];
        moments[columns + f] = problem->scale[f];
    }
    for (size_t q = 0; q < padded; q++) {
        const bool is_query = q < search->query_count;
        numbers[q] = is_query ? (long long)queries[q] : -1;
        apart[q] = is_query && problem->apart != NULL ? problem->apart[queries[q]] : NO_GROUP;
        if (is_query)
            unit_row(problem, queries[q], units + q * columns);
        else
            memset(units + q * columns, 0, columns * sizeof *units);
    }
    if (problem->shift != NULL)
        cuda_check(cudaMemcpyAsync(search->moments.data, moments, 2 * columns * sizeof *moments,
                                   cudaMemcpyHostToDevice, stream),
                   "columns", error);
    cuda_check(cudaMemcpyAsync(search->numbers.data, numbers,
                               padded * (sizeof *numbers + sizeof *apart), cudaMemcpyHostToDevice,
                               stream),
               "queries", error);
    cuda_check(cudaMemcpyAsync(search->units.data, units, padded * columns * sizeof(float),
                               cudaMemcpyHostToDevice, stream),
               "queries", error);
    cuda_check(cudaMemsetAsync(search->found[0].data, 0xff, lists * sizeof(long long), stream),
               "neighbours", error);
    cuda_check(cudaMemsetAsync(search->similar[0].data, 0xff, lists * sizeof(float), stream),
               "neighbours", error); /* NaN: none yet */
    /* The last tile may be shorter; what follows it is multiplied, but not searched. */
    return cuda_check(
        cudaMemsetAsync(search->tile.data, 0, search->tile_rows * columns * sizeof(float), stream),
        "rows", error);
}

/* Gathers the tile's rows and their labels in staging memory. */
static void gather_tile(struct nearest_search *search, size_t first, size_t rows, size_t slot) {
    const struct nearest_problem *problem = search->problem;
    long long *numbers = (long long *)search->staging[slot].data;
    int *apart = (int *)(numbers + search->tile_rows);
    float *values = (float *)(apart + search->tile_rows);
    for (size_t r = 0; r < search->tile_rows; r++) {
        const size_t at = first + (r < rows ? r : 0);
        const size_t row = problem->references == NULL ? at : problem->references[at];
        numbers[r] = (long long)row;
        apart[r] = problem->apart == NULL ? NO_GROUP + 1 : problem->apart[row];
        if (r < rows)
            memcpy(values + r * search->columns, matrix_row(&problem->data, row),
                   search->columns * sizeof *values);
    }
}

static enum error_code send_tile(struct nearest_search *search, size_t first, size_t rows,
                                 size_t slot, struct error *error) {
    const cudaStream_t stream = search->worker->stream;
    const size_t columns = search->columns, bytes = rows * columns * sizeof(float);
    const size_t labels = search->tile_rows * (sizeof(long long) + sizeof(int));
    if (cuda_check(cudaEventSynchronize(search->copied[slot]), "a copy", error) != ERROR_NONE)
        return error->code;
    gather_tile(search, first, rows, slot);
    const char *staging = (const char *)search->staging[slot].data;
    if (cuda_check(
            cudaMemcpyAsync(search->labels.data, staging, labels, cudaMemcpyHostToDevice, stream),
            "rows", error) != ERROR_NONE ||
        cuda_check(cudaMemcpyAsync(search->tile.data, staging + labels, bytes,
                                   cudaMemcpyHostToDevice, stream),
                   "rows", error) != ERROR_NONE ||
        cuda_check(cudaEventRecord(search->copied[slot], stream), "an event", error) != ERROR_NONE)
        return error->code;
    if (search->problem->shift != NULL) {
        LAUNCH(scale_columns, dim3((unsigned)((rows * columns + THREADS - 1) / THREADS)),
               dim3(THREADS), 0, stream, (float *)search->tile.data, rows * columns, columns,
               (const double *)search->moments.data);
        if (cuda_check_launch("scale_columns", error) != ERROR_NONE) return error->code;
    }
    LAUNCH(row_lengths, dim3((unsigned)((rows + THREADS / 32 - 1) / (THREADS / 32))), dim3(THREADS),
           0, stream, (const float *)search->tile.data, rows, columns,
           (double *)search->lengths.data);
    return cuda_check_launch("row_lengths", error);
}

/* Searches the tile for all queries; `from`: which of the two sets of lists is the current one. */
static enum error_code search_tile(struct nearest_search *search, size_t rows, int from,
                                   struct error *error) {
    const cudaStream_t stream = search->worker->stream;
    const float one = 1.0F, zero = 0.0F;
    const int columns = (int)search->columns, tile_rows = (int)search->tile_rows;
    const long long *numbers = (const long long *)search->labels.data;
    const int *groups = (const int *)(numbers + search->tile_rows);
    float *products = (float *)search->products.data;
    const struct nearest_tile tile = {numbers,      groups, (const double *)search->lengths.data,
                                      products,     rows,   search->tile_rows,
                                      search->count};
    const long long *own = (const long long *)search->numbers.data;
    const int *own_groups = (const int *)(own + search->blocks * QUERY_BLOCK);
    for (size_t block = 0; block < search->blocks; block++) {
        const size_t query = block * QUERY_BLOCK, list = query * search->count;
        const float *units = (const float *)search->units.data + query * search->columns;
        if (cublas_check(cublasSgemm(search->worker->blas, CUBLAS_OP_T, CUBLAS_OP_N, tile_rows,
                                     (int)QUERY_BLOCK, columns, &one,
                                     (const float *)search->tile.data, columns, units, columns,
                                     &zero, products, tile_rows),
                         "similarities", error) != ERROR_NONE)
            return error->code;
        const struct nearest_queries queries = {own + query, own_groups + query};
        LAUNCH(pick_nearest, dim3((unsigned)QUERY_BLOCK), dim3(THREADS), 0, stream, tile, queries,
               (const long long *)search->found[from].data + list,
               (const float *)search->similar[from].data + list,
               (long long *)search->found[1 - from].data + list,
               (float *)search->similar[1 - from].data + list);
        if (cuda_check_launch("pick_nearest", error) != ERROR_NONE) return error->code;
    }
    return ERROR_NONE;
}

static enum error_code receive_lists(struct nearest_search *search, int from, size_t *neighbours,
                                     float *similarities, struct error *error) {
    const cudaStream_t stream = search->worker->stream;
    const size_t lists = search->query_count * search->count;
    long long *found = (long long *)search->sent.data;
    float *similar = (float *)(found + lists);
    cuda_check(cudaMemcpyAsync(found, search->found[from].data, lists * sizeof *found,
                               cudaMemcpyDeviceToHost, stream),
               "neighbours", error);
    cuda_check(cudaMemcpyAsync(similar, search->similar[from].data, lists * sizeof *similar,
                               cudaMemcpyDeviceToHost, stream),
               "neighbours", error);
    if (cuda_check(cudaStreamSynchronize(stream), "neighbours", error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < lists; i++) {
        neighbours[i] = found[i] < 0 ? SIZE_MAX : (size_t)found[i];
        similarities[i] = found[i] < 0 ? NAN : similar[i];
    }
    return ERROR_NONE;
}

static enum error_code search_all(struct nearest_search *search, const size_t *queries,
                                  size_t *neighbours, float *similarities, struct error *error) {
    int from = 0;
    if (cuda_check(cudaSetDevice(search->worker->gpu), "the GPU", error) != ERROR_NONE ||
        cublas_check(cublasSetMathMode(search->worker->blas, CUBLAS_DEFAULT_MATH),
                     "float32 products", error) != ERROR_NONE ||
        make_room(search, error) != ERROR_NONE ||
        send_queries(search, queries, error) != ERROR_NONE)
        return error->code;
    for (size_t first = 0; first < search->candidates;
         first += search->tile_rows, from = 1 - from) {
        const size_t left = search->candidates - first;
        const size_t rows = left < search->tile_rows ? left : search->tile_rows;
        if (send_tile(search, first, rows, (size_t)from, error) != ERROR_NONE ||
            search_tile(search, rows, from, error) != ERROR_NONE)
            return error->code;
    }
    return receive_lists(search, from, neighbours, similarities, error);
}

enum error_code cuda_nearest(struct device *device, const struct nearest_problem *problem,
                             const size_t *queries, size_t query_count, size_t count,
                             size_t *neighbours, float *similarities, struct error *error) {
    struct nearest_search search = {};
    if (query_count == 0 || count == 0) return ERROR_NONE;
    if (nearest_check(problem, queries, query_count, error) != ERROR_NONE) return error->code;
    search.worker = cuda_device_worker(device);
    search.problem = problem;
    search.candidates = nearest_candidates(problem);
    search.columns = problem->columns;
    search.count = count;
    search.query_count = query_count;
    search.blocks = (query_count + QUERY_BLOCK - 1) / QUERY_BLOCK;
    search.tile_rows =
        search.candidates < TILE_ROWS ? (search.candidates + 31) / 32 * 32 : TILE_ROWS;
    if (search.tile_rows == 0) search.tile_rows = 32;
    nvtxRangePushA("nearest");
    cuda_batches_trim(device); /* frees what embeddings took */
    search_all(&search, queries, neighbours, similarities, error);
    free_all(&search);
    nvtxRangePop();
    return error->code;
}
