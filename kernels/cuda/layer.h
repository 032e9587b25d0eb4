/* A layer of the network: dilated convolution + bias + leaky ReLU over frames that lie end
 * to end, reflected at every clip's own ends.
 *
 * One product: a row for each frame, K over taps and channels. No gathered input is
 * written anywhere: a row of the product knows where its clip lies, and every 16 bytes of
 * it are taken from the frame that the tap meets, so reflection costs neither memory
 * nor rows. */
#ifndef EARMARK_CUDA_LAYER_H
#define EARMARK_CUDA_LAYER_H

#include "kernels/cuda/memory.h"
#include "kernels/device.h"

#include <cuda_runtime.h>

#define TDNN_TILE 128   /* channels of a block, and in float32 frames */
#define TDNN_CHANNELS 8 /* channels of stored frames are a multiple of this */

/* Where a row of a level (the output of a layer, or the features) comes from. */
struct tdnn_row {
    int base;  /* row of the level below that would hold the clip's frame 0; may be negative */
    int frame; /* of the clip */
    int last;  /* the clip's last frame */
    int piece; /* chunks.h */
};

struct tdnn_layer {
    enum device_precision precision;
    bool final_layer; /* float32 comes out whatever the precision */
    int taps;
    int dilation;
    int inputs;        /* channels of an input row, a multiple of TDNN_CHANNELS */
    int outputs;       /* of an output row, the same */
    int blocks;        /* of K: 64 bytes of every row; on tensor cores each of one tap */
    int columns;       /* outputs, a multiple of TDNN_TILE */
    double operations; /* useful ones of a frame */
    struct cuda_buffer
        weights;             /* float32: (16 blocks, columns); else (columns, 64 bytes x blocks) */
    struct cuda_buffer bias; /* (columns) */
};

/* Channels of a stored row. */
static inline size_t tdnn_stored(size_t channels) {
    return (channels + TDNN_CHANNELS - 1) / TDNN_CHANNELS * TDNN_CHANNELS;
}

/* Bytes of a stored value. */
static inline size_t tdnn_element(enum device_precision precision) {
    return precision == PRECISION_BF16 ? 2 : 4;
}

/* Block `index` of the model, folded, rounded and copied to the GPU. An error leaves a layer
 * that tdnn_free() takes. */
enum error_code tdnn_create(const struct xvector_model *model, size_t index,
                            enum device_precision precision, struct tdnn_layer *layer,
                            cudaStream_t stream, struct error *error);
void tdnn_free(struct tdnn_layer *layer);

/* input (rows of the level below, inputs) -> output (row_count, outputs); rows (row_count). */
enum error_code tdnn_run(const struct tdnn_layer *layer, const void *input,
                         const struct tdnn_row *rows, int row_count, void *output,
                         cudaStream_t stream, struct error *error);

#endif
