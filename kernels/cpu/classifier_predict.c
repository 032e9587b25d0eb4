/* Out-of-fold probabilities or their logarithms, and the log-loss, in double precision. */
#include "kernels/cpu/classifier.h"

#include "kernels/clock.h"
#include "kernels/cpu/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct prediction {
    struct cpu_classifier *self;
    size_t strips, padded;
    size_t scratch_stride; /* bytes of a thread's scratch: a tile, its columns, its logits */
    size_t scratch_columns, scratch_logits;
    double *losses; /* (tile_count) */
    enum classifier_output output;
    float *predictions; /* (rows, classes) or NULL */
};

static void pack_task(struct prediction *prediction, const struct classifier_task *task) {
    struct cpu_classifier *self = prediction->self;
    const struct tile_kernels *kernels = self->exact;
    size_t groups = (self->classes + kernels->lanes - 1) / kernels->lanes;
    double *intercepts = self->intercepts.data;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(classifier_threads(self, (double)(self->classes * self->features)))
    for (size_t g = 0; g < groups; g++) {
        const double *weights[TILE_STRIP_BYTES / sizeof(double)];
        size_t count = 0;
        for (size_t c = g * kernels->lanes; count < kernels->lanes && c < self->classes; c++) {
            weights[count] = task->weights + c * (self->features + 1);
            intercepts[c] = weights[count++][self->features];
        }
        kernels->pack_weights((char *)self->panels.data + g * prediction->padded * TILE_STRIP_BYTES,
                              weights, count, self->features);
    }
}

/* Replaces the tile's probabilities (classes, TILE_ROWS) by their logarithms, from logits of the
 * same shape without intercepts: ln p[c] = z[c] - z[k] + ln p[k], k the likeliest class. */
static void take_logarithms(const struct prediction *prediction, size_t rows, const double *logits,
                            double *columns) {
    size_t classes = prediction->self->classes;
    const double *intercepts = prediction->self->intercepts.data;
    double floor = prediction->output == CLASSIFIER_LOGARITHMS ? LOG_FLOOR : -INFINITY;
    double largest[TILE_ROWS], shift[TILE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        largest[r] = columns[r];
        shift[r] = logits[r] + intercepts[0];
    }
    for (size_t c = 1; c < classes; c++)
        for (size_t r = 0; r < rows; r++)
            if (columns[c * TILE_ROWS + r] > largest[r]) {
                largest[r] = columns[c * TILE_ROWS + r];
                shift[r] = logits[c * TILE_ROWS + r] + intercepts[c];
            }
    for (size_t r = 0; r < rows; r++) largest[r] = log(largest[r]);
    for (size_t c = 0; c < classes; c++)
        for (size_t r = 0; r < rows; r++) {
            double value = logits[c * TILE_ROWS + r] + intercepts[c] - shift[r] + largest[r];
            columns[c * TILE_ROWS + r] = value < floor ? floor : value;
        }
}

static void predict_tile(struct prediction *prediction, size_t index, char *scratch) {
    const struct cpu_classifier *self = prediction->self;
    const struct tile_kernels *kernels = self->exact;
    const struct classifier_tile *tile = &self->tiles[index];
    double *columns = (double *)(void *)(scratch + prediction->scratch_columns);
    double *logits = (double *)(void *)(scratch + prediction->scratch_logits);
    bool logarithms =
        prediction->predictions != NULL && prediction->output != CLASSIFIER_PROBABILITIES;
    classifier_pack_tile(self, kernels, index, scratch);
    kernels->multiply(scratch, tile->rows, prediction->strips, self->panels.data, self->classes,
                      columns);
    if (logarithms) memcpy(logits, columns, self->classes * TILE_ROWS * sizeof *logits);
    prediction->losses[index] =
        kernels->softmax(columns, tile->rows, self->classes, self->intercepts.data,
                         self->labels + tile->first, false, NULL);
    if (prediction->predictions == NULL) return;
    if (logarithms) take_logarithms(prediction, tile->rows, logits, columns);
    for (size_t r = 0; r < tile->rows; r++) {
        float *row = prediction->predictions + self->order[tile->first + r] * self->classes;
        for (size_t c = 0; c < self->classes; c++) row[c] = (float)columns[c * TILE_ROWS + r];
    }
}

/* The tiles of one fold, [first, end), judged by its task. */
static void predict_fold(struct prediction *prediction, const struct classifier_task *task,
                         size_t first, size_t end) {
    struct cpu_classifier *self = prediction->self;
    pack_task(prediction, task);
#pragma omp parallel num_threads(classifier_threads(                                               \
    self, (double)((end - first) * TILE_ROWS * (self->features + self->classes))))
    {
        char *scratch =
            (char *)self->scratch.data + (size_t)omp_get_thread_num() * prediction->scratch_stride;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = first; tile < end; tile++) predict_tile(prediction, tile, scratch);
    }
}

enum error_code cpu_classifier_predict(struct classifier *classifier,
                                       const struct classifier_task *tasks, size_t task_count,
                                       enum classifier_output output, float *predictions,
                                       double *log_loss, struct error *error) {
    struct cpu_classifier *self = (struct cpu_classifier *)classifier;
    double started = clock_seconds();
    struct prediction prediction = {.self = self, .output = output, .predictions = predictions};
    size_t lanes = self->exact->lanes, groups = (self->classes + lanes - 1) / lanes;
    prediction.strips = classifier_strips(self, self->exact);
    prediction.padded = prediction.strips * lanes;
    prediction.scratch_columns = prediction.strips * TILE_ROWS * TILE_STRIP_BYTES;
    prediction.scratch_logits =
        prediction.scratch_columns + self->classes * TILE_ROWS * sizeof(double);
    prediction.scratch_stride =
        prediction.scratch_logits + self->classes * TILE_ROWS * sizeof(double);
    prediction.losses = memory_aligned(self->tile_count, sizeof(double), "losses", error);
    if (prediction.losses == NULL ||
        classifier_reserve(&self->panels, groups * prediction.padded, TILE_STRIP_BYTES,
                           "packed weights", error) != ERROR_NONE ||
        classifier_reserve(&self->intercepts, self->classes, sizeof(double), "intercepts", error) !=
            ERROR_NONE ||
        classifier_reserve(&self->scratch, (size_t)self->device->threads, prediction.scratch_stride,
                           "scratch", error) != ERROR_NONE)
        goto done;
    *log_loss = 0;
    for (size_t first = 0, end; first < self->tile_count; first = end) {
        size_t fold = self->tiles[first].fold, task = 0;
        for (end = first; end < self->tile_count && self->tiles[end].fold == fold;) end++;
        while (task < task_count && tasks[task].fold != fold) task++;
        if (task == task_count) {
            FAIL(error, ERROR_INTERNAL, "classifier: no task judges fold %zu", fold);
            goto done;
        }
        predict_fold(&prediction, &tasks[task], first, end);
        for (size_t tile = first; tile < end; tile++) *log_loss += prediction.losses[tile];
    }
done:
    free(prediction.losses);
    self->device->counters.seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
