#include "network.h"

#include "clock.h"
#include "gather.h"
#include "kernels/fold.h"
#include "plan.h"
#include "pooling.h"
#include "product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE_ROWS 128
#define CHUNK_ROWS 8192         /* rows of a chunk, */
#define ROWS_PER_THREAD 1024    /* or more with many threads, */
#define CHUNK_BYTES (64U << 20) /* as long as its two buffers stay below this */
#define SLAB_TILES 8            /* tiles of the last layer that are pooled together */

struct layer {
    size_t taps;
    size_t dilation;
    size_t copied;  /* values copied per tap */
    size_t inputs;  /* taps * copied, padded */
    size_t outputs; /* padded */
    struct product *product;
    struct product_weights *weights;
    double operations; /* per frame */
};

/* Layers computed tile by tile in one go: one that gathers its taps, and the
 * layers with one tap behind it, whose inputs never leave the thread's buffers. */
struct group {
    size_t first;
    size_t last;
};

struct network_workspace {
    void *gathered; /* (TILE_ROWS, inputs) */
    void *inner[2]; /* (TILE_ROWS, outputs) */
};

struct cpu_network {
    int threads;
    size_t mels;
    size_t element; /* bytes of an activation between layers */
    size_t layer_count;
    struct layer layers[XVECTOR_MAXIMUM_BLOCKS];
    size_t group_count;
    struct group groups[XVECTOR_MAXIMUM_BLOCKS];
    struct plan plan;
    void *levels[2]; /* (plan.capacity rounded up, widest): read and written in turn */
    size_t slab_rows;
    float *slab; /* (slab_rows, channels): output of the last layer */
    struct pooling pooling;
    struct network_workspace *workspaces; /* (threads) */
};

size_t network_channels(const struct cpu_network *network) {
    return network->layers[network->layer_count - 1].outputs;
}

/* ---- creation ---- */

/* Folds one block and packs it; weights of a tap are padded like the rows they meet. */
static enum error_code pack_layer(const struct xvector_model *model, size_t index,
                                  struct layer *layer, struct error *error) {
    const struct xvector_block *block = &model->blocks[index];
    const size_t in = block->in_channels, out = block->out_channels, taps = block->kernel;
    double *folded = malloc(out * taps * in * sizeof(double));
    double *folded_bias = malloc(out * sizeof(double));
    float *weight = calloc(out * taps * layer->copied, sizeof(float));
    float *bias = malloc(out * sizeof(float));
    if (folded == NULL || folded_bias == NULL || weight == NULL || bias == NULL) {
        FAIL(error, ERROR_MEMORY, "no memory to fold the model's block %zu", index);
        goto done;
    }
    fold_block(model, index, folded, folded_bias);
    for (size_t o = 0; o < out; o++) {
        bias[o] = (float)folded_bias[o];
        for (size_t k = 0; k < taps; k++)
            for (size_t c = 0; c < in; c++)
                weight[(o * taps + k) * layer->copied + c] = (float)folded[(o * taps + k) * in + c];
    }
    if (product_weights_create(layer->product, &layer->weights, error) == ERROR_NONE)
        product_weights_set(layer->weights, weight, out, taps * layer->copied, bias, error);
done:
    free(folded);
    free(folded_bias);
    free(weight);
    free(bias);
    return error->code;
}

static enum error_code create_layer(struct cpu_network *network, const struct xvector_model *model,
                                    size_t index, enum product_type type, struct error *error) {
    const struct xvector_block *block = &model->blocks[index];
    struct layer *layer = &network->layers[index];
    layer->taps = block->kernel;
    layer->dilation = block->dilation;
    layer->copied = index == 0 ? block->in_channels : product_round(block->in_channels);
    layer->inputs = product_round(layer->taps * layer->copied);
    layer->outputs = product_round(block->out_channels);
    layer->operations =
        2.0 * (double)block->in_channels * (double)block->kernel * (double)block->out_channels;
    const bool last = index + 1 == model->block_count;
    const struct product_shape shape = {.rows = TILE_ROWS,
                                        .inputs = layer->inputs,
                                        .outputs = layer->outputs,
                                        .source = type,
                                        .destination = last ? PRODUCT_FLOAT32 : type,
                                        .bias = true,
                                        .leaky = true};
    if (product_create(&shape, &layer->product, error) != ERROR_NONE) return error->code;
    return pack_layer(model, index, layer, error);
}

/* A group begins at the first layer and at every layer with several taps. */
static void create_groups(struct cpu_network *network) {
    for (size_t l = 0; l < network->layer_count; l++) {
        if (l == 0 || network->layers[l].taps > 1)
            network->groups[network->group_count++].first = l;
        network->groups[network->group_count - 1].last = l;
    }
}

static enum error_code create_workspaces(struct cpu_network *network, struct error *error) {
    size_t inputs = 0, outputs = 0;
    for (size_t l = 0; l < network->layer_count; l++) {
        if (network->layers[l].inputs > inputs) inputs = network->layers[l].inputs;
        if (network->layers[l].outputs > outputs) outputs = network->layers[l].outputs;
    }
    network->workspaces = calloc((size_t)network->threads, sizeof *network->workspaces);
    if (network->workspaces == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory for the network's buffers");
    for (int t = 0; t < network->threads; t++) {
        struct network_workspace *workspace = &network->workspaces[t];
        workspace->gathered =
            product_memory(TILE_ROWS * inputs, network->element, "gathered frames", error);
        for (int i = 0; i < 2; i++)
            workspace->inner[i] =
                product_memory(TILE_ROWS * outputs, network->element, "a tile's layers", error);
        if (error->code != ERROR_NONE) return error->code;
        memset(workspace->gathered, 0, TILE_ROWS * inputs * network->element);
    }
    return ERROR_NONE;
}

static enum error_code create_buffers(struct cpu_network *network,
                                      const struct xvector_model *model, struct error *error) {
    size_t widest = PRODUCT_CHANNELS;
    for (size_t g = 0; g + 1 < network->group_count; g++) {
        const size_t outputs = network->layers[network->groups[g].last].outputs;
        if (outputs > widest) widest = outputs;
    }
    size_t rows = ROWS_PER_THREAD * (size_t)network->threads;
    if (rows < CHUNK_ROWS) rows = CHUNK_ROWS;
    const size_t bound = CHUNK_BYTES / (2 * widest * network->element);
    if (rows > bound) rows = bound;
    if (plan_create(model, rows, &network->plan, error) != ERROR_NONE) return error->code;
    const size_t rounded = (network->plan.capacity + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    for (int i = 0; i < 2; i++)
        network->levels[i] =
            product_memory(rounded * widest, network->element, "the network's layers", error);
    size_t tiles = 2 * (size_t)network->threads;
    if (tiles < SLAB_TILES) tiles = SLAB_TILES;
    network->slab_rows = tiles * TILE_ROWS;
    network->slab = product_memory(network->slab_rows * network_channels(network), sizeof(float),
                                   "the network's last layer", error);
    if (error->code != ERROR_NONE) return error->code;
    if (create_workspaces(network, error) != ERROR_NONE) return error->code;
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
    network->layer_count = model->block_count;
    for (size_t l = 0; l < model->block_count && error->code == ERROR_NONE; l++)
        create_layer(network, model, l, half ? PRODUCT_BFLOAT16 : PRODUCT_FLOAT32, error);
    create_groups(network);
    if (error->code != ERROR_NONE || create_buffers(network, model, error) != ERROR_NONE) {
        network_free(network);
        return error->code;
    }
    *result = network;
    return ERROR_NONE;
}

void network_free(struct cpu_network *network) {
    if (network == NULL) return;
    for (size_t l = 0; l < network->layer_count; l++) {
        product_weights_free(network->layers[l].weights);
        product_free(network->layers[l].product);
    }
    for (int t = 0; t < network->threads && network->workspaces != NULL; t++) {
        free(network->workspaces[t].gathered);
        free(network->workspaces[t].inner[0]);
        free(network->workspaces[t].inner[1]);
    }
    free(network->workspaces);
    free(network->levels[0]);
    free(network->levels[1]);
    free(network->slab);
    pooling_free(&network->pooling);
    plan_free(&network->plan);
    free(network);
}

/* ---- one chunk ---- */

/* Rows first .. of a group's output: gather, then layer after layer. */
static enum error_code run_tile(const struct cpu_network *network, const struct group *group,
                                const struct gather_source *source, size_t first, void *output,
                                struct network_workspace *workspace, struct error *error) {
    const struct layer *layer = &network->layers[group->first];
    const struct gather_shape shape = {.level = group->first,
                                       .taps = layer->taps,
                                       .dilation = layer->dilation,
                                       .copied = layer->copied,
                                       .inputs = layer->inputs,
                                       .element = network->element};
    gather_tile(&network->plan, &shape, source, first, TILE_ROWS, workspace->gathered);
    const void *input = workspace->gathered;
    for (size_t l = group->first; l <= group->last; l++) {
        void *result = l == group->last ? output : workspace->inner[(l - group->first) % 2];
        layer = &network->layers[l];
        if (product_execute(layer->product, layer->weights, input, result, error) != ERROR_NONE)
            return error->code;
        input = result;
    }
    return ERROR_NONE;
}

/* Rows begin .. end - 1 of a group's output, in tiles, to output (which begins with row `begin`).
 */
static enum error_code run_rows(const struct cpu_network *network, size_t group_index,
                                const struct gather_source *source, size_t begin, size_t end,
                                void *output, struct error *error) {
    const struct group *group = &network->groups[group_index];
    const bool last = group_index + 1 == network->group_count;
    const size_t row_bytes =
        network->layers[group->last].outputs * (last ? sizeof(float) : network->element);
    const size_t tiles = (end - begin + TILE_ROWS - 1) / TILE_ROWS;
#pragma omp parallel num_threads(network->threads)
    {
        product_thread_begin();
        struct network_workspace *workspace = &network->workspaces[product_thread_number()];
        struct error mine = ERROR_INITIAL;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = 0; tile < tiles; tile++) {
            unsigned char *to = (unsigned char *)output + tile * TILE_ROWS * row_bytes;
            if (mine.code == ERROR_NONE)
                run_tile(network, group, source, begin + tile * TILE_ROWS, to, workspace, &mine);
        }
        product_thread_end(&mine, error);
    }
    return error->code;
}

/* Pools rows begin .. end - 1 of the last level, columns first .. last - 1. */
static void pool_columns(struct cpu_network *network, size_t begin, size_t end, size_t first,
                         size_t last, float *statistics) {
    const struct plan *plan = &network->plan;
    const size_t level = network->layer_count, channels = network_channels(network);
    size_t row = begin;
    for (size_t p = plan_find(plan, level, begin); p < plan->piece_count && row < end; p++) {
        const struct plan_piece *piece = &plan->pieces[p];
        const size_t frame = piece->low[level] + row - piece->offset[level];
        size_t count = piece->high[level] - frame;
        if (count > end - row) count = end - row;
        pooling_add(&network->pooling, network->slab + (row - begin) * channels, channels, frame,
                    count, first, last);
        row += count;
        float *mean = statistics + piece->clip * 2 * channels;
        if (frame + count == piece->frames)
            pooling_finish(&network->pooling, piece->frames, first, last, mean, mean + channels);
    }
}

static void pool_rows(struct cpu_network *network, size_t begin, size_t end, float *statistics) {
    const size_t channels = network_channels(network);
    const size_t width =
        product_round((channels + (size_t)network->threads - 1) / (size_t)network->threads);
#pragma omp parallel for num_threads(network->threads) schedule(static, 1)
    for (size_t first = 0; first < channels; first += width)
        pool_columns(network, begin, end, first,
                     first + width < channels ? first + width : channels, statistics);
}

static enum error_code run_chunk(struct cpu_network *network, const float *features,
                                 float *statistics, struct device_counters *counters,
                                 struct error *error) {
    const size_t last = network->group_count - 1;
    double start = clock_seconds();
    struct gather_source source = {.features = features, .stride = network->mels};
    for (size_t g = 0; g < last; g++) {
        const size_t level = network->groups[g].last + 1;
        void *output = network->levels[g % 2];
        if (run_rows(network, g, &source, 0, network->plan.rows[level], output, error) !=
            ERROR_NONE)
            return error->code;
        source = (struct gather_source){.rows = output,
                                        .stride = network->layers[network->groups[g].last].outputs};
    }
    const size_t rows = network->plan.rows[network->layer_count];
    for (size_t begin = 0; begin < rows; begin += network->slab_rows) {
        const size_t end = begin + network->slab_rows < rows ? begin + network->slab_rows : rows;
        if (run_rows(network, last, &source, begin, end, network->slab, error) != ERROR_NONE)
            return error->code;
        const double middle = clock_seconds();
        counters->seconds[STAGE_NETWORK] += middle - start;
        pool_rows(network, begin, end, statistics);
        start = clock_seconds();
        counters->seconds[STAGE_POOLING] += start - middle;
    }
    return ERROR_NONE;
}

enum error_code network_run(struct cpu_network *network, const struct network_clip *clips,
                            size_t clip_count, const float *features, float *statistics,
                            struct device_counters *counters, struct error *error) {
    const size_t width = 2 * network_channels(network);
    size_t total = 0;
    for (size_t c = 0; c < clip_count; c++) {
        if (clips[c].frames >= network->plan.minimum_frames)
            total += clips[c].frames;
        else
            for (size_t i = 0; i < width; i++) statistics[c * width + i] = NAN;
    }
    /* Chunks of about equal size, of whole tiles. */
    const size_t chunks = (total + network->plan.capacity - 1) / network->plan.capacity;
    size_t rows = chunks == 0 ? 0 : (total + chunks - 1) / chunks;
    rows = (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    plan_begin(&network->plan);
    while (plan_next(&network->plan, clips, clip_count, rows))
        if (run_chunk(network, features, statistics, counters, error) != ERROR_NONE)
            return error->code;
    for (size_t l = 0; l < network->layer_count; l++)
        counters->operations[STAGE_NETWORK] += network->layers[l].operations * (double)total;
    return ERROR_NONE;
}
