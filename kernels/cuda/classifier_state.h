/* The GPUs' classifier problem, for classifier.cu (open, close), classifier_data.cu,
 * classifier_evaluate.cu, classifier_predict.cu and classifier_scatter.cu.
 *
 * Rows are sorted by fold; every fold is padded with rows of zeros to whole chunks. The chunks of
 * each fold are dealt to slices, whose number depends on the problem only, and every GPU has the
 * rows of some slices, cut into tiles of chunks of one slice and fold. Both products are cuBLAS's,
 * on tiles and blocks of columns of constant shapes; the residuals' product gives one sum in the
 * product's precision for each chunk, the chunks of a slice are added in float64 in order, and the
 * slices as a tree (classifier_slices.h). A task's result therefore depends neither on the number
 * of GPUs, nor on the tiles, nor on whether the data stays on a GPU, nor on the other tasks of the
 * call, and two runs agree bit for bit. */
#ifndef EARMARK_CUDA_CLASSIFIER_STATE_H
#define EARMARK_CUDA_CLASSIFIER_STATE_H

#include "kernels/cuda/device_state.h"
#include "kernels/cuda/memory.h"

/* Most rows whose products are summed in the product's precision: few enough for float32. */
#define CHUNK_ROWS 512

/* Columns (classes of tasks) that are computed together; a single task may have more. */
#define PASS_COLUMNS ((size_t)4096)

/* Most slices, and so most GPUs that are used. There are fewer where a slice would have less than
 * SLICE_CHUNKS chunks of a fold, too few for fast products, or all sums more than SLICES_BYTES. */
#define SLICES ((size_t)8)
#define SLICE_CHUNKS ((size_t)8)
#define SLICES_BYTES ((size_t)1 << 30)

struct classifier_tile {
    size_t first;  /* row, counted with padding */
    size_t at;     /* where it is among its GPU's rows */
    size_t chunks; /* 1 .. tile_chunks */
    size_t fold;
    size_t slice; /* counted from the GPU's first */
};

struct cuda_classifier;

/* One GPU's slices. */
struct classifier_gpu {
    const struct cuda_classifier *whole;
    struct cuda_worker *worker;
    size_t first_slice, slice_count;
    size_t padded_rows;
    struct classifier_tile *tiles;
    size_t tile_count;
    size_t tile_chunks; /* chunks of the largest tile */

    /* on the GPU */
    struct cuda_buffer labels; /* int32 (padded_rows), -1: padding */
    struct cuda_buffer shift;  /* double (features) */
    struct cuda_buffer scale;  /* double (features) */
    bool resident;
    struct cuda_buffer raw;     /* float (padded_rows, features), when resident */
    struct cuda_buffer scaled;  /* float (padded_rows, stride): all of x', if it fits */
    struct cuda_buffer tile;    /* float or double (tile rows, stride): x' of one tile */
    struct cuda_buffer logits;  /* (tile rows, columns), then residuals */
    struct cuda_buffer losses;  /* double (tile rows, tasks) */
    struct cuda_buffer packed;  /* weights (columns, stride) */
    struct cuda_buffer weights; /* double (columns, features + 1), as they were sent */
    struct cuda_buffer partial; /* (tile_chunks, block_columns, stride): gradients of chunks */
    struct cuda_buffer sums;    /* double (tile_chunks, columns): sums of columns of chunks */
    struct cuda_buffer totals;  /* double (slice_count, ...): what a slice's chunks add up to */

    /* uploads: two slots, so that one is filled while the other is copied and used */
    cudaStream_t copy_stream;
    struct cuda_buffer staging[2]; /* float (tile rows, features), pinned */
    struct cuda_buffer upload[2];  /* the same on the GPU, when streamed */
    cudaEvent_t copied[2];         /* the slot's staging memory may be written again */
    cudaEvent_t used[2];           /* the slot's upload memory may be written again */
    size_t next_slot;

    struct cuda_buffer sent, received; /* pinned: weights up, a slice's sums down */
};

struct cuda_classifier {
    struct classifier base;
    struct device_counters *counters;
    size_t rows, features, classes, folds;
    size_t stride;           /* of x' and weights: features rounded up */
    struct matrix_rows data; /* (rows, features), the caller's */
    size_t chunk_rows;       /* depends on the problem only */
    size_t block_columns;    /* columns of one product; likewise */
    size_t slice_count;      /* likewise */
    size_t padded_rows;
    size_t *order;               /* (padded_rows): rows sorted by fold; SIZE_MAX: padding */
    size_t *fold_first;          /* (folds + 1): first row of each fold, with padding */
    size_t *fold_rows;           /* (folds): rows without padding */
    struct classifier_gpu *gpus; /* (gpu_count) */
    size_t gpu_count;
};

static inline size_t classifier_round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static inline size_t classifier_tile_rows(const struct classifier_gpu *gpu) {
    return gpu->tile_chunks * gpu->whole->chunk_rows;
}

#endif
