#include "random_model.h"

#include "signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct random_model_shape random_model_shape(size_t channels) {
    const size_t last = channels == 512 ? 1500 : 3 * channels - 4;
    return (struct random_model_shape){
        .mels = 24,
        .block_count = 5,
        .channels = {channels, channels, channels, channels, last},
        .kernels = {5, 3, 3, 1, 1},
        .dilations = {1, 2, 3, 1, 1},
        .embedding_size = channels,
    };
}

/* Uniform on -1 .. 1, exact in float32. */
static double even(unsigned seed, uint32_t tensor, size_t index) {
    return (double)(signal_hash(seed, tensor, (uint32_t)index) >> 8) / 8388608.0 - 1.0;
}

/* centre + width * uniform, rounded once. NULL: out of memory. */
static float *fill(unsigned seed, uint32_t tensor, size_t count, double centre, double width) {
    float *values = malloc(count * sizeof(float));
    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = (float)(centre + width * even(seed, tensor, i));
    return values;
}

/* Every fifth channel's gamma is negative. */
static float *fill_gamma(unsigned seed, uint32_t tensor, size_t count) {
    float *values = fill(seed, tensor, count, 1.0, 0.5);
    for (size_t i = 0; values != NULL && i < count; i += 5) values[i] = -values[i];
    return values;
}

static bool fill_block(struct xvector_block *block, unsigned seed, uint32_t index) {
    const size_t out = block->out_channels, inputs = block->in_channels * block->kernel;
    const uint32_t tensor = 100 + 10 * index;
    block->weight = fill(seed, tensor, out * inputs, 0.0, sqrt(6.0 / (double)inputs));
    block->bias = fill(seed, tensor + 1, out, 0.0, 0.3);
    block->norm_weight = fill_gamma(seed, tensor + 2, out);
    block->norm_bias = fill(seed, tensor + 3, out, 0.0, 0.3);
    block->norm_mean = fill(seed, tensor + 4, out, 0.3, 0.5);
    block->norm_variance = fill(seed, tensor + 5, out, 0.8, 0.6);
    return block->weight != NULL && block->bias != NULL && block->norm_weight != NULL &&
           block->norm_bias != NULL && block->norm_mean != NULL && block->norm_variance != NULL;
}

const struct xvector_model *random_model_create_shape(const struct random_model_shape *shape,
                                                      unsigned seed) {
    struct xvector_model *model = calloc(1, sizeof *model);
    if (model == NULL) return NULL;
    model->sample_rate = 16000;
    model->mels = shape->mels;
    model->block_count = shape->block_count;
    model->embedding_size = shape->embedding_size;
    bool whole = true;
    size_t channels = shape->mels;
    for (size_t i = 0; i < shape->block_count; i++) {
        struct xvector_block *block = &model->blocks[i];
        block->in_channels = channels;
        block->out_channels = channels = shape->channels[i];
        block->kernel = shape->kernels[i];
        block->dilation = shape->dilations[i];
        whole = fill_block(block, seed, (uint32_t)i) && whole;
    }
    model->linear_weight = fill(seed, 90, shape->embedding_size * 2 * channels, 0.0,
                                sqrt(3.0 / (double)(2 * channels)));
    model->linear_bias = fill(seed, 91, shape->embedding_size, 0.0, 0.3);
    if (!whole || model->linear_weight == NULL || model->linear_bias == NULL) {
        random_model_free(model);
        return NULL;
    }
    return model;
}

const struct xvector_model *random_model_create(size_t channels, unsigned seed) {
    const struct random_model_shape shape = random_model_shape(channels);
    return random_model_create_shape(&shape, seed);
}

/* The model's arrays are const for its users, but were allocated here. */
static void release(const float *values) {
    union {
        const float *values;
        void *memory;
    } same = {values};
    free(same.memory);
}

void random_model_free(const struct xvector_model *model) {
    if (model == NULL) return;
    for (size_t i = 0; i < model->block_count; i++) {
        const struct xvector_block *block = &model->blocks[i];
        release(block->weight);
        release(block->bias);
        release(block->norm_weight);
        release(block->norm_bias);
        release(block->norm_mean);
        release(block->norm_variance);
    }
    release(model->linear_weight);
    release(model->linear_bias);
    union {
        const struct xvector_model *model;
        void *memory;
    } same = {model};
    free(same.memory);
}
