#include "network.h"

#include "memory.h"
#include "network_state.h"
#include "product.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 8192         /* rows of a chunk, */
#define ROWS_PER_THREAD 1024    /* or more with many threads, */
#define CHUNK_BYTES (64U << 20) /* as long as its two buffers stay below this */
#define SLAB_TILES 8            /* tiles of the last layer that are pooled together, at least */

size_t network_channels(const struct cpu_network *network) {
    return network->layers[network->layer_count - 1].outputs;
}

/* Winograd's products are for float32, because bfloat16 would round their sums of inputs,
 * and not for the last layer, because they write its rows in an order that the pooling
 * cannot read. */
static bool wants_winograd(const struct xvector_model *model, size_t index, bool half) {
    return !half && index > 0 && index + 1 < model->block_count && model->blocks[index].kernel == 3;
}

static enum error_code create_layers(struct cpu_network *network, const struct xvector_model *model,
                                     bool half, struct error *error) {
    for (size_t l = 0; l < model->block_count && error->code == ERROR_NONE; l++) {
        network->layer_count = l + 1;
        layer_create(model, l, half ? PRODUCT_BFLOAT16 : PRODUCT_FLOAT32,
                     wants_winograd(model, l, half), &network->layers[l], error);
    }
    return error->code;
}

static void create_groups(struct cpu_network *network) {
    for (size_t l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        if (l == 0 || layer->taps > 1 || network->layers[l - 1].winograd) {
            struct group *group = &network->groups[network->group_count++];
            group->kind = layer->winograd             ? GROUP_WINOGRAD
                          : l > 0 && layer->taps == 1 ? GROUP_POINT
                                                      : GROUP_GATHER;
            group->first = l;
        }
        network->groups[network->group_count - 1].last = l;
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static enum error_code create_workspaces(struct cpu_network *network, struct error *error) {
    size_t gathered = 0, inner = 0, products = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        inner = larger(inner, LAYER_ROWS * layer->outputs);
        if (layer->winograd) {
            gathered = larger(gathered, WINOGRAD_PRODUCTS * WINOGRAD_ROWS * layer->inputs);
            products = larger(products, WINOGRAD_PRODUCTS * WINOGRAD_ROWS * layer->outputs);
        } else {
            gathered = larger(gathered, LAYER_ROWS * layer->inputs);
        }
    }
    network->workspaces = calloc((size_t)network->threads, sizeof *network->workspaces);
    if (network->workspaces == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory for the network's buffers");
    for (int t = 0; t < network->threads; t++) {
        struct network_workspace *workspace = &network->workspaces[t];
        workspace->gathered = memory_aligned(gathered, network->element, "gathered frames", error);
        for (int i = 0; i < 2; i++)
            workspace->inner[i] = memory_aligned(inner, network->element, "a tile", error);
        workspace->products = memory_aligned(products, sizeof(float), "a tile", error);
        if (error->code != ERROR_NONE) return error->code;
        memset(workspace->gathered, 0, gathered * network->element);
    }
    return ERROR_NONE;
}

static enum error_code create_buffers(struct cpu_network *network,
                                      const struct xvector_model *model, struct error *error) {
    size_t widest = PRODUCT_CHANNELS;
    for (size_t g = 0; g + 1 < network->group_count; g++)
        widest = larger(widest, network->layers[network->groups[g].last].outputs);
    size_t rows = larger(CHUNK_ROWS, ROWS_PER_THREAD * (size_t)network->threads);
    const size_t bound = CHUNK_BYTES / (2 * widest * network->element);
    if (rows > bound) rows = bound;
    if (plan_create(model, rows, &network->plan, error) != ERROR_NONE) return error->code;
    const size_t rounded = (network->plan.capacity + LAYER_ROWS - 1) / LAYER_ROWS * LAYER_ROWS;
    for (int i = 0; i < 2; i++)
        network->levels[i] =
            memory_aligned(rounded * widest, network->element, "the network's layers", error);
    network->slab_rows = larger(SLAB_TILES, 2 * (size_t)network->threads) * LAYER_ROWS;
    network->slab = memory_aligned(network->slab_rows * network_channels(network), sizeof(float),
                                   "the network's last layer", error);
    if (error->code != ERROR_NONE || create_workspaces(network, error) != ERROR_NONE)
        return error->code;
    return pooling_create(network_channels(network), &network->pooling, error);
}

enum error_code network_create(const struct xvector_model *model, enum device_precision precision,
                               int threads, struct cpu_network **result, struct error *error) {
    *result = NULL;
    struct cpu_network *network = calloc(1, sizeof *network);
    if (network == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the network");
    const bool half = precision == PRECISION_BF16;
    network->threads = threads;
    network->mels = model->mels;
    network->element = half ? sizeof(uint16_t) : sizeof(float);
    if (create_layers(network, model, half, error) == ERROR_NONE) {
        create_groups(network);
        create_buffers(network, model, error);
    }
    if (error->code != ERROR_NONE) {
        network_free(network);
        return error->code;
    }
    *result = network;
    return ERROR_NONE;
}

void network_free(struct cpu_network *network) {
    if (network == NULL) return;
    for (size_t l = 0; l < network->layer_count; l++) layer_free(&network->layers[l]);
    for (int t = 0; t < network->threads && network->workspaces != NULL; t++) {
        free(network->workspaces[t].gathered);
        free(network->workspaces[t].inner[0]);
        free(network->workspaces[t].inner[1]);
        free(network->workspaces[t].products);
    }
    free(network->workspaces);
    free(network->levels[0]);
    free(network->levels[1]);
    free(network->slab);
    pooling_free(&network->pooling);
    plan_free(&network->plan);
    free(network);
}
