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
    size_t groups;         /* of classes: as many as there are lanes */
    size_t scratch_stride; /* bytes of a thread's scratch: a tile, its columns, its logits */
    size_t scratch_columns, scratch_logits;
    size_t set_count;
    double *losses; /* (set_count, tile_count) */
    enum classifier_output output;
    float *const *predictions; /* (set_count) of (rows, classes), or NULL */
};

static double *intercepts_of(const struct prediction *prediction, size_t set) {
    return (double *)prediction->self->intercepts.data + set * prediction->self->classes;
}

static char *panels_of(const struct prediction *prediction, size_t set) {
    return (char *)prediction->self->panels.data +
           set * prediction->groups * prediction->padded * TILE_STRIP_BYTES;
}

static void pack_task(struct prediction *prediction, size_t set,
                      const struct classifier_task *task) {
    struct cpu_classifier *self = prediction->self;
    const struct tile_kernels *kernels = self->exact;
    size_t groups = prediction->groups;
    double *intercepts = intercepts_of(prediction, set);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(classifier_threads(self, (double)(self->classes * self->features)))
    for (size_t g = 0; g < groups; g++) {
        const double *weights[TILE_STRIP_BYTES / sizeof(double)];
        size_t count = 0;
        for (size_t c = g * kernels->lanes; count < kernels->lanes && c < self->classes; c++) {
            weights[count] = task->weights + c * (self->features + 1);
            intercepts[c] = weights[count++][self->features];
        }
        kernels->pack_weights(panels_of(prediction, set) +
                                  g * prediction->padded * TILE_STRIP_BYTES,
                              weights, count, self->features);
    }
}

/* Replaces the tile's probabilities (classes, TILE_ROWS) by their logarithms, from logits of the
 * same shape without intercepts: ln p[c] = z[c] - z[k] + ln p[k], k the likeliest class. */
static void take_logarithms(const struct prediction *prediction, size_t set, size_t rows,
                            const double *logits, double *columns) {
    size_t classes = prediction->self->classes;
    const double *intercepts = intercepts_of(prediction, set);
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

/* One set's predictions of a packed tile. */
static void predict_set(const struct prediction *prediction, size_t set, size_t index,
                        char *scratch) {
    const struct cpu_classifier *self = prediction->self;
    const struct tile_kernels *kernels = self->exact;
    const struct classifier_tile *tile = &self->tiles[index];
    double *columns = (double *)(void *)(scratch + prediction->scratch_columns);
    double *logits = (double *)(void *)(scratch + prediction->scratch_logits);
    bool logarithms =
        prediction->predictions != NULL && prediction->output != CLASSIFIER_PROBABILITIES;
    kernels->multiply(scratch, tile->rows, prediction->strips, panels_of(prediction, set),
                      self->classes, columns);
    if (logarithms) memcpy(logits, columns, self->classes * TILE_ROWS * sizeof *logits);
    prediction->losses[set * self->tile_count + index] =
        kernels->softmax(columns, tile->rows, self->classes, intercepts_of(prediction, set),
                         self->labels + tile->first, false, NULL);
    if (prediction->predictions == NULL) return;
    if (logarithms) take_logarithms(prediction, set, tile->rows, logits, columns);
    for (size_t r = 0; r < tile->rows; r++) {
        float *row = prediction->predictions[set] + self->order[tile->first + r] * self->classes;
        for (size_t c = 0; c < self->classes; c++) row[c] = (float)columns[c * TILE_ROWS + r];
    }
}

/* The tiles of one fold, [first, end), judged by its task of every set. */
static void predict_fold(struct prediction *prediction, size_t first, size_t end) {
    struct cpu_classifier *self = prediction->self;
#pragma omp parallel num_threads(classifier_threads(                                               \
    self, (double)((end - first) * TILE_ROWS * (self->features + self->classes))))
    {
        char *scratch =
            (char *)self->scratch.data + (size_t)omp_get_thread_num() * prediction->scratch_stride;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = first; tile < end; tile++) {
            classifier_pack_tile(self, self->exact, tile, scratch);
            for (size_t set = 0; set < prediction->set_count; set++)
                predict_set(prediction, set, tile, scratch);
        }
    }
}

/* Packs the task of this fold of every set. */
static enum error_code pack_fold(struct prediction *prediction, size_t fold,
                                 const struct classifier_task *tasks, size_t task_count,
                                 struct error *error) {
    for (size_t set = 0; set < prediction->set_count; set++) {
        const struct classifier_task *own = tasks + set * task_count;
        size_t task = 0;
        while (task < task_count && own[task].fold != fold) task++;
        if (task == task_count)
            return FAIL(error, ERROR_INTERNAL, "classifier: no task judges fold %zu", fold);
        pack_task(prediction, set, &own[task]);
    }
    return ERROR_NONE;
}

static enum error_code make_room(struct prediction *prediction, struct error *error) {
    struct cpu_classifier *self = prediction->self;
    size_t lanes = self->exact->lanes, sets = prediction->set_count;
    prediction->groups = (self->classes + lanes - 1) / lanes;
    prediction->strips = classifier_strips(self, self->exact);
    prediction->padded = prediction->strips * lanes;
    prediction->scratch_columns = prediction->strips * TILE_ROWS * TILE_STRIP_BYTES;
    prediction->scratch_logits =
        prediction->scratch_columns + self->classes * TILE_ROWS * sizeof(double);
    prediction->scratch_stride =
        prediction->scratch_logits + self->classes * TILE_ROWS * sizeof(double);
    prediction->losses = memory_aligned(sets * self->tile_count, sizeof(double), "losses", error);
    if (prediction->losses == NULL) return error->code;
    TRY(classifier_reserve(&self->panels, sets * prediction->groups * prediction->padded,
                           TILE_STRIP_BYTES, "packed weights", error));
    TRY(classifier_reserve(&self->intercepts, sets * self->classes, sizeof(double), "intercepts",
                           error));
    return classifier_reserve(&self->scratch, (size_t)self->device->threads,
                              prediction->scratch_stride, "scratch", error);
}

enum error_code cpu_classifier_predict(struct classifier *classifier,
                                       const struct classifier_task *tasks, size_t task_count,
                                       size_t set_count, enum classifier_output output,
                                       float *const *predictions, double *log_losses,
                                       struct error *error) {
    struct cpu_classifier *self = (struct cpu_classifier *)classifier;
    double started = clock_seconds();
    struct prediction prediction = {
        .self = self, .set_count = set_count, .output = output, .predictions = predictions};
    if (make_room(&prediction, error) != ERROR_NONE) goto done;
    for (size_t set = 0; set < set_count; set++) log_losses[set] = 0;
    for (size_t first = 0, end; first < self->tile_count; first = end) {
        size_t fold = self->tiles[first].fold;
        for (end = first; end < self->tile_count && self->tiles[end].fold == fold;) end++;
        if (pack_fold(&prediction, fold, tasks, task_count, error) != ERROR_NONE) goto done;
        predict_fold(&prediction, first, end);
        for (size_t set = 0; set < set_count; set++)
            for (size_t tile = first; tile < end; tile++)
                log_losses[set] += prediction.losses[set * self->tile_count + tile];
    }
done:
    free(prediction.losses);
    self->device->counters.seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
