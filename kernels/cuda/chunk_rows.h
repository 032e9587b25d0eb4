/* How many rows the network computes at once: as many as fill the multiprocessors once.
 *
 * A layer's grid has a block for each tile of frames x LAYER_TILE channels, and the blocks that
 * do not run at once make another wave, which takes as long as a full one. The rows are chosen
 * for the inner layers of 512 channels. */
#ifndef EARMARK_CUDA_CHUNK_ROWS_H
#define EARMARK_CUDA_CHUNK_ROWS_H

#include "kernels/cuda/layer_row.h"

#define CHUNK_CHANNELS 512
#define LAYER_TENSOR_FRAMES 256 /* of a tile on tensor cores; in float32 it has LAYER_TILE */
#define LAYER_TENSOR_BLOCKS 1   /* that a multiprocessor runs at once, */
#define LAYER_FLOAT32_BLOCKS 2  /* see bench/kernels/bounds.md */

/* Frames of a tile. */
static inline int chunk_tile_frames(enum device_precision precision) {
    return precision == PRECISION_FLOAT32 ? LAYER_TILE : LAYER_TENSOR_FRAMES;
}

/* Blocks that run at once on a GPU of so many multiprocessors. */
static inline int chunk_blocks(int processors, enum device_precision precision) {
    return processors *
           (precision == PRECISION_FLOAT32 ? LAYER_FLOAT32_BLOCKS : LAYER_TENSOR_BLOCKS);
}

/* Waves of a layer of `channels` outputs over `rows` rows. */
static inline int chunk_waves(int processors, enum device_precision precision, int rows,
                              int channels) {
    const int frames = chunk_tile_frames(precision), wave = chunk_blocks(processors, precision);
    const int blocks = ((rows + frames - 1) / frames) * ((channels + LAYER_TILE - 1) / LAYER_TILE);
    return (blocks + wave - 1) / wave;
}

/* The most rows, in whole tiles, that take one wave; at least a tile. */
static inline int chunk_rows(int processors, enum device_precision precision) {
    const int tiles = chunk_blocks(processors, precision) / (CHUNK_CHANNELS / LAYER_TILE);
    return (tiles < 1 ? 1 : tiles) * chunk_tile_frames(precision);
}

#endif
