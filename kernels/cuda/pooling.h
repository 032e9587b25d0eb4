/* Mean and unbiased standard deviation over every clip's frames.
 *
 * A clip is cut into segments of PLAN_SEGMENT frames from its first frame on. Each is summed in one
 * pass (Welford), then a clip's segments are merged in order (Chan, Golub and LeVeque 1979). The
 * result depends neither on the chunks nor on other clips. */
#ifndef EARMARK_CUDA_POOLING_H
#define EARMARK_CUDA_POOLING_H

#include "kernels/cuda/plan.h"

/* Segments of a clip. */
static __host__ __device__ inline int pooling_segments(int frames) {
    return (frames + PLAN_SEGMENT - 1) / PLAN_SEGMENT;
}

/* Adds a segment's value `index`; share: 1 / (index + 1). */
static __device__ __forceinline__ void pooling_add(float value, float share, float &mean,
                                                   float &squares) {
    const float before = value - mean;
    mean = fmaf(before, share, mean);
    squares = fmaf(before, value - mean, squares);
}

static __device__ __forceinline__ float pooling_share(int index) {
    return 1.0f / (float)(index + 1);
}

/* Queues rows (the chunk's at `level`, channels) -> partial (segments of all clips, channels): mean
 * and sum of squared differences from it. pieces: the chunk's; all arrays are on the GPU. tile:
 * only of segments that do not lie in one tile of so many rows, since the layer has pooled the
 * others; 0: of all. */
enum error_code pooling_run(const struct plan_chunk *chunk, int level, int tile,
                            const struct plan_piece *pieces, const struct cuda_clip *clips,
                            const float *rows, int channels, float2 *partial, cudaStream_t stream,
                            struct error *error);

/* Queues partial -> statistics (clip_count, 2 * channels): means, then deviations. Clips that are
 * short of frames get NaN. */
enum error_code pooling_merge(const struct cuda_clip *clips, int clip_count, const float2 *partial,
                              int channels, float *statistics, cudaStream_t stream,
                              struct error *error);

#endif
