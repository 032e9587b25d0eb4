/* The work of groups, one after another: copy up, compute, copy down. */
#include "kernels/cuda/embedder.h"

#include "kernels/cuda/chunk_rows.h"
#include "kernels/cuda/embedder_state.h"

#include <limits.h>
#include <nvtx3/nvToolsExt.h>
#include <stdlib.h>
#include <string.h>

/* ---- the shape of a group ---- */

static size_t clip_source_bytes(const struct device_clip *clip) {
    const size_t value = clip->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
    return clip->frames * (size_t)clip->channels * value;
}

/* Fills *clip for a clip that would be the group's next. */
static enum error_code describe_clip(struct cuda_embedder *embedder,
                                     const struct device_clip *source,
                                     const struct embedder_group *group, struct cuda_clip *clip,
                                     struct error *error) {
    const size_t length = device_resampled_length(source->frames, source->rate);
    const size_t frames = xvector_frames(length);
    if (frames > INT_MAX / 4)
        return FAIL(error, ERROR_UNSUPPORTED, "a clip of %zu samples is too long for a GPU",
                    source->frames);
    *clip = {};
    if (resample_find(&embedder->resamplers, source->rate, &clip->resampler,
                      embedder->worker->stream, error) != ERROR_NONE)
        return error->code;
    clip->source = (long long)source->offset; /* lay_out() subtracts the group's begin */
    clip->frames = (long long)source->frames;
    clip->channels = source->channels;
    clip->format = source->format;
    clip->resampling_tile = group->resampling_tiles;
    clip->length = (long long)length;
    clip->sample = group->samples;
    clip->feature_frames = (int)frames;
    clip->row = group->rows;
    clip->segment = group->segments;
    clip->short_of_frames = frames < embedder->minimum_frames;
    return ERROR_NONE;
}

/* Whether the clip still fits; the first one always does. */
static bool fits(const struct cuda_embedder *embedder, const struct embedder_group *group,
                 const struct cuda_clip *clip, size_t bytes) {
    if (group->clip_count == 0) return true;
    return group->bytes + bytes <= embedder->group_bytes && clip->feature_frames < INT_MAX / 4 &&
           group->rows < INT_MAX / 4 && group->clip_count < INT_MAX / 4;
}

static void add_clip(const struct cuda_embedder *embedder, const struct device_clip *source,
                     const struct cuda_clip *clip, size_t bytes, struct embedder_group *group) {
    const size_t end = source->offset + clip_source_bytes(source);
    if (group->clip_count == 0 || source->offset < group->source_begin)
        group->source_begin = source->offset;
    if (group->clip_count == 0 || end > group->source_end) group->source_end = end;
    group->clip_count++;
    group->rows += clip->feature_frames;
    group->segments += pooling_segments(clip->feature_frames);
    group->samples += (clip->length + 3) / 4 * 4;
    group->resampling_tiles += resample_tiles(&embedder->resamplers, clip);
    group->bytes += bytes;
}

static enum error_code reserve_clips(struct cuda_embedder *embedder, int count,
                                     struct error *error) {
    if (count <= embedder->clip_capacity) return ERROR_NONE;
    const int more = 2 * count + 64;
    struct cuda_clip *larger =
        (struct cuda_clip *)realloc(embedder->clips, (size_t)more * sizeof(struct cuda_clip));
    if (larger == NULL) return FAIL(error, ERROR_MEMORY, "no memory for %d clips", more);
    embedder->clips = larger;
    embedder->clip_capacity = more;
    return ERROR_NONE;
}

/* Adds copies of clips that the statistics need more frames of. */
static enum error_code add_padded(struct cuda_embedder *embedder, struct embedder_group *group,
                                  struct error *error) {
    for (int c = 0; c < group->clip_count; c++) {
        const int next = group->clip_count + group->padded_count;
        embedder->clips[c].padded = c;
        if (!group->want_statistics || embedder->clips[c].length >= STATISTICS_SAMPLES) continue;
        if (reserve_clips(embedder, next + 1, error) != ERROR_NONE) return error->code;
        struct cuda_clip *padded = &embedder->clips[next];
        embedder->clips[c].padded = next;
        *padded = embedder->clips[c];
        padded->feature_frames = STATISTICS_FRAMES;
        padded->row = group->rows + group->padded_rows;
        group->padded_rows += STATISTICS_FRAMES;
        group->padded_count++;
    }
    return ERROR_NONE;
}

/* Puts as many clips as fit into the group, from first_clip on, and plans its chunks. */
static enum error_code lay_out(struct cuda_embedder *embedder, const struct embedder_work *work,
                               struct embedder_group *group, struct error *error) {
    for (size_t c = group->first_clip; c < work->clip_count; c++) {
        const struct device_clip *source = &work->clips[c];
        if (reserve_clips(embedder, group->clip_count + 1, error) != ERROR_NONE) return error->code;
        struct cuda_clip *clip = &embedder->clips[group->clip_count];
        if (describe_clip(embedder, source, group, clip, error) != ERROR_NONE) return error->code;
        const size_t bytes =
            embedder_clip_bytes(embedder, clip_source_bytes(source), clip, group->want_statistics);
        if (!fits(embedder, group, clip, bytes)) break;
        add_clip(embedder, source, clip, bytes, group);
    }
    for (int c = 0; c < group->clip_count; c++)
        embedder->clips[c].source -= (long long)group->source_begin;
    if (add_padded(embedder, group, error) != ERROR_NONE) return error->code;
    return plan_make(&embedder->shape, embedder->clips, group->clip_count, embedder->chunk_rows,
                     &embedder->plan, error);
}

/* ---- its work ---- */

struct group_pointers {
    const struct cuda_clip *clips; /* on the GPU */
    const struct plan_piece *pieces;
};

static enum error_code upload(struct cuda_embedder *embedder, const struct embedder_work *work,
                              struct embedder_lane *lane, const struct embedder_group *group,
                              struct group_pointers *pointers, struct error *error) {
    const cudaStream_t up = embedder->worker->up;
    const size_t clip_bytes =
        (size_t)(group->clip_count + group->padded_count) * sizeof(struct cuda_clip);
    const size_t piece_bytes = (size_t)embedder->plan.piece_count * sizeof(struct plan_piece);
    const size_t source_bytes = group->source_end - group->source_begin;
    unsigned char *host = (unsigned char *)lane->host_tables.data;
    unsigned char *tables = (unsigned char *)lane->tables.data;
    memcpy(host, embedder->clips, clip_bytes);
    if (piece_bytes > 0) memcpy(host + clip_bytes, embedder->plan.pieces, piece_bytes);
    pointers->clips = (const struct cuda_clip *)tables;
    pointers->pieces = (const struct plan_piece *)(tables + clip_bytes);
    nvtxRangePushA("earmark copy up");
    /* The lane's previous group may still be read. */
    cuda_check(cudaStreamWaitEvent(up, lane->computed, 0), "copying samples up", error);
    cuda_check(cudaMemcpyAsync(tables, host, clip_bytes + piece_bytes, cudaMemcpyHostToDevice, up),
               "copying tables up", error);
    if (source_bytes > 0)
        cuda_check(cudaMemcpyAsync(lane->samples.data, work->samples + group->source_begin,
                                   source_bytes, cudaMemcpyHostToDevice, up),
                   "copying samples up", error);
    cuda_check(cudaEventRecord(lane->uploaded, up), "copying samples up", error);
    nvtxRangePop();
    return error->code;
}

static enum error_code mark(struct cuda_embedder *embedder, struct embedder_clock *clock,
                            enum embedder_mark at, struct error *error) {
    return cuda_check(cudaEventRecord(clock->marks[at], embedder->worker->stream),
                      "the time on the GPU", error);
}

static enum error_code compute_features(struct cuda_embedder *embedder,
                                        const struct embedder_lane *lane,
                                        const struct embedder_group *group,
                                        const struct cuda_clip *clips, struct embedder_clock *clock,
                                        struct error *error) {
    const cudaStream_t stream = embedder->worker->stream;
    const struct embedder_scratch *scratch = &embedder->scratch;
    static const enum features_kind kinds[] = {FEATURES_FLOAT32, FEATURES_TF32, FEATURES_BF16};
    float *samples = (float *)scratch->samples.data, *decibels = (float *)lane->decibels.data;
    float *powers = group->want_statistics ? (float *)scratch->powers.data : NULL;
    int *row_clips = (int *)scratch->row_clips.data;
    const int rows = group->rows + group->padded_rows;
    nvtxRangePushA("earmark resample");
    resample_run(&embedder->resamplers, clips, group->clip_count, group->resampling_tiles,
                 (const unsigned char *)lane->samples.data, samples, stream, error);
    mark(embedder, clock, MARK_RESAMPLED, error);
    nvtxRangePop();
    nvtxRangePushA("earmark features");
    features_mark_rows(clips, group->clip_count + group->padded_count, row_clips, stream, error);
    features_run(&embedder->features, clips, row_clips, rows, samples, powers, decibels,
                 embedder->worker->processors, stream, error);
    if (group->want_statistics)
        statistics_run(clips, group->clip_count, row_clips, rows, powers, decibels,
                       (double *)scratch->numbers.data, (float *)lane->statistics.data, stream,
                       error);
    features_normalise(clips, group->clip_count, (int)embedder->mels, decibels,
                       kinds[embedder->precision], scratch->input.data, embedder->layers[0].inputs,
                       stream, error);
    mark(embedder, clock, MARK_FEATURES, error);
    nvtxRangePop();
    return error->code;
}

static enum error_code compute_chunk(struct cuda_embedder *embedder, const struct plan_chunk *chunk,
                                     const struct group_pointers *pointers, struct error *error) {
    const cudaStream_t stream = embedder->worker->stream;
    const struct embedder_scratch *scratch = &embedder->scratch;
    const struct plan_piece *pieces = pointers->pieces + chunk->first_piece;
    struct layer_row *tables = (struct layer_row *)scratch->tables.data;
    float2 *partial = (float2 *)scratch->partial.data;
    const int last = embedder->layer_count - 1;
    const int tile = embedder->precision == PRECISION_FLOAT32 ? 0 : LAYER_TENSOR_FRAMES;
    plan_mark_rows(&embedder->shape, chunk, pieces, pointers->clips, tables, embedder->chunk_rows,
                   stream, error);
    const void *input = scratch->input.data;
    for (int l = 0; l <= last && error->code == ERROR_NONE; l++) {
        void *output = scratch->levels[l % 2].data;
        layer_run(&embedder->layers[l], input, tables + (size_t)l * (size_t)embedder->chunk_rows,
                  chunk->rows[l + 1], output, partial, stream, error);
        input = output;
    }
    if (error->code != ERROR_NONE) return error->code;
    return pooling_run(chunk, last + 1, tile, pieces, pointers->clips, (const float *)input,
                       embedder->linear.channels, partial, stream, error);
}

static enum error_code compute_network(struct cuda_embedder *embedder,
                                       const struct embedder_lane *lane,
                                       const struct embedder_group *group,
                                       const struct group_pointers *pointers,
                                       struct embedder_clock *clock, struct error *error) {
    const struct embedder_scratch *scratch = &embedder->scratch;
    const struct cuda_linear *linear = &embedder->linear;
    const cudaStream_t stream = embedder->worker->stream;
    float *pooled = (float *)scratch->pooled.data;
    nvtxRangePushA("earmark network");
    for (int i = 0; i < embedder->plan.chunk_count && error->code == ERROR_NONE; i++)
        compute_chunk(embedder, &embedder->plan.chunks[i], pointers, error);
    mark(embedder, clock, MARK_NETWORK, error);
    nvtxRangePop();
    nvtxRangePushA("earmark pooling");
    if (error->code == ERROR_NONE &&
        pooling_merge(pointers->clips, group->clip_count, (const float2 *)scratch->partial.data,
                      linear->channels, pooled, stream, error) == ERROR_NONE)
        linear_run(linear, pooled, group->clip_count, (float *)lane->embeddings.data, stream,
                   error);
    mark(embedder, clock, MARK_END, error);
    nvtxRangePop();
    return error->code;
}

static enum error_code download(struct cuda_embedder *embedder, struct embedder_work *work,
                                struct embedder_lane *lane, const struct embedder_group *group,
                                size_t first_row, struct error *error) {
    const cudaStream_t down = embedder->worker->down;
    const size_t size = embedder->size, mels = embedder->mels;
    nvtxRangePushA("earmark copy down");
    cuda_check(cudaStreamWaitEvent(down, lane->computed, 0), "copying embeddings down", error);
    cuda_check(cudaMemcpyAsync(work->embeddings + group->first_clip * size, lane->embeddings.data,
                               (size_t)group->clip_count * size * sizeof(float),
                               cudaMemcpyDeviceToHost, down),
               "copying embeddings down", error);
    if (work->features != NULL)
        cuda_check(cudaMemcpyAsync(work->features + first_row * mels, lane->decibels.data,
                                   (size_t)group->rows * mels * sizeof(float),
                                   cudaMemcpyDeviceToHost, down),
                   "copying features down", error);
    if (work->statistics != NULL)
        cuda_check(cudaMemcpyAsync(work->statistics + group->first_clip * STATISTICS_COUNT,
                                   lane->statistics.data,
                                   (size_t)group->clip_count * STATISTICS_COUNT * sizeof(float),
                                   cudaMemcpyDeviceToHost, down),
                   "copying statistics down", error);
    cuda_check(cudaEventRecord(lane->downloaded, down), "copying embeddings down", error);
    nvtxRangePop();
    return error->code;
}

static enum error_code next_clock(struct embedder_work *work, struct embedder_clock **clock,
                                  struct error *error) {
    if (work->clock_count == work->clock_capacity) {
        const int more = work->clock_capacity + 4;
        struct embedder_clock *larger = (struct embedder_clock *)realloc(
            work->clocks, (size_t)more * sizeof(struct embedder_clock));
        if (larger == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a batch");
        memset(larger + work->clock_capacity, 0,
               (size_t)(more - work->clock_capacity) * sizeof(struct embedder_clock));
        work->clocks = larger;
        work->clock_capacity = more;
    }
    *clock = &work->clocks[work->clock_count];
    for (int i = 0; i < MARK_COUNT; i++)
        if ((*clock)->marks[i] == NULL &&
            cuda_check(cudaEventCreateWithFlags(&(*clock)->marks[i], cudaEventDefault),
                       "the time on the GPU", error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

/* Adds the group's counts to those of the work, once it is queued. */
static void count_group(const struct cuda_embedder *embedder, const struct embedder_group *group,
                        struct embedder_work *work) {
    const struct cuda_clip *clips = embedder->clips;
    for (int c = 0; c < group->clip_count; c++) {
        const double frames = (double)clips[c].feature_frames;
        work->sample_count += (double)clips[c].length;
        work->frames += frames;
        work->operations[STAGE_FEATURES] += frames * features_operations(embedder->mels);
        if (clips[c].resampler != CLIP_AT_MODEL_RATE)
            work->operations[STAGE_RESAMPLE] +=
                2.0 * (double)embedder->resamplers.taps[clips[c].resampler] *
                (double)clips[c].length;
        if (clips[c].short_of_frames) continue;
        for (int l = 0; l < embedder->layer_count; l++)
            work->operations[STAGE_NETWORK] += frames * embedder->layers[l].operations;
        work->operations[STAGE_POOLING] += linear_operations(&embedder->linear);
    }
    work->clock_count++;
}

/* Queues a group of the work's clips from `first` on; group->clip_count: how many. */
static enum error_code run_group(struct cuda_embedder *embedder, struct embedder_work *work,
                                 size_t first, size_t first_row, struct embedder_group *group,
                                 struct error *error) {
    struct embedder_lane *lane = &embedder->lanes[embedder->next_lane];
    const cudaStream_t stream = embedder->worker->stream;
    struct group_pointers pointers;
    struct embedder_clock *clock = NULL;
    *group = {};
    group->first_clip = first;
    group->want_statistics = work->statistics != NULL;
    /* The pinned tables are about to be written: their last copy must have ended. */
    if (cuda_check(cudaEventSynchronize(lane->uploaded), "waiting for a copy", error) !=
            ERROR_NONE ||
        next_clock(work, &clock, error) != ERROR_NONE ||
        lay_out(embedder, work, group, error) != ERROR_NONE ||
        embedder_reserve(embedder, lane, group, error) != ERROR_NONE ||
        upload(embedder, work, lane, group, &pointers, error) != ERROR_NONE)
        return error->code;
    cuda_check(cudaStreamWaitEvent(stream, lane->uploaded, 0), "waiting for samples", error);
    cuda_check(cudaStreamWaitEvent(stream, lane->downloaded, 0), "waiting for a lane", error);
    mark(embedder, clock, MARK_BEGIN, error);
    if (error->code != ERROR_NONE ||
        compute_features(embedder, lane, group, pointers.clips, clock, error) != ERROR_NONE ||
        compute_network(embedder, lane, group, &pointers, clock, error) != ERROR_NONE)
        return error->code;
    cuda_check(cudaEventRecord(lane->computed, stream), "the end of a batch", error);
    if (download(embedder, work, lane, group, first_row, error) != ERROR_NONE) return error->code;
    count_group(embedder, group, work);
    embedder->next_lane = (embedder->next_lane + 1) % LANES;
    return ERROR_NONE;
}

enum error_code embedder_submit(struct cuda_embedder *embedder, struct embedder_work *work,
                                struct error *error) {
    size_t clip = 0, row = 0;
    work->clock_count = 0;
    work->sample_count = work->frames = 0.0;
    for (int s = 0; s < STAGE_COUNT; s++) work->operations[s] = 0.0;
    while (clip < work->clip_count) {
        struct error attempt = ERROR_INITIAL;
        struct embedder_group group;
        if (run_group(embedder, work, clip, row, &group, &attempt) == ERROR_NONE) {
            clip += (size_t)group.clip_count;
            row += (size_t)group.rows;
        } else if (attempt.code != ERROR_MEMORY || !embedder_shrink(embedder, error)) {
            if (error->code == ERROR_NONE) *error = attempt;
            return error->code;
        }
    }
    return ERROR_NONE;
}

/* ---- counting ---- */

enum error_code embedder_count(struct embedder_work *work, struct device_counters *counters,
                               struct error *error) {
    static const enum device_stage stages[] = {STAGE_RESAMPLE, STAGE_FEATURES, STAGE_NETWORK,
                                               STAGE_POOLING};
    for (int c = 0; c < work->clock_count; c++)
        for (int s = 0; s < 4; s++) {
            float milliseconds = 0.0f;
            const cudaEvent_t *marks = &work->clocks[c].marks[MARK_BEGIN + s];
            if (cuda_check(cudaEventElapsedTime(&milliseconds, marks[0], marks[1]),
                           "the time on the GPU", error) != ERROR_NONE)
                return error->code;
            counters->seconds[stages[s]] += 1e-3 * (double)milliseconds;
        }
    for (int s = 0; s < STAGE_COUNT; s++) counters->operations[s] += work->operations[s];
    counters->samples += work->sample_count;
    counters->frames += work->frames;
    work->clock_count = 0;
    return ERROR_NONE;
}

void embedder_work_free(struct embedder_work *work) {
    for (int c = 0; c < work->clock_capacity; c++)
        for (int i = 0; i < MARK_COUNT; i++)
            if (work->clocks[c].marks[i] != NULL) cudaEventDestroy(work->clocks[c].marks[i]);
    free(work->clocks);
    work->clocks = NULL;
    work->clock_count = work->clock_capacity = 0;
}
