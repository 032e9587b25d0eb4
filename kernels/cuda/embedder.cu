/* Creates and frees a model on a GPU, and allocates the memory of its groups. */
#include "kernels/cuda/embedder.h"

#include "kernels/cuda/chunk_rows.h"
#include "kernels/cuda/embedder_state.h"
#include "kernels/cuda/layer_tile.h"

extern "C" {
#include "kernels/batch_norm.h"
}

#include <stdlib.h>

#define LEAST_GROUP_BYTES ((size_t)1 << 20)
/* Bytes of GPU memory for a byte of int16 samples at 8 kHz, which takes most: 13 with clips of 42
 * frames and their statistics. A batch should be one group. */
#define BYTES_PER_SAMPLE_BYTE 16

size_t embedder_row_bytes(const struct cuda_embedder *embedder, int layer) {
    const struct cuda_layer *l = &embedder->layers[layer];
    return (size_t)l->outputs * (l->final_layer ? sizeof(float) : layer_element(l->precision));
}

/* ---- the memory of a group ---- */

size_t embedder_clip_bytes(const struct cuda_embedder *embedder, size_t source_bytes,
                           const struct cuda_clip *clip, bool want_statistics) {
    const struct cuda_layer *first = &embedder->layers[0];
    const size_t rows = (size_t)clip->feature_frames;
    const size_t padded = clip->length < STATISTICS_SAMPLES ? STATISTICS_FRAMES : 0;
    const size_t channels = (size_t)embedder->linear.channels;
    const size_t lane = source_bytes + rows * embedder->mels * sizeof(float) +
                        embedder->size * sizeof(float) + sizeof(struct cuda_clip) +
                        2 * sizeof(struct plan_piece);
    const size_t scratch =
        (size_t)clip->length * sizeof(float) +
        rows * (sizeof(int) + (size_t)first->inputs * layer_element(first->precision)) +
        (size_t)pooling_segments(clip->feature_frames) * channels * sizeof(float2) +
        (size_t)embedder->linear.width * sizeof(float);
    const size_t mel_bytes = embedder->mels * sizeof(float);
    const size_t more_lane = padded * mel_bytes + STATISTICS_COUNT * sizeof(float) +
                             (padded > 0 ? sizeof(struct cuda_clip) : 0);
    const size_t more_scratch =
        padded * sizeof(int) + (rows + padded) * (mel_bytes + STATISTICS_NUMBERS * sizeof(double));
    return LANES * lane + scratch + (want_statistics ? LANES * more_lane + more_scratch : 0);
}

/* Makes room in one buffer: a quarter more than needed if that fits, so that it seldom grows. */
static enum error_code grow(struct cuda_embedder *embedder, struct cuda_buffer *buffer,
                            enum cuda_buffer_place place, size_t count, size_t size,
                            const char *what, struct error *error) {
    struct error roomy = ERROR_INITIAL;
    if (count * size <= buffer->bytes) return ERROR_NONE;
    if (worker_synchronise(embedder->worker, error) != ERROR_NONE) return error->code;
    if (cuda_buffer_reserve(buffer, place, count + count / 4, size, what, &roomy) == ERROR_NONE)
        return ERROR_NONE;
    return cuda_buffer_reserve(buffer, place, count, size, what, error);
}

static enum error_code reserve_lane(struct cuda_embedder *embedder, struct embedder_lane *lane,
                                    const struct embedder_group *group, struct error *error) {
    const size_t clips = (size_t)group->clip_count;
    const size_t rows = (size_t)(group->rows + group->padded_rows);
    const size_t tables = (clips + (size_t)group->padded_count) * sizeof(struct cuda_clip) +
                          (size_t)embedder->plan.piece_count * sizeof(struct plan_piece);
    if (grow(embedder, &lane->host_tables, BUFFER_PINNED, tables, 1, "tables of a batch", error) ==
            ERROR_NONE &&
        grow(embedder, &lane->tables, BUFFER_GPU, tables, 1, "tables of a batch", error) ==
            ERROR_NONE &&
        grow(embedder, &lane->samples, BUFFER_GPU, group->source_end - group->source_begin, 1,
             "samples", error) == ERROR_NONE &&
        grow(embedder, &lane->decibels, BUFFER_GPU, rows * embedder->mels, sizeof(float),
             "features", error) == ERROR_NONE &&
        (!group->want_statistics ||
         grow(embedder, &lane->statistics, BUFFER_GPU, clips, STATISTICS_COUNT * sizeof(float),
              "the statistics of clips", error) == ERROR_NONE))
        grow(embedder, &lane->embeddings, BUFFER_GPU, clips * embedder->size, sizeof(float),
             "embeddings", error);
    return error->code;
}

static enum error_code reserve_levels(struct cuda_embedder *embedder, struct error *error) {
    struct embedder_scratch *scratch = &embedder->scratch;
    const size_t rows = (size_t)embedder->chunk_rows;
    grow(embedder, &scratch->tables, BUFFER_GPU, rows * (size_t)embedder->layer_count,
         sizeof(struct layer_row), "tables of rows", error);
    for (int l = 0; l < embedder->layer_count && error->code == ERROR_NONE; l++)
        grow(embedder, &scratch->levels[l % 2], BUFFER_GPU, rows, embedder_row_bytes(embedder, l),
             "the network's layers", error);
    return error->code;
}

/* The powers of all rows, and what is computed from them. */
static enum error_code reserve_powers(struct cuda_embedder *embedder,
                                      const struct embedder_group *group, struct error *error) {
    struct embedder_scratch *scratch = &embedder->scratch;
    const size_t rows = (size_t)(group->rows + group->padded_rows);
    if (!group->want_statistics) return ERROR_NONE;
    grow(embedder, &scratch->powers, BUFFER_GPU, rows * embedder->mels, sizeof(float),
         "the powers of frames", error);
    if (error->code != ERROR_NONE) return error->code;
    return grow(embedder, &scratch->numbers, BUFFER_GPU, rows, STATISTICS_NUMBERS * sizeof(double),
                "the statistics of frames", error);
}

static enum error_code reserve_scratch(struct cuda_embedder *embedder,
                                       const struct embedder_group *group, struct error *error) {
    struct embedder_scratch *scratch = &embedder->scratch;
    const struct cuda_layer *first = &embedder->layers[0];
    const size_t rows = (size_t)group->rows, channels = (size_t)embedder->linear.channels;
    if (grow(embedder, &scratch->samples, BUFFER_GPU, (size_t)group->samples, sizeof(float),
             "samples at 16 kHz", error) == ERROR_NONE &&
        grow(embedder, &scratch->row_clips, BUFFER_GPU, rows + (size_t)group->padded_rows,
             sizeof(int), "tables of rows", error) == ERROR_NONE &&
        grow(embedder, &scratch->input, BUFFER_GPU, rows,
             (size_t)first->inputs * layer_element(first->precision), "the network's input",
             error) == ERROR_NONE &&
        grow(embedder, &scratch->partial, BUFFER_GPU, (size_t)group->segments * channels,
             sizeof(float2), "sums of the pooling", error) == ERROR_NONE &&
        grow(embedder, &scratch->pooled, BUFFER_GPU,
             (size_t)group->clip_count * (size_t)embedder->linear.width, sizeof(float),
             "pooled statistics", error) == ERROR_NONE &&
        reserve_powers(embedder, group, error) == ERROR_NONE)
        reserve_levels(embedder, error);
    return error->code;
}

enum error_code embedder_reserve(struct cuda_embedder *embedder, struct embedder_lane *lane,
                                 const struct embedder_group *group, struct error *error) {
    if (reserve_lane(embedder, lane, group, error) == ERROR_NONE)
        reserve_scratch(embedder, group, error);
    return error->code;
}

static void free_buffers(struct cuda_embedder *embedder) {
    struct embedder_scratch *scratch = &embedder->scratch;
    struct cuda_buffer *const buffers[] = {
        &scratch->samples,   &scratch->row_clips, &scratch->input,   &scratch->tables,
        &scratch->levels[0], &scratch->levels[1], &scratch->partial, &scratch->pooled,
        &scratch->powers,    &scratch->numbers};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        cuda_buffer_free(buffers[i], BUFFER_GPU);
    for (int i = 0; i < LANES; i++) {
        struct embedder_lane *lane = &embedder->lanes[i];
        cuda_buffer_free(&lane->host_tables, BUFFER_PINNED);
        cuda_buffer_free(&lane->samples, BUFFER_GPU);
        cuda_buffer_free(&lane->tables, BUFFER_GPU);
        cuda_buffer_free(&lane->decibels, BUFFER_GPU);
        cuda_buffer_free(&lane->embeddings, BUFFER_GPU);
        cuda_buffer_free(&lane->statistics, BUFFER_GPU);
    }
}

void embedder_trim(struct cuda_embedder *embedder) {
    struct error error = ERROR_INITIAL;
    if (worker_synchronise(embedder->worker, &error) == ERROR_NONE) free_buffers(embedder);
}

bool embedder_shrink(struct cuda_embedder *embedder, struct error *error) {
    const int least = plan_least_rows(&embedder->shape);
    if (embedder->group_bytes <= LEAST_GROUP_BYTES && embedder->chunk_rows <= least) return false;
    if (worker_synchronise(embedder->worker, error) != ERROR_NONE) return false;
    free_buffers(embedder);
    embedder->group_bytes /= 2;
    if (embedder->group_bytes < LEAST_GROUP_BYTES) embedder->group_bytes = LEAST_GROUP_BYTES;
    embedder->chunk_rows /= 2;
    if (embedder->chunk_rows < least) embedder->chunk_rows = least;
    return true;
}

size_t embedder_batch_bytes(const struct cuda_embedder *embedder) {
    const size_t bytes =
        embedder->group_bytes / BYTES_PER_SAMPLE_BYTE / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    return bytes < EMBEDDER_BATCH_BYTES ? bytes : EMBEDDER_BATCH_BYTES;
}

size_t embedder_batch_frames(const struct cuda_embedder *embedder) {
    return (size_t)plan_sure_frames(&embedder->shape, embedder->chunk_rows);
}

/* ---- the model ---- */

/* Uses three quarters of the free memory, because other programs may use the GPU too. */
static enum error_code choose_sizes(struct cuda_embedder *embedder, struct error *error) {
    size_t available, row = sizeof(struct layer_row) * (size_t)embedder->layer_count;
    const int least = plan_least_rows(&embedder->shape);
    if (cuda_free_memory(CUDA_BLAS_WORKSPACE, &available, error) != ERROR_NONE) return error->code;
    available = available / 4 * 3;
    for (int l = 0; l < embedder->layer_count; l++) row += embedder_row_bytes(embedder, l);
    embedder->chunk_rows = chunk_rows(embedder->worker->processors, embedder->precision);
    while (embedder->chunk_rows > least && (size_t)embedder->chunk_rows * row > available / 2)
        embedder->chunk_rows /= 2;
    if (embedder->chunk_rows < least) embedder->chunk_rows = least;
    const size_t levels = (size_t)embedder->chunk_rows * row;
    embedder->group_bytes = available > levels ? available - levels : 0;
    if (embedder->group_bytes > BYTES_PER_SAMPLE_BYTE * EMBEDDER_BATCH_BYTES)
        embedder->group_bytes = BYTES_PER_SAMPLE_BYTE * EMBEDDER_BATCH_BYTES;
    if (embedder->group_bytes < LEAST_GROUP_BYTES) embedder->group_bytes = LEAST_GROUP_BYTES;
    return ERROR_NONE;
}

static enum error_code create_events(struct cuda_embedder *embedder, struct error *error) {
    for (int i = 0; i < LANES; i++) {
        struct embedder_lane *lane = &embedder->lanes[i];
        cudaEvent_t *const events[] = {&lane->uploaded, &lane->computed, &lane->downloaded};
        for (int e = 0; e < 3; e++)
            if (cuda_check(cudaEventCreateWithFlags(events[e], cudaEventDisableTiming),
                           "an event on the GPU", error) != ERROR_NONE)
                return error->code;
    }
    return ERROR_NONE;
}

static enum error_code create_network(struct cuda_embedder *embedder,
                                      const struct xvector_model *model, struct error *error) {
    const cudaStream_t stream = embedder->worker->stream;
    embedder->layer_count = (int)model->block_count;
    for (size_t l = 0; l < model->block_count; l++)
        if (layer_create(model, l, embedder->precision, &embedder->layers[l], stream, error) !=
            ERROR_NONE)
            return error->code;
    if (embedder->precision == PRECISION_FLOAT32)
        layer_float32_prepare(error);
    else
        layer_tensor_prepare(error);
    if (error->code != ERROR_NONE || features_prepare(error) != ERROR_NONE ||
        resample_prepare(error) != ERROR_NONE)
        return error->code;
    return linear_create(model, &embedder->linear, stream, error);
}

enum error_code embedder_create(struct cuda_worker *worker, const struct xvector_model *model,
                                enum device_precision precision, struct cuda_embedder **result,
                                struct error *error) {
    *result = NULL;
    if (batch_norm_check(model, error) != ERROR_NONE) return error->code;
    struct cuda_embedder *embedder = (struct cuda_embedder *)calloc(1, sizeof *embedder);
    if (embedder == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the model");
    embedder->worker = worker;
    embedder->precision = precision;
    embedder->size = model->embedding_size;
    embedder->mels = model->mels;
    embedder->minimum_frames = xvector_minimum_frames(model);
    plan_shape_set(model, &embedder->shape);
    if (create_events(embedder, error) == ERROR_NONE &&
        features_create(model->mels, &embedder->features, worker->stream, error) == ERROR_NONE &&
        create_network(embedder, model, error) == ERROR_NONE)
        choose_sizes(embedder, error);
    if (error->code != ERROR_NONE) {
        embedder_free(embedder);
        return error->code;
    }
    *result = embedder;
    return ERROR_NONE;
}

void embedder_free(struct cuda_embedder *embedder) {
    if (embedder == NULL) return;
    free_buffers(embedder);
    for (int i = 0; i < LANES; i++) {
        struct embedder_lane *lane = &embedder->lanes[i];
        if (lane->uploaded != NULL) cudaEventDestroy(lane->uploaded);
        if (lane->computed != NULL) cudaEventDestroy(lane->computed);
        if (lane->downloaded != NULL) cudaEventDestroy(lane->downloaded);
    }
    features_free(&embedder->features);
    resample_free(&embedder->resamplers);
    for (int l = 0; l < embedder->layer_count; l++) layer_free(&embedder->layers[l]);
    linear_free(&embedder->linear);
    plan_free(&embedder->plan);
    free(embedder->clips);
    free(embedder);
}

size_t embedder_size(const struct cuda_embedder *embedder) {
    return embedder->size;
}

size_t embedder_mels(const struct cuda_embedder *embedder) {
    return embedder->mels;
}

bool embedder_has_statistics(const struct cuda_embedder *embedder) {
    return embedder->mels == STATISTICS_MELS;
}
