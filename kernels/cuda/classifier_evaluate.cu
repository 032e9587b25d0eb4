/* Loss and gradient of many tasks over the data, which is read once for a pass of tasks: logits,
 * softmax and gradient of all of them, tile by tile, summed in float64 in a fixed order.
 *
 * Tasks are sorted by fold, and their packed weights are stored twice, end to end: the tasks that
 * train on a fold's rows, all but those that hold it out, are then consecutive columns. */
#include "kernels/cuda/classifier.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"
#include "kernels/cuda/classifier_kernels.h"

#include <nvtx3/nvToolsExt.h>
#include <stdlib.h>
#include <string.h>

struct pass {
    struct cuda_classifier *self;
    struct classifier_task **tasks; /* (task_count), sorted by fold */
    size_t task_count, columns;
    size_t padded;      /* columns of the logits, rounded up to whole blocks */
    size_t *first_task; /* (folds + 1): where each fold's tasks begin */
    size_t element;     /* bytes of a number in the products */
};

/* The columns that train on a fold's rows. */
struct view {
    size_t begin, tasks, columns, blocks;
};

static struct view view_of(const struct pass *pass, size_t fold) {
    const struct cuda_classifier *self = pass->self;
    struct view view;
    view.begin = pass->first_task[fold + 1] * self->classes % pass->columns;
    view.tasks = pass->task_count - (pass->first_task[fold + 1] - pass->first_task[fold]);
    view.columns = view.tasks * self->classes;
    view.blocks = (view.columns + self->block_columns - 1) / self->block_columns;
    return view;
}

/* logits (rows, ld) = x (rows, stride) weights^T; row-major, which cuBLAS reads as transposed. */
static cublasStatus_t multiply_logits(cublasHandle_t blas, int block, int rows, int stride,
                                      const float *weights, const float *x, float *logits, int ld) {
    const float one = 1.0F, zero = 0.0F;
    return cublasSgemm(blas, CUBLAS_OP_T, CUBLAS_OP_N, block, rows, stride, &one, weights, stride,
                       x, stride, &zero, logits, ld);
}
static cublasStatus_t multiply_logits(cublasHandle_t blas, int block, int rows, int stride,
                                      const double *weights, const double *x, double *logits,
                                      int ld) {
    const double one = 1.0, zero = 0.0;
    return cublasDgemm(blas, CUBLAS_OP_T, CUBLAS_OP_N, block, rows, stride, &one, weights, stride,
                       x, stride, &zero, logits, ld);
}

/* partial (chunks, block, stride) = residuals^T (block, chunk_rows) x (chunk_rows, stride) of
 * every chunk. */
static cublasStatus_t multiply_gradients(cublasHandle_t blas, int block, int chunk_rows, int stride,
                                         int chunks, const float *residuals, int ld, const float *x,
                                         float *partial) {
    const float one = 1.0F, zero = 0.0F;
    return cublasSgemmStridedBatched(blas, CUBLAS_OP_N, CUBLAS_OP_T, stride, block, chunk_rows,
                                     &one, x, stride, (long long)chunk_rows * stride, residuals, ld,
                                     (long long)chunk_rows * ld, &zero, partial, stride,
                                     (long long)block * stride, chunks);
}
static cublasStatus_t multiply_gradients(cublasHandle_t blas, int block, int chunk_rows, int stride,
                                         int chunks, const double *residuals, int ld,
                                         const double *x, double *partial) {
    const double one = 1.0, zero = 0.0;
    return cublasDgemmStridedBatched(blas, CUBLAS_OP_N, CUBLAS_OP_T, stride, block, chunk_rows,
                                     &one, x, stride, (long long)chunk_rows * stride, residuals, ld,
                                     (long long)chunk_rows * ld, &zero, partial, stride,
                                     (long long)block * stride, chunks);
}

/* Softmax of the view's logits; adds losses and the gradients of intercepts to the totals. */
template <typename Real>
static enum error_code add_losses(const struct pass *pass, const struct cuda_classifier_tile *tile,
                                  const struct view *view, struct error *error) {
    struct cuda_classifier *self = pass->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t row_size = self->features + 1;
    Real *logits = (Real *)self->logits.data;
    double *sums = (double *)self->sums.data, *totals = (double *)self->totals.data;
    struct softmax_view softmax = {tile->chunks * self->chunk_rows,
                                   view->tasks,
                                   self->classes,
                                   pass->padded,
                                   view->begin,
                                   pass->columns,
                                   row_size};
    if (launch_softmax<Real>(&softmax, logits, (const double *)self->weights.data,
                             (const int32_t *)self->labels.data + tile->first, NULL,
                             (double *)self->losses.data, stream, error) != ERROR_NONE ||
        launch_sum_columns<Real>(logits, tile->chunks, self->chunk_rows, pass->padded,
                                 view->columns, sums, stream, error) != ERROR_NONE ||
        launch_add_sums(sums, tile->chunks, view->columns, view->begin, pass->columns, row_size,
                        totals + self->features, stream, error) != ERROR_NONE ||
        launch_sum_columns<double>((const double *)self->losses.data, tile->chunks,
                                   self->chunk_rows, view->tasks, view->tasks, sums, stream,
                                   error) != ERROR_NONE)
        return error->code;
    return launch_add_sums(sums, tile->chunks, view->tasks, view->begin / self->classes,
                           pass->task_count, 1, totals + pass->columns * row_size, stream, error);
}

template <typename Real>
static enum error_code add_tile(const struct pass *pass, const struct cuda_classifier_tile *tile,
                                struct error *error) {
    struct cuda_classifier *self = pass->self;
    const struct view view = view_of(pass, tile->fold);
    const Real *x;
    if (view.tasks == 0) return ERROR_NONE;
    if (classifier_tile_data<Real>(self, tile, &x, error) != ERROR_NONE) return error->code;
    const int block = (int)self->block_columns, stride = (int)self->stride;
    const int chunk_rows = (int)self->chunk_rows, chunks = (int)tile->chunks;
    const int ld = (int)pass->padded;
    Real *logits = (Real *)self->logits.data, *partial = (Real *)self->partial.data;
    const Real *weights = (const Real *)self->packed.data + view.begin * self->stride;
    for (size_t b = 0; b < view.blocks; b++) {
        const size_t first = b * self->block_columns;
        if (cublas_check(multiply_logits(self->worker->blas, block, chunks * chunk_rows, stride,
                                         weights + first * self->stride, x, logits + first, ld),
                         "the logits' product", error) != ERROR_NONE)
            return error->code;
    }
    if (add_losses<Real>(pass, tile, &view, error) != ERROR_NONE) return error->code;
    for (size_t b = 0; b < view.blocks; b++) {
        const size_t first = b * self->block_columns, left = view.columns - first;
        if (cublas_check(multiply_gradients(self->worker->blas, block, chunk_rows, stride, chunks,
                                            logits + first, ld, x, partial),
                         "the gradients' product", error) != ERROR_NONE ||
            launch_add_gradients<Real>(partial, tile->chunks, self->block_columns, self->stride,
                                       left < self->block_columns ? left : self->block_columns,
                                       self->features, (view.begin + first) % pass->columns,
                                       pass->columns, (double *)self->totals.data,
                                       self->worker->stream, error) != ERROR_NONE)
            return error->code;
    }
    return ERROR_NONE;
}

static enum error_code reserve_all(const struct pass *pass, struct error *error) {
    struct cuda_classifier *self = pass->self;
    const size_t rows = classifier_tile_rows(self), row_size = self->features + 1;
    const size_t packed = 2 * pass->columns + self->block_columns;
    const size_t totals = pass->columns * row_size + pass->task_count;
    const size_t gradients = self->tile_chunks * self->block_columns * self->stride;
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    if (cuda_buffer_reserve(&self->weights, gpu, pass->columns * row_size, sizeof(double),
                            "weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, totals, sizeof(double), "gradients", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->packed, gpu, packed * self->stride, pass->element,
                            "packed weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->logits, gpu, rows * pass->padded, pass->element, "logits",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->losses, gpu, rows * pass->task_count, sizeof(double), "losses",
                            error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->partial, gpu, gradients, pass->element, "gradients", error) !=
            ERROR_NONE ||
        cuda_buffer_reserve(&self->sums, gpu, self->tile_chunks * pass->columns, sizeof(double),
                            "sums", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->sent, pinned, pass->columns * row_size, sizeof(double),
                            "weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->received, pinned, totals, sizeof(double), "gradients", error) !=
            ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, pass->element, error);
}

/* Allocates all buffers; out of memory, frees others until there is room or none is left. */
static enum error_code make_room(const struct pass *pass, struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(pass, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(pass->self)) {
            *error = attempt;
            return error->code;
        }
    }
}

template <typename Real>
static enum error_code send_weights(const struct pass *pass, struct error *error) {
    struct cuda_classifier *self = pass->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t size = self->classes * (self->features + 1);
    const size_t bytes = pass->task_count * size * sizeof(double);
    double *sent = (double *)self->sent.data;
    for (size_t t = 0; t < pass->task_count; t++)
        memcpy(sent + t * size, pass->tasks[t]->weights, size * sizeof *sent);
    if (cuda_check(cudaMemcpyAsync(self->weights.data, sent, bytes, cudaMemcpyHostToDevice, stream),
                   "weights", error) != ERROR_NONE ||
        cuda_check(cudaMemsetAsync(self->totals.data, 0, bytes + pass->task_count * sizeof(double),
                                   stream),
                   "gradients", error) != ERROR_NONE)
        return error->code;
    return launch_pack_weights<Real>((const double *)self->weights.data, pass->columns,
                                     self->features, 2 * pass->columns + self->block_columns,
                                     self->stride, (Real *)self->packed.data, stream, error);
}

static enum error_code receive_gradients(const struct pass *pass, struct error *error) {
    struct cuda_classifier *self = pass->self;
    const cudaStream_t stream = self->worker->stream;
    const size_t size = self->classes * (self->features + 1);
    const size_t bytes = pass->task_count * (size + 1) * sizeof(double);
    const double *received = (const double *)self->received.data;
    if (cuda_check(cudaMemcpyAsync(self->received.data, self->totals.data, bytes,
                                   cudaMemcpyDeviceToHost, stream),
                   "gradients", error) != ERROR_NONE ||
        cuda_check(cudaStreamSynchronize(stream), "an evaluation", error) != ERROR_NONE)
        return error->code;
    for (size_t t = 0; t < pass->task_count; t++) {
        memcpy(pass->tasks[t]->gradient, received + t * size, size * sizeof *received);
        pass->tasks[t]->loss = received[pass->task_count * size + t];
    }
    return ERROR_NONE;
}

template <typename Real> static enum error_code run_pass(struct pass *pass, struct error *error) {
    struct cuda_classifier *self = pass->self;
    pass->element = sizeof(Real);
    if (make_room(pass, error) != ERROR_NONE || send_weights<Real>(pass, error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < self->tile_count; i++)
        if (add_tile<Real>(pass, &self->tiles[i], error) != ERROR_NONE) return error->code;
    return receive_gradients(pass, error);
}

/* Sorts the pass's tasks by fold, in the order of the call within one. */
static enum error_code sort_tasks(struct pass *pass, struct classifier_task *tasks,
                                  struct error *error) {
    const struct cuda_classifier *self = pass->self;
    memset(pass->first_task, 0, (self->folds + 1) * sizeof *pass->first_task);
    for (size_t t = 0; t < pass->task_count; t++) {
        if (tasks[t].fold >= self->folds)
            return FAIL(error, ERROR_INTERNAL, "classifier: a task for fold %zu of %zu",
                        tasks[t].fold, self->folds);
        pass->first_task[tasks[t].fold + 1]++;
    }
    size_t sorted = 0;
    for (size_t fold = 0; fold < self->folds; fold++) {
        pass->first_task[fold + 1] += pass->first_task[fold];
        for (size_t t = 0; t < pass->task_count; t++)
            if (tasks[t].fold == fold) pass->tasks[sorted++] = &tasks[t];
    }
    pass->columns = pass->task_count * self->classes;
    pass->padded = classifier_round_up(pass->columns, self->block_columns);
    return ERROR_NONE;
}

static void count_operations(struct cuda_classifier *self, const struct classifier_task *tasks,
                             size_t task_count) {
    for (size_t t = 0; t < task_count; t++)
        self->counters->operations[STAGE_CLASSIFIER] +=
            4.0 * (double)(self->rows - self->fold_rows[tasks[t].fold]) * (double)self->features *
            (double)self->classes;
}

static enum error_code evaluate_all(struct pass *pass, enum classifier_precision precision,
                                    struct classifier_task *tasks, size_t task_count,
                                    struct error *error) {
    struct cuda_classifier *self = pass->self;
    const size_t most = self->classes < PASS_COLUMNS ? PASS_COLUMNS / self->classes : 1;
    if (cuda_check(cudaSetDevice(self->worker->gpu), "the GPU", error) != ERROR_NONE ||
        cublas_check(cublasSetMathMode(self->worker->blas, CUBLAS_DEFAULT_MATH), "float32 products",
                     error) != ERROR_NONE)
        return error->code;
    for (size_t first = 0; first < task_count; first += pass->task_count) {
        pass->task_count = task_count - first < most ? task_count - first : most;
        if (sort_tasks(pass, tasks + first, error) != ERROR_NONE) return error->code;
        if (precision == CLASSIFIER_SINGLE)
            run_pass<float>(pass, error);
        else
            run_pass<double>(pass, error);
        if (error->code != ERROR_NONE) return error->code;
    }
    count_operations(self, tasks, task_count);
    return ERROR_NONE;
}

enum error_code cuda_classifier_evaluate(struct classifier *classifier,
                                         enum classifier_precision precision,
                                         struct classifier_task *tasks, size_t task_count,
                                         struct error *error) {
    struct cuda_classifier *self = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct pass pass = {};
    if (task_count == 0) return ERROR_NONE;
    pass.self = self;
    pass.tasks = (struct classifier_task **)malloc(task_count * sizeof *pass.tasks);
    pass.first_task = (size_t *)malloc((self->folds + 1) * sizeof *pass.first_task);
    nvtxRangePushA(precision == CLASSIFIER_SINGLE ? "classifier evaluate float32"
                                                  : "classifier evaluate float64");
    if (pass.tasks == NULL || pass.first_task == NULL)
        FAIL(error, ERROR_MEMORY, "%zu tasks of the classifier", task_count);
    else
        evaluate_all(&pass, precision, tasks, task_count, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) classifier_settle(self);
    free(pass.tasks);
    free(pass.first_task);
    self->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
