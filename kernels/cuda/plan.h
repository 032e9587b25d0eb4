/* Which frames of which clips the network computes together, at every layer.
 *
 * Clips lie end to end: the rows of a level (level 0: features; level l: the output of layer
 * l - 1) of all pieces of a chunk in order. A clip that does not fit is cut into pieces,
 * whose rows at a level are those that their rows at the next level reach, cut off at the
 * clip's true ends, where the network reflects. Cuts fall between the pooling's segments
 * (pooling.h), so that they change no sum. */
#ifndef EARMARK_CUDA_PLAN_H
#define EARMARK_CUDA_PLAN_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/layer_row.h"

#define PLAN_SEGMENT 64 /* frames that the pooling sums up together */
#define PLAN_LEVELS (XVECTOR_MAXIMUM_BLOCKS + 1)

struct plan_piece {
    int clip;
    int frames;              /* of the whole clip */
    int low[PLAN_LEVELS];    /* first frame that the level holds */
    int high[PLAN_LEVELS];   /* one past the last */
    int offset[PLAN_LEVELS]; /* row of frame `low` at the level; at level 0 in the features */
    int segment;             /* its first one of the chunk's segments */
};

struct plan_chunk {
    int first_piece;
    int piece_count;
    int rows[PLAN_LEVELS]; /* of each level, 1 and up */
    int segments;          /* of all pieces */
};

/* How the model cuts: fixed when it is loaded. */
struct plan_shape {
    int levels;             /* layers + 1 */
    int reach[PLAN_LEVELS]; /* of layer l: frames to each side */
    int context;            /* all of that but of layer 0: rows that a cut costs at level 1 */
};

void plan_shape_set(const struct xvector_model *model, struct plan_shape *shape);

/* The fewest rows that chunks may be told to have. */
int plan_least_rows(const struct plan_shape *shape);

/* Chunks of at most `rows` rows at any level that hold all clips but those short of frames.
 * Grows pieces and chunks, which realloc() made, as needed. */
struct cuda_plan {
    struct plan_piece *pieces;
    int piece_count;
    int piece_capacity;
    struct plan_chunk *chunks;
    int chunk_count;
    int chunk_capacity;
};
enum error_code plan_make(const struct plan_shape *shape, const struct cuda_clip *clips,
                          int clip_count, int rows, struct cuda_plan *plan, struct error *error);
void plan_free(struct cuda_plan *plan);

/* Fills the row tables of a chunk: tables (levels - 1, stride); pieces: of the chunk, on the
 * GPU. Level l's rows come from level l - 1. */
enum error_code plan_mark_rows(const struct plan_shape *shape, const struct plan_chunk *chunk,
                               const struct plan_piece *pieces, struct layer_row *tables,
                               int stride, cudaStream_t stream, struct error *error);

#endif
