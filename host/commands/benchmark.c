#include "host/commands/benchmark.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/classifier/crossval.h"
#include "host/commands/benchmark_embedding.h"
#include "host/confident/confident.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GEMM_SIZE 2048
#define GEMM_REPEATS 5

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
            for (int k = 0; k < 4; k++)
                sum += (double)(benchmark_noise(&state) % 65536) / 65536.0 - 0.5;
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
    benchmark_add_row(benchmark, row);
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
        size_t truth = benchmark_noise(&state) % CONFIDENT_CLASSES;
        labels[i] = (int64_t)(benchmark_noise(&state) % 10 == 0
                                  ? benchmark_noise(&state) % CONFIDENT_CLASSES
                                  : truth);
        for (size_t c = 0; c < CONFIDENT_CLASSES; c++) {
            row[c] = (float)(1 + benchmark_noise(&state) % 1000) * (c == truth ? 100.0F : 1.0F);
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
    benchmark_add_row(benchmark, row);
done:
    free(probabilities);
    free(labels);
    return error->code;
}

enum error_code benchmark_run(struct engine *engine, const char *stage,
                              const struct benchmark_settings *settings,
                              struct benchmark *benchmark, struct error *error) {
    bool wants_crossval = stage == NULL || strcmp(stage, "crossval") == 0;
    bool wants_issues = stage == NULL || strcmp(stage, "issues") == 0;
    *benchmark = (struct benchmark){0};
    TRY(engine->device->operations->gemm_speed(engine->device, GEMM_SIZE, GEMM_REPEATS,
                                               &benchmark->gemm_speed, error));
    if (benchmark_is_embedding(stage))
        TRY(benchmark_embedding(engine, stage, settings, benchmark, error));
    if (wants_crossval) TRY(measure_crossval(engine, settings, benchmark, error));
    if (wants_issues) TRY(measure_issues(engine, settings, benchmark, error));
    return ERROR_NONE;
}
