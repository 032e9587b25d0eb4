/* Mean and unbiased standard deviation over every clip's frames.
 *
 * A clip is cut into segments of a fixed number of frames, counted from its own first one.
 * Each is summed up in one pass (Welford), then a clip's segments are merged in order
 * (Chan, Golub and LeVeque 1979). So the result depends on neither the chunks nor the
 * neighbours. */
#ifndef EARMARK_CUDA_POOLING_H
#define EARMARK_CUDA_POOLING_H

#include "kernels/cuda/plan.h"

/* Segments of a clip. */
static __host__ __device__ inline int pooling_segments(int frames) {
    return (frames + PLAN_SEGMENT - 1) / PLAN_SEGMENT;
}

/* rows (chunk's rows at `level`, channels) -> partial (segments of all clips, channels): mean
 * and sum of squared differences from it. Pieces are the chunk's, on the GPU. */
enum error_code pooling_run(const struct plan_chunk *chunk, int level,
                            const struct plan_piece *pieces, const struct cuda_clip *clips,
                            const float *rows, int channels, float2 *partial, cudaStream_t stream,
                            struct error *error);

/* partial -> statistics (padded_count, width): means, then from `channels` on deviations, then
 * zeros. Clips that are short of frames get NaN, rows from clip_count on zeros. */
enum error_code pooling_merge(const struct cuda_clip *clips, int clip_count, int padded_count,
                              const float2 *partial, int channels, int width, float *statistics,
                              cudaStream_t stream, struct error *error);

#endif
