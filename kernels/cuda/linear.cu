/* A block of 256 threads computes 32 clips x 32 outputs. Four groups of 64 threads each sum another
 * part of the statistics, a thread 4 x 4 outputs: few clips give as many blocks as they can, and
 * a block as many warps. After each round of four parts, the block adds them in their order. */
#include "kernels/cuda/linear.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/layer_tile.h"
#include "kernels/cuda/shared_memory.h"
#include "kernels/cuda/upload.h"

extern "C" {
#include "kernels/batch_norm.h"
}

#include <stdlib.h>

#define GROUPS 4
#define GROUP_THREADS (TILE_THREADS / GROUPS)
#define SIDE 4  /* clips, and outputs, of a thread */
#define TILE 32 /* of a block */
#define STEP 16 /* statistics that a group adds between two barriers: LINE_BYTES */
#define ROUND (GROUPS * LINEAR_PART)
#define ROUND_STEPS (LINEAR_PART / STEP)
#define STAGES 2
#define TILE_BYTES (TILE * LINE_BYTES)
#define STAGE_BYTES (2 * TILE_BYTES) /* of a group: statistics, then weights */
#define PARTS_BYTES (GROUPS * TILE * TILE * (int)sizeof(float))
#define SHARED_BYTES (STAGES * GROUPS * STAGE_BYTES + PARTS_BYTES)

/* ---- on the GPU ---- */

struct linear_arguments {
    const float *statistics;
    const float *weights;
    const double *bias;
    float *embeddings;
    int clip_count;
    int width;
    int size;
    int columns;
    int steps; /* of whole rounds */
};

struct place {
    int group;
    int thread; /* of the group */
    int first_clip, first_output;
    int clip, output; /* the thread's first ones in the tile; its clips are TILE / SIDE apart */
};

static __device__ __forceinline__ struct place find_place(void) {
    struct place place;
    place.group = (int)threadIdx.x / GROUP_THREADS;
    place.thread = (int)threadIdx.x % GROUP_THREADS;
    place.first_clip = (int)blockIdx.y * TILE;
    place.first_output = (int)blockIdx.x * TILE;
    place.clip = place.thread / (TILE / SIDE);
    place.output = place.thread % (TILE / SIDE) * SIDE;
    return place;
}

/* The first statistic of a group's step. */
static __device__ __forceinline__ int find_first(int group, int step) {
    return step / ROUND_STEPS * ROUND + group * LINEAR_PART + step % ROUND_STEPS * STEP;
}

/* What a thread copies in every step: 16 bytes of two clips and of two lines of weights. */
struct copies {
    const float *statistics[2]; /* of step 0 */
    const float *weights;
    bool valid[2]; /* whether there are these clips */
    int to;        /* offset in the stage */
    int weights_to;
};

static __device__ __forceinline__ struct copies
find_copies(const struct linear_arguments &arguments, const struct place &place) {
    const int line = place.thread / LINE_CHUNKS, chunk = place.thread % LINE_CHUNKS;
    const int row = place.thread / (TILE / 4), column = place.thread % (TILE / 4) * 4;
    struct copies copies;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int clip = place.first_clip + line + i * (TILE / 2);
        copies.valid[i] = clip < arguments.clip_count;
        copies.statistics[i] = arguments.statistics + chunk * 4 +
                               (long long)(copies.valid[i] ? clip : 0) * arguments.width;
    }
    copies.weights =
        arguments.weights + (long long)row * arguments.columns + place.first_output + column;
    copies.to = tile_offset(line, chunk);
    copies.weights_to = TILE_BYTES + (row * TILE + column) * (int)sizeof(float);
    return copies;
}

/* Begins a group's copies of a step: statistics (TILE, STEP), zeros past the last clip, and weights
 * (STEP, TILE). */
static __device__ __forceinline__ void copy_step(const struct linear_arguments &arguments,
                                                 const struct place &place,
                                                 const struct copies &copies, int step,
                                                 unsigned char *stages) {
    const int first = find_first(place.group, step);
    if (first < arguments.width) {
        unsigned char *stage = stages + (step % STAGES * GROUPS + place.group) * STAGE_BYTES;
        const float *weights = copies.weights + (long long)first * arguments.columns;
        /* In clips 16 apart, chunks are at the same offset. */
#pragma unroll
        for (int i = 0; i < 2; i++) {
            async_copy_16(stage + copies.to + i * (TILE / 2) * LINE_BYTES,
                          copies.statistics[i] + first, copies.valid[i]);
            async_copy_16(stage + copies.weights_to + i * (STEP / 2) * TILE * (int)sizeof(float),
                          weights + (long long)(i * (STEP / 2)) * arguments.columns, true);
        }
    }
    async_commit();
}

static __device__ __forceinline__ void multiply(float statistic, const float4 &weights,
                                                float sums[SIDE]) {
    sums[0] = fmaf(statistic, weights.x, sums[0]);
    sums[1] = fmaf(statistic, weights.y, sums[1]);
    sums[2] = fmaf(statistic, weights.z, sums[2]);
    sums[3] = fmaf(statistic, weights.w, sums[3]);
}

static __device__ __forceinline__ void
compute_step(const unsigned char *stage, const struct place &place, float sums[SIDE][SIDE]) {
    const float *weights = (const float *)(stage + TILE_BYTES) + place.output;
#pragma unroll
    for (int chunk = 0; chunk < LINE_CHUNKS; chunk++) {
        float4 statistics[SIDE], lines[4];
        /* In clips 8 apart, chunks are at the same offset. */
        const unsigned char *from = stage + tile_offset(place.clip, chunk);
#pragma unroll
        for (int i = 0; i < SIDE; i++)
            statistics[i] = *(const float4 *)(from + i * (TILE / SIDE) * LINE_BYTES);
#pragma unroll
        for (int k = 0; k < 4; k++) lines[k] = *(const float4 *)(weights + (chunk * 4 + k) * TILE);
#pragma unroll
        for (int i = 0; i < SIDE; i++) {
            multiply(statistics[i].x, lines[0], sums[i]);
            multiply(statistics[i].y, lines[1], sums[i]);
            multiply(statistics[i].z, lines[2], sums[i]);
            multiply(statistics[i].w, lines[3], sums[i]);
        }
    }
}

/* Adds the groups' parts in their order, in double precision, to totals: those of SIDE neighbouring
 * outputs, which another thread may have summed. All threads must call it. */
static __device__ __forceinline__ void add_parts(const struct place &place, float *parts,
                                                 const float sums[SIDE][SIDE],
                                                 double totals[SIDE]) {
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
        const int clip = place.group * TILE + place.clip + i * (TILE / SIDE);
        *(float4 *)(parts + clip * TILE + place.output) =
            make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
    }
    __syncthreads();
#pragma unroll
    for (int group = 0; group < GROUPS; group++) {
        const float4 part =
            *(const float4 *)(parts + group * TILE * TILE + (int)threadIdx.x * SIDE);
        totals[0] += (double)part.x;
        totals[1] += (double)part.y;
        totals[2] += (double)part.z;
        totals[3] += (double)part.w;
    }
}

__global__ void __launch_bounds__(TILE_THREADS) linear_kernel(struct linear_arguments arguments) {
    SHARED_MEMORY(unsigned char, stages);
    float *const parts = (float *)(stages + STAGES * GROUPS * STAGE_BYTES);
    const struct place place = find_place();
    const struct copies copies = find_copies(arguments, place);
    const int clip = place.first_clip + (int)threadIdx.x / (TILE / SIDE);
    const int output = place.first_output + (int)threadIdx.x % (TILE / SIDE) * SIDE;
    double totals[SIDE];
    float sums[SIDE][SIDE] = {};
#pragma unroll
    for (int j = 0; j < SIDE; j++) totals[j] = arguments.bias[output + j];
    for (int step = 0; step < STAGES - 1; step++) copy_step(arguments, place, copies, step, stages);
    for (int step = 0; step < arguments.steps; step++) {
        async_wait<STAGES - 2>();
        __syncthreads(); /* this step is complete, and all are done with what is overwritten */
        copy_step(arguments, place, copies, step + STAGES - 1, stages);
        if (find_first(place.group, step) < arguments.width)
            compute_step(stages + (step % STAGES * GROUPS + place.group) * STAGE_BYTES, place,
                         sums);
        if (step % ROUND_STEPS < ROUND_STEPS - 1) continue;
        add_parts(place, parts, sums, totals);
#pragma unroll
        for (int i = 0; i < SIDE; i++)
#pragma unroll
            for (int j = 0; j < SIDE; j++) sums[i][j] = 0.0f;
    }
    if (clip >= arguments.clip_count) return;
#pragma unroll
    for (int j = 0; j < SIDE; j++)
        if (output + j < arguments.size)
            arguments.embeddings[(long long)clip * arguments.size + output + j] = (float)totals[j];
}

/* ---- on the host ---- */

/* Stores weight (size, 2, model channels) in packed (width, columns), which is zero. */
static void pack(const struct cuda_linear *linear, size_t channels, const double *weight,
                 float *packed) {
    const size_t stored = (size_t)linear->channels, columns = (size_t)linear->columns;
    for (size_t e = 0; e < (size_t)linear->size; e++)
        for (size_t part = 0; part < 2; part++)
            for (size_t c = 0; c < channels; c++)
                packed[(part * stored + c) * columns + e] =
                    (float)weight[(e * 2 + part) * channels + c];
}

enum error_code linear_create(const struct xvector_model *model, struct cuda_linear *linear,
                              cudaStream_t stream, struct error *error) {
    const size_t channels = model->blocks[model->block_count - 1].out_channels;
    const size_t size = model->embedding_size, stored = layer_stored(channels);
    const size_t columns = (size + TILE - 1) / TILE * TILE;
    linear->size = (int)size;
    linear->channels = (int)stored;
    linear->width = 2 * (int)stored;
    linear->columns = (int)columns;
    if (prefer_shared_memory(linear_kernel, error) != ERROR_NONE) return error->code;
    const size_t bytes = 2 * stored * columns * sizeof(float);
    double *weight = (double *)malloc(size * 2 * channels * sizeof(double));
    double *bias = (double *)calloc(columns, sizeof(double));
    float *packed = (float *)calloc(1, bytes);
    if (weight == NULL || bias == NULL || packed == NULL) {
        FAIL(error, ERROR_MEMORY, "no memory to load the model's linear layer");
    } else {
        batch_norm_linear(model, weight, bias);
        pack(linear, channels, weight, packed);
        cuda_upload(&linear->weights, packed, bytes, "the linear layer's weights", stream, error);
        cuda_upload(&linear->bias, bias, columns * sizeof(double), "the linear layer's biases",
                    stream, error);
    }
    free(weight);
    free(bias);
    free(packed);
    return error->code;
}

void linear_free(struct cuda_linear *linear) {
    cuda_buffer_free(&linear->weights, BUFFER_GPU);
    cuda_buffer_free(&linear->bias, BUFFER_GPU);
}

enum error_code linear_run(const struct cuda_linear *linear, const float *statistics,
                           int clip_count, float *embeddings, cudaStream_t stream,
                           struct error *error) {
    if (clip_count == 0) return ERROR_NONE;
    struct linear_arguments arguments = {};
    arguments.statistics = statistics;
    arguments.weights = (const float *)linear->weights.data;
    arguments.bias = (const double *)linear->bias.data;
    arguments.embeddings = embeddings;
    arguments.clip_count = clip_count;
    arguments.width = linear->width;
    arguments.size = linear->size;
    arguments.columns = linear->columns;
    arguments.steps = (linear->width + ROUND - 1) / ROUND * ROUND_STEPS;
    const dim3 grid((unsigned)(linear->columns / TILE), (unsigned)((clip_count + TILE - 1) / TILE));
    LAUNCH(linear_kernel, grid, dim3(TILE_THREADS), SHARED_BYTES, stream, arguments);
    return cuda_check_launch("the linear layer", error);
}

double linear_operations(const struct cuda_linear *linear) {
    return 2.0 * 2.0 * (double)linear->channels * (double)linear->size;
}
