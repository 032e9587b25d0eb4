/* What the kernels of tdnn_float32.cu and tdnn_tensor.cu share: which 64 bytes of which
 * frames a block reads for its next step along K, and where they lie in shared memory. */
#ifndef EARMARK_CUDA_TDNN_TILE_H
#define EARMARK_CUDA_TDNN_TILE_H

#include "kernels/cuda/primitives.h"
#include "kernels/cuda/tdnn.h"

#define TILE_THREADS 256
#define LINE_BYTES 64 /* of a row in a step */
#define LINE_CHUNKS 4 /* of 16 bytes */
#define TILE_BYTES (TDNN_TILE * LINE_BYTES)
#define STAGE_BYTES (2 * TILE_BYTES) /* frames, then weights */
#define LEAKY_SLOPE 0.01f

struct tdnn_arguments {
    const unsigned char *input;
    const unsigned char *weights;
    const float *bias;
    void *output;
    const struct tdnn_row *rows;
    int row_count;
    int taps;
    int dilation;
    int chunks; /* of 16 bytes in an input row */
    int blocks; /* steps along K */
    int columns;
    int outputs; /* stored in an output row */
};

/* Byte offset of a 16-byte chunk of a row: chunks change places so that eight rows next to
 * each other never meet in a bank, nor do four when rows are read one value at a time. */
static __device__ __forceinline__ int tile_offset(int row, int chunk) {
    return row * LINE_BYTES + ((chunk ^ (row >> 1)) & (LINE_CHUNKS - 1)) * 16;
}

/* Frame `position` reflected into 0 .. last, without repeating the edge. */
static __device__ __forceinline__ int tile_reflect(int position, int last) {
    const int positive = position < 0 ? -position : position;
    return positive > last ? 2 * last - positive : positive;
}

#define NO_LINE 0xffffffffU

/* A thread copies the same chunk of two rows, TDNN_TILE / 2 apart, at every step. */
struct tile_reader {
    int tap;           /* of the step to be copied next */
    int chunk;         /* within the input row */
    unsigned lines[2]; /* where the input rows begin that this tap meets, in chunks, or NO_LINE */
};

/* The input rows of the reader's tap. */
static __device__ __forceinline__ void tile_reader_turn(const struct tdnn_arguments &arguments,
                                                        int first_row, struct tile_reader &reader) {
    const int shift = (reader.tap - arguments.taps / 2) * arguments.dilation;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int at = first_row + (int)threadIdx.x / LINE_CHUNKS + i * (TDNN_TILE / 2);
        reader.lines[i] = NO_LINE;
        if (at >= arguments.row_count || reader.tap >= arguments.taps) continue;
        const struct tdnn_row row = arguments.rows[at];
        const int source = row.base + tile_reflect(row.frame + shift, row.last);
        reader.lines[i] = (unsigned)source * (unsigned)arguments.chunks;
    }
}

/* Goes on by some chunks; at the end of the input row to the next tap. */
static __device__ __forceinline__ void tile_reader_advance(const struct tdnn_arguments &arguments,
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
tile_reader_begin(const struct tdnn_arguments &arguments, int first_row) {
    struct tile_reader reader;
    reader.tap = reader.chunk = 0;
    tile_reader_turn(arguments, first_row, reader);
    tile_reader_advance(arguments, first_row, (int)threadIdx.x % LINE_CHUNKS, reader);
    return reader;
}

/* Copies the next 64 bytes of all frames of the tile; zeros past the last tap and frame. */
static __device__ __forceinline__ void tile_reader_copy(const struct tdnn_arguments &arguments,
                                                        int first_row, struct tile_reader &reader,
                                                        unsigned char *tile) {
    const int row = (int)threadIdx.x / LINE_CHUNKS, chunk = (int)threadIdx.x % LINE_CHUNKS;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const bool valid = reader.lines[i] != NO_LINE;
        const size_t source = valid ? (size_t)(reader.lines[i] + (unsigned)reader.chunk) * 16 : 0;
        async_copy_16(tile + tile_offset(row + i * (TDNN_TILE / 2), chunk),
                      arguments.input + source, valid);
    }
    tile_reader_advance(arguments, first_row, LINE_CHUNKS, reader);
}

static __device__ __forceinline__ float leaky(float value) {
    return value > 0.0f ? value : LEAKY_SLOPE * value;
}

/* Launches of the two kernels; the arguments are in order. */
enum error_code tdnn_float32_run(const struct tdnn_arguments *arguments, cudaStream_t stream,
                                 struct error *error);
enum error_code tdnn_tensor_run(const struct tdnn_arguments *arguments,
                                enum device_precision precision, bool final_layer,
                                cudaStream_t stream, struct error *error);
/* Asks for the shared memory that they need; once for each GPU. */
enum error_code tdnn_tensor_prepare(struct error *error);

#endif
