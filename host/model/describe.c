#include "host/model/describe.h"

#include "host/base/names.h"
#include "host/base/numbers.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Multiply-adds of all blocks for a frame. */
static double frame_multiply_adds(const struct xvector_model *network) {
    double sum = 0;
    for (size_t i = 0; i < network->block_count; i++)
        sum += model_block_operations(&network->blocks[i]);
    return sum;
}

/* Multiply-adds of the linear layer for a clip. */
static double clip_multiply_adds(const struct xvector_model *network) {
    const struct xvector_block *last = &network->blocks[network->block_count - 1];
    return 2 * (double)last->out_channels * (double)network->embedding_size;
}

static void append_line(struct text *text, const char *label, const char *value) {
    text_format(text, "%-11s ", label);
    name_visible(text, value[0] == '\0' ? "not stated" : value);
    text_string(text, "\n");
}

/* The training facts as a JSON object, or NULL when they are not one. */
static json_t *training_object(const struct model *model) {
    json_t *facts = json_loads(model->training, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(facts)) return facts;
    json_decref(facts);
    return NULL;
}

/* A fact a line: strings as they are, other values as JSON. */
static void append_training(const struct model *model, struct text *text) {
    json_t *facts = training_object(model);
    const char *key;
    json_t *value;
    if (facts == NULL) {
        append_line(text, "training", model->training);
        return;
    }
    text_string(text, "training\n");
    json_object_foreach(facts, key, value) {
        text_string(text, "  ");
        name_visible(text, key);
        text_string(text, ": ");
        if (json_is_string(value)) {
            name_visible(text, json_string_value(value));
        } else {
            char *encoded = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
            if (encoded != NULL) text_json_encoded(text, encoded);
            free(encoded);
        }
        text_string(text, "\n");
    }
    json_decref(facts);
}

static void append_blocks(const struct xvector_model *network, struct text *text) {
    text_string(text, "blocks      in    out   kernel  dilation  multiply-adds a frame\n");
    for (size_t i = 0; i < network->block_count; i++) {
        const struct xvector_block *block = &network->blocks[i];
        text_format(text, "  %-9zu %-5zu %-5zu %-7zu %-9zu ", i, block->in_channels,
                    block->out_channels, block->kernel, block->dilation);
        number_thousands(text, (uint64_t)model_block_operations(block));
        text_string(text, "\n");
    }
}

void model_describe(const struct model *model, const char *path, struct text *text) {
    const struct xvector_model *network = &model->network;
    size_t frames = xvector_minimum_frames(network), samples = xvector_minimum_samples(network);
    size_t frames_a_second = xvector_frames((size_t)network->sample_rate) - 1;
    double operations = 2 * frame_multiply_adds(network);
    append_line(text, "model", path);
    append_line(text, "name", model->name);
    append_line(text, "licence", model->licence);
    append_line(text, "source", model->source);
    text_string(text, "file        ");
    number_thousands(text, model->file_bytes);
    text_format(text, " bytes, XXH3 %s\nparameters  ", model->hash);
    number_thousands(text, model->parameters);
    text_format(text, ", %s\n", model_dtype_name(model->dtype));
    text_format(text,
                "input       %d Hz, %zu mels; at least %zu frames (%zu samples, %.3g s) a clip\n",
                network->sample_rate, network->mels, frames, samples,
                (double)samples / network->sample_rate);
    append_blocks(network, text);
    text_format(text, "pooling     mean and deviation, %zu values\n",
                2 * network->blocks[network->block_count - 1].out_channels);
    text_format(text, "embedding   %zu values\n", network->embedding_size);
    text_format(text,
                "operations  %.4g MFLOP a frame, %.4g MFLOP a second of audio, %.4g MFLOP a clip\n",
                operations / 1e6, operations / 1e6 * (double)frames_a_second,
                2 * clip_multiply_adds(network) / 1e6);
    append_training(model, text);
}

static void json_member(struct text *text, const char *key, const char *value) {
    text_format(text, ",\"%s\":", key);
    text_json(text, value);
}

static void append_blocks_json(const struct xvector_model *network, struct text *text) {
    text_string(text, ",\"blocks\":[");
    for (size_t i = 0; i < network->block_count; i++) {
        const struct xvector_block *block = &network->blocks[i];
        text_format(text,
                    "%s{\"in_channels\":%zu,\"out_channels\":%zu,\"kernel\":%zu,\"dilation\":%zu,"
                    "\"operations_per_frame\":%.0f}",
                    i > 0 ? "," : "", block->in_channels, block->out_channels, block->kernel,
                    block->dilation, 2 * model_block_operations(block));
    }
    text_string(text, "]");
}

void model_describe_json(const struct model *model, const char *path, struct text *text) {
    const struct xvector_model *network = &model->network;
    text_string(text, "{\"path\":");
    text_json(text, path);
    json_member(text, "name", model->name);
    json_member(text, "licence", model->licence);
    json_member(text, "source", model->source);
    json_member(text, "hash", model->hash);
    text_format(text, ",\"bytes\":%zu,\"dtype\":\"%s\",\"parameters\":%zu", model->file_bytes,
                model_dtype_name(model->dtype), model->parameters);
    text_format(text,
                ",\"sample_rate\":%d,\"mels\":%zu,\"embedding_size\":%zu,\"minimum_frames\":%zu",
                network->sample_rate, network->mels, network->embedding_size,
                xvector_minimum_frames(network));
    append_blocks_json(network, text);
    text_format(text, ",\"operations_per_frame\":%.0f,\"operations_per_clip\":%.0f",
                2 * frame_multiply_adds(network), 2 * clip_multiply_adds(network));
    text_string(text, ",\"training\":");
    json_t *facts = training_object(model);
    char *encoded = facts == NULL ? NULL : json_dumps(facts, JSON_COMPACT);
    if (encoded != NULL)
        text_json_encoded(text, encoded);
    else if (model->training[0] == '\0')
        text_string(text, "null");
    else
        text_json(text, model->training);
    text_string(text, "}\n");
    free(encoded);
    json_decref(facts);
}
