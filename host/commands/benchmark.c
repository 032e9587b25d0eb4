#include "host/commands/benchmark.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/stop.h"
#include "host/classifier/crossval.h"
#include "host/confident/confident.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GEMM_SIZE 2048
#define GEMM_REPEATS 5

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

static void fill_batch(struct device_batch *batch, size_t clips,
                       const struct benchmark_settings *settings, size_t frames, size_t stride) {
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
}

/* How many clips of `frames` samples, each `stride` bytes, a batch of the device has. */
static size_t clips_of_batch(const struct device_properties *properties, int rate, size_t frames,
                             size_t stride) {
    const size_t each = device_clip_frames(&(struct device_clip){.frames = frames, .rate = rate});
    size_t clips = 1;
    while (clips < properties->batch_clips && (clips + 1) * stride <= properties->batch_bytes &&
           !device_batch_whole(properties, clips * each, clips * stride, each))
        clips++;
    return clips;
}

/* All clips once, in batches of the size that the device asks for. */
static enum error_code embed_once(struct engine *engine, const struct benchmark_settings *settings,
                                  struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    size_t frames = (size_t)(settings->seconds * settings->rate);
    size_t stride =
        (frames * sizeof(int16_t) + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    const size_t per_batch = clips_of_batch(&engine->properties, settings->rate, frames, stride);
    for (size_t done = 0; done < settings->clips;) {
        struct device_batch *batch = NULL;
        size_t clips = settings->clips - done < per_batch ? settings->clips - done : per_batch;
        TRY(stop_check(error));
        TRY(operations->acquire(engine->device, clips * stride, clips, false, &batch, error));
        fill_batch(batch, clips, settings, frames, stride);
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

/* ---- the classifier: 20,000 rows of 512 features, 10 classes, 5 folds, tol 1e-4 ---- */

#define CROSSVAL_ROWS 20000
#define CROSSVAL_FEATURES 512
#define CROSSVAL_CLASSES 10
#define CROSSVAL_FOLDS 5

void benchmark_make_rows(size_t rows, size_t columns, size_t classes, size_t folds, float *data,
                         int32_t *labels, int32_t *fold_of) {
    uint32_t state = 7;
    for (size_t i = 0; i < rows; i++) {
        labels[i] = (int32_t)(i % classes);
        fold_of[i] = (int32_t)(i / classes % folds);
        for (size_t f = 0; f < columns; f++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) sum += (double)(noise(&state) % 65536) / 65536.0 - 0.5;
            bool marked = f % classes == (size_t)labels[i];
            data[i * columns + f] = (float)(1.7 * sum + (marked ? 0.2 : 0.0));
        }
    }
}

static enum error_code measure_crossval(struct engine *engine,
                                        const struct benchmark_settings *settings,
                                        struct benchmark *benchmark, struct error *error) {
    float *data =
        memory_array((size_t)CROSSVAL_ROWS * CROSSVAL_FEATURES, sizeof *data, "rows", error);
    int32_t *labels = memory_array(CROSSVAL_ROWS, sizeof *labels, "labels", error);
    int32_t *fold_of = memory_array(CROSSVAL_ROWS, sizeof *fold_of, "folds", error);
    float *probabilities = memory_array((size_t)CROSSVAL_ROWS * CROSSVAL_CLASSES,
                                        sizeof *probabilities, "probabilities", error);
    struct benchmark_row row = {
        .stage = "crossval", .seconds = INFINITY, .amount = CROSSVAL_ROWS, .unit = "rows"};
    if (error->code != ERROR_NONE) goto done;
    benchmark_make_rows(CROSSVAL_ROWS, CROSSVAL_FEATURES, CROSSVAL_CLASSES, CROSSVAL_FOLDS, data,
                        labels, fold_of);
    const struct crossval_input input = {.embeddings = matrix_of(data, CROSSVAL_FEATURES),
                                         .labels = labels,
                                         .fold_of = fold_of,
                                         .rows = CROSSVAL_ROWS,
                                         .features = CROSSVAL_FEATURES,
                                         .classes = CROSSVAL_CLASSES,
                                         .folds = CROSSVAL_FOLDS};
    struct crossval_settings crossval = CROSSVAL_DEFAULTS;
    crossval.c_auto = false;
    crossval.c_count = 1;
    crossval.c_values[0] = 1.0;
    crossval.threads = engine->threads;
    for (int repeat = 0; repeat < settings->repeats && error->code == ERROR_NONE; repeat++) {
        struct crossval_report report = {0};
        struct device_counters before, after;
        engine->device->operations->counters(engine->device, &before);
        double began = clock_seconds();
        crossval_run(engine->device->operations, engine->device, &input, &crossval, NULL,
                     probabilities, &report, error);
        double seconds = clock_seconds() - began;
        engine->device->operations->counters(engine->device, &after);
        crossval_report_free(&report);
        if (!(seconds < row.seconds)) continue;
        row.seconds = seconds;
        row.operations = after.operations[STAGE_CLASSIFIER] - before.operations[STAGE_CLASSIFIER];
    }
    add_row(benchmark, row);
done:
    free(data);
    free(labels);
    free(fold_of);
    free(probabilities);
    return error->code;
}

/* ---- confident learning: 200,000 rows of 100 classes in float32 ---- */

#define CONFIDENT_ROWS 200000
#define CONFIDENT_CLASSES 100

static void make_probabilities(float *probabilities, int64_t *labels) {
    uint32_t state = 3;
    for (size_t i = 0; i < CONFIDENT_ROWS; i++) {
        float *row = probabilities + i * CONFIDENT_CLASSES;
        float sum = 0;
        size_t truth = noise(&state) % CONFIDENT_CLASSES;
        labels[i] = (int64_t)(noise(&state) % 10 == 0 ? noise(&state) % CONFIDENT_CLASSES : truth);
        for (size_t c = 0; c < CONFIDENT_CLASSES; c++) {
            row[c] = (float)(1 + noise(&state) % 1000) * (c == truth ? 100.0F : 1.0F);
            sum += row[c];
        }
        for (size_t c = 0; c < CONFIDENT_CLASSES; c++) row[c] /= sum;
    }
}

static enum error_code measure_issues(struct engine *engine,
                                      const struct benchmark_settings *settings,
                                      struct benchmark *benchmark, struct error *error) {
    float *probabilities = memory_array((size_t)CONFIDENT_ROWS * CONFIDENT_CLASSES,
                                        sizeof *probabilities, "probabilities", error);
    int64_t *labels = memory_array(CONFIDENT_ROWS, sizeof *labels, "labels", error);
    struct benchmark_row row = {
        .stage = "issues", .seconds = INFINITY, .amount = CONFIDENT_ROWS, .unit = "rows"};
    if (error->code != ERROR_NONE) goto done;
    make_probabilities(probabilities, labels);
    const struct confident_input input = {
        .labels = npy_view(NPY_INT64, CONFIDENT_ROWS, 0, labels),
        .probabilities = npy_view(NPY_FLOAT32, CONFIDENT_ROWS, CONFIDENT_CLASSES, probabilities),
        .threads = engine->threads};
    const struct confident_settings confident = CONFIDENT_DEFAULTS;
    for (int repeat = 0; repeat < settings->repeats && error->code == ERROR_NONE; repeat++) {
        struct confident_result result = CONFIDENT_RESULT_INITIAL;
        double began = clock_seconds();
        confident_find(&input, &confident, &result, error);
        double seconds = clock_seconds() - began;
        confident_free(&result);
        if (seconds < row.seconds) row.seconds = seconds;
    }
    add_row(benchmark, row);
done:
    free(probabilities);
    free(labels);
    return error->code;
}

enum error_code benchmark_run(struct engine *engine, const char *stage,
                              const struct benchmark_settings *settings,
                              struct benchmark *benchmark, struct error *error) {
    static const char *const embedding[] = {"resample", "features", "network", "pooling"};
    bool wants_embedding = stage == NULL;
    for (size_t i = 0; i < sizeof embedding / sizeof embedding[0] && stage != NULL; i++)
        wants_embedding = wants_embedding || strcmp(stage, embedding[i]) == 0;
    bool wants_crossval = stage == NULL || strcmp(stage, "crossval") == 0;
    bool wants_issues = stage == NULL || strcmp(stage, "issues") == 0;
    *benchmark = (struct benchmark){0};
    TRY(engine->device->operations->gemm_speed(engine->device, GEMM_SIZE, GEMM_REPEATS,
                                               &benchmark->gemm_speed, error));
    if (wants_embedding) TRY(measure_embedding(engine, stage, settings, benchmark, error));
    if (wants_crossval) TRY(measure_crossval(engine, settings, benchmark, error));
    if (wants_issues) TRY(measure_issues(engine, settings, benchmark, error));
    return ERROR_NONE;
}
