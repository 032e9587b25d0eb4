#include "host/pipeline/benchmark.h"

#include "host/base/memory.h"
#include "host/base/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GEMM_SIZE 2048
#define GEMM_REPEATS 5

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The same noise on every machine. */
static uint32_t noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void add_row(struct benchmark *benchmark, struct benchmark_row row) {
    if (benchmark->row_count < BENCHMARK_MAXIMUM_ROWS)
        benchmark->rows[benchmark->row_count++] = row;
}

/* ---- the embedding stages: resample, features, network, pooling ---- */

static enum error_code fill_batch(struct device_batch *batch, size_t clips,
                                  const struct benchmark_settings *settings, size_t frames,
                                  size_t stride) {
    uint32_t state = 1;
    for (size_t i = 0; i < clips; i++) {
        int16_t *samples = (int16_t *)(void *)(batch->samples + i * stride);
        batch->clips[i] = (struct device_clip){.offset = i * stride,
                                               .frames = frames,
                                               .channels = 1,
                                               .rate = settings->rate,
                                               .format = SAMPLES_INT16};
        for (size_t n = 0; n < frames; n++)
            samples[n] =
                (int16_t)(2000.0 * sin(0.05 * (double)n) + (noise(&state) % 2000) - 1000.0);
    }
    batch->clip_count = clips;
    return ERROR_NONE;
}

/* All clips once, in batches as the device likes them. */
static enum error_code embed_once(struct engine *engine, const struct benchmark_settings *settings,
                                  struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    size_t frames = (size_t)(settings->seconds * settings->rate);
    size_t stride =
        (frames * sizeof(int16_t) + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    size_t per_batch = engine->properties.batch_bytes / stride;
    if (per_batch > engine->properties.batch_clips) per_batch = engine->properties.batch_clips;
    if (per_batch == 0) per_batch = 1;
    for (size_t done = 0; done < settings->clips;) {
        struct device_batch *batch = NULL;
        size_t clips = settings->clips - done < per_batch ? settings->clips - done : per_batch;
        TRY(stop_check(error));
        TRY(operations->acquire(engine->device, clips * stride, clips, false, &batch, error));
        TRY(fill_batch(batch, clips, settings, frames, stride));
        TRY(operations->submit(engine->device, batch, error));
        TRY(operations->wait(engine->device, &batch, error));
        operations->release(engine->device, batch);
        done += clips;
    }
    return ERROR_NONE;
}

static enum error_code measure_embedding(struct engine *engine, const char *stage,
                                         const struct benchmark_settings *settings,
                                         struct benchmark *benchmark, struct error *error) {
    static const struct {
        const char *name;
        enum device_stage stage;
    } stages[] = {{"resample", STAGE_RESAMPLE},
                  {"features", STAGE_FEATURES},
                  {"network", STAGE_NETWORK},
                  {"pooling", STAGE_POOLING}};
    struct device_counters best = {.seconds = {0}};
    double best_network = INFINITY;
    TRY(embed_once(engine, settings, error)); /* a warm-up */
    for (int repeat = 0; repeat < settings->repeats; repeat++) {
        struct device_counters before, after;
        engine->device->operations->counters(engine->device, &before);
        TRY(embed_once(engine, settings, error));
        engine->device->operations->counters(engine->device, &after);
        double network = after.seconds[STAGE_NETWORK] - before.seconds[STAGE_NETWORK];
        if (!(network < best_network)) continue;
        best_network = network;
        best = after;
        for (int i = 0; i < STAGE_COUNT; i++) {
            best.seconds[i] -= before.seconds[i];
            best.operations[i] -= before.operations[i];
        }
        best.frames -= before.frames;
    }
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (stage == NULL || strcmp(stage, stages[i].name) == 0)
            add_row(benchmark,
                    (struct benchmark_row){.stage = stages[i].name,
                                           .seconds = best.seconds[stages[i].stage],
                                           .amount = best.frames,
                                           .unit = "frames",
                                           .operations = best.operations[stages[i].stage]});
    return ERROR_NONE;
}
