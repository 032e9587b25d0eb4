/* Which frames of which clips the network computes together, at every layer.
 *
 * Clips are stored end to end: at a level (level 0: the features; level l: the output of layer
 * l - 1), the rows of all pieces of a chunk, in order. A clip that does not fit is cut into
 * pieces. A piece's rows at a level are those that its rows at the next level need, within the
 * clip, at whose ends the network reflects. Clips are cut between segments (pooling.h), so that
 * cuts change no sum. */
#ifndef EARMARK_CUDA_PLAN_H
#define EARMARK_CUDA_PLAN_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/layer_row.h"

#define PLAN_SEGMENT 64 /* frames that the pooling sums together */
#define PLAN_LEVELS (XVECTOR_MAXIMUM_BLOCKS + 1)

struct plan_piece {
    int clip;
    int frames;              /* of the whole clip */
    int low[PLAN_LEVELS];    /* its first frame at the level */
    int high[PLAN_LEVELS];   /* one past the last */
    int offset[PLAN_LEVELS]; /* row of frame `low` at the level; at level 0 in the features */
    int segment;             /* its first segment in the chunk */
};

struct plan_chunk {
    int first_piece;
    int piece_count;
    int rows[PLAN_LEVELS]; /* of each level from 1 on */
    int segments;          /* of all its pieces */
};

/* What a model needs of a plan. */
struct plan_shape {
    int levels;             /* layers + 1 */
    int reach[PLAN_LEVELS]; /* of layer l: frames to each side */
    int context;            /* sum of reach from layer 1 on: extra rows of a cut at level 1 */
};

void plan_shape_set(const struct xvector_model *model, struct plan_shape *shape);

/* The least number of rows that plan_make() takes. */
int plan_least_rows(const struct plan_shape *shape);

/* Frames that surely fit into a chunk of `rows` rows, at least plan_least_rows(). */
int plan_sure_frames(const struct plan_shape *shape, int rows);

struct cuda_plan {
    struct plan_piece *pieces;
    int piece_count;
    int piece_capacity;
    struct plan_chunk *chunks;
    int chunk_count;
    int chunk_capacity;
};

/* Plans chunks of at most `rows` rows at any level for clips (clip_count), without those that are
 * short of frames. The arrays of *plan grow as needed; plan_free() frees them. ERROR_MEMORY. */
enum error_code plan_make(const struct plan_shape *shape, const struct cuda_clip *clips,
                          int clip_count, int rows, struct cuda_plan *plan, struct error *error);
void plan_free(struct cuda_plan *plan);

/* Queues filling the row tables of a chunk: tables (levels - 1, stride), the first for level 1.
 * pieces: the chunk's. All arrays are on the GPU. */
enum error_code plan_mark_rows(const struct plan_shape *shape, const struct plan_chunk *chunk,
                               const struct plan_piece *pieces, const struct cuda_clip *clips,
                               struct layer_row *tables, int stride, cudaStream_t stream,
                               struct error *error);

#endif
