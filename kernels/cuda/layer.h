/* A layer of the network: dilated convolution + bias + leaky ReLU over frames that lie end
 * to end, reflected at every clip's own ends.
 *
 * One product: a row for each frame, K over taps and channels. No gathered input is
 * written anywhere: a row of the product knows where its clip lies, and every 16 bytes of
 * it are taken from the frame that the tap meets, so reflection costs neither memory
 * nor rows. */
#ifndef EARMARK_CUDA_LAYER_H
#define EARMARK_CUDA_LAYER_H

#include "kernels/cuda/layer_row.h"
#include "kernels/cuda/memory.h"

#include <cuda_runtime.h>

struct cuda_layer {
    enum device_precision precision;
    bool final_layer; /* float32 comes out whatever the precision */
    int taps;
    int dilation;
    int inputs;        /* channels of an input row, a multiple of LAYER_CHANNELS */
    int outputs;       /* of an output row, the same */
    int blocks;        /* of K: 64 bytes of every row; on tensor cores each of one tap */
    int columns;       /* outputs, a multiple of LAYER_TILE */
    double operations; /* useful ones of a frame */
    struct cuda_buffer
        weights;             /* float32: (16 blocks, columns); else (columns, 64 bytes x blocks) */
    struct cuda_buffer bias; /* (columns) */
};

/* Block `index` of the model, folded, rounded and copied to the GPU. An error leaves a layer
 * that layer_free() takes. */
enum error_code layer_create(const struct xvector_model *model, size_t index,
                             enum device_precision precision, struct cuda_layer *layer,
                             cudaStream_t stream, struct error *error);
void layer_free(struct cuda_layer *layer);

/* input (rows of the level below, inputs) -> output (row_count, outputs); rows (row_count). */
enum error_code layer_run(const struct cuda_layer *layer, const void *input,
                          const struct layer_row *rows, int row_count, void *output,
                          cudaStream_t stream, struct error *error);

#endif
