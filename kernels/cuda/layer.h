/* A layer of the network: dilated convolution + bias + leaky ReLU over frames that are stored end
 * to end, reflected at the ends of every clip.
 *
 * It is one matrix product, with a row for each frame and K over taps and channels. The gathered
 * input is never stored: a table has the clip of every row (struct layer_row), and every 16 bytes
 * of a row are read from the frame at the tap, so that reflection costs neither memory nor
 * rows. */
#ifndef EARMARK_CUDA_LAYER_H
#define EARMARK_CUDA_LAYER_H

#include "kernels/cuda/layer_row.h"
#include "kernels/cuda/memory.h"

#include <cuda_runtime.h>

struct cuda_layer {
    enum device_precision precision;
    bool final_layer; /* its output is float32 whatever the precision */
    int taps;
    int dilation;
    int inputs;        /* channels of an input row, a multiple of LAYER_CHANNELS */
    int outputs;       /* channels of an output row, likewise */
    int blocks;        /* along K: 64 bytes of every row; for tensor cores each of one tap */
    int columns;       /* outputs, rounded up to a multiple of LAYER_TILE */
    double operations; /* of a frame, without padding, for the counters */
    struct cuda_buffer
        weights;             /* float32: (16 blocks, columns); else (columns, 64 bytes x blocks) */
    struct cuda_buffer bias; /* (columns) */
};

/* Copies block `index` of the model, with batch normalisation folded in and rounded, to the
 * current GPU. ERROR_MEMORY. *layer must be zero; layer_free() frees it, after an error too. */
enum error_code layer_create(const struct xvector_model *model, size_t index,
                             enum device_precision precision, struct cuda_layer *layer,
                             cudaStream_t stream, struct error *error);
void layer_free(struct cuda_layer *layer);

/* Queues input (rows of the level below, inputs) -> output (row_count, outputs), with rows
 * (row_count); all on the GPU. On tensor cores the final layer writes segments that lie in one
 * tile, pooled, to partial (pooling.h), and only the rows of the others to output. */
enum error_code layer_run(const struct cuda_layer *layer, const void *input,
                          const struct layer_row *rows, int row_count, void *output,
                          float2 *partial, cudaStream_t stream, struct error *error);

#endif
