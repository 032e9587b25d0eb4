/* Batch normalisation folded into the layer that follows it, in double precision, so that a
 * layer is convolution + bias + leaky ReLU and nothing else.
 *
 * With s = gamma / sqrt(variance + 1e-5) and t = beta - mean s of block i, block i + 1 becomes
 * W' = W s, b' = b + sum W t, which is exact at a clip's ends because padding reflects. The last
 * normalisation is folded into the linear layer, where s may be negative but a deviation scales
 * by |s|; so are the 1e-5 that SpeechBrain adds to the deviation and the expectation, 5e-5, of
 * the noise that it adds to the mean. */
#ifndef EARMARK_BATCH_NORM_H
#define EARMARK_BATCH_NORM_H

#include "device.h"

/* Checks a model before it is loaded. ERROR_DATA, naming the block, when sizes do not fit together,
 * weights are not finite or a variance is negative; ERROR_UNSUPPORTED for sizes out of bounds. */
enum error_code batch_norm_check(const struct xvector_model *model, struct error *error);

/* Writes block `index` with the normalisation before it folded in: weight (out_channels, kernel,
 * in_channels), with taps before channels unlike the model's, and bias (out_channels). */
void batch_norm_block(const struct xvector_model *model, size_t index, double *weight,
                      double *bias);

/* Writes the linear layer with the last normalisation folded in, to be applied to the mean and the
 * unbiased standard deviation of the last block's leaky ReLU: weight (embedding_size, 2, channels)
 * and bias (embedding_size). */
void batch_norm_linear(const struct xvector_model *model, double *weight, double *bias);

#endif
