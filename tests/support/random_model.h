/* x-vector models with weights computed from integers. make_xvector.py makes exactly
 * the same, so that a model of full width needs no file. */
#ifndef EARMARK_TEST_RANDOM_MODEL_H
#define EARMARK_TEST_RANDOM_MODEL_H

#include "kernels/device.h"

struct random_model_shape {
    size_t mels;
    size_t block_count;
    size_t channels[XVECTOR_MAXIMUM_BLOCKS]; /* output channels of each block */
    size_t kernels[XVECTOR_MAXIMUM_BLOCKS];
    size_t dilations[XVECTOR_MAXIMUM_BLOCKS];
    size_t embedding_size;
};

/* 24 mels; five blocks with 5, 3, 3, 1, 1 taps and dilations 1, 2, 3, 1, 1; `channels`
 * channels, except 1500 in the last block if channels is 512, otherwise
 * 3 * channels - 4; embeddings of `channels` values. */
struct random_model_shape random_model_shape(size_t channels);

/* Batch normalisation with negative gammas and uneven statistics. NULL: out of memory. */
const struct xvector_model *random_model_create_shape(const struct random_model_shape *shape,
                                                      unsigned seed);
const struct xvector_model *random_model_create(size_t channels, unsigned seed);
void random_model_free(const struct xvector_model *model); /* may be NULL */

#endif
