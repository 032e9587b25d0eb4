#include "host/model/architecture.h"

#include "host/base/memory.h"
#include "host/model/quote.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_FOUND SIZE_MAX

static void add_array(struct network_array *arrays, size_t *count, size_t layer, const char *field,
                      struct tensor_shape shape, const float **place) {
    struct network_array *array = &arrays[(*count)++];
    snprintf(array->name, sizeof array->name, "blocks.%zu.%s", layer, field);
    array->shape = shape;
    array->place = place;
    array->variance = strcmp(field, "norm.running_var") == 0;
    array->statistic = array->variance || strcmp(field, "norm.running_mean") == 0;
}

size_t architecture_arrays(struct xvector_model *network,
                           struct network_array arrays[NETWORK_MAXIMUM_ARRAYS]) {
    size_t count = 0;
    size_t pooled = 0;
    for (size_t i = 0; i < network->block_count; i++) {
        struct xvector_block *block = &network->blocks[i];
        struct tensor_shape weight = {3, {block->out_channels, block->in_channels, block->kernel}};
        struct tensor_shape channels = {1, {block->out_channels}};
        add_array(arrays, &count, 3 * i, "conv.weight", weight, &block->weight);
        add_array(arrays, &count, 3 * i, "conv.bias", channels, &block->bias);
        add_array(arrays, &count, 3 * i + 2, "norm.weight", channels, &block->norm_weight);
        add_array(arrays, &count, 3 * i + 2, "norm.bias", channels, &block->norm_bias);
        add_array(arrays, &count, 3 * i + 2, "norm.running_mean", channels, &block->norm_mean);
        add_array(arrays, &count, 3 * i + 2, "norm.running_var", channels, &block->norm_variance);
        pooled = 2 * block->out_channels;
    }
    size_t last = 3 * network->block_count + 1;
    struct tensor_shape linear = {2, {network->embedding_size, pooled}};
    struct tensor_shape embedding = {1, {network->embedding_size}};
    add_array(arrays, &count, last, "w.weight", linear, &network->linear_weight);
    add_array(arrays, &count, last, "w.bias", embedding, &network->linear_bias);
    return count;
}

size_t tensor_values(const struct tensor_shape *shape) {
    size_t values = 1;
    for (size_t i = 0; i < shape->rank; i++) values *= shape->sizes[i];
    return values;
}

static size_t find_tensor(const struct tensor_source *source, const char *name) {
    for (size_t i = 0; i < source->count; i++) {
        size_t length = 0;
        const char *candidate = source->name(source->context, i, &length);
        if (length == strlen(name) && memcmp(candidate, name, length) == 0) return i;
    }
    return NOT_FOUND;
}

/* "[512, 24, 5]" */
static const char *format_shape(const struct tensor_shape *shape, char *text, size_t size) {
    size_t at = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; i < shape->rank && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, i > 0 ? ", %zu" : "%zu", shape->sizes[i]);
    if (at < size) snprintf(text + at, size - at, "]");
    return text;
}

/* The shape of `name`, which must exist with this rank and no size of 0. */
static enum error_code required_shape(const struct tensor_source *source, const char *name,
                                      size_t rank, struct tensor_shape *shape,
                                      struct error *error) {
    size_t index = find_tensor(source, name);
    if (index == NOT_FOUND)
        return FAIL(error, ERROR_DATA, "there is no tensor '%s': not an x-vector network", name);
    source->shape(source->context, index, shape);
    bool empty = false;
    for (size_t i = 0; i < shape->rank; i++) empty = empty || shape->sizes[i] == 0;
    if (shape->rank != rank || empty) {
        char text[128];
        return FAIL(error, ERROR_DATA, "tensor '%s' has shape %s; %zu sizes above 0 were expected",
                    name, format_shape(shape, text, sizeof text), rank);
    }
    return ERROR_NONE;
}

static enum error_code check_bound(const char *name, const char *what, size_t value, size_t most,
                                   struct error *error) {
    if (value > most)
        return FAIL(error, ERROR_UNSUPPORTED, "tensor '%s': %zu %s; at most %zu are supported",
                    name, value, what, most);
    return ERROR_NONE;
}

/* Sets the sizes of one block from its convolution's weight (out, in, kernel). */
static enum error_code block_sizes(const struct tensor_source *source, size_t index,
                                   struct xvector_model *network, struct error *error) {
    char name[ARCHITECTURE_NAME_SIZE];
    struct tensor_shape shape;
    snprintf(name, sizeof name, "blocks.%zu.conv.weight", 3 * index);
    TRY(required_shape(source, name, 3, &shape, error));
    TRY(check_bound(name, "channels", shape.sizes[0], ARCHITECTURE_MAXIMUM_CHANNELS, error));
    TRY(check_bound(name, index == 0 ? "mels" : "channels", shape.sizes[1],
                    index == 0 ? (size_t)ARCHITECTURE_MAXIMUM_MELS
                               : (size_t)ARCHITECTURE_MAXIMUM_CHANNELS,
                    error));
    TRY(check_bound(name, "taps", shape.sizes[2], ARCHITECTURE_MAXIMUM_KERNEL, error));
    if (shape.sizes[2] % 2 == 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "tensor '%s': a kernel of %zu taps; only odd ones are supported", name,
                    shape.sizes[2]);
    if (index > 0 && shape.sizes[1] != network->blocks[index - 1].out_channels)
        return FAIL(error, ERROR_DATA,
                    "tensor '%s' takes %zu channels, but the block before it has %zu", name,
                    shape.sizes[1], network->blocks[index - 1].out_channels);
    network->blocks[index] = (struct xvector_block){.in_channels = shape.sizes[1],
                                                    .out_channels = shape.sizes[0],
                                                    .kernel = shape.sizes[2],
                                                    .dilation = 1};
    return ERROR_NONE;
}

/* Counts the blocks: convolutions at 0, 3, 6, ... without a gap. */
static enum error_code count_blocks(const struct tensor_source *source, size_t *count,
                                    struct error *error) {
    char name[ARCHITECTURE_NAME_SIZE];
    for (*count = 0; *count <= XVECTOR_MAXIMUM_BLOCKS; (*count)++) {
        snprintf(name, sizeof name, "blocks.%zu.conv.weight", 3 * *count);
        if (find_tensor(source, name) == NOT_FOUND) break;
    }
    if (*count == 0)
        return FAIL(error, ERROR_DATA,
                    "there is no tensor 'blocks.0.conv.weight': not an x-vector network");
    if (*count > XVECTOR_MAXIMUM_BLOCKS)
        return FAIL(error, ERROR_UNSUPPORTED, "more than %d blocks", XVECTOR_MAXIMUM_BLOCKS);
    return ERROR_NONE;
}

/* Checks that every array exists in the right shape, and that no other tensor does. */
static enum error_code check_tensors(const struct tensor_source *source,
                                     struct xvector_model *network, struct error *error) {
    struct network_array arrays[NETWORK_MAXIMUM_ARRAYS];
    size_t count = architecture_arrays(network, arrays);
    for (size_t i = 0; i < count; i++) {
        struct tensor_shape shape;
        const struct tensor_shape *wanted = &arrays[i].shape;
        TRY(required_shape(source, arrays[i].name, wanted->rank, &shape, error));
        if (memcmp(shape.sizes, wanted->sizes, wanted->rank * sizeof wanted->sizes[0]) != 0) {
            char have[128];
            char want[128];
            return FAIL(error, ERROR_DATA, "tensor '%s' has shape %s; %s was expected",
                        arrays[i].name, format_shape(&shape, have, sizeof have),
                        format_shape(wanted, want, sizeof want));
        }
    }
    static const char counter[] = ".num_batches_tracked";
    for (size_t i = 0; i < source->count; i++) {
        size_t length = 0;
        const char *name = source->name(source->context, i, &length);
        bool known = length > sizeof counter - 1 &&
                     memcmp(name + length - (sizeof counter - 1), counter, sizeof counter - 1) == 0;
        for (size_t k = 0; k < count && !known; k++)
            known = length == strlen(arrays[k].name) && memcmp(name, arrays[k].name, length) == 0;
        if (!known)
            return FAIL(error, ERROR_UNSUPPORTED,
                        "tensor '%s' is no part of an x-vector network of %zu blocks",
                        quote_bytes(name, length).text, network->block_count);
    }
    return ERROR_NONE;
}

enum error_code architecture_from_shapes(const struct tensor_source *source,
                                         struct xvector_model *network, struct error *error) {
    *network = (struct xvector_model){.block_count = 0};
    TRY(count_blocks(source, &network->block_count, error));
    for (size_t i = 0; i < network->block_count; i++) TRY(block_sizes(source, i, network, error));
    network->mels = network->blocks[0].in_channels;
    char name[ARCHITECTURE_NAME_SIZE];
    struct tensor_shape linear;
    snprintf(name, sizeof name, "blocks.%zu.w.weight", 3 * network->block_count + 1);
    TRY(required_shape(source, name, 2, &linear, error));
    TRY(check_bound(name, "outputs", linear.sizes[0], ARCHITECTURE_MAXIMUM_EMBEDDING, error));
    network->embedding_size = linear.sizes[0];
    TRY(check_tensors(source, network, error));
    struct network_array arrays[NETWORK_MAXIMUM_ARRAYS];
    size_t count = architecture_arrays(network, arrays);
    size_t values = 0; /* within the bounds: at most 98 x 8192 x 8192 x 31 */
    for (size_t i = 0; i < count; i++) values += tensor_values(&arrays[i].shape);
    if (values > ARCHITECTURE_MAXIMUM_VALUES)
        return FAIL(error, ERROR_UNSUPPORTED, "%zu values; at most %d are supported", values,
                    ARCHITECTURE_MAXIMUM_VALUES);
    return ERROR_NONE;
}

enum error_code architecture_set_dilations(struct xvector_model *network, const size_t *dilations,
                                           size_t count, struct error *error) {
    if (count != network->block_count)
        return FAIL(error, ERROR_DATA, "%zu dilations for %zu blocks", count, network->block_count);
    for (size_t i = 0; i < count; i++) {
        if (dilations[i] < 1 || dilations[i] > ARCHITECTURE_MAXIMUM_DILATION)
            return FAIL(error, ERROR_UNSUPPORTED, "block %zu: dilation %zu is not in 1 .. %d", i,
                        dilations[i], ARCHITECTURE_MAXIMUM_DILATION);
        network->blocks[i].dilation = dilations[i];
    }
    return ERROR_NONE;
}

static enum error_code check_values(const struct network_array *array, const float *values,
                                    size_t count, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return FAIL(error, ERROR_DATA, "tensor '%s': value %zu is not finite", array->name, i);
        if (array->variance && values[i] < 0)
            return FAIL(error, ERROR_DATA, "tensor '%s': variance %zu is negative", array->name, i);
    }
    return ERROR_NONE;
}

enum error_code architecture_load(const struct tensor_source *source, struct xvector_model *network,
                                  float **weights, size_t *parameters, struct error *error) {
    struct network_array arrays[NETWORK_MAXIMUM_ARRAYS];
    size_t count = architecture_arrays(network, arrays);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += tensor_values(&arrays[i].shape);
    float *values = memory_array(total, sizeof *values, "the model's weights", error);
    *weights = values;
    *parameters = 0;
    if (values == NULL) return error->code;
    for (size_t i = 0; i < count; i++) {
        size_t size = tensor_values(&arrays[i].shape);
        size_t index = find_tensor(source, arrays[i].name);
        TRY(source->read(source->context, index, values, size, error));
        TRY(check_values(&arrays[i], values, size, error));
        *arrays[i].place = values;
        if (!arrays[i].statistic) *parameters += size;
        values += size;
    }
    return ERROR_NONE;
}
