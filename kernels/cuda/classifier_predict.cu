/* Out-of-fold probabilities or their logarithms, and the log-loss, in double precision. */
#include "kernels/cuda/classifier.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"
#include "kernels/cuda/classifier_kernels.h"

#include <math.h>
#include <nvtx3/nvToolsExt.h>
#include <string.h>

struct prediction {
    struct cuda_classifier *self;
    size_t padded; /* columns of the logits: classes rounded up */
    enum classifier_output output;
    float *predictions; /* (rows, classes), the caller's, or NULL */
};

static enum error_code reserve_all(const struct prediction *prediction, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const size_t rows = classifier_tile_rows(self), weights = self->classes * (self->features + 1);
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    const size_t received = rows * self->classes * sizeof(float);
    if (cuda_buffer_reserve(&self->weights, gpu, weights, sizeof(double), "weights", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->packed, gpu, prediction->padded * self->stride, sizeof(double),
                            "packed weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->logits, gpu, rows * prediction->padded, sizeof(double), "logits",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->partial, gpu, rows * self->classes, sizeof(float),
                            "probabilities", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->losses, gpu, rows, sizeof(double), "losses", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->sums, gpu, self->tile_chunks, sizeof(double), "sums", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, 1, sizeof(double), "the log-loss", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->sent, pinned, weights, sizeof(double), "weights", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->received, pinned,
                            received < sizeof(double) ? sizeof(double) : received, 1,
                            "probabilities", error) != ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, sizeof(double), error);
}

static enum error_code make_room(const struct prediction *prediction, struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(prediction, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(prediction->self)) {
            *error = attempt;
            return error->code;
        }
    }
}

static enum error_code send_weights(const struct prediction *prediction,
                                    const struct classifier_task *task, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t bytes = self->classes * (self->features + 1) * sizeof(double);
    /* The copy for the previous fold has ended: its probabilities have been received. */
    memcpy(self->sent.data, task->weights, bytes);
    if (cuda_check(cudaMemcpyAsync(self->weights.data, self->sent.data, bytes,
                                   cudaMemcpyHostToDevice, stream),
                   "weights", error) != ERROR_NONE)
        return error->code;
    return launch_pack_weights<double>((const double *)self->weights.data, self->classes,
                                       self->features, prediction->padded, self->stride,
                                       (double *)self->packed.data, stream, error);
}

/* Queues the logarithms of the tile's probabilities, if they are asked for, in place of these;
 * the softmax of probabilities leaves the logits as they are. */
static enum error_code take_logarithms(const struct prediction *prediction,
                                       const struct softmax_view *view, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const double floor = prediction->output == CLASSIFIER_LOGARITHMS ? LOG_FLOOR : -INFINITY;
    if (prediction->output == CLASSIFIER_PROBABILITIES || prediction->predictions == NULL)
        return ERROR_NONE;
    return launch_logarithms(view, (const double *)self->logits.data,
                             (const double *)self->weights.data, floor, (float *)self->partial.data,
                             self->worker->stream, error);
}

/* Queues logits, softmax and losses of a tile on the worker's stream. */
static enum error_code predict_tile(const struct prediction *prediction,
                                    const struct cuda_classifier_tile *tile, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t rows = tile->chunks * self->chunk_rows;
    const double one = 1.0, zero = 0.0, *x;
    double *logits = (double *)self->logits.data, *sums = (double *)self->sums.data;
    struct softmax_view view = {
        rows, 1, self->classes, prediction->padded, 0, self->classes, self->features + 1};
    if (classifier_tile_data<double>(self, tile, &x, error) != ERROR_NONE ||
        cublas_check(cublasDgemm(self->worker->blas, CUBLAS_OP_T, CUBLAS_OP_N,
                                 (int)prediction->padded, (int)rows, (int)self->stride, &one,
                                 (const double *)self->packed.data, (int)self->stride, x,
                                 (int)self->stride, &zero, logits, (int)prediction->padded),
                     "the logits' product", error) != ERROR_NONE ||
        launch_softmax<double>(&view, logits, (const double *)self->weights.data,
                               (const int32_t *)self->labels.data + tile->first,
                               (float *)self->partial.data, (double *)self->losses.data, stream,
                               error) != ERROR_NONE ||
        take_logarithms(prediction, &view, error) != ERROR_NONE ||
        launch_sum_columns<double>((const double *)self->losses.data, tile->chunks,
                                   self->chunk_rows, 1, 1, sums, stream, error) != ERROR_NONE)
        return error->code;
    return launch_add_sums(sums, tile->chunks, 1, 0, 1, 1, (double *)self->totals.data, stream,
                           error);
}

/* Copies a tile's predictions to the caller's rows. */
static enum error_code receive_tile(const struct prediction *prediction,
                                    const struct cuda_classifier_tile *tile, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t rows = tile->chunks * self->chunk_rows, bytes = self->classes * sizeof(float);
    const float *received = (const float *)self->received.data;
    if (prediction->predictions != NULL)
        cuda_check(cudaMemcpyAsync(self->received.data, self->partial.data, rows * bytes,
                                   cudaMemcpyDeviceToHost, stream),
                   "probabilities", error);
    if (cuda_check(cudaStreamSynchronize(stream), "a prediction", error) != ERROR_NONE ||
        prediction->predictions == NULL)
        return error->code;
    for (size_t r = 0; r < rows; r++) {
        const size_t row = self->order[tile->first + r];
        if (row != SIZE_MAX)
            memcpy(prediction->predictions + row * self->classes, received + r * self->classes,
                   bytes);
    }
    return ERROR_NONE;
}

static enum error_code predict_all(const struct prediction *prediction,
                                   const struct classifier_task *tasks, size_t task_count,
                                   double *log_loss, struct error *error) {
    struct cuda_classifier *self = prediction->self;
    const cudaStream_t stream = self->worker->stream;
    size_t sent = SIZE_MAX; /* the task whose weights are on the GPU */
    if (cuda_check(cudaSetDevice(self->worker->gpu), "the GPU", error) != ERROR_NONE ||
        make_room(prediction, error) != ERROR_NONE ||
        cuda_check(cudaMemsetAsync(self->totals.data, 0, sizeof(double), stream), "the log-loss",
                   error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < self->tile_count; i++) {
        const struct cuda_classifier_tile *tile = &self->tiles[i];
        size_t task = 0;
        while (task < task_count && tasks[task].fold != tile->fold) task++;
        if (task == task_count)
            return FAIL(error, ERROR_INTERNAL, "classifier: no task predicts fold %zu", tile->fold);
        if (task != sent && send_weights(prediction, &tasks[task], error) != ERROR_NONE)
            return error->code;
        sent = task;
        if (predict_tile(prediction, tile, error) != ERROR_NONE ||
            receive_tile(prediction, tile, error) != ERROR_NONE)
            return error->code;
    }
    if (cuda_check(cudaMemcpyAsync(self->received.data, self->totals.data, sizeof(double),
                                   cudaMemcpyDeviceToHost, stream),
                   "the log-loss", error) != ERROR_NONE ||
        cuda_check(cudaStreamSynchronize(stream), "a prediction", error) != ERROR_NONE)
        return error->code;
    memcpy(log_loss, self->received.data, sizeof *log_loss);
    return ERROR_NONE;
}

enum error_code cuda_classifier_predict(struct classifier *classifier,
                                        const struct classifier_task *tasks, size_t task_count,
                                        enum classifier_output output, float *predictions,
                                        double *log_loss, struct error *error) {
    struct cuda_classifier *self = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct prediction prediction = {self, classifier_round_up(self->classes, 8), output,
                                    predictions};
    nvtxRangePushA("classifier predict");
    predict_all(&prediction, tasks, task_count, log_loss, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) classifier_settle(self);
    self->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
