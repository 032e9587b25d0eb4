/* The rows that layers read and write: how they are stored, and what they are computed from. */
#ifndef EARMARK_CUDA_LAYER_ROW_H
#define EARMARK_CUDA_LAYER_ROW_H

#include "kernels/device.h"

#define LAYER_TILE 128   /* channels of a block of threads, and in float32 also frames */
#define LAYER_CHANNELS 8 /* channels of stored frames are a multiple of this */

/* What a row of a level (the output of a layer) is computed from. */
struct layer_row {
    int base;    /* row of the level below for the clip's frame 0, stored or not; may be negative */
    int frame;   /* of the clip */
    int last;    /* the clip's last frame */
    int segment; /* that it is pooled in, of all clips (pooling.h) */
};

/* Channels of a stored row: `channels` rounded up. */
static inline size_t layer_stored(size_t channels) {
    return (channels + LAYER_CHANNELS - 1) / LAYER_CHANNELS * LAYER_CHANNELS;
}

/* Bytes of a stored value. */
static inline size_t layer_element(enum device_precision precision) {
    return precision == PRECISION_BF16 ? 2 : 4;
}

#endif
