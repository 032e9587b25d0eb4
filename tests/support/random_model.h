/* x-vector models whose weights are a function of integers: make_xvector.py makes
 * exactly the same, so that a model of full width needs no file. */
#ifndef EARMARK_TEST_RANDOM_MODEL_H
#define EARMARK_TEST_RANDOM_MODEL_H

#include "kernels/device.h"

struct random_model_shape {
    size_t mels;
    size_t block_count;
    size_t channels[XVECTOR_MAXIMUM_BLOCKS]; /* that go out of each block */
    size_t kernels[XVECTOR_MAXIMUM_BLOCKS];
    size_t dilations[XVECTOR_MAXIMUM_BLOCKS];
    size_t embedding_size;
};

/* 24 mels; five blocks with 5, 3, 3, 1, 1 taps and dilations 1, 2, 3, 1, 1; `channels`
 * channels, of which the last block makes 1500 where channels is 512, else three
 * times as many less four; embeddings of `channels` values. */
struct random_model_shape random_model_shape(size_t channels);

/* Batch normalisation with negative gammas and uneven statistics. NULL: no memory. */
const struct xvector_model *random_model_create_shape(const struct random_model_shape *shape,
                                                      unsigned seed);
const struct xvector_model *random_model_create(size_t channels, unsigned seed);
void random_model_free(const struct xvector_model *model); /* takes NULL */

#endif
