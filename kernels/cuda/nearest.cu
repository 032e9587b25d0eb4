/* Nearest rows by cosine: tiles of the rows that may be found are gathered and copied up once,
 * scaled there, and multiplied by every block of queries in a product of constant shape, and each
 * query's list takes the tile's better rows.
 *
 * Several GPUs divide the blocks of queries: a tile is gathered once and copied to each. A query's
 * list is one GPU's work, of the same products whichever it is, and its order (similarity, then
 * lower row) is total: results depend neither on the number of GPUs nor on the tiles. */
#include "kernels/cuda/nearest.h"

#include "kernels/cuda/batches.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/memory.h"
#include "kernels/cuda/nearest_kernels.h"

#include <math.h>
#include <nvtx3/nvToolsExt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TILE_ROWS ((size_t)8192)
#define SMALLEST_TILE ((size_t)64)
#define QUERY_BLOCK ((size_t)256)
#define NO_GROUP 0 /* of queries where nothing is apart; rows then have another number */

struct nearest_search;

/* One GPU's queries. */
struct nearest_gpu {
    const struct nearest_search *search;
    struct cuda_worker *worker;
    size_t first_query, query_count;
    size_t blocks;               /* of queries */
    cudaEvent_t copied[2];       /* the staging memory has been copied here */
    struct cuda_buffer sent;     /* pinned: queries up, lists down */
    struct cuda_buffer moments;  /* double: shift (columns), scale (columns) */
    struct cuda_buffer tile;     /* (tile_rows, columns) */
    struct cuda_buffer labels;   /* int64 (tile_rows): row in the data; int32 (tile_rows): apart */
    struct cuda_buffer lengths;  /* double: of the queries, then (tile_rows) */
    struct cuda_buffer units;    /* (blocks * QUERY_BLOCK, columns): queries of length 1 */
    struct cuda_buffer numbers;  /* int64 (blocks * QUERY_BLOCK): row of each query, -1: none;
                                  * int32 (blocks * QUERY_BLOCK): apart */
    struct cuda_buffer products; /* (QUERY_BLOCK, tile_rows) */
    struct cuda_buffer found[2]; /* int64 (blocks * QUERY_BLOCK, count), -1: none yet */
    struct cuda_buffer similar[2]; /* float, the same */
};

struct nearest_search {
    const struct nearest_problem *problem;
    size_t candidates, columns, count;
    size_t tile_rows;              /* on every GPU */
    struct cuda_buffer staging[2]; /* pinned: numbers, groups and rows of a tile */
    struct nearest_gpu *gpus;      /* (gpu_count) */
    size_t gpu_count;
};

/* ---- memory ---- */

static enum error_code reserve_gpu(struct nearest_gpu *self, struct error *error) {
    const struct nearest_search *search = self->search;
    const size_t queries = self->blocks * QUERY_BLOCK, tile = search->tile_rows * search->columns;
    const size_t lists = queries * search->count;
    const size_t labels = sizeof(long long) + sizeof(int);
    const size_t moments = 2 * search->columns * sizeof(double);
    const size_t sent = moments + queries * (labels + search->columns * sizeof(float));
    const size_t down = lists * (sizeof(float) + sizeof(long long));
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    for (int i = 0; i < 2; i++)
        if (cuda_buffer_reserve(&self->found[i], gpu, lists, sizeof(long long), "neighbours",
                                error) != ERROR_NONE ||
            cuda_buffer_reserve(&self->similar[i], gpu, lists, sizeof(float), "neighbours",
                                error) != ERROR_NONE)
            return error->code;
    if (cuda_buffer_reserve(&self->sent, pinned, sent > down ? sent : down, 1, "queries", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->tile, gpu, tile, sizeof(float), "rows", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->moments, gpu, moments, 1, "columns", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->labels, gpu, search->tile_rows, labels, "rows", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->lengths, gpu,
                            queries > search->tile_rows ? queries : search->tile_rows,
                            sizeof(double), "lengths", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->units, gpu, queries * search->columns, sizeof(float), "queries",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->numbers, gpu, queries, labels, "queries", error) != ERROR_NONE)
        return error->code;
    return cuda_buffer_reserve(&self->products, gpu, search->tile_rows * QUERY_BLOCK, sizeof(float),
                               "similarities", error);
}

static enum error_code reserve_all(struct nearest_search *search, struct error *error) {
    const size_t row = sizeof(long long) + sizeof(int) + search->columns * sizeof(float);
    for (size_t g = 0; g < search->gpu_count; g++)
        if (worker_choose(search->gpus[g].worker, error) != ERROR_NONE ||
            reserve_gpu(&search->gpus[g], error) != ERROR_NONE)
            return error->code;
    for (int i = 0; i < 2; i++)
        cuda_buffer_reserve(&search->staging[i], BUFFER_PINNED, search->tile_rows, row, "rows",
                            error);
    return error->code;
}

static void free_gpu(struct nearest_gpu *self) {
    struct cuda_buffer *const buffers[] = {&self->moments,    &self->tile,      &self->labels,
                                           &self->lengths,    &self->units,     &self->numbers,
                                           &self->products,   &self->found[0],  &self->found[1],
                                           &self->similar[0], &self->similar[1]};
    (void)cudaSetDevice(self->worker->gpu);
    (void)cudaStreamSynchronize(self->worker->stream);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        cuda_buffer_free(buffers[i], BUFFER_GPU);
    cuda_buffer_free(&self->sent, BUFFER_PINNED);
}

/* The staging memory last: no GPU copies from it any more. */
static void free_buffers(struct nearest_search *search) {
    for (size_t g = 0; g < search->gpu_count; g++) free_gpu(&search->gpus[g]);
    for (int i = 0; i < 2; i++) cuda_buffer_free(&search->staging[i], BUFFER_PINNED);
}

/* Allocates all buffers; where a GPU is out of memory, halves the tile until there is room or it
 * has few rows. */
static enum error_code make_room(struct nearest_search *search, struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(search, &attempt) == ERROR_NONE) return ERROR_NONE;
        free_buffers(search);
        if (attempt.code != ERROR_MEMORY || search->tile_rows <= SMALLEST_TILE) {
            *error = attempt;
            return error->code;
        }
        search->tile_rows = (search->tile_rows / 2 + 31) / 32 * 32;
    }
}

static enum error_code make_events(struct nearest_gpu *self, struct error *error) {
    worker_choose(self->worker, error);
    for (int i = 0; i < 2 && error->code == ERROR_NONE; i++)
        cuda_check(cudaEventCreateWithFlags(&self->copied[i], cudaEventDisableTiming), "an event",
                   error);
    return error->code;
}

static void free_all(struct nearest_search *search) {
    if (search->gpus == NULL) return;
    free_buffers(search);
    for (size_t g = 0; g < search->gpu_count; g++)
        for (int i = 0; i < 2; i++)
            if (search->gpus[g].copied[i] != NULL)
                (void)cudaEventDestroy(search->gpus[g].copied[i]);
    free(search->gpus);
}

/* ---- queries ---- */

/* units = the queries' rows, which are there, scaled and divided by their lengths. */
static enum error_code make_units(struct nearest_gpu *self, struct error *error) {
    const cudaStream_t stream = self->worker->stream;
    const size_t columns = self->search->columns;
    float *units = (float *)self->units.data;
    double *lengths = (double *)self->lengths.data;
    if (self->search->problem->shift != NULL &&
        launch_scale_columns(units, self->query_count, columns, (const double *)self->moments.data,
                             stream, error) != ERROR_NONE)
        return error->code;
    if (launch_row_lengths(units, self->query_count, columns, lengths, stream, error) != ERROR_NONE)
        return error->code;
    return launch_divide_rows(units, self->query_count, columns, lengths, stream, error);
}

/* Copies the moments and the queries' rows up, and empties the lists. */
static enum error_code send_queries(struct nearest_gpu *self, const size_t *queries,
                                    struct error *error) {
    const struct nearest_search *search = self->search;
    const struct nearest_problem *problem = search->problem;
    const size_t padded = self->blocks * QUERY_BLOCK, columns = search->columns;
    const size_t lists = padded * search->count;
    const cudaStream_t stream = self->worker->stream;
    double *moments = (double *)self->sent.data;
    long long *numbers = (long long *)(moments + 2 * columns);
    int *apart = (int *)(numbers + padded);
    float *units = (float *)(apart + padded);
    for (size_t f = 0; f < columns && problem->shift != NULL; f++) {
        moments[f] = problem->shift[f];
        moments[columns + f] = problem->scale[f];
    }
    for (size_t q = 0; q < padded; q++) {
        const bool is_query = q < self->query_count;
        const size_t row = is_query ? queries[self->first_query + q] : 0;
        numbers[q] = is_query ? (long long)row : -1;
        apart[q] = is_query && problem->apart != NULL ? problem->apart[row] : NO_GROUP;
        if (is_query)
            memcpy(units + q * columns, matrix_row(&problem->data, row), columns * sizeof *units);
        else
            memset(units + q * columns, 0, columns * sizeof *units);
    }
    if (problem->shift != NULL)
        cuda_check(cudaMemcpyAsync(self->moments.data, moments, 2 * columns * sizeof *moments,
                                   cudaMemcpyHostToDevice, stream),
                   "columns", error);
    cuda_check(cudaMemcpyAsync(self->numbers.data, numbers,
                               padded * (sizeof *numbers + sizeof *apart), cudaMemcpyHostToDevice,
                               stream),
               "queries", error);
    cuda_check(cudaMemcpyAsync(self->units.data, units, padded * columns * sizeof(float),
                               cudaMemcpyHostToDevice, stream),
               "queries", error);
    cuda_check(cudaMemsetAsync(self->found[0].data, 0xff, lists * sizeof(long long), stream),
               "neighbours", error);
    cuda_check(cudaMemsetAsync(self->similar[0].data, 0xff, lists * sizeof(float), stream),
               "neighbours", error); /* NaN: none yet */
    /* The last tile may be shorter; what follows it is multiplied, but not searched. */
    if (cuda_check(cudaMemsetAsync(self->tile.data, 0, search->tile_rows * columns * sizeof(float),
                                   stream),
                   "rows", error) != ERROR_NONE)
        return error->code;
    return make_units(self, error);
}

/* ---- tiles ---- */

/* Gathers the tile's rows and their labels in staging memory, once every GPU has its last copy. */
static enum error_code gather_tile(const struct nearest_search *search, size_t first, size_t rows,
                                   size_t slot, struct error *error) {
    const struct nearest_problem *problem = search->problem;
    for (size_t g = 0; g < search->gpu_count; g++)
        if (cuda_check(cudaEventSynchronize(search->gpus[g].copied[slot]), "a copy", error) !=
            ERROR_NONE)
            return error->code;
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
    return ERROR_NONE;
}

static enum error_code send_tile(struct nearest_gpu *self, size_t rows, size_t slot,
                                 struct error *error) {
    const struct nearest_search *search = self->search;
    const cudaStream_t stream = self->worker->stream;
    const size_t columns = search->columns, bytes = rows * columns * sizeof(float);
    const size_t labels = search->tile_rows * (sizeof(long long) + sizeof(int));
    const char *staging = (const char *)search->staging[slot].data;
    float *tile = (float *)self->tile.data;
    if (cuda_check(
            cudaMemcpyAsync(self->labels.data, staging, labels, cudaMemcpyHostToDevice, stream),
            "rows", error) != ERROR_NONE ||
        cuda_check(cudaMemcpyAsync(tile, staging + labels, bytes, cudaMemcpyHostToDevice, stream),
                   "rows", error) != ERROR_NONE ||
        cuda_check(cudaEventRecord(self->copied[slot], stream), "an event", error) != ERROR_NONE)
        return error->code;
    if (search->problem->shift != NULL &&
        launch_scale_columns(tile, rows, columns, (const double *)self->moments.data, stream,
                             error) != ERROR_NONE)
        return error->code;
    return launch_row_lengths(tile, rows, columns, (double *)self->lengths.data, stream, error);
}

/* Searches the tile for the GPU's queries; `from`: which of the two sets of lists is the current
 * one. */
static enum error_code search_tile(struct nearest_gpu *self, size_t rows, int from,
                                   struct error *error) {
    const struct nearest_search *search = self->search;
    const cudaStream_t stream = self->worker->stream;
    const float one = 1.0F, zero = 0.0F;
    const int columns = (int)search->columns, tile_rows = (int)search->tile_rows;
    const long long *numbers = (const long long *)self->labels.data;
    const int *groups = (const int *)(numbers + search->tile_rows);
    float *products = (float *)self->products.data;
    const struct nearest_tile tile = {numbers,      groups, (const double *)self->lengths.data,
                                      products,     rows,   search->tile_rows,
                                      search->count};
    const long long *own = (const long long *)self->numbers.data;
    const int *own_groups = (const int *)(own + self->blocks * QUERY_BLOCK);
    for (size_t block = 0; block < self->blocks; block++) {
        const size_t query = block * QUERY_BLOCK, list = query * search->count;
        const float *units = (const float *)self->units.data + query * search->columns;
        if (cublas_check(cublasSgemm(self->worker->blas, CUBLAS_OP_T, CUBLAS_OP_N, tile_rows,
                                     (int)QUERY_BLOCK, columns, &one,
                                     (const float *)self->tile.data, columns, units, columns, &zero,
                                     products, tile_rows),
                         "similarities", error) != ERROR_NONE)
            return error->code;
        const struct nearest_queries queries = {own + query, own_groups + query};
        const struct nearest_lists before = {(long long *)self->found[from].data + list,
                                             (float *)self->similar[from].data + list};
        const struct nearest_lists after = {(long long *)self->found[1 - from].data + list,
                                            (float *)self->similar[1 - from].data + list};
        if (launch_pick_nearest(&tile, &queries, QUERY_BLOCK, &before, &after, stream, error) !=
            ERROR_NONE)
            return error->code;
    }
    return ERROR_NONE;
}

/* ---- lists ---- */

static enum error_code queue_lists(struct nearest_gpu *self, int from, struct error *error) {
    const cudaStream_t stream = self->worker->stream;
    const size_t lists = self->query_count * self->search->count;
    long long *found = (long long *)self->sent.data;
    float *similar = (float *)(found + lists);
    worker_choose(self->worker, error);
    cuda_check(cudaMemcpyAsync(found, self->found[from].data, lists * sizeof *found,
                               cudaMemcpyDeviceToHost, stream),
               "neighbours", error);
    return cuda_check(cudaMemcpyAsync(similar, self->similar[from].data, lists * sizeof *similar,
                                      cudaMemcpyDeviceToHost, stream),
                      "neighbours", error);
}

static enum error_code receive_lists(const struct nearest_gpu *self, size_t *neighbours,
                                     float *similarities, struct error *error) {
    const size_t lists = self->query_count * self->search->count;
    const size_t first = self->first_query * self->search->count;
    const long long *found = (const long long *)self->sent.data;
    const float *similar = (const float *)(found + lists);
    if (cuda_check(cudaStreamSynchronize(self->worker->stream), "neighbours", error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < lists; i++) {
        neighbours[first + i] = found[i] < 0 ? SIZE_MAX : (size_t)found[i];
        similarities[first + i] = found[i] < 0 ? NAN : similar[i];
    }
    return ERROR_NONE;
}

/* ---- the search ---- */

static enum error_code begin(struct nearest_search *search, const size_t *queries,
                             struct error *error) {
    for (size_t g = 0; g < search->gpu_count; g++)
        if (make_events(&search->gpus[g], error) != ERROR_NONE ||
            cublas_check(cublasSetMathMode(search->gpus[g].worker->blas, CUBLAS_DEFAULT_MATH),
                         "float32 products", error) != ERROR_NONE)
            return error->code;
    if (make_room(search, error) != ERROR_NONE) return error->code;
    for (size_t g = 0; g < search->gpu_count; g++)
        if (worker_choose(search->gpus[g].worker, error) != ERROR_NONE ||
            send_queries(&search->gpus[g], queries, error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

static enum error_code search_all(struct nearest_search *search, const size_t *queries,
                                  size_t *neighbours, float *similarities, struct error *error) {
    int from = 0;
    if (begin(search, queries, error) != ERROR_NONE) return error->code;
    for (size_t first = 0; first < search->candidates;
         first += search->tile_rows, from = 1 - from) {
        const size_t left = search->candidates - first;
        const size_t rows = left < search->tile_rows ? left : search->tile_rows;
        if (gather_tile(search, first, rows, (size_t)from, error) != ERROR_NONE) return error->code;
        for (size_t g = 0; g < search->gpu_count; g++)
            if (worker_choose(search->gpus[g].worker, error) != ERROR_NONE ||
                send_tile(&search->gpus[g], rows, (size_t)from, error) != ERROR_NONE ||
                search_tile(&search->gpus[g], rows, from, error) != ERROR_NONE)
                return error->code;
    }
    for (size_t g = 0; g < search->gpu_count; g++)
        if (queue_lists(&search->gpus[g], from, error) != ERROR_NONE) return error->code;
    for (size_t g = 0; g < search->gpu_count; g++)
        if (receive_lists(&search->gpus[g], neighbours, similarities, error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

/* Deals the blocks of queries to the GPUs. */
static enum error_code deal_queries(struct nearest_search *search, struct cuda_device *device,
                                    size_t query_count, struct error *error) {
    const size_t blocks = (query_count + QUERY_BLOCK - 1) / QUERY_BLOCK;
    const size_t workers = (size_t)device->worker_count,
                 count = workers < blocks ? workers : blocks;
    search->gpus = (struct nearest_gpu *)calloc(count, sizeof *search->gpus);
    if (search->gpus == NULL) return FAIL(error, ERROR_MEMORY, "no memory for %zu GPUs", count);
    search->gpu_count = count;
    for (size_t g = 0; g < count; g++) {
        struct nearest_gpu *self = &search->gpus[g];
        const size_t first = blocks * g / count, end = blocks * (g + 1) / count;
        self->search = search;
        self->worker = &device->workers[g];
        self->first_query = first * QUERY_BLOCK;
        self->blocks = end - first;
        self->query_count = (end == blocks ? query_count : end * QUERY_BLOCK) - self->first_query;
    }
    return ERROR_NONE;
}

enum error_code cuda_nearest(struct device *device, const struct nearest_problem *problem,
                             const size_t *queries, size_t query_count, size_t count,
                             size_t *neighbours, float *similarities, struct error *error) {
    struct nearest_search search = {};
    if (query_count == 0 || count == 0) return ERROR_NONE;
    if (nearest_check(problem, queries, query_count, error) != ERROR_NONE ||
        deal_queries(&search, cuda_device_of(device), query_count, error) != ERROR_NONE)
        return error->code;
    search.problem = problem;
    search.candidates = nearest_candidates(problem);
    search.columns = problem->columns;
    search.count = count;
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
