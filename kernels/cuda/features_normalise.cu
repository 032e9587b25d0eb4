/* The operations of features over a whole clip: a block for each clip. Sums are in a fixed order,
 * in double precision, and depend on the clip only. */
#include "kernels/cuda/features.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/primitives.h"
#include "kernels/front_end.h"

#define THREADS 512
#define COLUMNS 32 /* mels at a time */
#define LINES (THREADS / COLUMNS)
#define MARKING_THREADS 128

__global__ void __launch_bounds__(MARKING_THREADS)
    mark_rows_kernel(const struct cuda_clip *__restrict__ clips, int *__restrict__ row_clips) {
    const struct cuda_clip &clip = clips[blockIdx.x];
    for (int frame = (int)threadIdx.x; frame < clip.feature_frames; frame += MARKING_THREADS)
        row_clips[clip.row + frame] = (int)blockIdx.x;
}

enum error_code features_mark_rows(const struct cuda_clip *clips, int clip_count, int *row_clips,
                                   cudaStream_t stream, struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    LAUNCH(mark_rows_kernel, dim3((unsigned)clip_count), dim3(MARKING_THREADS), 0, stream, clips,
           row_clips);
    return cuda_check_launch("marking rows", error);
}

/* The largest of a clip's values, ignoring NaN; returned to all threads. */
static __device__ float clip_maximum(const float *values, long long count, float *partial) {
    const int thread = (int)threadIdx.x;
    float largest = values[0];
    for (long long i = thread; i < count; i += THREADS) largest = fmaxf(largest, values[i]);
    partial[thread] = largest;
    __syncthreads();
    for (int width = THREADS / 2; width > 0; width /= 2) {
        if (thread < width) partial[thread] = fmaxf(partial[thread], partial[thread + width]);
        __syncthreads();
    }
    return partial[0];
}

static __device__ __forceinline__ float raise(float value, float floor_level) {
    return value < floor_level ? floor_level : value;
}

/* The mean of one mel over the clip, raised to the floor; partial (LINES, COLUMNS). */
static __device__ double mel_mean(const float *values, int frames, int mels, int mel,
                                  float floor_level, double *partial) {
    const int column = (int)threadIdx.x % COLUMNS, line = (int)threadIdx.x / COLUMNS;
    double sum = 0.0;
    if (mel < mels)
        for (int t = line; t < frames; t += LINES)
            sum += (double)raise(values[(long long)t * mels + mel], floor_level);
    partial[line * COLUMNS + column] = sum;
    __syncthreads();
    double total = 0.0;
    for (int l = 0; l < LINES; l++) total += partial[l * COLUMNS + column];
    __syncthreads();
    return total / (double)frames;
}

static __device__ __forceinline__ void store(float value, long long at, float *input) {
    input[at] = value;
}

/* floats_to_bf16() converts a pair; only the low half is used here. */
static __device__ __forceinline__ void store(float value, long long at, unsigned short *input) {
    input[at] = (unsigned short)(floats_to_bf16(value, 0.0f) & 0xffffu);
}

template <typename Stored, bool rounded>
__global__ void __launch_bounds__(THREADS)
    normalise_kernel(const struct cuda_clip *__restrict__ clips, int mels, float *decibels,
                     Stored *__restrict__ input, int stride) {
    SHARED_ARRAY(float, largest, THREADS);
    SHARED_ARRAY(double, partial, THREADS);
    const struct cuda_clip &clip = clips[blockIdx.x];
    const int frames = clip.feature_frames;
    float *values = decibels + (long long)clip.row * mels;
    const int column = (int)threadIdx.x % COLUMNS, line = (int)threadIdx.x / COLUMNS;
    const float floor_level =
        clip_maximum(values, (long long)frames * mels, largest) - DECIBEL_RANGE;
    for (int begin = 0; begin < stride; begin += COLUMNS) {
        const int mel = begin + column;
        const double mean = mel_mean(values, frames, mels, mel, floor_level, partial);
        for (int t = line; t < frames; t += LINES) {
            float value = 0.0f;
            const long long at = (long long)t * mels + mel;
            if (mel < mels)
                values[at] = value = (float)((double)raise(values[at], floor_level) - mean);
            if (mel < stride)
                store(rounded ? float_to_tf32(value) : value,
                      (long long)(clip.row + t) * stride + mel, input);
        }
    }
}

enum error_code features_normalise(const struct cuda_clip *clips, int clip_count, int mels,
                                   float *decibels, enum features_kind kind, void *input,
                                   int stride, cudaStream_t stream, struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    const dim3 grid((unsigned)clip_count), block(THREADS);
    if (kind == FEATURES_FLOAT32)
        LAUNCH((normalise_kernel<float, false>), grid, block, 0, stream, clips, mels, decibels,
               (float *)input, stride);
    else if (kind == FEATURES_TF32)
        LAUNCH((normalise_kernel<float, true>), grid, block, 0, stream, clips, mels, decibels,
               (float *)input, stride);
    else
        LAUNCH((normalise_kernel<unsigned short, false>), grid, block, 0, stream, clips, mels,
               decibels, (unsigned short *)input, stride);
    return cuda_check_launch("normalising features", error);
}
