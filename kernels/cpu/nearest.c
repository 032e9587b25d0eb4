/* Nearest rows by cosine: every row against a block of queries, tile by tile, with
 * the classifier's kernels. A similarity depends on its two rows only, so the order
 * in which threads visit them does not matter. */
#include "kernels/cpu/device_cpu.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/tile_kernels.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_BLOCK 256

struct search {
    const struct tile_kernels *kernels;
    const float *data;
    size_t rows, columns, strips;
    const size_t *queries; /* of this block */
    size_t query_count;
    size_t count;
    float *panels;              /* the queries, scaled to length 1 */
    const double *zeros, *ones; /* (columns) */
    size_t scratch_stride;      /* bytes of a thread's scratch: a tile, then its columns */
    size_t scratch_columns;
    char *scratch;
    size_t *found;  /* (threads, query_count, count), best first; SIZE_MAX: none yet */
    float *similar; /* the same, their similarities */
};

static double row_length(const float *row, size_t columns) {
    double square = 0;
    for (size_t f = 0; f < columns; f++) square += (double)row[f] * (double)row[f];
    return sqrt(square);
}

/* Whether (similarity, row) ranks before (other, other_row). */
static bool ranks_before(float similarity, size_t row, float other, size_t other_row) {
    if (other_row == SIZE_MAX) return true;
    return similarity > other || (similarity == other && row < other_row);
}

static void insert(size_t *found, float *similar, size_t count, size_t row, float similarity) {
    size_t at = count;
    while (at > 0 && ranks_before(similarity, row, similar[at - 1], found[at - 1])) {
        at--;
        if (at + 1 < count) {
            found[at + 1] = found[at];
            similar[at + 1] = similar[at];
        }
    }
    if (at == count) return;
    found[at] = row;
    similar[at] = similarity;
}

/* Packs the queries' rows, each divided by its length (a row of zeros stays one). */
static enum error_code pack_queries(struct search *search, struct error *error) {
    size_t lanes = search->kernels->lanes;
    double *scaled = memory_aligned(lanes * search->columns, sizeof(double), "queries", error);
    if (scaled == NULL) return error->code;
    const double *weights[TILE_STRIP_BYTES / sizeof(float)];
    for (size_t first = 0; first < search->query_count; first += lanes) {
        size_t count = 0;
        for (; count < lanes && first + count < search->query_count; count++) {
            const float *row = search->data + search->queries[first + count] * search->columns;
            double length = row_length(row, search->columns);
            double *to = scaled + count * search->columns;
            for (size_t f = 0; f < search->columns; f++)
                to[f] = length > 0 ? (double)row[f] / length : 0;
            weights[count] = to;
        }
        search->kernels->pack_weights(search->panels + first * search->strips * lanes, weights,
                                      count, search->columns);
    }
    free(scaled);
    return ERROR_NONE;
}

static void search_tile(const struct search *search, size_t tile, char *scratch, size_t *found,
                        float *similar) {
    size_t first = tile * TILE_ROWS, rows = search->rows - first;
    if (rows > TILE_ROWS) rows = TILE_ROWS;
    size_t order[TILE_ROWS] = {0};
    double lengths[TILE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        order[r] = first + r;
        lengths[r] = row_length(search->data + order[r] * search->columns, search->columns);
    }
    float *columns = (float *)(void *)(scratch + search->scratch_columns);
    search->kernels->pack_data(scratch, search->data, search->columns, order, rows, search->zeros,
                               search->ones);
    search->kernels->multiply(scratch, rows, search->strips, search->panels, search->query_count,
                              columns);
    for (size_t q = 0; q < search->query_count; q++) {
        size_t *best = found + q * search->count;
        float *values = similar + q * search->count;
        for (size_t r = 0; r < rows; r++) {
            if (order[r] == search->queries[q]) continue;
            float similarity =
                lengths[r] > 0 ? (float)((double)columns[q * TILE_ROWS + r] / lengths[r]) : 0;
            insert(best, values, search->count, order[r], similarity);
        }
    }
}

static void search_all(struct search *search, int threads) {
    size_t list = search->query_count * search->count;
    for (size_t i = 0; i < (size_t)threads * list; i++) {
        search->found[i] = SIZE_MAX;
        search->similar[i] = NAN;
    }
    size_t tiles = (search->rows + TILE_ROWS - 1) / TILE_ROWS;
#pragma omp parallel num_threads(threads)
    {
        size_t thread = (size_t)omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = 0; tile < tiles; tile++)
            search_tile(search, tile, search->scratch + thread * search->scratch_stride,
                        search->found + thread * list, search->similar + thread * list);
    }
    for (size_t thread = 1; thread < (size_t)threads; thread++)
        for (size_t i = 0; i < list; i++) {
            size_t row = search->found[thread * list + i];
            size_t query = i / search->count * search->count;
            if (row != SIZE_MAX)
                insert(search->found + query, search->similar + query, search->count, row,
                       search->similar[thread * list + i]);
        }
}

enum error_code cpu_nearest(struct device *device, const float *data, size_t rows, size_t columns,
                            const size_t *queries, size_t query_count, size_t count,
                            size_t *neighbours, float *similarities, struct error *error) {
    struct cpu_device *self = (struct cpu_device *)device;
    struct search search = {.kernels = tile_kernels_single(),
                            .data = data,
                            .rows = rows,
                            .columns = columns,
                            .count = count};
    if (query_count == 0 || count == 0) return ERROR_NONE;
    for (size_t q = 0; q < query_count; q++)
        if (queries[q] >= rows)
            return FAIL(error, ERROR_INTERNAL, "nearest: query row %zu of %zu", queries[q], rows);
    size_t threads = (size_t)self->threads, lanes = search.kernels->lanes;
    size_t block = query_count < QUERY_BLOCK ? query_count : QUERY_BLOCK;
    search.strips = (columns + lanes - 1) / lanes;
    search.scratch_columns = search.strips * TILE_ROWS * TILE_STRIP_BYTES;
    search.scratch_stride = search.scratch_columns + block * TILE_ROWS * sizeof(float);
    size_t groups = (block + lanes - 1) / lanes;
    double *constants = memory_aligned(2 * columns, sizeof(double), "constants", error);
    search.panels =
        memory_aligned(groups * search.strips * lanes, TILE_STRIP_BYTES, "queries", error);
    search.scratch = memory_aligned(threads, search.scratch_stride, "scratch", error);
    search.found = memory_aligned(threads * block * count, sizeof(size_t), "neighbours", error);
    search.similar = memory_aligned(threads * block * count, sizeof(float), "neighbours", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t f = 0; f < columns; f++) {
        constants[f] = 0;
        constants[columns + f] = 1;
    }
    search.zeros = constants;
    search.ones = constants + columns;
    for (size_t first = 0; first < query_count; first += block) {
        search.queries = queries + first;
        search.query_count = query_count - first < block ? query_count - first : block;
        if (pack_queries(&search, error) != ERROR_NONE) goto done;
        search_all(&search, self->threads);
        size_t list = search.query_count * count;
        memcpy(neighbours + first * count, search.found, list * sizeof *neighbours);
        memcpy(similarities + first * count, search.similar, list * sizeof *similarities);
    }
done:
    free(constants);
    free(search.panels);
    free(search.scratch);
    free(search.found);
    free(search.similar);
    return error->code;
}
