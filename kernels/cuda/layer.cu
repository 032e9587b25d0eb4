#include "kernels/cuda/layer.h"

#include "kernels/cuda/layer_tile.h"
#include "kernels/cuda/upload.h"

extern "C" {
#include "kernels/batch_norm.h"
}

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* To the nearest bfloat16, ties to even; weights are finite. */
static uint16_t round_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/* To the nearest TF32, ties away from zero, like float_to_tf32(). */
static float round_tf32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x1000U) & ~0x1fffU;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Values along K in a block. */
static size_t block_values(enum device_precision precision) {
    return LINE_BYTES / layer_element(precision);
}

/* Stores one weight in a layer's packed matrix. The order along K is taps, then channels; for
 * tensor cores it is blocks of channels, then taps, then the channels of a block. */
static void put_weight(const struct cuda_layer *layer, void *packed, size_t tap, size_t channel,
                       size_t output, float value) {
    const size_t values = block_values(layer->precision), taps = (size_t)layer->taps;
    const size_t depth = (size_t)layer->blocks * values;
    const size_t k = (channel / values * taps + tap) * values + channel % values;
    if (layer->precision == PRECISION_FLOAT32)
        ((float *)
             packed)[(tap * (size_t)layer->inputs + channel) * (size_t)layer->columns + output] =
            value;
    else if (layer->precision == PRECISION_TF32)
        ((float *)packed)[output * depth + k] = round_tf32(value);
    else
        ((uint16_t *)packed)[output * depth + k] = round_bf16(value);
}

static size_t packed_bytes(const struct cuda_layer *layer) {
    return (size_t)layer->blocks * LINE_BYTES * (size_t)layer->columns;
}

/* Stores weight (out_channels, kernel, in_channels) in packed, which is zero. */
static void pack(const struct xvector_block *block, const struct cuda_layer *layer,
                 const double *weight, void *packed) {
    const size_t in = block->in_channels, taps = block->kernel;
    for (size_t o = 0; o < block->out_channels; o++)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t c = 0; c < in; c++)
                put_weight(layer, packed, tap, c, o, (float)weight[(o * taps + tap) * in + c]);
}

static void choose_sizes(const struct xvector_model *model, size_t index,
                         enum device_precision precision, struct cuda_layer *layer) {
    const struct xvector_block *block = &model->blocks[index];
    const size_t values = block_values(precision), inputs = layer_stored(block->in_channels);
    layer->precision = precision;
    layer->final_layer = index + 1 == model->block_count;
    layer->taps = (int)block->kernel;
    layer->dilation = (int)block->dilation;
    layer->inputs = (int)inputs;
    layer->outputs = (int)layer_stored(block->out_channels);
    layer->blocks = precision == PRECISION_FLOAT32
                        ? (int)((block->kernel * inputs + values - 1) / values)
                        : (int)(block->kernel * ((inputs + values - 1) / values));
    layer->columns = (int)((block->out_channels + LAYER_TILE - 1) / LAYER_TILE * LAYER_TILE);
    layer->operations =
        2.0 * (double)block->in_channels * (double)block->kernel * (double)block->out_channels;
}

enum error_code layer_create(const struct xvector_model *model, size_t index,
                             enum device_precision precision, struct cuda_layer *layer,
                             cudaStream_t stream, struct error *error) {
    const struct xvector_block *block = &model->blocks[index];
    const size_t out = block->out_channels;
    choose_sizes(model, index, precision, layer);
    double *weight = (double *)malloc(out * block->kernel * block->in_channels * sizeof(double));
    double *bias = (double *)malloc(out * sizeof(double));
    void *packed = calloc(1, packed_bytes(layer));
    float *rounded = (float *)calloc((size_t)layer->columns, sizeof(float));
    if (weight == NULL || bias == NULL || packed == NULL || rounded == NULL) {
        FAIL(error, ERROR_MEMORY, "no memory to load the model's block %zu", index);
    } else {
        batch_norm_block(model, index, weight, bias);
        pack(block, layer, weight, packed);
        for (size_t o = 0; o < out; o++) rounded[o] = (float)bias[o];
        cuda_upload(&layer->weights, packed, packed_bytes(layer), "a layer's weights", stream,
                    error);
        cuda_upload(&layer->bias, rounded, (size_t)layer->columns * sizeof(float),
                    "a layer's biases", stream, error);
    }
    free(weight);
    free(bias);
    free(packed);
    free(rounded);
    return error->code;
}

void layer_free(struct cuda_layer *layer) {
    cuda_buffer_free(&layer->weights, BUFFER_GPU);
    cuda_buffer_free(&layer->bias, BUFFER_GPU);
}

enum error_code layer_run(const struct cuda_layer *layer, const void *input,
                          const struct layer_row *rows, int row_count, void *output,
                          float2 *partial, cudaStream_t stream, struct error *error) {
    if (row_count == 0) return ERROR_NONE;
    const size_t element = layer_element(layer->precision);
    struct layer_arguments arguments = {};
    arguments.input = (const unsigned char *)input;
    arguments.weights = (const unsigned char *)layer->weights.data;
    arguments.bias = (const float *)layer->bias.data;
    arguments.output = output;
    arguments.partial = partial;
    arguments.rows = rows;
    arguments.row_count = row_count;
    arguments.taps = layer->taps;
    arguments.dilation = layer->dilation;
    arguments.chunks = (int)((size_t)layer->inputs * element / 16);
    arguments.blocks = layer->blocks;
    arguments.columns = layer->columns;
    arguments.outputs = layer->outputs;
    if (layer->precision == PRECISION_FLOAT32) return layer_float32_run(&arguments, stream, error);
    return layer_tensor_run(&arguments, layer->precision, layer->final_layer, stream, error);
}
