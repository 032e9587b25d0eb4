/* For the kernels of layer_float32.cu and layer_tensor.cu: their arguments, the frame at a tap, and
 * the offset of 64 bytes of a row in shared memory. */
#ifndef EARMARK_CUDA_LAYER_TILE_H
#define EARMARK_CUDA_LAYER_TILE_H

#include "kernels/cuda/layer_row.h"
#include "kernels/cuda/primitives.h"

#define TILE_THREADS 256
#define LINE_BYTES 64 /* of a row in a step */
#define LINE_CHUNKS 4 /* of 16 bytes */

struct layer_arguments {
    const unsigned char *input;
    const unsigned char *weights;
    const float *bias;
    void *output;
    float2 *partial; /* pooled segments, from the final layer on tensor cores */
    const struct layer_row *rows;
    int row_count;
    int taps;
    int dilation;
    int chunks; /* of 16 bytes in an input row */
    int blocks; /* steps along K */
    int columns;
    int outputs; /* stored in an output row */
};

/* Byte offset of a 16-byte chunk of a row. Chunks are permuted so that eight neighbouring rows have
 * no bank conflicts, nor have four when rows are read one value at a time. */
static __device__ __forceinline__ int tile_offset(int row, int chunk) {
    return row * LINE_BYTES + ((chunk ^ (row >> 1)) & (LINE_CHUNKS - 1)) * 16;
}

/* Frame `position` reflected into 0 .. last, without repeating the edge. */
static __device__ __forceinline__ int tile_reflect(int position, int last) {
    const int positive = position < 0 ? -position : position;
    return positive > last ? 2 * last - positive : positive;
}

/* Row of the level below that row `at` reads at a tap. */
static __device__ __forceinline__ int tile_source(const struct layer_arguments &arguments, int at,
                                                  int tap) {
    const struct layer_row row = arguments.rows[at];
    const int shift = (tap - arguments.taps / 2) * arguments.dilation;
    return row.base + tile_reflect(row.frame + shift, row.last);
}

static __device__ __forceinline__ float leaky(float value) {
    return value > 0.0f ? value : XVECTOR_LEAKY_SLOPE * value;
}

/* Launch the two kernels. */
enum error_code layer_float32_run(const struct layer_arguments *arguments, cudaStream_t stream,
                                  struct error *error);
enum error_code layer_tensor_run(const struct layer_arguments *arguments,
                                 enum device_precision precision, bool final_layer,
                                 cudaStream_t stream, struct error *error);
/* Ask for the shared memory that the kernels need; once for each GPU. */
enum error_code layer_float32_prepare(struct error *error);
enum error_code layer_tensor_prepare(struct error *error);

#endif
