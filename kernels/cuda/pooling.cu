#include "kernels/cuda/pooling.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#include <math.h>

#define THREADS 128

static __device__ int find_piece(const struct plan_piece *pieces, int count, int segment) {
    int low = 0, high = count;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (pieces[middle].segment <= segment)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A block computes one segment of THREADS channels, a thread one of them. */
__global__ void __launch_bounds__(THREADS)
    pooling_kernel(const struct plan_piece *__restrict__ pieces, int piece_count, int level,
                   int tile, const struct cuda_clip *__restrict__ clips,
                   const float *__restrict__ rows, int channels, float2 *__restrict__ partial) {
    const int channel = (int)blockIdx.y * THREADS + (int)threadIdx.x;
    if (channel >= channels) return;
    const struct plan_piece &piece = pieces[find_piece(pieces, piece_count, (int)blockIdx.x)];
    const int begin = ((int)blockIdx.x - piece.segment) * PLAN_SEGMENT; /* in the piece */
    const int low = piece.low[level], left = piece.high[level] - low - begin;
    const int count = left < PLAN_SEGMENT ? left : PLAN_SEGMENT;
    const int row = piece.offset[level] + begin;
    if (tile > 0 && row / tile == (row + count - 1) / tile) return;
    const float *value = rows + (long long)row * channels + channel;
    float mean = 0.0f, squares = 0.0f;
    for (int i = 0; i < count; i++)
        pooling_add(value[(long long)i * channels], pooling_share(i), mean, squares);
    const long long segment = clips[piece.clip].segment + (low + begin) / PLAN_SEGMENT;
    partial[segment * channels + channel] = make_float2(mean, squares);
}

enum error_code pooling_run(const struct plan_chunk *chunk, int level, int tile,
                            const struct plan_piece *pieces, const struct cuda_clip *clips,
                            const float *rows, int channels, float2 *partial, cudaStream_t stream,
                            struct error *error) {
    const dim3 grid((unsigned)chunk->segments, blocks_for((size_t)channels, THREADS));
    LAUNCH(pooling_kernel, grid, dim3(THREADS), 0, stream, pieces, chunk->piece_count, level, tile,
           clips, rows, channels, partial);
    return cuda_check_launch("pooling", error);
}

/* Merges a clip's segments in order, in double precision. */
static __device__ float2 merge(const struct cuda_clip &clip, const float2 *partial, int channels,
                               int channel) {
    double mean = 0.0, squares = 0.0;
    const int segments = pooling_segments(clip.feature_frames);
    for (int s = 0; s < segments; s++) {
        const float2 part = partial[(long long)(clip.segment + s) * channels + channel];
        const double before = (double)(s * PLAN_SEGMENT);
        const double left = (double)clip.feature_frames - before;
        const double count = left < PLAN_SEGMENT ? left : (double)PLAN_SEGMENT;
        const double difference = (double)part.x - mean, share = count / (before + count);
        mean = fma(difference, share, mean);
        squares += fma(difference * difference, before * share, (double)part.y);
    }
    return make_float2((float)mean, (float)sqrt(squares / ((double)clip.feature_frames - 1.0)));
}

/* A block for a clip and THREADS channels. */
__global__ void __launch_bounds__(THREADS)
    merge_kernel(const struct cuda_clip *__restrict__ clips, const float2 *__restrict__ partial,
                 int channels, float *__restrict__ statistics) {
    const int channel = (int)blockIdx.y * THREADS + (int)threadIdx.x, clip = (int)blockIdx.x;
    if (channel >= channels) return;
    float2 result = make_float2(NAN, NAN);
    if (!clips[clip].short_of_frames) result = merge(clips[clip], partial, channels, channel);
    float *row = statistics + (long long)clip * 2 * channels;
    row[channel] = result.x;
    row[channels + channel] = result.y;
}

enum error_code pooling_merge(const struct cuda_clip *clips, int clip_count, const float2 *partial,
                              int channels, float *statistics, cudaStream_t stream,
                              struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    const dim3 grid((unsigned)clip_count, blocks_for((size_t)channels, THREADS));
    LAUNCH(merge_kernel, grid, dim3(THREADS), 0, stream, clips, partial, channels, statistics);
    return cuda_check_launch("merging pooled statistics", error);
}
