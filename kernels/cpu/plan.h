/* Which rows of which clips a chunk of work holds, at every layer.
 *
 * Clips are stored end to end: the rows of a level (level 0: features; level l: the
 * output of layer l - 1) of all pieces in order. A clip that does not fit into
 * one chunk is cut into pieces anywhere: a piece's rows at a level are those that
 * its rows at the next level reach, cut off at the clip's true ends, where the
 * network reflects. */
#ifndef EARMARK_CPU_PLAN_H
#define EARMARK_CPU_PLAN_H

#include "kernels/device.h"

#define PLAN_LEVELS (XVECTOR_MAXIMUM_BLOCKS + 1)

/* A clip that is to be planned. */
struct plan_clip {
    size_t row;    /* its first frame's row in the features */
    size_t frames; /* fewer than xvector_minimum_frames: it is left out, its statistics NaN */
};

struct plan_piece {
    size_t clip;
    size_t frames;              /* of the whole clip */
    size_t low[PLAN_LEVELS];    /* first frame that the level holds */
    size_t high[PLAN_LEVELS];   /* one past the last */
    size_t offset[PLAN_LEVELS]; /* row of frame `low` at the level; at level 0 in the features */
    size_t pairs[PLAN_LEVELS];  /* its first pair (winograd.h) at the level, 1 and up */
};

struct plan {
    size_t levels;                /* layers + 1 */
    size_t dilation[PLAN_LEVELS]; /* of layer l */
    size_t reach[PLAN_LEVELS];    /* of layer l: frames to each side; fixed by plan_create */
    size_t minimum_frames;        /* shorter clips are left out */
    size_t capacity;              /* rows a chunk may have at levels 1 and up */
    size_t least;                 /* and should have at least, to be worth its context */
    struct plan_piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
    size_t rows[PLAN_LEVELS];  /* rows of each level, 1 and up */
    size_t pairs[PLAN_LEVELS]; /* pairs of each level, 1 and up */
    size_t next_clip;          /* where the next chunk begins */
    size_t next_frame;
};

enum error_code plan_create(const struct xvector_model *model, size_t capacity, struct plan *plan,
                            struct error *error);
void plan_free(struct plan *plan);

/* Starts over at the first clip. */
void plan_begin(struct plan *plan);

/* Fills in the next chunk of at most `rows` rows (least .. capacity; anything else
 * counts as the capacity); false when there is none left. */
bool plan_next(struct plan *plan, const struct plan_clip *clips, size_t clip_count, size_t rows);

/* The piece that holds a row, or a pair, of a level (1 and up). */
size_t plan_find(const struct plan *plan, size_t level, size_t row);
size_t plan_find_pair(const struct plan *plan, size_t level, size_t pair);

/* Frame `position` reflected into 0 .. frames - 1, without repeating the edge. Within
 * the reach of a layer that always succeeds, because shorter clips are left out. */
ptrdiff_t plan_reflect(ptrdiff_t position, size_t frames);

/* Pairs (winograd.h) that cover frames low .. high - 1 of a layer's output. */
size_t plan_count_pairs(size_t low, size_t high, size_t dilation);

#endif
