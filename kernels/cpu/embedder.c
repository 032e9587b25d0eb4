#include "embedder.h"

#include "features.h"
#include "kernels/batch_norm.h"
#include "kernels/clock.h"
#include "kernels/front_end.h"
#include "linear.h"
#include "memory.h"
#include "network.h"
#include "statistics.h"
#include "threads.h"

#include <stdlib.h>

#define RATES 16 /* resamplers kept, more than there are rates */

struct cpu_embedder {
    int threads;
    size_t size;
    size_t mels;
    struct cpu_features *features;
    bool has_statistics;
    struct feature_workspace **workspaces;             /* (threads) */
    struct statistics_workspace *statistic_workspaces; /* (threads) */
    struct resampler *resamplers[RATES];
    size_t resampler_count;
    struct cpu_network *network;
    struct cpu_linear *linear;

    /* Buffers that grow with the batch. */
    size_t frame_capacity;
    float *decibels; /* (frame_capacity, mels): first powers */
    size_t clip_capacity;
    struct feature_clip *feature_clips; /* (2 * clip_capacity): then padded ones */
    struct plan_clip *plan_clips;       /* (clip_capacity) */
    float *pooled;                      /* (clip_capacity, 2 * channels) */
};

/* ---- creation ---- */

enum error_code embedder_create(const struct xvector_model *model, enum device_precision precision,
                                int threads, struct cpu_embedder **result, struct error *error) {
    *result = NULL;
    if (batch_norm_check(model, error) != ERROR_NONE) return error->code;
    struct cpu_embedder *embedder = calloc(1, sizeof *embedder);
    if (embedder == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the model");
    embedder->threads = threads;
    embedder->size = model->embedding_size;
    embedder->mels = model->mels;
    embedder->has_statistics = device_has_statistics(model);
    embedder->workspaces = calloc((size_t)threads, sizeof(struct feature_workspace *));
    embedder->statistic_workspaces =
        calloc((size_t)threads, sizeof *embedder->statistic_workspaces);
    if (embedder->workspaces == NULL || embedder->statistic_workspaces == NULL)
        FAIL(error, ERROR_MEMORY, "no memory for the model");
    if (error->code == ERROR_NONE) features_create(model->mels, &embedder->features, error);
    for (int t = 0; t < threads && error->code == ERROR_NONE; t++)
        feature_workspace_create(embedder->features, &embedder->workspaces[t], error);
    if (error->code == ERROR_NONE)
        network_create(model, precision, threads, &embedder->network, error);
    if (error->code == ERROR_NONE)
        linear_create(model, network_channels(embedder->network), precision == PRECISION_BF16,
                      threads, &embedder->linear, error);
    if (error->code != ERROR_NONE) {
        embedder_free(embedder);
        return error->code;
    }
    *result = embedder;
    return ERROR_NONE;
}

void embedder_free(struct cpu_embedder *embedder) {
    if (embedder == NULL) return;
    for (int t = 0; t < embedder->threads && embedder->workspaces != NULL; t++)
        feature_workspace_free(embedder->workspaces[t]);
    for (int t = 0; t < embedder->threads && embedder->statistic_workspaces != NULL; t++)
        statistics_workspace_free(&embedder->statistic_workspaces[t]);
    free(embedder->workspaces);
    free(embedder->statistic_workspaces);
    features_free(embedder->features);
    for (size_t i = 0; i < embedder->resampler_count; i++) resampler_free(embedder->resamplers[i]);
    network_free(embedder->network);
    linear_free(embedder->linear);
    free(embedder->decibels);
    free(embedder->feature_clips);
    free(embedder->plan_clips);
    free(embedder->pooled);
    free(embedder);
}

size_t embedder_size(const struct cpu_embedder *embedder) {
    return embedder->size;
}

size_t embedder_mels(const struct cpu_embedder *embedder) {
    return embedder->mels;
}

bool embedder_has_statistics(const struct cpu_embedder *embedder) {
    return embedder->has_statistics;
}

/* ---- one batch ---- */

static enum error_code find_resampler(struct cpu_embedder *embedder, int rate,
                                      const struct resampler **resampler, struct error *error) {
    *resampler = NULL;
    if (rate == SAMPLE_RATE) return ERROR_NONE;
    for (size_t i = 0; i < embedder->resampler_count; i++)
        if (embedder->resamplers[i]->rate == rate) *resampler = embedder->resamplers[i];
    if (*resampler != NULL) return ERROR_NONE;
    if (embedder->resampler_count == RATES)
        return FAIL(error, ERROR_INTERNAL, "more rates than resamplers");
    struct resampler *fresh;
    if (resampler_create(rate, &fresh, error) != ERROR_NONE) return error->code;
    embedder->resamplers[embedder->resampler_count++] = fresh;
    *resampler = fresh;
    return ERROR_NONE;
}

static enum error_code reserve_clips(struct cpu_embedder *embedder, size_t clips,
                                     struct error *error) {
    if (clips <= embedder->clip_capacity) return ERROR_NONE;
    free(embedder->feature_clips);
    free(embedder->plan_clips);
    free(embedder->pooled);
    embedder->clip_capacity = 0;
    embedder->feature_clips = calloc(clips, 2 * sizeof *embedder->feature_clips);
    embedder->plan_clips = calloc(clips, sizeof *embedder->plan_clips);
    size_t values;
    if (__builtin_mul_overflow(clips, 2 * network_channels(embedder->network), &values))
        values = SIZE_MAX;
    embedder->pooled = memory_aligned(values, sizeof(float), "pooled statistics", error);
    if (embedder->feature_clips == NULL || embedder->plan_clips == NULL)
        FAIL(error, ERROR_MEMORY, "no memory for a batch of %zu clips", clips);
    if (error->code == ERROR_NONE) embedder->clip_capacity = clips;
    return error->code;
}

static enum error_code reserve_frames(struct cpu_embedder *embedder, size_t frames,
                                      struct error *error) {
    if (frames <= embedder->frame_capacity) return ERROR_NONE;
    free(embedder->decibels);
    embedder->frame_capacity = 0;
    size_t values;
    if (__builtin_mul_overflow(frames, embedder->mels, &values)) values = SIZE_MAX;
    embedder->decibels = memory_aligned(values, sizeof(float), "features", error);
    if (embedder->decibels != NULL) embedder->frame_capacity = frames;
    return error->code;
}

/* What a run computes, beside the results that its caller gets. */
struct layout {
    size_t entries; /* of feature_clips: clip_count, then padded ones */
    size_t frames;  /* of the clips */
    size_t rows;    /* of all entries */
    size_t samples; /* of the clips, at 16 kHz */
};

/* Where every clip begins in the samples and in the features. */
static enum error_code lay_out(struct cpu_embedder *embedder, const struct device_clip *clips,
                               size_t clip_count, const unsigned char *samples, float *statistics,
                               struct layout *layout, struct error *error) {
    *layout = (struct layout){.entries = clip_count};
    for (size_t c = 0; c < clip_count; c++) {
        struct feature_clip *clip = &embedder->feature_clips[c];
        *clip = (struct feature_clip){.source = clips[c], .samples = samples + clips[c].offset};
        if (find_resampler(embedder, clips[c].rate, &clip->resampler, error) != ERROR_NONE)
            return error->code;
        clip->length = device_resampled_length(clips[c].frames, clips[c].rate);
        clip->frames = xvector_frames(clip->length);
        clip->row = layout->frames;
        clip->statistics = statistics == NULL ? NULL : statistics + c * STATISTICS_COUNT;
        embedder->plan_clips[c] = (struct plan_clip){clip->row, clip->frames};
        layout->frames += clip->frames;
        layout->samples += clip->length;
    }
    layout->rows = layout->frames;
    for (size_t c = 0; c < clip_count && statistics != NULL; c++) {
        struct feature_clip *clip = &embedder->feature_clips[c];
        if (clip->length >= STATISTICS_SAMPLES) continue;
        struct feature_clip *padded = &embedder->feature_clips[layout->entries++];
        *padded = *clip;
        padded->padded = true;
        padded->frames = STATISTICS_FRAMES;
        padded->row = layout->rows;
        layout->rows += STATISTICS_FRAMES;
        clip->statistics = NULL;
    }
    return ERROR_NONE;
}

/* From a clip's powers to its statistics and features. */
static void finish_clip(struct cpu_embedder *embedder, const struct feature_clip *clip,
                        struct error *error) {
    const size_t mels = embedder->mels;
    float *values = embedder->decibels + clip->row * mels;
    if (clip->statistics != NULL)
        statistics_of_powers(values, clip->frames, clip->statistics,
                             &embedder->statistic_workspaces[threads_number()], error);
    features_decibels(values, clip->frames * mels);
    if (clip->statistics != NULL) statistics_of_decibels(values, clip->frames, clip->statistics);
    if (!clip->padded) features_normalise(values, clip->frames, mels);
}

static enum error_code run_features(struct cpu_embedder *embedder, size_t clip_count,
                                    const struct layout *layout, struct device_counters *counters,
                                    struct error *error) {
    const double start = clock_seconds();
    const size_t mels = embedder->mels, tiles = (layout->rows + FEATURE_ROWS - 1) / FEATURE_ROWS;
    double resampling = 0.0, everything = 0.0; /* thread seconds */
#pragma omp parallel num_threads(embedder->threads) reduction(+ : resampling, everything)
    {
        threads_begin();
        const double begin = clock_seconds();
        struct feature_workspace *workspace = embedder->workspaces[threads_number()];
        struct error mine = ERROR_INITIAL;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = 0; tile < tiles; tile++)
            if (mine.code == ERROR_NONE)
                features_tile(embedder->features, embedder->feature_clips, layout->entries,
                              tile * FEATURE_ROWS, embedder->decibels + tile * FEATURE_ROWS * mels,
                              workspace, &resampling, &mine);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < layout->entries; c++)
            if (mine.code == ERROR_NONE) finish_clip(embedder, &embedder->feature_clips[c], &mine);
        everything += clock_seconds() - begin;
        threads_end(&mine, error);
    }
    const double seconds = clock_seconds() - start;
    const double share = everything > 0.0 ? resampling / everything : 0.0;
    counters->seconds[STAGE_RESAMPLE] += seconds * share;
    counters->seconds[STAGE_FEATURES] += seconds * (1.0 - share);
    counters->operations[STAGE_FEATURES] += features_operations(mels) * (double)layout->frames;
    for (size_t c = 0; c < clip_count; c++)
        if (embedder->feature_clips[c].resampler != NULL)
            counters->operations[STAGE_RESAMPLE] +=
                2.0 * (double)embedder->feature_clips[c].resampler->taps *
                (double)embedder->feature_clips[c].length;
    return error->code;
}

static enum error_code run_linear(struct cpu_embedder *embedder, size_t clip_count,
                                  float *embeddings, struct device_counters *counters,
                                  struct error *error) {
    const double start = clock_seconds();
    linear_run(embedder->linear, embedder->pooled, clip_count, embeddings, error);
    counters->seconds[STAGE_POOLING] += clock_seconds() - start;
    counters->operations[STAGE_POOLING] += linear_operations(embedder->linear) * (double)clip_count;
    return error->code;
}

enum error_code embedder_run(struct cpu_embedder *embedder, const struct device_clip *clips,
                             size_t clip_count, const unsigned char *samples,
                             struct embedder_results *results, struct device_counters *counters,
                             struct error *error) {
    float *statistics = embedder->has_statistics ? results->statistics : NULL;
    struct layout layout;
    results->features = NULL;
    results->frames = 0;
    if (clip_count == 0) return ERROR_NONE;
    if (reserve_clips(embedder, clip_count, error) != ERROR_NONE ||
        lay_out(embedder, clips, clip_count, samples, statistics, &layout, error) != ERROR_NONE ||
        reserve_frames(embedder, layout.rows, error) != ERROR_NONE ||
        run_features(embedder, clip_count, &layout, counters, error) != ERROR_NONE ||
        network_run(embedder->network, embedder->plan_clips, clip_count, embedder->decibels,
                    embedder->pooled, counters, error) != ERROR_NONE ||
        run_linear(embedder, clip_count, results->embeddings, counters, error) != ERROR_NONE)
        return error->code;
    counters->samples += (double)layout.samples;
    counters->frames += (double)layout.frames;
    results->features = embedder->decibels;
    results->frames = layout.frames;
    return ERROR_NONE;
}
