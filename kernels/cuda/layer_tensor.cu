/* The layer on tensor cores: the input is bfloat16 or TF32, sums are float32.
 *
 * A block of eight warps computes 256 frames x 128 channels, a warp 64 x 64 of them: this takes
 * all registers, and needs the fewest bytes from the L2 cache and from shared memory that they
 * allow. A step along K is 64 bytes of every row, 32 values of bfloat16 or 16 of TF32, and in
 * either case two steps of the tensor cores of 32 bytes: ldmatrix and the layout are the same for
 * both. Weights are stored with K innermost, like frames.
 *
 * Taps are the inner loop along K. They all use nearly the same frames, so the 64 bytes of these
 * are copied once, as a window of rows of the level below, and a tap, with or without reflection,
 * is only another row for each lane's ldmatrix. Where the rows of a block are too far apart for
 * one window (a large dilation, many pieces), each tap's rows are copied.
 *
 * The final layer pools its tile at once: of its rows, only those of segments that two tiles share
 * reach memory, a quarter of them or less. */
#include "kernels/cuda/layer_tile.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/chunk_rows.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/pooling.h"
#include "kernels/cuda/shared_memory.h"

#include <limits.h>

#define STAGES 3
#define FRAMES LAYER_TENSOR_FRAMES /* of a block: one for each thread */
#define WINDOW 288 /* rows in a stage: FRAMES, and the frames that taps reach beyond them */
#define WINDOW_BYTES (WINDOW * LINE_BYTES)
#define WEIGHT_BYTES (LAYER_TILE * LINE_BYTES)
#define SHARED_BYTES (STAGES * (WINDOW_BYTES + WEIGHT_BYTES))
#define COPIED_LINES (TILE_THREADS / LINE_CHUNKS) /* that a block copies at once */
#define WARPS (TILE_THREADS / 32)
#define FRAME_PARTS 4   /* of 16, of a warp */
#define CHANNEL_PARTS 8 /* of 8, of a warp */
#define ALL_LANES 0xffffffffU
#define STAGED_CHANNELS 64 /* of the final layer, pooled at once: those of a warp */
#define STAGED_STRIDE 72   /* floats: the rows and channels of half a warp are in different banks */

struct place {
    int frame;   /* first one of the warp in the tile */
    int channel; /* likewise */
    int lane;
};

static __device__ __forceinline__ struct place find_place(void) {
    const int warp = (int)threadIdx.x / 32;
    struct place place;
    place.lane = (int)threadIdx.x % 32;
    place.frame = warp / 2 * 64;
    place.channel = warp % 2 * 64;
    return place;
}

/* The rows of the level below that a step along K has in shared memory. */
struct window {
    bool whole; /* those of all taps; else those of one tap, in the order of the tile */
    int first;  /* row, if whole */
    int rows;
};

/* All threads of the block must call it. Rows past the last one count as the last one. */
static __device__ __forceinline__ struct window find_window(const struct layer_arguments &arguments,
                                                            int first_row) {
    SHARED_ARRAY(int, warp_first, WARPS);
    SHARED_ARRAY(int, warp_last, WARPS);
    const int reach = arguments.taps / 2 * arguments.dilation, thread = (int)threadIdx.x;
    const struct layer_row row = arguments.rows[min(first_row + thread, arguments.row_count - 1)];
    int first = row.base + max(row.frame - reach, 0);
    int last = row.base + min(row.frame + reach, row.last);
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) {
        first = min(first, __shfl_xor_sync(ALL_LANES, first, offset));
        last = max(last, __shfl_xor_sync(ALL_LANES, last, offset));
    }
    if (thread % 32 == 0) {
        warp_first[thread / 32] = first;
        warp_last[thread / 32] = last;
    }
    __syncthreads();
    struct window window = {true, INT_MAX, 0};
    for (int warp = 0; warp < WARPS; warp++) {
        window.first = min(window.first, warp_first[warp]);
        last = max(last, warp_last[warp]);
    }
    window.whole = last - window.first < WINDOW;
    window.rows = window.whole ? last - window.first + 1 : FRAMES;
    return window;
}

/* A step along K, and where its data is in shared memory. */
struct step {
    int index;
    int block; /* of 64 bytes of the input rows */
    int tap;
    int frame_stage;
    int weight_stage;
};

static __device__ __forceinline__ int next_stage(int stage) {
    return stage == STAGES - 1 ? 0 : stage + 1;
}

static __device__ __forceinline__ void advance(const struct layer_arguments &arguments,
                                               const struct window &window, struct step &step) {
    step.index++;
    step.weight_stage = next_stage(step.weight_stage);
    if (++step.tap == arguments.taps) {
        step.tap = 0;
        step.block++;
    }
    if (step.tap == 0 || !window.whole) step.frame_stage = next_stage(step.frame_stage);
}

/* Copies 64 bytes of the window's rows; zeros past the end of an input row. */
static __device__ __forceinline__ void copy_frames(const struct layer_arguments &arguments,
                                                   const struct window &window, int first_row,
                                                   const struct step &step, unsigned char *tile) {
    const int first = (int)threadIdx.x / LINE_CHUNKS, chunk = (int)threadIdx.x % LINE_CHUNKS;
    const int from = step.block * LINE_CHUNKS + chunk;
    const bool valid = from < arguments.chunks;
    const long long row_bytes = (long long)arguments.chunks * 16;
    /* All lines that one thread copies are at the same offset in their rows. */
    const unsigned char *input = arguments.input + (valid ? from * 16 : 0);
    unsigned char *to = tile + tile_offset(first, chunk);
    if (window.whole) {
        input += (window.first + first) * row_bytes;
        for (int line = first; line < window.rows; line += COPIED_LINES) {
            async_copy_16(to, input, valid);
            input += COPIED_LINES * row_bytes;
            to += COPIED_LINES * LINE_BYTES;
        }
    } else {
        for (int line = first; line < window.rows; line += COPIED_LINES) {
            const int at = min(first_row + line, arguments.row_count - 1);
            async_copy_16(to, input + tile_source(arguments, at, step.tap) * row_bytes, valid);
            to += COPIED_LINES * LINE_BYTES;
        }
    }
}

/* Copies 64 bytes of the weights of LAYER_TILE channels. */
static __device__ __forceinline__ void copy_weights(const struct layer_arguments &arguments,
                                                    int first_channel, const struct step &step,
                                                    unsigned char *tile) {
    const int line = (int)threadIdx.x / LINE_CHUNKS, chunk = (int)threadIdx.x % LINE_CHUNKS;
    const long long row_bytes = (long long)arguments.blocks * LINE_BYTES;
    const unsigned char *from = arguments.weights + (first_channel + line) * row_bytes +
                                step.index * LINE_BYTES + chunk * 16;
#pragma unroll
    for (int i = 0; i < LAYER_TILE / COPIED_LINES; i++)
        async_copy_16(tile + tile_offset(line, chunk) + i * COPIED_LINES * LINE_BYTES,
                      from + i * COPIED_LINES * row_bytes, true);
}

/* Begins the copies of a step, if there is one, and advances to the next. */
static __device__ __forceinline__ void copy_step(const struct layer_arguments &arguments,
                                                 const struct window &window, int first_row,
                                                 int first_channel, struct step &step,
                                                 unsigned char *stages) {
    if (step.index < arguments.blocks) {
        if (step.tap == 0 || !window.whole)
            copy_frames(arguments, window, first_row, step,
                        stages + step.frame_stage * WINDOW_BYTES);
        copy_weights(arguments, first_channel, step,
                     stages + STAGES * WINDOW_BYTES + step.weight_stage * WEIGHT_BYTES);
        advance(arguments, window, step);
    }
    async_commit();
}

/* The rows of the tile that a lane passes to ldmatrix, 16 apart: where they are in the window. */
struct lane_rows {
    int base[FRAME_PARTS], frame[FRAME_PARTS], last[FRAME_PARTS]; /* as in struct layer_row */
    int dilation;                                                 /* 0: the window is not whole */
};

static __device__ __forceinline__ struct lane_rows
find_lane_rows(const struct layer_arguments &arguments, const struct window &window, int first_row,
               const struct place &place) {
    struct lane_rows rows;
    rows.dilation = window.whole ? arguments.dilation : 0;
#pragma unroll
    for (int i = 0; i < FRAME_PARTS; i++) {
        /* Matrices: 8 rows, the next 8 rows, then the same for the next 16 bytes. */
        const int line = place.frame + 16 * i + place.lane % 16;
        const struct layer_row row = arguments.rows[min(first_row + line, arguments.row_count - 1)];
        rows.base[i] = window.whole ? row.base - window.first : line;
        rows.frame[i] = window.whole ? row.frame : 0;
        rows.last[i] = window.whole ? row.last : 0;
    }
    return rows;
}

/* d += a b over 32 bytes of K. */
template <bool bf16>
static __device__ __forceinline__ void multiply(float d[4], const unsigned a[4],
                                                const unsigned b[2]) {
    if (bf16)
        mma_m16n8k16_bf16(d, a, b);
    else
        mma_m16n8k8_tf32(d, a, b);
}

template <bool bf16>
static __device__ __forceinline__ void
compute_step(const unsigned char *frame_tile, const unsigned char *weight_tile, int shift,
             const struct lane_rows &rows, const struct place &place,
             float sums[FRAME_PARTS][CHANNEL_PARTS][4]) {
    const int matrix = place.lane / 8, line = place.lane % 8;
    int lines[FRAME_PARTS];
#pragma unroll
    for (int i = 0; i < FRAME_PARTS; i++)
        lines[i] = rows.base[i] + tile_reflect(rows.frame[i] + shift * rows.dilation, rows.last[i]);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        unsigned frames[FRAME_PARTS][4], channels[CHANNEL_PARTS / 2][4];
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++)
            load_matrix_x4(frames[i], frame_tile + tile_offset(lines[i], 2 * half + matrix / 2));
            /* For channels: 8 rows, their next 16 bytes, then the same for the next 8 rows. */
#pragma unroll
        for (int j = 0; j < CHANNEL_PARTS / 2; j++)
            load_matrix_x4(channels[j],
                           weight_tile + tile_offset(place.channel + 16 * j + matrix / 2 * 8 + line,
                                                     2 * half + matrix % 2));
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++)
#pragma unroll
            for (int j = 0; j < CHANNEL_PARTS; j++)
                multiply<bf16>(sums[i][j], frames[i], channels[j / 2] + j % 2 * 2);
    }
}

static __device__ __forceinline__ float2 finish(const float2 &bias, float first, float second) {
    return make_float2(leaky(first + bias.x), leaky(second + bias.y));
}

/* Calls take(row of the tile, channel, pair) for the finished pairs of neighbouring channels that a
 * thread has. */
template <typename Take>
static __device__ __forceinline__ void
for_each_pair(const struct layer_arguments &arguments, int first_channel, const struct place &place,
              const float sums[FRAME_PARTS][CHANNEL_PARTS][4], const Take &take) {
#pragma unroll
    for (int j = 0; j < CHANNEL_PARTS; j++) {
        const int channel = first_channel + place.channel + 8 * j + place.lane % 4 * 2;
        if (channel >= arguments.outputs) continue;
        const float2 bias = *(const float2 *)(arguments.bias + channel);
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++) {
            const int row = place.frame + 16 * i + place.lane / 4;
            take(row, channel, finish(bias, sums[i][j][0], sums[i][j][1]));
            take(row + 8, channel, finish(bias, sums[i][j][2], sums[i][j][3]));
        }
    }
}

/* ---- an inner layer's rows ---- */

/* Stores two neighbouring channels of one frame. */
template <bool bf16>
static __device__ __forceinline__ void store_pair(const struct layer_arguments &arguments, int row,
                                                  int channel, const float2 &pair) {
    if (row >= arguments.row_count) return;
    const long long at = (long long)row * arguments.outputs + channel;
    if (bf16)
        *(unsigned *)((unsigned short *)arguments.output + at) = floats_to_bf16(pair.x, pair.y);
    else
        *(float2 *)((float *)arguments.output + at) =
            make_float2(float_to_tf32(pair.x), float_to_tf32(pair.y));
}

template <bool bf16>
static __device__ __forceinline__ void
store_tile(const struct layer_arguments &arguments, int first_row, int first_channel,
           const struct place &place, const float sums[FRAME_PARTS][CHANNEL_PARTS][4]) {
    for_each_pair(arguments, first_channel, place, sums,
                  [&](int row, int channel, const float2 &pair) {
                      store_pair<bf16>(arguments, first_row + row, channel, pair);
                  });
}

/* ---- the final layer's segments (pooling.h) ---- */

struct segment {
    int row; /* its first one in the tile, before which it may be */
    int count;
    int index; /* of all clips */
};

/* The segment of a row of the tile. Pieces of clips begin and end between segments. */
static __device__ __forceinline__ struct segment
find_segment(const struct layer_arguments &arguments, int first_row, int row) {
    const struct layer_row entry = arguments.rows[first_row + row];
    const int before = entry.frame % PLAN_SEGMENT;
    return {row - before, min(PLAN_SEGMENT, entry.last - entry.frame + before + 1), entry.segment};
}

/* Rows of the tile whose segments go on in the tile before or after it. */
struct cut_rows {
    int before; /* one past those at the tile's begin */
    int after;  /* the first one of those at its end */
};

static __device__ __forceinline__ struct cut_rows
find_cut_rows(const struct layer_arguments &arguments, int first_row) {
    const int rows = min(arguments.row_count - first_row, FRAMES);
    const struct segment first = find_segment(arguments, first_row, 0);
    const struct segment last = find_segment(arguments, first_row, rows - 1);
    return {first.row < 0 ? first.row + first.count : 0,
            last.row + last.count > FRAMES ? last.row : FRAMES};
}

/* Copies a pair to shared memory, and to the output where another tile has the rest of its
 * segment. */
static __device__ __forceinline__ void stage_pair(const struct layer_arguments &arguments,
                                                  const struct cut_rows &cut, int first_row,
                                                  int row, int channel, const float2 &pair,
                                                  float *staged) {
    *(float2 *)(staged + row * STAGED_STRIDE + channel % STAGED_CHANNELS) = pair;
    if ((row < cut.before || row >= cut.after) && first_row + row < arguments.row_count)
        *(float2 *)((float *)arguments.output + (long long)(first_row + row) * arguments.outputs +
                    channel) = pair;
}

static __device__ __forceinline__ void stage_tile(const struct layer_arguments &arguments,
                                                  const struct cut_rows &cut, int first_row,
                                                  int first_channel, const struct place &place,
                                                  const float sums[FRAME_PARTS][CHANNEL_PARTS][4],
                                                  float *staged) {
    for_each_pair(arguments, first_channel, place, sums,
                  [&](int row, int channel, const float2 &pair) {
                      stage_pair(arguments, cut, first_row, row, channel, pair, staged);
                  });
}

/* Pools a channel of the segments that begin in one of PLAN_SEGMENT rows, for each thread. */
static __device__ __forceinline__ void pool_staged(const struct layer_arguments &arguments,
                                                   int first_row, int first_channel,
                                                   const float *shares, const float *staged) {
    const int thread = (int)threadIdx.x, channel = first_channel + thread % STAGED_CHANNELS;
    int row = thread / STAGED_CHANNELS * PLAN_SEGMENT;
    const int end = min(row + PLAN_SEGMENT, arguments.row_count - first_row);
    if (channel >= arguments.outputs) return;
    while (row < end) {
        const struct segment segment = find_segment(arguments, first_row, row);
        const float *value = staged + row * STAGED_STRIDE + thread % STAGED_CHANNELS;
        float mean = 0.0f, squares = 0.0f;
        const bool whole = segment.row == row && row + segment.count <= FRAMES;
        for (int i = 0; whole && i < segment.count; i++)
            pooling_add(value[i * STAGED_STRIDE], shares[i], mean, squares);
        if (whole)
            arguments.partial[(long long)segment.index * arguments.outputs + channel] =
                make_float2(mean, squares);
        row = segment.row + segment.count;
    }
}

/* Half of the tile's channels at a time, which half of the warps have computed. */
static __device__ __forceinline__ void pool_tile(const struct layer_arguments &arguments,
                                                 int first_row, int first_channel, bool computes,
                                                 const struct place &place,
                                                 const float sums[FRAME_PARTS][CHANNEL_PARTS][4],
                                                 unsigned char *stages) {
    SHARED_ARRAY(float, shares, PLAN_SEGMENT);
    const struct cut_rows cut = find_cut_rows(arguments, first_row);
    if (threadIdx.x < PLAN_SEGMENT) shares[threadIdx.x] = pooling_share((int)threadIdx.x);
    for (int half = 0; half < LAYER_TILE; half += STAGED_CHANNELS) {
        __syncthreads(); /* all are done with the stages, or with the half before */
        if (computes && place.channel == half)
            stage_tile(arguments, cut, first_row, first_channel, place, sums, (float *)stages);
        __syncthreads(); /* the half is complete */
        pool_staged(arguments, first_row, first_channel + half, shares, (const float *)stages);
    }
}

template <bool bf16, bool final_layer>
__global__ void __launch_bounds__(TILE_THREADS, LAYER_TENSOR_BLOCKS)
    layer_tensor_kernel(struct layer_arguments arguments) {
    SHARED_MEMORY(unsigned char, stages);
    const int first_channel = (int)blockIdx.x * LAYER_TILE, first_row = (int)blockIdx.y * FRAMES;
    const struct place place = find_place();
    const struct window window = find_window(arguments, first_row);
    const struct lane_rows rows = find_lane_rows(arguments, window, first_row, place);
    /* A warp whose part of the tile is not stored only copies. */
    const bool computes = first_row + place.frame < arguments.row_count &&
                          first_channel + place.channel < arguments.outputs;
    struct step copied = {}, computed = {};
    float sums[FRAME_PARTS][CHANNEL_PARTS][4];
#pragma unroll
    for (int i = 0; i < FRAME_PARTS; i++)
#pragma unroll
        for (int j = 0; j < CHANNEL_PARTS; j++)
#pragma unroll
            for (int n = 0; n < 4; n++) sums[i][j][n] = 0.0f;
    for (int i = 0; i < STAGES - 1; i++)
        copy_step(arguments, window, first_row, first_channel, copied, stages);
    while (computed.index < arguments.blocks) {
        async_wait<STAGES - 2>();
        __syncthreads(); /* this step is complete, and all are done with what is overwritten */
        copy_step(arguments, window, first_row, first_channel, copied, stages);
        if (computes)
            compute_step<bf16>(stages + computed.frame_stage * WINDOW_BYTES,
                               stages + STAGES * WINDOW_BYTES +
                                   computed.weight_stage * WEIGHT_BYTES,
                               computed.tap - arguments.taps / 2, rows, place, sums);
        advance(arguments, window, computed);
    }
    if (final_layer)
        pool_tile(arguments, first_row, first_channel, computes, place, sums, stages);
    else if (computes)
        store_tile<bf16>(arguments, first_row, first_channel, place, sums);
}

template <bool bf16, bool final_layer> static enum error_code prepare(struct error *error) {
    if (cuda_check(cudaFuncSetAttribute(layer_tensor_kernel<bf16, final_layer>,
                                        cudaFuncAttributeMaxDynamicSharedMemorySize, SHARED_BYTES),
                   "shared memory for tensor cores", error) != ERROR_NONE)
        return error->code;
    return prefer_shared_memory(layer_tensor_kernel<bf16, final_layer>, error);
}

enum error_code layer_tensor_prepare(struct error *error) {
    if (prepare<false, false>(error) == ERROR_NONE && prepare<false, true>(error) == ERROR_NONE &&
        prepare<true, false>(error) == ERROR_NONE)
        prepare<true, true>(error);
    return error->code;
}

template <bool bf16, bool final_layer>
static void start(const struct layer_arguments *arguments, cudaStream_t stream) {
    const dim3 grid((unsigned)(arguments->columns / LAYER_TILE),
                    (unsigned)((arguments->row_count + FRAMES - 1) / FRAMES));
    LAUNCH((layer_tensor_kernel<bf16, final_layer>), grid, dim3(TILE_THREADS), SHARED_BYTES, stream,
           *arguments);
}

enum error_code layer_tensor_run(const struct layer_arguments *arguments,
                                 enum device_precision precision, bool final_layer,
                                 cudaStream_t stream, struct error *error) {
    const bool bf16 = precision == PRECISION_BF16;
    if (bf16 && final_layer)
        start<true, true>(arguments, stream);
    else if (bf16)
        start<true, false>(arguments, stream);
    else if (final_layer)
        start<false, true>(arguments, stream);
    else
        start<false, false>(arguments, stream);
    return cuda_check_launch("a layer on tensor cores", error);
}
