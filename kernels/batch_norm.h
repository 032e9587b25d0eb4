/* Every batch normalisation folded forward into the next layer, in double
 * precision, so that a layer is convolution + bias + leaky ReLU and nothing else.
 *
 * With s = gamma / sqrt(variance + 1e-5) and t = beta - mean s of block i, block
 * i + 1 becomes W' = W s, b' = b + sum W t: exact at the edges because the padding
 * reflects. The last one goes into the linear layer, where s may be negative but
 * a deviation scales by |s|; there the 1e-5 that is added to the deviation and
 * the expectation 5e-5 of the noise that SpeechBrain adds to the mean are folded
 * in too. */
#ifndef EARMARK_BATCH_NORM_H
#define EARMARK_BATCH_NORM_H

#include "device.h"

/* ERROR_DATA, naming the block, where sizes do not fit together, are beyond
 * reason, or weights are not finite (variances also not negative). */
enum error_code batch_norm_check(const struct xvector_model *model, struct error *error);

/* Block `index` after folding: weight (out_channels, kernel, in_channels) - taps
 * before channels, unlike the model's - and bias (out_channels). */
void batch_norm_block(const struct xvector_model *model, size_t index, double *weight,
                      double *bias);

/* The linear layer after folding, to be applied to the mean and the unbiased
 * standard deviation of the last block's leaky ReLU: weight (embedding_size, 2,
 * channels) and bias (embedding_size). */
void batch_norm_linear(const struct xvector_model *model, double *weight, double *bias);

#endif
