/* Sums of each class and of outer products over the rows of a fold, in double precision.
 *
 * A few tiles at a time are packed, by rows and by columns; then each thread multiplies blocks of
 * columns by blocks of features over these tiles, of the upper triangle only. Which thread has a
 * block changes nothing, and the number of tiles at a time depends on the features only. */
#include "kernels/cpu/classifier.h"

#include "kernels/clock.h"
#include "kernels/cpu/memory.h"

#include <omp.h>
#include <string.h>

/* Packed tiles and their columns; at most this many tiles. */
#define BATCH_BYTES ((size_t)16 << 20)
#define BATCH_TILES ((size_t)64)

/* A block of the products: a multiple of what the kernels hold in registers; with a tile's rows
 * it fits into the second cache. */
#define BLOCK_COLUMNS ((size_t)48)
#define BLOCK_BYTES ((size_t)1024) /* of features */

struct scatter {
    const struct cpu_classifier *self;
    const struct tile_kernels *kernels;
    size_t strips, block_strips, column_blocks, strip_blocks;
    size_t tile_bytes, column_bytes; /* of a packed tile and of its columns */
    size_t first, count;             /* the batch: tiles */
    char *tiles;                     /* (count, tile_bytes) */
    char *columns;                   /* (count, column_bytes) */
    char *blocks;                    /* for each thread (BLOCK_COLUMNS, block_strips * lanes) */
    double *sums, *products;         /* the caller's */
};

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Packs a tile of the batch, and the same numbers as columns (features, TILE_ROWS). */
static void pack_tile(const struct scatter *scatter, size_t index) {
    const struct cpu_classifier *self = scatter->self;
    size_t lanes = scatter->kernels->lanes;
    size_t rows = self->tiles[scatter->first + index].rows;
    double *tile = (double *)(void *)(scatter->tiles + index * scatter->tile_bytes);
    double *columns = (double *)(void *)(scatter->columns + index * scatter->column_bytes);
    classifier_pack_tile(self, scatter->kernels, scatter->first + index, tile);
    for (size_t f = 0; f < self->features; f++) {
        const double *from = tile + f / lanes * TILE_ROWS * lanes + f % lanes;
        for (size_t r = 0; r < rows; r++) columns[f * TILE_ROWS + r] = from[r * lanes];
    }
}

/* Adds the batch's rows to the sums of their classes, in the features of one block. */
static void add_sums(const struct scatter *scatter, size_t block) {
    const struct cpu_classifier *self = scatter->self;
    size_t lanes = scatter->kernels->lanes, first = block * scatter->block_strips * lanes;
    size_t end = least(first + scatter->block_strips * lanes, self->features);
    for (size_t t = 0; t < scatter->count; t++) {
        const struct classifier_tile *at = &self->tiles[scatter->first + t];
        const double *tile =
            (const double *)(const void *)(scatter->tiles + t * scatter->tile_bytes);
        for (size_t s = first; s < end; s += lanes)
            for (size_t r = 0; r < at->rows; r++) {
                const double *x = tile + (s / lanes * TILE_ROWS + r) * lanes;
                double *to =
                    scatter->sums + (size_t)self->labels[at->first + r] * self->features + s;
                for (size_t k = 0; k < least(lanes, end - s); k++) to[k] += x[k];
            }
    }
}

/* Adds the batch's outer products of a block of columns and a block of strips, where the feature
 * is not below the column. */
static void add_block(const struct scatter *scatter, size_t column_block, size_t strip_block,
                      double *block) {
    const struct cpu_classifier *self = scatter->self;
    size_t lanes = scatter->kernels->lanes, column = column_block * BLOCK_COLUMNS;
    size_t strip = strip_block * scatter->block_strips;
    size_t end = least(strip + scatter->block_strips, scatter->strips);
    if (strip < column / lanes) strip = column / lanes;
    if (strip >= end) return;
    size_t columns = least(BLOCK_COLUMNS, self->features - column), width = (end - strip) * lanes;
    double *targets[BLOCK_COLUMNS];
    memset(block, 0, columns * width * sizeof *block);
    for (size_t c = 0; c < columns; c++) targets[c] = block + c * width;
    for (size_t t = 0; t < scatter->count; t++)
        scatter->kernels->accumulate(
            scatter->tiles + t * scatter->tile_bytes + strip * TILE_ROWS * TILE_STRIP_BYTES,
            self->tiles[scatter->first + t].rows, end - strip,
            scatter->columns + t * scatter->column_bytes + column * TILE_ROWS * sizeof(double),
            columns, targets);
    for (size_t c = 0; c < columns; c++) {
        double *to = scatter->products + (column + c) * self->features + strip * lanes;
        for (size_t f = 0; f < width && strip * lanes + f < self->features; f++)
            if (strip * lanes + f >= column + c) to[f] += block[c * width + f];
    }
}

static int batch_threads(const struct scatter *scatter) {
    double features = (double)scatter->self->features;
    return classifier_threads(scatter->self,
                              (double)(scatter->count * TILE_ROWS) * features * features / 16);
}

static void add_batch(const struct scatter *scatter) {
    size_t pairs = scatter->column_blocks * scatter->strip_blocks;
#pragma omp parallel num_threads(batch_threads(scatter))
    {
        double *block = (double *)(void *)(scatter->blocks + (size_t)omp_get_thread_num() *
                                                                 BLOCK_COLUMNS * BLOCK_BYTES);
#pragma omp for schedule(dynamic, 1)
        for (size_t t = 0; t < scatter->count; t++) pack_tile(scatter, t);
#pragma omp for schedule(dynamic, 1) nowait
        for (size_t b = 0; b < scatter->strip_blocks; b++) add_sums(scatter, b);
#pragma omp for schedule(dynamic, 1)
        for (size_t p = 0; p < pairs; p++)
            add_block(scatter, p / scatter->strip_blocks, p % scatter->strip_blocks, block);
    }
}

static void mirror(double *products, size_t features, int threads) {
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads)
    for (size_t c = 1; c < features; c++)
        for (size_t f = 0; f < c; f++) products[c * features + f] = products[f * features + c];
}

enum error_code cpu_classifier_scatter(struct classifier *classifier, size_t fold, double *sums,
                                       double *products, struct error *error) {
    struct cpu_classifier *self = (struct cpu_classifier *)classifier;
    double started = clock_seconds(), features = (double)self->features, rows = 0;
    size_t first = 0, end;
    struct scatter scatter = {
        .self = self, .kernels = self->exact, .sums = sums, .products = products};
    scatter.strips = classifier_strips(self, self->exact);
    scatter.block_strips = BLOCK_BYTES / TILE_STRIP_BYTES;
    scatter.column_blocks = (self->features + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    scatter.strip_blocks = (scatter.strips + scatter.block_strips - 1) / scatter.block_strips;
    scatter.tile_bytes = scatter.strips * TILE_ROWS * TILE_STRIP_BYTES;
    scatter.column_bytes = self->features * TILE_ROWS * sizeof(double);
    size_t most = BATCH_BYTES / (scatter.tile_bytes + scatter.column_bytes);
    most = most < 1 ? 1 : least(most, BATCH_TILES);
    if (fold >= self->folds)
        return FAIL(error, ERROR_INTERNAL, "classifier: sums of fold %zu of %zu", fold,
                    self->folds);
    while (first < self->tile_count && self->tiles[first].fold != fold) first++;
    for (end = first; end < self->tile_count && self->tiles[end].fold == fold; end++)
        rows += (double)self->tiles[end].rows;
    most = least(most, end - first);
    size_t threads = (size_t)self->device->threads;
    TRY(classifier_reserve(&self->scratch, most * (scatter.tile_bytes + scatter.column_bytes), 1,
                           "packed rows", error));
    TRY(classifier_reserve(&self->chains, threads, BLOCK_COLUMNS * BLOCK_BYTES, "blocks", error));
    scatter.tiles = self->scratch.data;
    scatter.columns = scatter.tiles + most * scatter.tile_bytes;
    scatter.blocks = self->chains.data;
    memset(sums, 0, self->classes * self->features * sizeof *sums);
    memset(products, 0, self->features * self->features * sizeof *products);
    for (scatter.first = first; scatter.first < end; scatter.first += scatter.count) {
        scatter.count = least(most, end - scatter.first);
        add_batch(&scatter);
    }
    mirror(products, self->features, classifier_threads(self, features * features / 2));
    struct device_counters *counters = &self->device->counters;
    counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    counters->operations[STAGE_CLASSIFIER] += rows * features * (features + 1);
    return ERROR_NONE;
}
