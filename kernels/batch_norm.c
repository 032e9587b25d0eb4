#include "batch_norm.h"

#include "front_end.h"

#include <math.h>

#define NORM_EPSILON 1e-5
#define DEVIATION_EPSILON 1e-5
#define EXPECTED_NOISE 5e-5

/* Far beyond any x-vector network, and small enough that no product of sizes overflows. */
#define MAXIMUM_CHANNELS 16384
#define MAXIMUM_KERNEL 255
#define MAXIMUM_DILATION 1024

static double norm_scale(const struct xvector_block *block, size_t channel) {
    return (double)block->norm_weight[channel] /
           sqrt((double)block->norm_variance[channel] + NORM_EPSILON);
}

static double norm_shift(const struct xvector_block *block, size_t channel) {
    return (double)block->norm_bias[channel] -
           (double)block->norm_mean[channel] * norm_scale(block, channel);
}

static bool all_finite(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

static enum error_code check_values(const struct xvector_block *block, size_t index,
                                    struct error *error) {
    const size_t out = block->out_channels;
    if (!all_finite(block->weight, out * block->in_channels * block->kernel) ||
        !all_finite(block->bias, out) || !all_finite(block->norm_weight, out) ||
        !all_finite(block->norm_bias, out) || !all_finite(block->norm_mean, out) ||
        !all_finite(block->norm_variance, out))
        return FAIL(error, ERROR_DATA, "the model's block %zu has weights that are not finite",
                    index);
    for (size_t i = 0; i < out; i++)
        if (block->norm_variance[i] < 0.0f)
            return FAIL(error, ERROR_DATA,
                        "the model's block %zu has a negative variance at channel %zu", index, i);
    return ERROR_NONE;
}

enum error_code batch_norm_check(const struct xvector_model *model, struct error *error) {
    if (model->sample_rate != SAMPLE_RATE)
        return FAIL(error, ERROR_UNSUPPORTED, "the model is for %d Hz; only %d Hz is supported",
                    model->sample_rate, SAMPLE_RATE);
    if (model->block_count == 0 || model->block_count > XVECTOR_MAXIMUM_BLOCKS)
        return FAIL(error, ERROR_DATA, "the model has %zu blocks; 1 to %d are supported",
                    model->block_count, XVECTOR_MAXIMUM_BLOCKS);
    size_t channels = model->mels;
    for (size_t i = 0; i < model->block_count; i++) {
        const struct xvector_block *block = &model->blocks[i];
        if (block->in_channels != channels)
            return FAIL(error, ERROR_DATA,
                        "the model's block %zu takes %zu channels but is given %zu", i,
                        block->in_channels, channels);
        channels = block->out_channels;
        if (block->in_channels == 0 || block->in_channels > MAXIMUM_CHANNELS || channels == 0 ||
            channels > MAXIMUM_CHANNELS || block->kernel % 2 == 0 ||
            block->kernel > MAXIMUM_KERNEL || block->dilation == 0 ||
            block->dilation > MAXIMUM_DILATION)
            return FAIL(error, ERROR_UNSUPPORTED,
                        "the model's block %zu (%zu -> %zu channels, %zu taps, dilation %zu) is "
                        "not one earmark computes (odd taps up to %d, up to %d channels)",
                        i, block->in_channels, channels, block->kernel, block->dilation,
                        MAXIMUM_KERNEL, MAXIMUM_CHANNELS);
        if (check_values(block, i, error) != ERROR_NONE) return error->code;
    }
    if (model->embedding_size == 0 || model->embedding_size > MAXIMUM_CHANNELS)
        return FAIL(error, ERROR_UNSUPPORTED, "embeddings of %zu values; 1 to %d are supported",
                    model->embedding_size, MAXIMUM_CHANNELS);
    if (!all_finite(model->linear_weight, model->embedding_size * 2 * channels) ||
        !all_finite(model->linear_bias, model->embedding_size))
        return FAIL(error, ERROR_DATA, "the model's linear layer has weights that are not finite");
    return ERROR_NONE;
}

void batch_norm_block(const struct xvector_model *model, size_t index, double *weight,
                      double *bias) {
    const struct xvector_block *block = &model->blocks[index];
    const struct xvector_block *before = index == 0 ? NULL : block - 1;
    const size_t in = block->in_channels, kernel = block->kernel;
    for (size_t o = 0; o < block->out_channels; o++) {
        double sum = (double)block->bias[o];
        for (size_t c = 0; c < in; c++) {
            const double scale = before == NULL ? 1.0 : norm_scale(before, c);
            const double shift = before == NULL ? 0.0 : norm_shift(before, c);
            for (size_t k = 0; k < kernel; k++) {
                const double value = (double)block->weight[(o * in + c) * kernel + k];
                weight[(o * kernel + k) * in + c] = value * scale;
                sum += value * shift;
            }
        }
        bias[o] = sum;
    }
}

void batch_norm_linear(const struct xvector_model *model, double *weight, double *bias) {
    const struct xvector_block *last = &model->blocks[model->block_count - 1];
    const size_t channels = last->out_channels;
    for (size_t e = 0; e < model->embedding_size; e++) {
        const float *mean = model->linear_weight + e * 2 * channels;
        const float *deviation = mean + channels;
        double sum = (double)model->linear_bias[e];
        for (size_t c = 0; c < channels; c++) {
            const double scale = norm_scale(last, c);
            weight[e * 2 * channels + c] = (double)mean[c] * scale;
            weight[e * 2 * channels + channels + c] = (double)deviation[c] * fabs(scale);
            sum += (double)mean[c] * (norm_shift(last, c) + EXPECTED_NOISE) +
                   (double)deviation[c] * DEVIATION_EPSILON;
        }
        bias[e] = sum;
    }
}
