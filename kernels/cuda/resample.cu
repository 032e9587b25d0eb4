#include "kernels/cuda/resample.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"
#include "kernels/device.h"

#define THREADS RESAMPLE_THREADS
#define PERIODS RESAMPLE_PERIODS
#define PLAIN_TILE 4096 /* samples in a tile of a clip that is at 16 kHz already */

struct resample_designs {
    struct resample_design of[RESAMPLE_RATES];
};

/* The clip of a tile: the last one that begins at or before it. */
static __device__ int find_clip(const struct cuda_clip *clips, int clip_count, int tile) {
    int low = 0, high = clip_count;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (clips[middle].resampling_tile <= tile)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Mean of the channels at one input position, 0 outside the clip: the same sums as on the CPU, in
 * double precision if there is more than one channel. */
static __device__ float mix(const struct cuda_clip &clip, const unsigned char *samples,
                            long long position) {
    if (position < 0 || position >= clip.frames) return 0.0f;
    const unsigned char *first = samples + clip.source;
    if (clip.format == SAMPLES_INT16) {
        const short *values = (const short *)first + position * clip.channels;
        if (clip.channels == 1) return (float)values[0] * (1.0f / 32768.0f);
        long long sum = 0;
        for (int c = 0; c < clip.channels; c++) sum += values[c];
        return (float)((double)sum / (32768.0 * (double)clip.channels));
    }
    const float *values = (const float *)first + position * clip.channels;
    if (clip.channels == 1) return values[0];
    double sum = 0.0;
    for (int c = 0; c < clip.channels; c++) sum += (double)values[c];
    return (float)(sum / (double)clip.channels);
}

/* Adds one tap to four outputs in each of four periods. Every sum runs from an end of the filter to
 * its centre, so that small terms are added first. */
static __device__ __forceinline__ void add_tap(float4 filter, const float *input, int step,
                                               float sums[PERIODS][RESAMPLE_OUTPUTS]) {
#pragma unroll
    for (int p = 0; p < PERIODS; p++) {
        const float x = input[p * step];
        sums[p][0] = fmaf(filter.x, x, sums[p][0]);
        sums[p][1] = fmaf(filter.y, x, sums[p][1]);
        sums[p][2] = fmaf(filter.z, x, sums[p][2]);
        sums[p][3] = fmaf(filter.w, x, sums[p][3]);
    }
}

/* input: the first sample of the thread's first period, in shared memory; step: from one of its
 * periods to the next. */
static __device__ void filter_periods(const struct resample_design &design, int group,
                                      const float *input, int step,
                                      float rising[PERIODS][RESAMPLE_OUTPUTS]) {
    float falling[PERIODS][RESAMPLE_OUTPUTS];
#pragma unroll
    for (int p = 0; p < PERIODS; p++)
#pragma unroll
        for (int o = 0; o < RESAMPLE_OUTPUTS; o++) rising[p][o] = falling[p][o] = 0.0f;
    const int padding = design.stride - design.period_in;
    const float4 *filter = design.filters + group;
    const int base = design.bases[group];
    int column = base % design.period_in;
    int place = base / design.period_in * design.stride + column;
    for (int t = 0; t < design.centre; t++) {
        add_tap(filter[t * design.groups], input + place, step, rising);
        place++;
        if (++column == design.period_in) {
            column = 0;
            place += padding;
        }
    }
    const int end = base + design.taps - 1;
    column = end % design.period_in;
    place = end / design.period_in * design.stride + column;
    for (int t = design.taps - 1; t >= design.centre; t--) {
        add_tap(filter[t * design.groups], input + place, step, falling);
        place--;
        if (--column < 0) {
            column = design.period_in - 1;
            place -= padding;
        }
    }
#pragma unroll
    for (int p = 0; p < PERIODS; p++)
#pragma unroll
        for (int o = 0; o < RESAMPLE_OUTPUTS; o++) rising[p][o] += falling[p][o];
}

static __device__ void mix_tile(const struct cuda_clip &clip, int tile,
                                const unsigned char *samples, float *output) {
    const long long first = (long long)tile * PLAIN_TILE;
    for (int i = (int)threadIdx.x; i < PLAIN_TILE && first + i < clip.length; i += THREADS)
        output[clip.sample + first + i] = mix(clip, samples, first + i);
}

/* Loads the tile's input, mixed down, with periods `stride` apart. */
static __device__ void load_tile(const struct resample_design &design, const struct cuda_clip &clip,
                                 const unsigned char *samples, long long first_period,
                                 float *input) {
    const int periods = PERIODS * design.lanes;
    const int last_base = design.bases[design.groups - 1];
    const int count = (periods - 1) * design.period_in + last_base + design.taps;
    const long long origin = first_period * design.period_in - design.half + 1;
    for (int i = (int)threadIdx.x; i < count; i += THREADS)
        input[i / design.period_in * design.stride + i % design.period_in] =
            mix(clip, samples, origin + i);
}

/* A block computes one tile of one clip. */
__global__ void __launch_bounds__(THREADS)
    resample_kernel(struct resample_designs designs, const struct cuda_clip *__restrict__ clips,
                    int clip_count, const unsigned char *__restrict__ samples,
                    float *__restrict__ output) {
    SHARED_MEMORY(float, input);
    const struct cuda_clip clip = clips[find_clip(clips, clip_count, (int)blockIdx.x)];
    const int tile = (int)blockIdx.x - clip.resampling_tile;
    if (clip.resampler == CLIP_AT_MODEL_RATE) { /* the same for the whole block */
        mix_tile(clip, tile, samples, output);
        return;
    }
    const struct resample_design &design = designs.of[clip.resampler];
    const long long first_period = (long long)tile * PERIODS * design.lanes;
    load_tile(design, clip, samples, first_period, input);
    __syncthreads();
    const int group = (int)threadIdx.x % design.groups, lane = (int)threadIdx.x / design.groups;
    if (lane >= design.lanes) return;
    float sums[PERIODS][RESAMPLE_OUTPUTS];
    filter_periods(design, group, input + lane * design.stride, design.lanes * design.stride, sums);
#pragma unroll
    for (int p = 0; p < PERIODS; p++) {
        const long long period = first_period + lane + (long long)p * design.lanes;
        const long long at = period * design.period_out + group * RESAMPLE_OUTPUTS;
        float *to = output + clip.sample + at;
        if (at + RESAMPLE_OUTPUTS <= clip.length)
            *(float4 *)to = make_float4(sums[p][0], sums[p][1], sums[p][2], sums[p][3]);
        else
            for (int o = 0; o < RESAMPLE_OUTPUTS; o++)
                if (at + o < clip.length) to[o] = sums[p][o];
    }
}

enum error_code resample_prepare(struct error *error) {
    return prefer_shared_memory(resample_kernel, error);
}

int resample_tiles(const struct cuda_resamplers *resamplers, const struct cuda_clip *clip) {
    long long tile = PLAIN_TILE;
    if (clip->resampler != CLIP_AT_MODEL_RATE) {
        const struct resample_design *design = &resamplers->designs[clip->resampler];
        tile = (long long)PERIODS * design->lanes * design->period_out;
    }
    return (int)((clip->length + tile - 1) / tile);
}

enum error_code resample_run(const struct cuda_resamplers *resamplers,
                             const struct cuda_clip *clips, int clip_count, int tiles,
                             const unsigned char *samples, float *output, cudaStream_t stream,
                             struct error *error) {
    if (tiles == 0) return ERROR_NONE;
    struct resample_designs designs = {};
    for (int i = 0; i < resamplers->count; i++) designs.of[i] = resamplers->designs[i];
    LAUNCH(resample_kernel, dim3((unsigned)tiles), dim3(THREADS),
           RESAMPLE_SHARED_FLOATS * sizeof(float), stream, designs, clips, clip_count, samples,
           output);
    return cuda_check_launch("resampling", error);
}
