#include "layer.h"

#include "kernels/batch_norm.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* The weight that Winograd's product 0 .. 3 has for taps g0, g1, g2 (winograd.h). */
static double winograd_weight(size_t product, double g0, double g1, double g2) {
    switch (product) {
    case 0: return g0;
    case 1: return (g0 + g1 + g2) / 2.0;
    case 2: return (g0 - g1 + g2) / 2.0;
    default: return g2;
    }
}

/* A folded block in double precision, with the network's padding. */
struct folded {
    double *weight; /* (out, taps, in) */
    double *bias;   /* (out) */
    float *rounded; /* (out, taps * copied) or (out, copied), for packing */
    float *rounded_bias;
};

static enum error_code fold(const struct xvector_model *model, size_t index,
                            const struct layer *layer, struct folded *folded, struct error *error) {
    const struct xvector_block *block = &model->blocks[index];
    const size_t out = block->out_channels;
    folded->weight = malloc(out * block->kernel * block->in_channels * sizeof(double));
    folded->bias = malloc(out * sizeof(double));
    folded->rounded = calloc(out * layer->taps * layer->copied, sizeof(float));
    folded->rounded_bias = malloc(out * sizeof(float));
    if (folded->weight == NULL || folded->bias == NULL || folded->rounded == NULL ||
        folded->rounded_bias == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory to fold the model's block %zu", index);
    batch_norm_block(model, index, folded->weight, folded->bias);
    for (size_t o = 0; o < out; o++) folded->rounded_bias[o] = (float)folded->bias[o];
    return ERROR_NONE;
}

/* Taps side by side, each padded like the rows it reads. */
static enum error_code pack_taps(const struct xvector_block *block, struct layer *layer,
                                 struct folded *folded, struct error *error) {
    for (size_t row = 0; row < block->out_channels * layer->taps; row++)
        for (size_t c = 0; c < block->in_channels; c++)
            folded->rounded[row * layer->copied + c] =
                (float)folded->weight[row * block->in_channels + c];
    if (product_weights_create(layer->product, &layer->weights[0], error) == ERROR_NONE)
        product_weights_set(layer->weights[0], folded->rounded, block->out_channels,
                            layer->taps * layer->copied, folded->rounded_bias, error);
    return error->code;
}

static enum error_code pack_winograd(const struct xvector_block *block, struct layer *layer,
                                     struct folded *folded, struct error *error) {
    const size_t in = block->in_channels, out = block->out_channels;
    layer->bias = memory_aligned(layer->outputs, sizeof(float), "biases", error);
    if (layer->bias == NULL) return error->code;
    memset(layer->bias, 0, layer->outputs * sizeof(float));
    memcpy(layer->bias, folded->rounded_bias, out * sizeof(float));
    for (size_t p = 0; p < WINOGRAD_PRODUCTS && error->code == ERROR_NONE; p++) {
        for (size_t o = 0; o < out; o++)
            for (size_t c = 0; c < in; c++) {
                const double *taps = folded->weight + o * 3 * in + c;
                folded->rounded[o * layer->copied + c] =
                    (float)winograd_weight(p, taps[0], taps[in], taps[2 * in]);
            }
        if (product_weights_create(layer->product, &layer->weights[p], error) == ERROR_NONE)
            product_weights_set(layer->weights[p], folded->rounded, out, layer->copied, NULL,
                                error);
    }
    return error->code;
}

enum error_code layer_create(const struct xvector_model *model, size_t index,
                             enum product_type type, bool winograd, struct layer *layer,
                             struct error *error) {
    const struct xvector_block *block = &model->blocks[index];
    *layer = (struct layer){
        .taps = block->kernel,
        .dilation = block->dilation,
        .copied = index == 0 ? block->in_channels : product_round(block->in_channels),
        .outputs = product_round(block->out_channels),
        .winograd = winograd,
        .operations =
            2.0 * (double)block->in_channels * (double)block->kernel * (double)block->out_channels,
    };
    layer->inputs = winograd ? layer->copied : product_round(layer->taps * layer->copied);
    const bool last = index + 1 == model->block_count;
    const struct product_shape shape = {.rows = winograd ? WINOGRAD_ROWS : LAYER_ROWS,
                                        .inputs = layer->inputs,
                                        .outputs = layer->outputs,
                                        .source = type,
                                        .destination = last ? PRODUCT_FLOAT32 : type,
                                        .bias = !winograd,
                                        .leaky = !winograd};
    struct folded folded = {NULL, NULL, NULL, NULL};
    if (product_create(&shape, &layer->product, error) == ERROR_NONE &&
        fold(model, index, layer, &folded, error) == ERROR_NONE) {
        if (winograd)
            pack_winograd(block, layer, &folded, error);
        else
            pack_taps(block, layer, &folded, error);
    }
    free(folded.weight);
    free(folded.bias);
    free(folded.rounded);
    free(folded.rounded_bias);
    return error->code;
}

void layer_free(struct layer *layer) {
    for (size_t p = 0; p < WINOGRAD_PRODUCTS; p++) product_weights_free(layer->weights[p]);
    product_free(layer->product);
    free(layer->bias);
    *layer = (struct layer){.taps = 0};
}
