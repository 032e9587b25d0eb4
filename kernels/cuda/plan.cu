#include "kernels/cuda/plan.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#include <stdlib.h>

#define THREADS 256

/* ---- on the host ---- */

void plan_shape_set(const struct xvector_model *model, struct plan_shape *shape) {
    shape->levels = (int)model->block_count + 1;
    shape->context = 0;
    for (size_t l = 0; l < model->block_count; l++) {
        shape->reach[l] = (int)(model->blocks[l].dilation * (model->blocks[l].kernel - 1) / 2);
        if (l > 0) shape->context += shape->reach[l];
    }
}

int plan_least_rows(const struct plan_shape *shape) {
    return 2 * shape->context + 2 * PLAN_SEGMENT;
}

int plan_sure_frames(const struct plan_shape *shape, int rows) {
    return rows - 2 * shape->context - PLAN_SEGMENT;
}

/* Fills the rows of every level that are needed for the last level's frames begin .. end - 1. */
static void lay_out(const struct plan_shape *shape, int begin, int end, struct plan_piece *piece) {
    const int last = shape->levels - 1;
    piece->low[last] = begin;
    piece->high[last] = end;
    for (int l = last - 1; l >= 0; l--) {
        const int reach = shape->reach[l];
        piece->low[l] = piece->low[l + 1] > reach ? piece->low[l + 1] - reach : 0;
        const int room = piece->frames - piece->high[l + 1];
        piece->high[l] = piece->high[l + 1] + (room < reach ? room : reach);
    }
}

/* How many frames of the clip from `begin` on need at most `room` rows at level 1, the longest that
 * is stored: all that are left, or whole segments; 0 when no segment fits. */
static int fit(const struct plan_shape *shape, int begin, int room, struct plan_piece *piece) {
    lay_out(shape, begin, piece->frames, piece);
    if (piece->high[1] - piece->low[1] <= room) return piece->frames - begin;
    const int context = begin - piece->low[1] + shape->context;
    return room > context ? (room - context) / PLAN_SEGMENT * PLAN_SEGMENT : 0;
}

static enum error_code grow(void **array, int count, int *capacity, size_t size,
                            struct error *error) {
    if (count < *capacity) return ERROR_NONE;
    const int more = *capacity == 0 ? 64 : 2 * *capacity;
    void *larger = realloc(*array, (size_t)more * size);
    if (larger == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the plan of a batch");
    *array = larger;
    *capacity = more;
    return ERROR_NONE;
}

static enum error_code begin_chunk(const struct plan_shape *shape, struct cuda_plan *plan,
                                   struct error *error) {
    if (grow((void **)&plan->chunks, plan->chunk_count, &plan->chunk_capacity, sizeof *plan->chunks,
             error) != ERROR_NONE)
        return error->code;
    struct plan_chunk *chunk = &plan->chunks[plan->chunk_count++];
    chunk->first_piece = plan->piece_count;
    chunk->piece_count = 0;
    chunk->segments = 0;
    for (int l = 0; l < shape->levels; l++) chunk->rows[l] = 0;
    return ERROR_NONE;
}

/* Adds `count` frames from `begin` on to the last chunk. */
static void add_piece(const struct plan_shape *shape, const struct cuda_clip *clip, int begin,
                      int count, struct cuda_plan *plan) {
    struct plan_chunk *chunk = &plan->chunks[plan->chunk_count - 1];
    struct plan_piece *piece = &plan->pieces[plan->piece_count++];
    lay_out(shape, begin, begin + count, piece);
    piece->offset[0] = clip->row + piece->low[0];
    for (int l = 1; l < shape->levels; l++) {
        piece->offset[l] = chunk->rows[l];
        chunk->rows[l] += piece->high[l] - piece->low[l];
    }
    piece->segment = chunk->segments;
    chunk->segments += (count + PLAN_SEGMENT - 1) / PLAN_SEGMENT;
    chunk->piece_count++;
}

static enum error_code plan_clip(const struct plan_shape *shape, const struct cuda_clip *clips,
                                 int clip, int rows, struct cuda_plan *plan, struct error *error) {
    for (int begin = 0; begin < clips[clip].feature_frames;) {
        if (grow((void **)&plan->pieces, plan->piece_count, &plan->piece_capacity,
                 sizeof *plan->pieces, error) != ERROR_NONE)
            return error->code;
        struct plan_piece *piece = &plan->pieces[plan->piece_count];
        piece->clip = clip;
        piece->frames = clips[clip].feature_frames;
        const int used =
            plan->chunk_count == 0 ? rows : plan->chunks[plan->chunk_count - 1].rows[1];
        int count = fit(shape, begin, rows - used, piece);
        if (count == 0) {
            if (begin_chunk(shape, plan, error) != ERROR_NONE) return error->code;
            count = fit(shape, begin, rows, piece);
        }
        if (count == 0) return FAIL(error, ERROR_INTERNAL, "chunks of %d rows are too small", rows);
        add_piece(shape, &clips[clip], begin, count, plan);
        begin += count;
    }
    return ERROR_NONE;
}

enum error_code plan_make(const struct plan_shape *shape, const struct cuda_clip *clips,
                          int clip_count, int rows, struct cuda_plan *plan, struct error *error) {
    plan->piece_count = plan->chunk_count = 0;
    for (int clip = 0; clip < clip_count; clip++)
        if (!clips[clip].short_of_frames &&
            plan_clip(shape, clips, clip, rows, plan, error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

void plan_free(struct cuda_plan *plan) {
    free(plan->pieces);
    free(plan->chunks);
    *plan = {};
}

/* ---- on the GPU ---- */

/* The piece of a row of a level: the last one that begins at or before it. */
static __device__ int find_piece(const struct plan_piece *pieces, int count, int level, int row) {
    int low = 0, high = count;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (pieces[middle].offset[level] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A thread for each row; blockIdx.y + 1 is the level. */
__global__ void __launch_bounds__(THREADS)
    mark_levels_kernel(struct plan_chunk chunk, const struct plan_piece *__restrict__ pieces,
                       const struct cuda_clip *__restrict__ clips,
                       struct layer_row *__restrict__ tables, int stride) {
    const int level = (int)blockIdx.y + 1, row = (int)blockIdx.x * THREADS + (int)threadIdx.x;
    if (row >= chunk.rows[level]) return;
    const struct plan_piece &piece = pieces[find_piece(pieces, chunk.piece_count, level, row)];
    struct layer_row entry;
    entry.base = piece.offset[level - 1] - piece.low[level - 1];
    entry.frame = piece.low[level] + row - piece.offset[level];
    entry.last = piece.frames - 1;
    entry.segment = clips[piece.clip].segment + entry.frame / PLAN_SEGMENT;
    tables[(long long)blockIdx.y * stride + row] = entry;
}

enum error_code plan_mark_rows(const struct plan_shape *shape, const struct plan_chunk *chunk,
                               const struct plan_piece *pieces, const struct cuda_clip *clips,
                               struct layer_row *tables, int stride, cudaStream_t stream,
                               struct error *error) {
    const dim3 grid(blocks_for((size_t)chunk->rows[1], THREADS), (unsigned)(shape->levels - 1));
    LAUNCH(mark_levels_kernel, grid, dim3(THREADS), 0, stream, *chunk, pieces, clips, tables,
           stride);
    return cuda_check_launch("marking the rows of layers", error);
}
