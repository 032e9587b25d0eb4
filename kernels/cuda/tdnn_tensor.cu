/* The layer on tensor cores: bfloat16 or TF32 comes in, sums are float32.
 *
 * A block of eight warps makes 128 frames x 128 channels, a warp 64 x 32 of them. A step
 * along K is 64 bytes of every row, 32 values of bfloat16 or 16 of TF32, and in either case
 * two steps of the tensor cores of 32 bytes: ldmatrix and the layout are the same for
 * both. Weights lie with K innermost, like frames. */
#include "kernels/cuda/tdnn_tile.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#define STAGES 4
#define FRAME_PARTS 4   /* of 16, of a warp */
#define CHANNEL_PARTS 4 /* of 8, of a warp */

struct place {
    int frame;   /* first one of the warp in the tile */
    int channel; /* likewise */
    int lane;
};

static __device__ __forceinline__ struct place find_place(void) {
    const int warp = (int)threadIdx.x / 32;
    struct place place;
    place.lane = (int)threadIdx.x % 32;
    place.frame = warp / 4 * 64;
    place.channel = warp % 4 * 32;
    return place;
}

/* Weights of a step: 64 bytes of TDNN_TILE channels. */
static __device__ __forceinline__ void copy_weights(const struct tdnn_arguments &arguments,
                                                    int block, int first_channel,
                                                    unsigned char *tile) {
    const int line = (int)threadIdx.x / LINE_CHUNKS, chunk = (int)threadIdx.x % LINE_CHUNKS;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int channel = line + i * (TDNN_TILE / 2);
        const long long at =
            ((long long)(first_channel + channel) * arguments.blocks + block) * LINE_BYTES +
            chunk * 16;
        async_copy_16(tile + tile_offset(channel, chunk), arguments.weights + at, true);
    }
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
static __device__ __forceinline__ void compute_step(const unsigned char *stage,
                                                    const struct place &place,
                                                    float sums[FRAME_PARTS][CHANNEL_PARTS][4]) {
    const int matrix = place.lane / 8, line = place.lane % 8;
#pragma unroll
    for (int step = 0; step < 2; step++) {
        unsigned frames[FRAME_PARTS][4], channels[CHANNEL_PARTS / 2][4];
        /* Matrices of frames: 8 rows, the next 8 rows; then the same of the next 16 bytes. */
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++)
            load_matrix_x4(frames[i],
                           stage + tile_offset(place.frame + 16 * i + matrix % 2 * 8 + line,
                                               2 * step + matrix / 2));
            /* Of channels: 8 rows, their next 16 bytes; then the same of the next 8 rows. */
#pragma unroll
        for (int j = 0; j < CHANNEL_PARTS / 2; j++)
            load_matrix_x4(channels[j],
                           stage + TILE_BYTES +
                               tile_offset(place.channel + 16 * j + matrix / 2 * 8 + line,
                                           2 * step + matrix % 2));
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++)
#pragma unroll
            for (int j = 0; j < CHANNEL_PARTS; j++)
                multiply<bf16>(sums[i][j], frames[i], channels[j / 2] + j % 2 * 2);
    }
}

/* Two neighbouring channels of one frame. */
template <bool bf16, bool final_layer>
static __device__ __forceinline__ void store_pair(const struct tdnn_arguments &arguments, int row,
                                                  int channel, float first, float second) {
    if (row >= arguments.row_count) return;
    const long long at = (long long)row * arguments.outputs + channel;
    first = leaky(first + arguments.bias[channel]);
    second = leaky(second + arguments.bias[channel + 1]);
    if (final_layer)
        *(float2 *)((float *)arguments.output + at) = make_float2(first, second);
    else if (bf16)
        *(unsigned *)((unsigned short *)arguments.output + at) = floats_to_bf16(first, second);
    else
        *(float2 *)((float *)arguments.output + at) =
            make_float2(float_to_tf32(first), float_to_tf32(second));
}

template <bool bf16, bool final_layer>
static __device__ __forceinline__ void
store_tile(const struct tdnn_arguments &arguments, int first_row, int first_channel,
           const struct place &place, const float sums[FRAME_PARTS][CHANNEL_PARTS][4]) {
#pragma unroll
    for (int j = 0; j < CHANNEL_PARTS; j++) {
        const int channel = first_channel + place.channel + 8 * j + place.lane % 4 * 2;
        if (channel >= arguments.outputs) continue;
#pragma unroll
        for (int i = 0; i < FRAME_PARTS; i++) {
            const int row = first_row + place.frame + 16 * i + place.lane / 4;
            store_pair<bf16, final_layer>(arguments, row, channel, sums[i][j][0], sums[i][j][1]);
            store_pair<bf16, final_layer>(arguments, row + 8, channel, sums[i][j][2],
                                          sums[i][j][3]);
        }
    }
}

template <bool bf16, bool final_layer>
__global__ void __launch_bounds__(TILE_THREADS, 2)
    tdnn_tensor_kernel(struct tdnn_arguments arguments) {
    SHARED_MEMORY(unsigned char, stages);
    const int first_channel = (int)blockIdx.x * TDNN_TILE, first_row = (int)blockIdx.y * TDNN_TILE;
    const struct place place = find_place();
    struct tile_reader reader = tile_reader_begin(arguments, first_row);
    float sums[FRAME_PARTS][CHANNEL_PARTS][4];
#pragma unroll
    for (int i = 0; i < FRAME_PARTS; i++)
#pragma unroll
        for (int j = 0; j < CHANNEL_PARTS; j++)
#pragma unroll
            for (int n = 0; n < 4; n++) sums[i][j][n] = 0.0f;
#pragma unroll
    for (int block = 0; block < STAGES - 1; block++) {
        if (block < arguments.blocks) {
            tile_reader_copy(arguments, first_row, reader, stages + block * STAGE_BYTES);
            copy_weights(arguments, block, first_channel,
                         stages + block * STAGE_BYTES + TILE_BYTES);
        }
        async_commit();
    }
    for (int block = 0; block < arguments.blocks; block++) {
        async_wait<STAGES - 2>();
        __syncthreads(); /* this step is there, and all are done with the one that is overwritten */
        if (block + STAGES - 1 < arguments.blocks) {
            unsigned char *stage = stages + (block + STAGES - 1) % STAGES * STAGE_BYTES;
            tile_reader_copy(arguments, first_row, reader, stage);
            copy_weights(arguments, block + STAGES - 1, first_channel, stage + TILE_BYTES);
        }
        async_commit();
        compute_step<bf16>(stages + block % STAGES * STAGE_BYTES, place, sums);
    }
    store_tile<bf16, final_layer>(arguments, first_row, first_channel, place, sums);
}

#define SHARED_BYTES (STAGES * STAGE_BYTES)

template <bool bf16, bool final_layer> static enum error_code prepare(struct error *error) {
    return cuda_check(cudaFuncSetAttribute(tdnn_tensor_kernel<bf16, final_layer>,
                                           cudaFuncAttributeMaxDynamicSharedMemorySize,
                                           SHARED_BYTES),
                      "shared memory for tensor cores", error);
}

enum error_code tdnn_tensor_prepare(struct error *error) {
    if (prepare<false, false>(error) == ERROR_NONE && prepare<false, true>(error) == ERROR_NONE &&
        prepare<true, false>(error) == ERROR_NONE)
        prepare<true, true>(error);
    return error->code;
}

template <bool bf16, bool final_layer>
static void start(const struct tdnn_arguments *arguments, cudaStream_t stream) {
    const dim3 grid((unsigned)(arguments->columns / TDNN_TILE),
                    (unsigned)((arguments->row_count + TDNN_TILE - 1) / TDNN_TILE));
    LAUNCH((tdnn_tensor_kernel<bf16, final_layer>), grid, dim3(TILE_THREADS), SHARED_BYTES, stream,
           *arguments);
}

enum error_code tdnn_tensor_run(const struct tdnn_arguments *arguments,
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
