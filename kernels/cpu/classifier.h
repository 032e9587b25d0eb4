/* The CPU's classifier problem: what classifier.c (open, close), classifier_evaluate.c,
 * classifier_predict.c and classifier_scatter.c share.
 *
 * Rows are sorted by fold and cut into tiles that never cross folds. Tiles are
 * summed in a fixed number of chains, each by one thread from its first tile to
 * its last, and the chains are added in order: a result does not depend on the
 * number of threads, nor on the other tasks of the call. */
#ifndef EARMARK_CPU_CLASSIFIER_H
#define EARMARK_CPU_CLASSIFIER_H

#include "kernels/cpu/device_cpu.h"
#include "kernels/cpu/tile_kernels.h"

struct classifier_tile {
    size_t first; /* into order */
    size_t rows;  /* 1 .. TILE_ROWS */
    size_t fold;
};

/* Working memory that lives as long as the classifier and grows as needed. */
struct classifier_memory {
    void *data; /* 64-byte aligned */
    size_t bytes;
};

struct cpu_classifier {
    struct classifier base;
    struct cpu_device *device;
    size_t rows, features, classes, folds;
    struct matrix_rows data; /* (rows, features), the caller's */
    double *shift;           /* (features) */
    double *scale;           /* (features) */
    size_t *order;           /* (rows): row numbers sorted by fold, then as they were */
    int32_t *labels;         /* (rows), in that order */
    struct classifier_tile *tiles;
    size_t tile_count;
    size_t chain_count;
    const struct tile_kernels *single, *exact;

    struct classifier_memory panels;     /* weights of a block of tasks */
    struct classifier_memory intercepts; /* and their intercepts */
    struct classifier_memory chains;     /* partial sums of gradients */
    struct classifier_memory scratch;    /* a tile and its columns for each thread */
};

/* Makes room for count * size bytes; the contents are lost. */
enum error_code classifier_reserve(struct classifier_memory *memory, size_t count, size_t size,
                                   const char *what, struct error *error);

/* Packs the tile's data in these kernels' precision into `data` (strips, TILE_ROWS,
 * lanes). Every step packs again: that costs little beside the products, and a kept copy
 * would be as large as the data. */
void classifier_pack_tile(const struct cpu_classifier *classifier,
                          const struct tile_kernels *kernels, size_t tile, void *data);

/* Strips that hold the features. */
static inline size_t classifier_strips(const struct cpu_classifier *classifier,
                                       const struct tile_kernels *kernels) {
    return (classifier->features + kernels->lanes - 1) / kernels->lanes;
}

/* Threads worth using for this much work, in numbers read or multiply-adds: waking a
 * thread takes longer than a small amount of work. */
static inline int classifier_threads(const struct cpu_classifier *classifier, double work) {
    double worth = work / 100e3;
    int threads = classifier->device->threads;
    return worth >= (double)threads ? threads : (worth < 1 ? 1 : (int)worth);
}

#endif
