#include "host/commands/benchmark_embedding.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum device_stage stage;
} stages[] = {{"resample", STAGE_RESAMPLE},
              {"features", STAGE_FEATURES},
              {"network", STAGE_NETWORK},
              {"pooling", STAGE_POOLING}};

enum { EMBEDDING_STAGES = sizeof stages / sizeof stages[0] };

static bool wants(const char *stage, const char *name) {
    return stage == NULL || strcmp(stage, name) == 0;
}

bool benchmark_is_embedding(const char *stage) {
    bool found = wants(stage, "stream");
    for (size_t i = 0; i < EMBEDDING_STAGES; i++) found = found || wants(stage, stages[i].name);
    return found;
}

/* ---- the clips, all of the same sound ---- */

struct bench_clips {
    const struct benchmark_settings *settings;
    int16_t *sound;   /* (frames) */
    size_t frames;    /* samples of a clip */
    size_t bytes;     /* of a clip */
    size_t stride;    /* bytes from one to the next in a batch */
    size_t per_batch; /* clips of a batch of the size that the device asks for */
};

static size_t clips_of_batch(const struct device_properties *properties,
                             const struct bench_clips *clips) {
    const struct device_clip clip = {.frames = clips->frames, .rate = clips->settings->rate};
    const size_t each = device_clip_frames(&clip);
    size_t count = 1;
    while (count < properties->batch_clips &&
           (count + 1) * clips->stride <= properties->batch_bytes &&
           !device_batch_whole(properties, count * each, count * clips->stride, each))
        count++;
    return count;
}

static enum error_code make_clips(const struct engine *engine,
                                  const struct benchmark_settings *settings,
                                  struct bench_clips *clips, struct error *error) {
    uint32_t state = 1;
    *clips = (struct bench_clips){.settings = settings};
    clips->frames = (size_t)(settings->seconds * settings->rate);
    clips->bytes = clips->frames * sizeof *clips->sound;
    clips->stride = (clips->bytes + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    clips->sound = memory_array(clips->frames, sizeof *clips->sound, "the clips' sound", error);
    if (clips->sound == NULL) return error->code;
    for (size_t n = 0; n < clips->frames; n++)
        clips->sound[n] =
            (int16_t)(2000.0 * sin(0.05 * (double)n) + (benchmark_noise(&state) % 2000) - 1000.0);
    clips->per_batch = clips_of_batch(&engine->properties, clips);
    return ERROR_NONE;
}

static bool has_sound(const struct device_batch *batch, size_t clip,
                      const struct bench_clips *clips) {
    return memcmp(batch->samples + clip * clips->stride, clips->sound, clips->bytes) == 0;
}

/* A buffer that comes back keeps its sound: filling it again would be measured as the device's
 * time. */
static void fill_batch(struct device_batch *batch, size_t count, const struct bench_clips *clips) {
    const bool filled = has_sound(batch, 0, clips) && has_sound(batch, count - 1, clips);
    for (size_t i = 0; i < count; i++) {
        batch->clips[i] = (struct device_clip){.offset = i * clips->stride,
                                               .frames = clips->frames,
                                               .channels = 1,
                                               .rate = clips->settings->rate,
                                               .format = SAMPLES_INT16};
        if (!filled) memcpy(batch->samples + i * clips->stride, clips->sound, clips->bytes);
    }
    batch->clip_count = count;
}

/* ---- measuring ---- */

static enum error_code submit(struct engine *engine, const struct bench_clips *clips, size_t count,
                              struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    struct device_batch *batch = NULL;
    TRY(stop_check(error));
    TRY(operations->acquire(engine->device, count * clips->stride, count, false, &batch, error));
    fill_batch(batch, count, clips);
    return operations->submit(engine->device, batch, error);
}

static enum error_code collect(struct engine *engine, struct error *error) {
    struct device_batch *batch = NULL;
    TRY(engine->device->operations->wait(engine->device, &batch, error));
    engine->device->operations->release(engine->device, batch);
    return ERROR_NONE;
}

/* All clips once, with at most so many batches in flight; *seconds: the least so far. */
static enum error_code embed_once(struct engine *engine, const struct bench_clips *clips,
                                  int in_flight, double *seconds, struct error *error) {
    const double began = clock_seconds();
    int submitted = 0;
    for (size_t left = clips->settings->clips; left > 0;) {
        const size_t count = left < clips->per_batch ? left : clips->per_batch;
        if (submitted == in_flight) {
            TRY(collect(engine, error));
            submitted--;
        }
        TRY(submit(engine, clips, count, error));
        submitted++;
        left -= count;
    }
    for (; submitted > 0; submitted--) TRY(collect(engine, error));
    *seconds = fmin(*seconds, clock_seconds() - began);
    return ERROR_NONE;
}

/* What the device counted in the fastest repeat, one batch at a time. */
struct counted {
    struct device_counters best;
    double network; /* its seconds; infinite before the first */
};

static void keep_fastest(const struct device_counters *before, const struct device_counters *after,
                         struct counted *counted) {
    const double network = after->seconds[STAGE_NETWORK] - before->seconds[STAGE_NETWORK];
    if (!(network < counted->network)) return;
    counted->network = network;
    counted->best = *after;
    for (int i = 0; i < STAGE_COUNT; i++) {
        counted->best.seconds[i] -= before->seconds[i];
        counted->best.operations[i] -= before->operations[i];
    }
    counted->best.frames -= before->frames;
}

static void add_stages(const char *stage, const struct device_counters *best,
                       struct benchmark *benchmark) {
    for (size_t i = 0; i < EMBEDDING_STAGES; i++)
        if (wants(stage, stages[i].name))
            benchmark_add_row(
                benchmark, (struct benchmark_row){.stage = stages[i].name,
                                                  .seconds = best->seconds[stages[i].stage],
                                                  .amount = best->frames,
                                                  .unit = "frames",
                                                  .operations = best->operations[stages[i].stage]});
}

static void add_stream(const char *name, double seconds, const struct bench_clips *clips,
                       const struct device_counters *best, struct benchmark *benchmark) {
    struct benchmark_row row = {.stage = name,
                                .seconds = seconds,
                                .amount = (double)clips->settings->clips,
                                .unit = "clips"};
    for (size_t i = 0; i < EMBEDDING_STAGES; i++)
        row.operations += best->operations[stages[i].stage];
    benchmark_add_row(benchmark, row);
}

/* One more pass, in which the device times its kernels. */
static enum error_code time_kernels(struct engine *engine, const struct bench_clips *clips,
                                    struct benchmark *benchmark, struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    double unused = INFINITY;
    if (operations->kernels_start == NULL) return ERROR_NONE;
    TRY(operations->kernels_start(engine->device, error));
    embed_once(engine, clips, benchmark->in_flight, &unused, error);
    return operations->kernels_stop(engine->device, &benchmark->kernels, error);
}

static enum error_code measure(struct engine *engine, const char *stage,
                               const struct bench_clips *clips, struct benchmark *benchmark,
                               struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    const int in_flight = engine->properties.batches_in_flight;
    const bool stream = wants(stage, "stream");
    struct counted counted = {.network = INFINITY};
    double waiting = INFINITY, streamed = INFINITY, unused = INFINITY;
    TRY(embed_once(engine, clips, in_flight, &unused, error)); /* a warm-up */
    for (int repeat = 0; repeat < clips->settings->repeats; repeat++) {
        struct device_counters before, after;
        operations->counters(engine->device, &before);
        TRY(embed_once(engine, clips, 1, &waiting, error));
        operations->counters(engine->device, &after);
        keep_fastest(&before, &after, &counted);
        if (stream) TRY(embed_once(engine, clips, in_flight, &streamed, error));
    }
    add_stages(stage, &counted.best, benchmark);
    if (!stream) return ERROR_NONE;
    add_stream("waiting", waiting, clips, &counted.best, benchmark);
    add_stream("streamed", streamed, clips, &counted.best, benchmark);
    benchmark->in_flight = in_flight;
    return time_kernels(engine, clips, benchmark, error);
}

enum error_code benchmark_embedding(struct engine *engine, const char *stage,
                                    const struct benchmark_settings *settings,
                                    struct benchmark *benchmark, struct error *error) {
    struct bench_clips clips;
    if (make_clips(engine, settings, &clips, error) == ERROR_NONE)
        measure(engine, stage, &clips, benchmark, error);
    free(clips.sound);
    return error->code;
}
