/* Out-of-fold probabilities or their logarithms, and the log-loss, in double precision. */
#include "kernels/cuda/classifier.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"
#include "kernels/cuda/classifier_kernels.h"
#include "kernels/cuda/classifier_slices.h"

#include <math.h>
#include <nvtx3/nvToolsExt.h>
#include <string.h>

/* What a GPU has at the moment. */
struct place {
    const struct classifier_task *sent; /* whose weights are there; NULL: none */
    const double *x;                    /* of its tile */
};

struct prediction {
    struct cuda_classifier *whole;
    const struct classifier_task *tasks; /* (set_count, task_count) */
    size_t task_count, set_count;
    struct place *places; /* (GPUs) */
    size_t padded;        /* columns of the logits: classes rounded up */
    enum classifier_output output;
    float *const *predictions; /* (set_count) of (rows, classes), the caller's, or NULL */
};

static enum error_code reserve_all(const struct prediction *prediction, struct classifier_gpu *self,
                                   struct error *error) {
    const struct cuda_classifier *whole = prediction->whole;
    const size_t rows = classifier_tile_rows(self);
    const size_t weights = whole->classes * (whole->features + 1);
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    const size_t received = rows * whole->classes * sizeof(float);
    const size_t losses = classifier_sent(self) * prediction->set_count * sizeof(double);
    if (cuda_buffer_reserve(&self->weights, gpu, weights, sizeof(double), "weights", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->packed, gpu, prediction->padded * whole->stride, sizeof(double),
                            "packed weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->logits, gpu, rows * prediction->padded, sizeof(double), "logits",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->partial, gpu, rows * whole->classes, sizeof(float),
                            "probabilities", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->losses, gpu, rows, sizeof(double), "losses", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->sums, gpu, self->tile_chunks, sizeof(double), "sums", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, self->slice_count * prediction->set_count,
                            sizeof(double), "the log-loss", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->sent, pinned, weights, sizeof(double), "weights", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->received, pinned, received < losses ? losses : received, 1,
                            "probabilities", error) != ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, sizeof(double), error);
}

static enum error_code make_room(const struct prediction *prediction, struct classifier_gpu *self,
                                 struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(prediction, self, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(self)) {
            *error = attempt;
            return error->code;
        }
    }
}

static enum error_code send_weights(const struct prediction *prediction,
                                    struct classifier_gpu *self, const struct classifier_task *task,
                                    struct error *error) {
    const struct cuda_classifier *whole = prediction->whole;
    const cudaStream_t stream = self->worker->stream;
    const size_t bytes = whole->classes * (whole->features + 1) * sizeof(double);
    /* The copy for the previous fold has ended: its probabilities have been received. */
    memcpy(self->sent.data, task->weights, bytes);
    if (cuda_check(cudaMemcpyAsync(self->weights.data, self->sent.data, bytes,
                                   cudaMemcpyHostToDevice, stream),
                   "weights", error) != ERROR_NONE)
        return error->code;
    return launch_pack_weights<double>((const double *)self->weights.data, whole->classes,
                                       whole->features, prediction->padded, whole->stride,
                                       (double *)self->packed.data, stream, error);
}

/* Queues the logarithms of the tile's probabilities, if they are asked for, in place of these;
 * the softmax of probabilities leaves the logits as they are. */
static enum error_code take_logarithms(const struct prediction *prediction,
                                       struct classifier_gpu *self, const struct softmax_view *view,
                                       struct error *error) {
    const double floor = prediction->output == CLASSIFIER_LOGARITHMS ? LOG_FLOOR : -INFINITY;
    if (prediction->output == CLASSIFIER_PROBABILITIES || prediction->predictions == NULL)
        return ERROR_NONE;
    return launch_logarithms(view, (const double *)self->logits.data,
                             (const double *)self->weights.data, floor, (float *)self->partial.data,
                             self->worker->stream, error);
}

/* Queues logits, softmax and losses of a tile, whose rows are x, on the worker's stream. */
static enum error_code predict_tile(const struct prediction *prediction, size_t set,
                                    struct classifier_gpu *self, const struct classifier_tile *tile,
                                    const double *x, struct error *error) {
    const struct cuda_classifier *whole = prediction->whole;
    const cudaStream_t stream = self->worker->stream;
    const size_t rows = tile->chunks * whole->chunk_rows;
    const double one = 1.0, zero = 0.0;
    double *logits = (double *)self->logits.data, *sums = (double *)self->sums.data;
    double *totals = (double *)self->totals.data + tile->slice * prediction->set_count + set;
    struct softmax_view view = {
        rows, 1, whole->classes, prediction->padded, 0, whole->classes, whole->features + 1};
    if (cublas_check(cublasDgemm(self->worker->blas, CUBLAS_OP_T, CUBLAS_OP_N,
                                 (int)prediction->padded, (int)rows, (int)whole->stride, &one,
                                 (const double *)self->packed.data, (int)whole->stride, x,
                                 (int)whole->stride, &zero, logits, (int)prediction->padded),
                     "the logits' product", error) != ERROR_NONE ||
        launch_softmax<double>(&view, logits, (const double *)self->weights.data,
                               (const int32_t *)self->labels.data + tile->at,
                               (float *)self->partial.data, (double *)self->losses.data, stream,
                               error) != ERROR_NONE ||
        take_logarithms(prediction, self, &view, error) != ERROR_NONE ||
        launch_sum_columns<double>((const double *)self->losses.data, tile->chunks,
                                   whole->chunk_rows, 1, 1, sums, stream, error) != ERROR_NONE ||
        launch_add_sums(sums, tile->chunks, 1, 0, 1, 1, totals, stream, error) != ERROR_NONE ||
        prediction->predictions == NULL)
        return error->code;
    return cuda_check(cudaMemcpyAsync(self->received.data, self->partial.data,
                                      rows * whole->classes * sizeof(float), cudaMemcpyDeviceToHost,
                                      stream),
                      "probabilities", error);
}

/* Queues a set's predictions of the tile by its task of the tile's fold, whose weights are sent
 * unless they are there. */
static enum error_code predict_set(const struct prediction *prediction, size_t set,
                                   struct classifier_gpu *self, const struct classifier_tile *tile,
                                   struct place *place, struct error *error) {
    const struct classifier_task *own = prediction->tasks + set * prediction->task_count;
    size_t task = 0;
    while (task < prediction->task_count && own[task].fold != tile->fold) task++;
    if (task == prediction->task_count)
        return FAIL(error, ERROR_INTERNAL, "classifier: no task predicts fold %zu", tile->fold);
    if (&own[task] != place->sent &&
        send_weights(prediction, self, &own[task], error) != ERROR_NONE)
        return error->code;
    place->sent = &own[task];
    return predict_tile(prediction, set, self, tile, place->x, error);
}

/* Waits for a tile and copies its predictions to the caller's rows. */
static enum error_code receive_tile(const struct prediction *prediction, size_t set,
                                    struct classifier_gpu *self, const struct classifier_tile *tile,
                                    struct error *error) {
    const struct cuda_classifier *whole = prediction->whole;
    const size_t rows = tile->chunks * whole->chunk_rows, bytes = whole->classes * sizeof(float);
    const float *received = (const float *)self->received.data;
    if (cuda_check(cudaStreamSynchronize(self->worker->stream), "a prediction", error) !=
            ERROR_NONE ||
        prediction->predictions == NULL)
        return error->code;
    for (size_t r = 0; r < rows; r++) {
        const size_t row = whole->order[tile->first + r];
        if (row != SIZE_MAX)
            memcpy(prediction->predictions[set] + row * whole->classes,
                   received + r * whole->classes, bytes);
    }
    return ERROR_NONE;
}

/* Tile number `index` of every GPU that has it, set after set: queued on all GPUs, then waited
 * for. */
static enum error_code predict_tiles(const struct prediction *prediction, size_t index,
                                     struct error *error) {
    struct cuda_classifier *whole = prediction->whole;
    for (size_t set = 0; set < prediction->set_count; set++) {
        for (size_t g = 0; g < whole->gpu_count; g++) {
            struct classifier_gpu *self = &whole->gpus[g];
            struct place *place = &prediction->places[g];
            if (index >= self->tile_count) continue;
            const struct classifier_tile *tile = &self->tiles[index];
            if (worker_choose(self->worker, error) != ERROR_NONE ||
                (set == 0 &&
                 classifier_tile_data<double>(self, tile, &place->x, error) != ERROR_NONE) ||
                predict_set(prediction, set, self, tile, place, error) != ERROR_NONE)
                return error->code;
        }
        for (size_t g = 0; g < whole->gpu_count; g++) {
            struct classifier_gpu *self = &whole->gpus[g];
            if (index < self->tile_count &&
                receive_tile(prediction, set, self, &self->tiles[index], error) != ERROR_NONE)
                return error->code;
        }
    }
    return ERROR_NONE;
}

static enum error_code predict_all(const struct prediction *prediction, double *log_losses,
                                   struct error *error) {
    struct cuda_classifier *whole = prediction->whole;
    const size_t sets = prediction->set_count;
    const double *received;
    size_t tiles = 0;
    for (size_t g = 0; g < whole->gpu_count; g++) {
        struct classifier_gpu *self = &whole->gpus[g];
        if (worker_choose(self->worker, error) != ERROR_NONE ||
            make_room(prediction, self, error) != ERROR_NONE ||
            cuda_check(cudaMemsetAsync(self->totals.data, 0,
                                       self->slice_count * sets * sizeof(double),
                                       self->worker->stream),
                       "the log-loss", error) != ERROR_NONE)
            return error->code;
        if (self->tile_count > tiles) tiles = self->tile_count;
    }
    for (size_t i = 0; i < tiles; i++)
        if (predict_tiles(prediction, i, error) != ERROR_NONE) return error->code;
    for (size_t g = 0; g < whole->gpu_count; g++)
        if (worker_choose(whole->gpus[g].worker, error) != ERROR_NONE ||
            classifier_join(&whole->gpus[g], sets, error) != ERROR_NONE)
            return error->code;
    if (classifier_receive(whole, sets, 0, sets, &received, error) == ERROR_NONE)
        memcpy(log_losses, received, sets * sizeof *log_losses);
    return error->code;
}

enum error_code cuda_classifier_predict(struct classifier *classifier,
                                        const struct classifier_task *tasks, size_t task_count,
                                        size_t set_count, enum classifier_output output,
                                        float *const *predictions, double *log_losses,
                                        struct error *error) {
    struct cuda_classifier *whole = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct place places[SLICES] = {};
    struct prediction prediction = {whole,     tasks,      task_count,
                                    set_count, places,     classifier_round_up(whole->classes, 8),
                                    output,    predictions};
    nvtxRangePushA("classifier predict");
    predict_all(&prediction, log_losses, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) classifier_settle(whole);
    whole->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
