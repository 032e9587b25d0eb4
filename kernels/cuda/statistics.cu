/* The statistics of clips: the level and the shape of every frame, a thread for each, then their
 * moments over a clip, a block for each. All in double precision, as on the CPU; a block's sums
 * are of every THREADS-th frame, then of lanes, then of warps, which depends on the clip only. */
#include "kernels/cuda/statistics.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/device.h"
#include "kernels/front_end.h"

#include <math.h>

#define MELS STATISTICS_MELS
#define FRAME_THREADS 128
#define THREADS 256
#define WARPS (THREADS / 32)
#define ALL_LANES 0xffffffffu
#define SHAPES 5     /* centroid, width, rolloff, flatness, flux */
#define MOST_SUMS 12 /* of a block at a time */
#define QUANTILES 4

/* ---- frames ---- */

static __device__ __forceinline__ double total_power(const float *power) {
    double sum = 0.0;
    for (int m = 0; m < MELS; m++) sum += (double)power[m];
    return sum;
}

/* The shape of one frame's spectrum; before: the frame before it, or NULL. */
static __device__ void measure_shape(const float *power, double sum, const float *before,
                                     double shape[SHAPES]) {
    const double scale = 1.0 / fmax(sum, STATISTICS_LEAST_POWER);
    double centroid = 0.0, width = 0.0, cumulated = 0.0, flux = 0.0, product = 1.0;
    int rolloff = 0;
    for (int m = 0; m < MELS; m++) {
        const double share = (double)power[m] * scale;
        centroid += share * (double)m;
        cumulated += share;
        if (cumulated < STATISTICS_ROLLOFF) rolloff++;
        product *= share + STATISTICS_SHARE_FLOOR; /* one logarithm for all */
    }
    const double scale_before =
        before == NULL ? 0.0 : 1.0 / fmax(total_power(before), STATISTICS_LEAST_POWER);
    for (int m = 0; m < MELS; m++) {
        const double share = (double)power[m] * scale, away = (double)m - centroid;
        width += share * away * away;
        if (before != NULL) flux += fmax(share - (double)before[m] * scale_before, 0.0);
    }
    shape[0] = centroid;
    shape[1] = sqrt(width);
    shape[2] = (double)rolloff;
    shape[3] = log(product) / MELS - log(cumulated / MELS + STATISTICS_SHARE_FLOOR);
    shape[4] = flux;
}

__global__ void __launch_bounds__(FRAME_THREADS)
    statistics_frames_kernel(const struct cuda_clip *__restrict__ clips,
                             const int *__restrict__ row_clips, int rows,
                             const float *__restrict__ powers, double *__restrict__ numbers) {
    const int row = (int)blockIdx.x * FRAME_THREADS + (int)threadIdx.x;
    if (row >= rows) return;
    const float *power = powers + (long long)row * MELS;
    const bool first = clips[row_clips[row]].row == row;
    const double sum = total_power(power);
    double shape[SHAPES];
    measure_shape(power, sum, first ? NULL : power - MELS, shape);
    numbers[row] = sum;
    numbers[(long long)rows + row] = 10.0 * log10(fmax(sum, (double)POWER_FLOOR));
    for (int i = 0; i < SHAPES; i++) numbers[(long long)(2 + i) * rows + row] = shape[i];
}

/* ---- what a block adds up ---- */

/* A clip's rows of the numbers. */
struct clip_rows {
    const double *power;
    const double *level;
    const double *shapes; /* the first series; the next is `stride` further */
    long long stride;
    int frames;
};

/* Replaces each thread's numbers by their sums over the block; partial (WARPS, MOST_SUMS). */
template <int count> static __device__ void add_up(double (&values)[count], double *partial) {
    const int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < count; i++)
        for (int offset = 16; offset > 0; offset /= 2)
            values[i] += __shfl_xor_sync(ALL_LANES, values[i], offset);
    if (lane == 0)
        for (int i = 0; i < count; i++) partial[warp * MOST_SUMS + i] = values[i];
    __syncthreads(); /* partial is complete */
    for (int i = 0; i < count; i++) {
        values[i] = 0.0;
        for (int w = 0; w < WARPS; w++) values[i] += partial[w * MOST_SUMS + i];
    }
    __syncthreads(); /* partial may be written again */
}

/* A number and where it is. */
struct place {
    double value;
    int at;
};

/* The largest of all threads' places, the first of equal ones. */
static __device__ struct place find_largest(struct place best, struct place *partial) {
    const int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    for (int offset = 16; offset > 0; offset /= 2) {
        struct place other;
        other.value = __shfl_xor_sync(ALL_LANES, best.value, offset);
        other.at = __shfl_xor_sync(ALL_LANES, best.at, offset);
        if (other.value > best.value || (other.value == best.value && other.at < best.at))
            best = other;
    }
    if (lane == 0) partial[warp] = best;
    __syncthreads(); /* partial is complete */
    best = partial[0];
    for (int w = 1; w < WARPS; w++)
        if (partial[w].value > best.value ||
            (partial[w].value == best.value && partial[w].at < best.at))
            best = partial[w];
    __syncthreads(); /* partial may be written again */
    return best;
}

/* ---- the shape over a clip ---- */

static __device__ __forceinline__ double time_of(int frame, int frames) {
    return frames > 1 ? (double)frame / (double)(frames - 1) : 0.0;
}

/* Writes the 20 numbers of the shape, and the centre and the spread of the power in time to
 * time_moments. */
static __device__ void write_shape(const struct clip_rows &rows, double *partial, float *statistics,
                                   double time_moments[2]) {
    const int thread = (int)threadIdx.x;
    double sums[2 * SHAPES + 2] = {0.0}; /* weighted shapes and time, power, plain shapes */
    for (int t = thread; t < rows.frames; t += THREADS) {
        const double power = rows.power[t];
        for (int i = 0; i < SHAPES; i++) {
            const double value = rows.shapes[i * rows.stride + t];
            sums[i] += power * value;
            sums[SHAPES + 2 + i] += value;
        }
        sums[SHAPES] += power * time_of(t, rows.frames);
        sums[SHAPES + 1] += power;
    }
    add_up(sums, partial);
    const double weight = fmax(sums[SHAPES + 1], STATISTICS_LEAST_POWER);
    const double frames = (double)rows.frames;
    double means[2 * SHAPES + 1], squares[2 * SHAPES + 1] = {0.0};
    for (int i = 0; i <= SHAPES; i++) means[i] = sums[i] / weight;
    for (int i = 0; i < SHAPES; i++) means[SHAPES + 1 + i] = sums[SHAPES + 2 + i] / frames;
    for (int t = thread; t < rows.frames; t += THREADS) {
        const double power = rows.power[t], time = time_of(t, rows.frames) - means[SHAPES];
        for (int i = 0; i < SHAPES; i++) {
            const double value = rows.shapes[i * rows.stride + t];
            const double weighted = value - means[i], plain = value - means[SHAPES + 1 + i];
            squares[i] += power * weighted * weighted;
            squares[SHAPES + 1 + i] += plain * plain;
        }
        squares[SHAPES] += power * time * time;
    }
    add_up(squares, partial);
    time_moments[0] = means[SHAPES];
    time_moments[1] = sqrt(squares[SHAPES] / weight);
    if (thread > 0) return;
    for (int i = 0; i < SHAPES; i++) {
        statistics[i] = (float)means[i];
        statistics[SHAPES + i] = (float)sqrt(squares[i] / weight);
        statistics[2 * SHAPES + i] = (float)means[SHAPES + 1 + i];
        statistics[3 * SHAPES + i] = (float)sqrt(squares[SHAPES + 1 + i] / frames);
    }
}

/* ---- the envelope ---- */

/* The level of a frame below the clip's largest, 0 to -80 dB. */
static __device__ __forceinline__ double level_of(const struct clip_rows &rows, int frame,
                                                  double largest) {
    return fmax(rows.level[frame], largest - (double)DECIBEL_RANGE) - largest;
}

/* Mean, deviation, shares above levels, slope and changes: numbers 5, 6 and 11 to 18. */
static __device__ void write_levels(const struct clip_rows &rows, struct place peak,
                                    double *partial, struct place *places, float *statistics) {
    const int thread = (int)threadIdx.x, frames = rows.frames;
    const double share_levels[3] = {STATISTICS_SHARE_LEVELS};
    double sums[6] = {0.0}; /* levels, sizes of changes, frames above three levels, decaying */
    struct place rise = {0.0, 0};
    for (int t = thread; t < frames; t += THREADS) {
        const double level = level_of(rows, t, peak.value);
        const double change = t > 0 ? level - level_of(rows, t - 1, peak.value) : 0.0;
        sums[0] += level;
        sums[1] += fabs(change);
        for (int i = 0; i < 3; i++) sums[2 + i] += level > share_levels[i] ? 1.0 : 0.0;
        sums[5] += t >= peak.at && level > STATISTICS_DECAY_LEVEL ? 1.0 : 0.0;
        rise.value = fmax(rise.value, change);
    }
    add_up(sums, partial);
    rise = find_largest(rise, places);
    const double changes = frames > 1 ? (double)(frames - 1) : 1.0;
    const double mean = sums[0] / (double)frames;
    const double mean_change =
        (level_of(rows, frames - 1, peak.value) - level_of(rows, 0, peak.value)) / changes;
    const int wanted = sums[5] > 2.0 ? (int)sums[5] : 2, left = frames - peak.at;
    const double line = (double)(wanted < left ? wanted : left);
    double more[3] = {0.0}; /* squares of levels and of changes, products of the slope */
    for (int t = thread; t < frames; t += THREADS) {
        const double level = level_of(rows, t, peak.value), away = level - mean;
        more[0] += away * away;
        if (t > 0) {
            const double change = level - level_of(rows, t - 1, peak.value) - mean_change;
            more[1] += change * change;
        }
        const double step = (double)(t - peak.at);
        if (step >= 0.0 && step < line) more[2] += (step - (line - 1.0) / 2.0) * level;
    }
    add_up(more, partial);
    if (thread > 0) return;
    statistics[5] = (float)mean;
    statistics[6] = (float)sqrt(more[0] / (double)frames);
    for (int i = 0; i < 3; i++) statistics[11 + i] = (float)(sums[2 + i] / (double)frames);
    const double squares = line * (line * line - 1.0) / 12.0; /* of the steps about their middle */
    statistics[14] = line > 1.0 ? (float)(more[2] / squares) : 0.0f;
    statistics[15] = (float)log1p(sums[5]);
    statistics[16] = (float)(sums[1] / changes);
    statistics[17] = (float)rise.value;
    statistics[18] = (float)sqrt(more[1] / changes);
}

/* A level as a key: the higher, the lower. */
static __device__ __forceinline__ unsigned key_of(const struct clip_rows &rows, int frame,
                                                  double largest) {
    return __float_as_uint((float)-level_of(rows, frame, largest)) & 0x7fffffffu;
}

/* The quantiles of the levels, linear between neighbours: numbers 7 to 10. A rank's key is found
 * two bits at a time, all ranks together: it is the largest with at most `rank` keys below it. */
static __device__ void write_quantiles(const struct clip_rows &rows, double largest,
                                       double *partial, struct place *places, float *statistics) {
    const double fractions[QUANTILES] = {STATISTICS_QUANTILES};
    const int thread = (int)threadIdx.x, last = rows.frames - 1;
    double ranks[QUANTILES], parts[QUANTILES];
    unsigned keys[QUANTILES] = {0, 0, 0, 0};
#pragma unroll
    for (int q = 0; q < QUANTILES; q++) {
        const double position = fractions[q] * (double)last;
        const int below = (int)position; /* the level, and so the key's rank from the other end */
        ranks[q] = (double)(last - below);
        parts[q] = position - (double)below;
    }
    for (int shift = 30; shift >= 0; shift -= 2) {
        double counts[3 * QUANTILES] = {0.0};
        for (int t = thread; t < rows.frames; t += THREADS) {
            const unsigned key = key_of(rows, t, largest);
#pragma unroll
            for (int i = 0; i < 3 * QUANTILES; i++)
                if (key < keys[i / 3] + ((unsigned)(i % 3 + 1) << shift)) counts[i] += 1.0;
        }
        add_up(counts, partial);
#pragma unroll
        for (int q = 0; q < QUANTILES; q++) {
            unsigned digit = 0;
            for (int i = 0; i < 3; i++)
                if (counts[3 * q + i] <= ranks[q]) digit = (unsigned)i + 1;
            keys[q] += digit << shift;
        }
    }
#pragma unroll
    for (int q = 0; q < QUANTILES; q++) {
        /* The next higher level has the largest key below, unless several have this one. */
        double below[1] = {0.0};
        struct place next = {-1.0, 0};
        for (int t = thread; t < rows.frames; t += THREADS) {
            const unsigned key = key_of(rows, t, largest);
            if (key >= keys[q]) continue;
            below[0] += 1.0;
            next.value = fmax(next.value, (double)__uint_as_float(key));
        }
        add_up(below, partial);
        next = find_largest(next, places);
        const double here = (double)__uint_as_float(keys[q]);
        const double above = below[0] == ranks[q] && ranks[q] > 0.0 ? next.value : here;
        if (thread == 0) statistics[7 + q] = (float)-(here + (above - here) * parts[q]);
    }
}

/* The 19 numbers of the envelope, but for those of the other functions. */
static __device__ void write_envelope(int frames, int peak, const double time_moments[2],
                                      float *statistics) {
    statistics[0] = (float)log((double)frames);
    statistics[1] = (float)time_moments[0];
    statistics[2] = (float)time_moments[1];
    statistics[3] = (float)time_of(peak, frames);
    statistics[4] = (float)log1p((double)peak);
}

/* ---- the mels ---- */

static __device__ __forceinline__ double mel_level(const float *decibels, float least,
                                                   float largest) {
    const float value = *decibels;
    return (double)((value < least ? least : value) - largest);
}

/* Mean and deviation of every mel's decibels; a lane for each mel, a warp for every WARPS-th
 * frame. partial: (WARPS, MELS). */
static __device__ void write_mels(const float *decibels, int frames, float largest, double *partial,
                                  float *statistics) {
    const int warp = (int)threadIdx.x / 32, mel = (int)threadIdx.x % 32;
    const float least = largest - DECIBEL_RANGE;
    double mean = 0.0;
    for (int round = 0; round < 2; round++) { /* the sum, then that of squares about the mean */
        double sum = 0.0;
        for (int t = warp; t < frames && mel < MELS; t += WARPS) {
            const double value = mel_level(decibels + (long long)t * MELS + mel, least, largest);
            sum += round == 0 ? value : (value - mean) * (value - mean);
        }
        if (mel < MELS) partial[warp * MELS + mel] = sum;
        __syncthreads(); /* partial is complete */
        sum = 0.0;
        for (int w = 0; w < WARPS && mel < MELS; w++) sum += partial[w * MELS + mel];
        __syncthreads(); /* partial may be written again */
        sum /= (double)frames;
        if (warp == 0 && mel < MELS)
            statistics[round * MELS + mel] = (float)(round == 0 ? sum : sqrt(sum));
        mean = sum;
    }
}

/* ---- a clip ---- */

__global__ void __launch_bounds__(THREADS)
    statistics_clips_kernel(const struct cuda_clip *__restrict__ clips, int rows,
                            const float *__restrict__ decibels, const double *__restrict__ numbers,
                            float *__restrict__ statistics) {
    SHARED_ARRAY(double, partial, WARPS *MELS);
    SHARED_ARRAY(struct place, places, WARPS);
    const struct cuda_clip &clip = clips[clips[blockIdx.x].padded];
    const int thread = (int)threadIdx.x, frames = clip.feature_frames;
    const float *values = decibels + (long long)clip.row * MELS;
    const struct clip_rows own = {numbers + clip.row, numbers + rows + clip.row,
                                  numbers + 2LL * rows + clip.row, rows, frames};
    float *row = statistics + (long long)blockIdx.x * STATISTICS_COUNT;
    struct place largest = {(double)values[0], 0}, peak = {own.level[0], 0};
    for (int i = thread; i < frames * MELS; i += THREADS)
        largest.value = fmax(largest.value, (double)values[i]);
    largest = find_largest(largest, places);
    write_mels(values, frames, (float)largest.value, partial, row);
    double time_moments[2], sum[1] = {0.0};
    for (int t = thread; t < frames; t += THREADS) {
        sum[0] += own.power[t];
        if (own.level[t] > peak.value) peak = {own.level[t], t};
    }
    add_up(sum, partial);
    if (!isfinite(sum[0])) {
        for (int i = STATISTICS_ENVELOPE + thread; i < STATISTICS_COUNT; i += THREADS) row[i] = NAN;
        return;
    }
    peak = find_largest(peak, places);
    write_shape(own, partial, row + STATISTICS_SHAPE, time_moments);
    write_levels(own, peak, partial, places, row + STATISTICS_ENVELOPE);
    write_quantiles(own, peak.value, partial, places, row + STATISTICS_ENVELOPE);
    if (thread == 0) write_envelope(frames, peak.at, time_moments, row + STATISTICS_ENVELOPE);
}

enum error_code statistics_run(const struct cuda_clip *clips, int clip_count, const int *row_clips,
                               int rows, const float *powers, const float *decibels,
                               double *scratch, float *statistics, cudaStream_t stream,
                               struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    const dim3 grid((unsigned)((rows + FRAME_THREADS - 1) / FRAME_THREADS));
    LAUNCH(statistics_frames_kernel, grid, dim3(FRAME_THREADS), 0, stream, clips, row_clips, rows,
           powers, scratch);
    LAUNCH(statistics_clips_kernel, dim3((unsigned)clip_count), dim3(THREADS), 0, stream, clips,
           rows, decibels, (const double *)scratch, statistics);
    return cuda_check_launch("the statistics of clips", error);
}
