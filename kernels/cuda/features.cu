/* From samples at 16 kHz to decibels: framing, window, transform, power, mel filters and
 * logarithm in shared memory.
 *
 * The transform is 400 = 25 x 16 as in kernels/cpu/fourier.h, and in double precision: in
 * float32 quiet bins are off by up to 2e-3 dB, more than the gate of 2e-4 dB, and sums
 * of pairs of float32 cost fifteen operations for each one (bench/kernels/bounds.md). A frame
 * is 14,000 operations in double precision, beside 5.3 million of the network: on server GPUs
 * (sm_80, sm_90: double precision at half speed) 0.5% of the network's float32 time, on others
 * (sm_120: at a 64th) 13%. Everything after the power is float32.
 *
 * Sixteen threads compute a frame. First, thread r sums the samples 16 m + r over m, for all 13
 * k1; then a thread computes the 16-point transform over r for one k1, in registers; then one
 * mel filter of a frame. */
#include "kernels/cuda/features.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"
#include "kernels/front_end.h"

#define FRAMES 8         /* of a block at a time */
#define THREADS 128      /* 16 for each frame */
#define FIRST 13         /* k1 */
#define SECOND 16        /* k2, and r */
#define HALF 12          /* of 25 */
#define ROW (SECOND + 1) /* complex numbers from a k1 to the next, free of bank conflicts */
#define POWERS FRAME_BINS
#define BLOCKS_PER_PROCESSOR 5 /* that fit into shared memory on sm_90 */

struct features_shared {
    struct features_tables tables;
    double2 middle[FRAMES][FIRST * ROW]; /* the first sums of a frame */
    float power[FRAMES][POWERS];
};

/* Windowed samples 16 m + r of a frame, m = 0 .. 24, and zeros outside the clip. */
static __device__ __forceinline__ void load_frame(const struct cuda_clip &clip, int frame, int r,
                                                  const float *samples, const double *window,
                                                  double values[25]) {
    const long long first = (long long)frame * FRAME_SHIFT - FRAME_CENTRE + r;
#pragma unroll
    for (int m = 0; m < 25; m++) {
        const long long at = first + 16 * m;
        const float sample = at >= 0 && at < clip.length ? samples[clip.sample + at] : 0.0f;
        values[m] = (double)sample * window[16 * m + r];
    }
}

/* The sums over m for all k1, rotated by e(r k1 / 400). Samples m and 25 - m are combined. */
static __device__ __forceinline__ void first_transform(const struct features_tables &tables, int r,
                                                       double values[25], double2 *middle) {
#pragma unroll
    for (int m = 1; m <= HALF; m++) {
        const double even = values[m] + values[25 - m], odd = values[m] - values[25 - m];
        values[m] = even;
        values[25 - m] = odd;
    }
#pragma unroll 1
    for (int k1 = 0; k1 < FIRST; k1++) {
        double re = values[0], im = 0.0; /* im: minus the imaginary part */
#pragma unroll
        for (int m = 1; m <= HALF; m++) {
            re = fma(tables.cosine[k1][m - 1], values[m], re);
            im = fma(tables.sine[k1][m - 1], values[25 - m], im);
        }
        const double cosine = tables.turn[k1][r][0], sine = tables.turn[k1][r][1];
        middle[k1 * ROW + r] =
            make_double2(fma(re, cosine, im * sine), fma(re, sine, -(im * cosine)));
    }
}

/* The 4-point transform of a, b, c, d in place. */
static __device__ __forceinline__ void transform_four(double2 &a, double2 &b, double2 &c,
                                                      double2 &d) {
    const double2 s = make_double2(a.x + c.x, a.y + c.y), t = make_double2(a.x - c.x, a.y - c.y);
    const double2 u = make_double2(b.x + d.x, b.y + d.y), v = make_double2(b.x - d.x, b.y - d.y);
    a = make_double2(s.x + u.x, s.y + u.y);
    b = make_double2(t.x + v.y, t.y - v.x); /* t - i v */
    c = make_double2(s.x - u.x, s.y - u.y);
    d = make_double2(t.x - v.y, t.y + v.x);
}

static __device__ __forceinline__ void turn(double2 &z, double cosine, double sine) {
    z = make_double2(fma(z.x, cosine, -(z.y * sine)), fma(z.x, sine, z.y * cosine));
}

/* The 16-point transform: z[4 a + b] becomes bin c + 4 d at z[4 c + d]. */
static __device__ __forceinline__ void transform_sixteen(double2 z[SECOND]) {
    const double c1 = 0.92387953251128675613, s1 = -0.38268343236508977173; /* e(1 / 16) */
    const double c2 = 0.70710678118654752440;                               /* e(2 / 16) */
#pragma unroll
    for (int b = 0; b < 4; b++) transform_four(z[b], z[4 + b], z[8 + b], z[12 + b]);
    turn(z[5], c1, s1); /* z[4 c + b] by e(b c / 16) */
    turn(z[6], c2, -c2);
    turn(z[7], -s1, -c1);
    turn(z[9], c2, -c2);
    turn(z[10], 0.0, -1.0);
    turn(z[11], -c2, -c2);
    turn(z[13], -s1, -c1);
    turn(z[14], -c2, -c2);
    turn(z[15], -c1, -s1);
#pragma unroll
    for (int c = 0; c < 4; c++) transform_four(z[4 * c], z[4 * c + 1], z[4 * c + 2], z[4 * c + 3]);
}

/* Bins k1 + 25 k2 of a frame. Beyond 200 they are those of bin 400 - k; for k1 = 0 these are
 * skipped because they are computed already. */
static __device__ __forceinline__ void second_transform(const double2 *middle, int k1,
                                                        float *power) {
    double2 z[SECOND];
#pragma unroll
    for (int r = 0; r < SECOND; r++) z[r] = middle[k1 * ROW + r];
    transform_sixteen(z);
#pragma unroll
    for (int k2 = 0; k2 < SECOND; k2++) {
        const double2 value = z[4 * (k2 % 4) + k2 / 4];
        const int bin = k1 + 25 * k2;
        const float square = (float)fma(value.x, value.x, value.y * value.y);
        if (bin <= FRAME_LENGTH / 2)
            power[bin] = square;
        else if (k1 != 0)
            power[FRAME_LENGTH - bin] = square;
    }
}

/* 10 log10(max(energy, POWER_FLOOR)); NaN and infinity give NaN, as on the CPU. */
static __device__ __forceinline__ float decibels_of(float energy) {
    const float value = energy < POWER_FLOOR ? POWER_FLOOR : energy;
    return 10.0f * log10f(value) + (value - value);
}

static __device__ __forceinline__ float filter_energy(const struct features_filter &filter,
                                                      const float *weights, const float *power) {
    float sum = 0.0f;
    for (int i = 0; i < filter.count; i++)
        sum = fmaf(weights[filter.weight + i], power[filter.first + i], sum);
    return sum;
}

__global__ void __launch_bounds__(THREADS)
    features_kernel(const struct features_tables *__restrict__ tables,
                    const struct features_filter *__restrict__ filters,
                    const float *__restrict__ weights, int mels,
                    const struct cuda_clip *__restrict__ clips, const int *__restrict__ row_clips,
                    int rows, const float *__restrict__ samples, float *__restrict__ powers,
                    float *__restrict__ decibels) {
    SHARED_MEMORY(struct features_shared, shared);
    const int thread = (int)threadIdx.x, own = thread / SECOND, r = thread % SECOND;
    const int words = (int)(sizeof(struct features_tables) / sizeof(double));
    for (int i = thread; i < words; i += THREADS)
        ((double *)&shared->tables)[i] = ((const double *)tables)[i];
    __syncthreads();
    for (int first = (int)blockIdx.x * FRAMES; first < rows; first += (int)gridDim.x * FRAMES) {
        const int count = rows - first < FRAMES ? rows - first : FRAMES;
        if (own < count) {
            const struct cuda_clip &clip = clips[row_clips[first + own]];
            double values[25];
            load_frame(clip, first + own - clip.row, r, samples, shared->tables.window, values);
            first_transform(shared->tables, r, values, shared->middle[own]);
        }
        __syncthreads();
        for (int i = thread; i < count * FIRST; i += THREADS)
            second_transform(shared->middle[i / FIRST], i % FIRST, shared->power[i / FIRST]);
        __syncthreads();
        for (int i = thread; i < count * mels; i += THREADS) {
            const float energy = filter_energy(filters[i % mels], weights, shared->power[i / mels]);
            decibels[(long long)first * mels + i] = decibels_of(energy);
            if (powers != NULL) powers[(long long)first * mels + i] = energy;
        }
        /* No barrier: the power is written again only after the next round's first barrier. */
    }
}

enum error_code features_prepare(struct error *error) {
    return prefer_shared_memory(features_kernel, error);
}

enum error_code features_run(const struct cuda_features *features, const struct cuda_clip *clips,
                             const int *row_clips, int rows, const float *samples, float *powers,
                             float *decibels, int processors, cudaStream_t stream,
                             struct error *error) {
    if (rows == 0) return ERROR_NONE;
    const int tiles = (rows + FRAMES - 1) / FRAMES, most = processors * BLOCKS_PER_PROCESSOR;
    LAUNCH(features_kernel, dim3((unsigned)(tiles < most ? tiles : most)), dim3(THREADS),
           sizeof(struct features_shared), stream,
           (const struct features_tables *)features->tables.data,
           (const struct features_filter *)features->filters.data,
           (const float *)features->weights.data, features->mels, clips, row_clips, rows, samples,
           powers, decibels);
    return cuda_check_launch("features", error);
}
