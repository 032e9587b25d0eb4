#include "gather.h"
#include "kernels/clock.h"
#include "network.h"
#include "network_state.h"
#include "threads.h"
#include "winograd.h"

#include <math.h>
#include <stdlib.h>

/* What a group reads and writes. */
struct group_work {
    const struct group *group;
    struct gather_source source;
    void *output;
    size_t begin; /* row, or pair, at which output begins */
    size_t end;
};

/* A tile of a group that gathers or reads rows, then layer after layer. */
static enum error_code run_tile(const struct cpu_network *network, const struct group_work *work,
                                size_t first, struct network_workspace *workspace,
                                struct error *error) {
    const struct group *group = work->group;
    const struct layer *layer = &network->layers[group->first];
    const struct gather_shape shape = {.level = group->first,
                                       .taps = layer->taps,
                                       .dilation = layer->dilation,
                                       .copied = layer->copied,
                                       .inputs = layer->inputs,
                                       .element = network->element};
    const void *input = workspace->gathered;
    if (group->kind == GROUP_POINT)
        input = (const unsigned char *)work->source.rows +
                first * work->source.stride * network->element;
    else
        gather_tile(&network->plan, &shape, &work->source, first, LAYER_ROWS, workspace->gathered);
    const bool last = group->last + 1 == network->layer_count;
    const size_t row_bytes =
        network->layers[group->last].outputs * (last ? sizeof(float) : network->element);
    for (size_t l = group->first; l <= group->last; l++) {
        layer = &network->layers[l];
        void *result = l == group->last
                           ? (unsigned char *)work->output + (first - work->begin) * row_bytes
                           : workspace->inner[(l - group->first) % 2];
        if (product_execute(layer->product, layer->weights[0], input, result, error) != ERROR_NONE)
            return error->code;
        input = result;
    }
    return ERROR_NONE;
}

static enum error_code run_winograd_tile(const struct cpu_network *network,
                                         const struct group_work *work, size_t first,
                                         struct network_workspace *workspace, struct error *error) {
    const size_t index = work->group->first;
    const struct layer *layer = &network->layers[index];
    float *input = workspace->gathered;
    winograd_gather(&network->plan, layer, index, work->source.rows, first, input);
    for (size_t p = 0; p < WINOGRAD_PRODUCTS; p++)
        if (product_execute(
                layer->product, layer->weights[p], input + p * WINOGRAD_ROWS * layer->inputs,
                workspace->products + p * WINOGRAD_ROWS * layer->outputs, error) != ERROR_NONE)
            return error->code;
    winograd_scatter(&network->plan, layer, index, workspace->products, first, work->output);
    return ERROR_NONE;
}

/* All tiles of a group's work, one thread a tile. */
static enum error_code run_group(const struct cpu_network *network, const struct group_work *work,
                                 struct error *error) {
    const bool winograd = work->group->kind == GROUP_WINOGRAD;
    const size_t rows = winograd ? WINOGRAD_ROWS : LAYER_ROWS;
    const size_t tiles = (work->end - work->begin + rows - 1) / rows;
#pragma omp parallel num_threads(network->threads)
    {
        threads_begin();
        struct network_workspace *workspace = &network->workspaces[threads_number()];
        struct error mine = ERROR_INITIAL;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t first = work->begin + tile * rows;
            if (mine.code == ERROR_NONE && winograd)
                run_winograd_tile(network, work, first, workspace, &mine);
            else if (mine.code == ERROR_NONE)
                run_tile(network, work, first, workspace, &mine);
        }
        threads_end(&mine, error);
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

/* Threads divide the columns among them; every column is still summed in order. */
static void pool_rows(struct cpu_network *network, size_t begin, size_t end, float *statistics) {
    const size_t channels = network_channels(network), threads = (size_t)network->threads;
    const size_t width = product_round((channels + threads - 1) / threads);
#pragma omp parallel for num_threads(network->threads) schedule(static, 1)
    for (size_t first = 0; first < channels; first += width)
        pool_columns(network, begin, end, first,
                     first + width < channels ? first + width : channels, statistics);
}

/* The last group in slabs that stay in the caches until they are pooled. */
static enum error_code run_last_group(struct cpu_network *network, struct group_work *work,
                                      float *statistics, double *pooling, struct error *error) {
    const size_t rows = network->plan.rows[network->layer_count];
    work->output = network->slab;
    for (size_t begin = 0; begin < rows; begin = work->end) {
        work->begin = begin;
        work->end = rows - begin < network->slab_rows ? rows : begin + network->slab_rows;
        if (run_group(network, work, error) != ERROR_NONE) return error->code;
        const double start = clock_seconds();
        pool_rows(network, begin, work->end, statistics);
        *pooling += clock_seconds() - start;
    }
    return ERROR_NONE;
}

static enum error_code run_chunk(struct cpu_network *network, const float *features,
                                 float *statistics, double *pooling, struct error *error) {
    struct group_work work = {.source = {.features = features, .stride = network->mels}};
    for (size_t g = 0; g + 1 < network->group_count; g++) {
        work.group = &network->groups[g];
        const size_t level = work.group->last + 1;
        work.output = network->levels[g % 2];
        work.begin = 0;
        work.end = work.group->kind == GROUP_WINOGRAD ? network->plan.pairs[level]
                                                      : network->plan.rows[level];
        if (run_group(network, &work, error) != ERROR_NONE) return error->code;
        work.source = (struct gather_source){.rows = work.output,
                                             .stride = network->layers[level - 1].outputs};
    }
    work.group = &network->groups[network->group_count - 1];
    return run_last_group(network, &work, statistics, pooling, error);
}

enum error_code network_run(struct cpu_network *network, const struct plan_clip *clips,
                            size_t clip_count, const float *features, float *statistics,
                            struct device_counters *counters, struct error *error) {
    const double start = clock_seconds();
    const size_t width = 2 * network_channels(network);
    struct plan *plan = &network->plan;
    size_t total = 0;
    for (size_t c = 0; c < clip_count; c++) {
        if (clips[c].frames >= plan->minimum_frames)
            total += clips[c].frames;
        else
            for (size_t i = 0; i < width; i++) statistics[c * width + i] = NAN;
    }
    /* Chunks of about equal size, of whole tiles. */
    const size_t chunks = (total + plan->capacity - 1) / plan->capacity;
    size_t rows = chunks == 0 ? 0 : (total + chunks - 1) / chunks;
    rows = (rows + LAYER_ROWS - 1) / LAYER_ROWS * LAYER_ROWS;
    double pooling = 0.0;
    plan_begin(plan);
    while (plan_next(plan, clips, clip_count, rows))
        if (run_chunk(network, features, statistics, &pooling, error) != ERROR_NONE)
            return error->code;
    counters->seconds[STAGE_POOLING] += pooling;
    counters->seconds[STAGE_NETWORK] += clock_seconds() - start - pooling;
    for (size_t l = 0; l < network->layer_count; l++)
        counters->operations[STAGE_NETWORK] += network->layers[l].operations * (double)total;
    return ERROR_NONE;
}
