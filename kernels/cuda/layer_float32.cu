/* The layer in float32 with ordinary multiply-adds (FFMA).
 *
 * A block of 256 threads computes 128 frames x 128 channels, a thread 8 x 8 of them in registers.
 * A step along K is 16 values. Three steps are in shared memory: one in use, two being copied.
 * Every output is one chain of multiply-adds in the order of K, wherever it is in the tile, so
 * that its bits depend on its own frames only. */
#include "kernels/cuda/layer_tile.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/chunk_rows.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"

#define STAGES 3
#define STEP 16 /* values along K in a stage */
#define SIDE 8  /* frames, and channels, of a thread */
#define TILE_BYTES (LAYER_TILE * LINE_BYTES)
#define STAGE_BYTES (2 * TILE_BYTES) /* frames, then weights */

/* Warps cover the tile as 4 x 2, lanes a warp as 4 x 8. A thread's frames are 16 apart (so that
 * their offsets in shared memory differ by a constant); its channels are twice four, 32 apart. */
struct place {
    int frame;   /* first one of the thread in the tile */
    int channel; /* likewise */
};

static __device__ __forceinline__ struct place find_place(void) {
    const int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    struct place place;
    place.frame = warp / 2 * 4 + lane / 8;
    place.channel = warp % 2 * 64 + lane % 8 * 4;
    return place;
}

#define NO_LINE 0xffffffffU

/* A thread copies the same chunk of two rows, LAYER_TILE / 2 apart, in every step. */
struct tile_reader {
    int tap;           /* of the step to be copied next */
    int chunk;         /* within the input row */
    unsigned lines[2]; /* begin of the input rows at this tap, in chunks, or NO_LINE */
};

/* Finds the input rows at the reader's tap. */
static __device__ __forceinline__ void tile_reader_turn(const struct layer_arguments &arguments,
                                                        int first_row, struct tile_reader &reader) {
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int at = first_row + (int)threadIdx.x / LINE_CHUNKS + i * (LAYER_TILE / 2);
        reader.lines[i] = NO_LINE;
        if (at >= arguments.row_count || reader.tap >= arguments.taps) continue;
        reader.lines[i] =
            (unsigned)tile_source(arguments, at, reader.tap) * (unsigned)arguments.chunks;
    }
}

/* Advances by some chunks; at the end of the input row, to the next tap. */
static __device__ __forceinline__ void tile_reader_advance(const struct layer_arguments &arguments,
                                                           int first_row, int chunks,
                                                           struct tile_reader &reader) {
    reader.chunk += chunks;
    if (reader.chunk < arguments.chunks) return;
    while (reader.chunk >= arguments.chunks) {
        reader.chunk -= arguments.chunks;
        reader.tap++;
    }
    tile_reader_turn(arguments, first_row, reader);
}

static __device__ __forceinline__ struct tile_reader
tile_reader_begin(const struct layer_arguments &arguments, int first_row) {
    struct tile_reader reader;
    reader.tap = reader.chunk = 0;
    tile_reader_turn(arguments, first_row, reader);
    tile_reader_advance(arguments, first_row, (int)threadIdx.x % LINE_CHUNKS, reader);
    return reader;
}

/* Copies the next 64 bytes of all frames of the tile; zeros past the last tap and frame. */
static __device__ __forceinline__ void tile_reader_copy(const struct layer_arguments &arguments,
                                                        int first_row, struct tile_reader &reader,
                                                        unsigned char *tile) {
    const int row = (int)threadIdx.x / LINE_CHUNKS, chunk = (int)threadIdx.x % LINE_CHUNKS;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const bool valid = reader.lines[i] != NO_LINE;
        const size_t source = valid ? (size_t)(reader.lines[i] + (unsigned)reader.chunk) * 16 : 0;
        async_copy_16(tile + tile_offset(row + i * (LAYER_TILE / 2), chunk),
                      arguments.input + source, valid);
    }
    tile_reader_advance(arguments, first_row, LINE_CHUNKS, reader);
}

/* Copies the weights of a step: (STEP, LAYER_TILE). */
static __device__ __forceinline__ void copy_weights(const struct layer_arguments &arguments,
                                                    int block, int first_channel,
                                                    unsigned char *tile) {
    const int line = (int)threadIdx.x / 32, chunk = (int)threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int k = line + i * (STEP / 2);
        const long long at =
            ((long long)(block * STEP + k) * arguments.columns + first_channel) * 4 + chunk * 16;
        async_copy_16(tile + k * (LAYER_TILE * 4) + chunk * 16, arguments.weights + at, true);
    }
}

static __device__ __forceinline__ void multiply(const float a[SIDE], const float4 &low,
                                                const float4 &high, float sums[SIDE][SIDE]) {
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
        sums[i][0] = fmaf(a[i], low.x, sums[i][0]);
        sums[i][1] = fmaf(a[i], low.y, sums[i][1]);
        sums[i][2] = fmaf(a[i], low.z, sums[i][2]);
        sums[i][3] = fmaf(a[i], low.w, sums[i][3]);
        sums[i][4] = fmaf(a[i], high.x, sums[i][4]);
        sums[i][5] = fmaf(a[i], high.y, sums[i][5]);
        sums[i][6] = fmaf(a[i], high.z, sums[i][6]);
        sums[i][7] = fmaf(a[i], high.w, sums[i][7]);
    }
}

/* Two values along K at a time and no more unrolling: with more, ptxas loads so far ahead that
 * registers spill. The other warps of the multiprocessor hide the latency. */
static __device__ __forceinline__ void
compute_step(const unsigned char *stage, const struct place &place, float sums[SIDE][SIDE]) {
    const float *weights = (const float *)(stage + TILE_BYTES) + place.channel;
#pragma unroll 1
    for (int pair = 0; pair < STEP / 2; pair++) {
        float2 frames[SIDE];
        float a[SIDE];
        /* In frames 16 apart, chunks are at the same offset. */
        const unsigned char *chunk = stage + tile_offset(place.frame, pair / 2) + pair % 2 * 8;
#pragma unroll
        for (int i = 0; i < SIDE; i++) frames[i] = *(const float2 *)(chunk + 16 * i * LINE_BYTES);
        const float *line = weights + pair * 2 * LAYER_TILE;
#pragma unroll
        for (int i = 0; i < SIDE; i++) a[i] = frames[i].x;
        multiply(a, *(const float4 *)line, *(const float4 *)(line + 32), sums);
#pragma unroll
        for (int i = 0; i < SIDE; i++) a[i] = frames[i].y;
        line += LAYER_TILE;
        multiply(a, *(const float4 *)line, *(const float4 *)(line + 32), sums);
    }
}

static __device__ __forceinline__ float4 finish(const float *sums, const float *bias) {
    const float4 b = *(const float4 *)bias;
    return make_float4(leaky(sums[0] + b.x), leaky(sums[1] + b.y), leaky(sums[2] + b.z),
                       leaky(sums[3] + b.w));
}

static __device__ __forceinline__ void store_tile(const struct layer_arguments &arguments,
                                                  int first_row, int first_channel,
                                                  const struct place &place,
                                                  const float sums[SIDE][SIDE]) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int channel = first_channel + place.channel + 32 * half;
        if (channel >= arguments.outputs) continue;
#pragma unroll
        for (int i = 0; i < SIDE; i++) {
            const int row = first_row + place.frame + 16 * i;
            if (row < arguments.row_count)
                *(float4 *)((float *)arguments.output + (long long)row * arguments.outputs +
                            channel) = finish(sums[i] + 4 * half, arguments.bias + channel);
        }
    }
}

__global__ void __launch_bounds__(TILE_THREADS, LAYER_FLOAT32_BLOCKS)
    layer_float32_kernel(struct layer_arguments arguments) {
    SHARED_MEMORY(unsigned char, stages);
    const int first_channel = (int)blockIdx.x * LAYER_TILE,
              first_row = (int)blockIdx.y * LAYER_TILE;
    const struct place place = find_place();
    struct tile_reader reader = tile_reader_begin(arguments, first_row);
    float sums[SIDE][SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; i++)
#pragma unroll
        for (int j = 0; j < SIDE; j++) sums[i][j] = 0.0f;
#pragma unroll
    for (int block = 0; block < STAGES - 1; block++) {
        if (block < arguments.blocks) {
            tile_reader_copy(arguments, first_row, reader, stages + block * STAGE_BYTES);
            copy_weights(arguments, block, first_channel,
                         stages + block * STAGE_BYTES + TILE_BYTES);
        }
        async_commit();
    }
    int computed = 0, filled = STAGES - 1; /* stages */
    for (int block = 0; block < arguments.blocks; block++) {
        async_wait<STAGES - 2>();
        __syncthreads(); /* this step is complete, and all are done with the one to be overwritten
                          */
        if (block + STAGES - 1 < arguments.blocks) {
            tile_reader_copy(arguments, first_row, reader, stages + filled * STAGE_BYTES);
            copy_weights(arguments, block + STAGES - 1, first_channel,
                         stages + filled * STAGE_BYTES + TILE_BYTES);
        }
        async_commit();
        compute_step(stages + computed * STAGE_BYTES, place, sums);
        computed = computed == STAGES - 1 ? 0 : computed + 1;
        filled = filled == STAGES - 1 ? 0 : filled + 1;
    }
    store_tile(arguments, first_row, first_channel, place, sums);
}

enum error_code layer_float32_prepare(struct error *error) {
    return prefer_shared_memory(layer_float32_kernel, error);
}

enum error_code layer_float32_run(const struct layer_arguments *arguments, cudaStream_t stream,
                                  struct error *error) {
    const dim3 grid((unsigned)(arguments->columns / LAYER_TILE),
                    (unsigned)((arguments->row_count + LAYER_TILE - 1) / LAYER_TILE));
    LAUNCH(layer_float32_kernel, grid, dim3(TILE_THREADS), STAGES * STAGE_BYTES, stream,
           *arguments);
    return cuda_check_launch("a layer", error);
}
