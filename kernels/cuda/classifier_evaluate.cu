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
#include "kernels/cuda/classifier_slices.h"

#include <nvtx3/nvToolsExt.h>
#include <stdlib.h>
#include <string.h>

#define FUSED_CHUNKS 4 /* at most, of a tile whose columns are added in one launch */

struct pass {
    struct cuda_classifier *whole;
    struct classifier_task **tasks; /* (task_count), sorted by fold */
    size_t task_count, columns;
    size_t padded;      /* columns of the logits, rounded up to whole blocks */
    size_t *first_task; /* (folds + 1): where each fold's tasks begin */
    size_t element;     /* bytes of a number in the products */
    size_t numbers;     /* sums of a slice: (columns, features + 1) and (task_count) losses */
};

/* The columns that train on a fold's rows. */
struct view {
    size_t begin, tasks, columns, blocks;
};

static struct view view_of(const struct pass *pass, size_t fold) {
    const struct cuda_classifier *whole = pass->whole;
    struct view view;
    view.begin = pass->first_task[fold + 1] * whole->classes % pass->columns;
    view.tasks = pass->task_count - (pass->first_task[fold + 1] - pass->first_task[fold]);
    view.columns = view.tasks * whole->classes;
    view.blocks = (view.columns + whole->block_columns - 1) / whole->block_columns;
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

/* Adds the columns of residuals and losses to the totals: a tile of few chunks in one launch, as
 * launches bind small problems, a larger one by all chunks at once. The bytes are the same. */
template <typename Real>
static enum error_code add_columns(const struct pass *pass, struct classifier_gpu *self,
                                   const struct classifier_tile *tile, const struct view *view,
                                   double *totals, struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    const cudaStream_t stream = self->worker->stream;
    const size_t row_size = whole->features + 1, first_task = view->begin / whole->classes;
    const Real *residuals = (const Real *)self->logits.data;
    const double *losses = (const double *)self->losses.data;
    double *sums = (double *)self->sums.data;
    if (tile->chunks <= FUSED_CHUNKS) {
        const struct tile_sums all = {
            tile->chunks,  whole->chunk_rows, pass->padded, view->columns,    view->begin,
            pass->columns, view->tasks,       first_task,   pass->task_count, row_size};
        return launch_add_tile_sums<Real>(&all, residuals, losses, totals, stream, error);
    }
    if (launch_sum_columns<Real>(residuals, tile->chunks, whole->chunk_rows, pass->padded,
                                 view->columns, sums, stream, error) != ERROR_NONE ||
        launch_add_sums(sums, tile->chunks, view->columns, view->begin, pass->columns, row_size,
                        totals + whole->features, stream, error) != ERROR_NONE ||
        launch_sum_columns<double>(losses, tile->chunks, whole->chunk_rows, view->tasks,
                                   view->tasks, sums, stream, error) != ERROR_NONE)
        return error->code;
    return launch_add_sums(sums, tile->chunks, view->tasks, first_task, pass->task_count, 1,
                           totals + pass->columns * row_size, stream, error);
}

/* Softmax of the view's logits; adds losses and the gradients of intercepts to the totals. */
template <typename Real>
static enum error_code add_losses(const struct pass *pass, struct classifier_gpu *self,
                                  const struct classifier_tile *tile, const struct view *view,
                                  double *totals, struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    Real *logits = (Real *)self->logits.data;
    struct softmax_view softmax = {tile->chunks * whole->chunk_rows,
                                   view->tasks,
                                   whole->classes,
                                   pass->padded,
                                   view->begin,
                                   pass->columns,
                                   whole->features + 1};
    if (launch_softmax<Real>(&softmax, logits, (const double *)self->weights.data,
                             (const int32_t *)self->labels.data + tile->at, NULL,
                             (double *)self->losses.data, self->worker->stream,
                             error) != ERROR_NONE)
        return error->code;
    return add_columns<Real>(pass, self, tile, view, totals, error);
}

template <typename Real>
static enum error_code add_tile(const struct pass *pass, struct classifier_gpu *self,
                                const struct classifier_tile *tile, struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    const struct view view = view_of(pass, tile->fold);
    const Real *x;
    if (view.tasks == 0) return ERROR_NONE;
    if (classifier_tile_data<Real>(self, tile, &x, error) != ERROR_NONE) return error->code;
    const int block = (int)whole->block_columns, stride = (int)whole->stride;
    const int chunk_rows = (int)whole->chunk_rows, chunks = (int)tile->chunks;
    const int ld = (int)pass->padded;
    Real *logits = (Real *)self->logits.data, *partial = (Real *)self->partial.data;
    double *totals = (double *)self->totals.data + tile->slice * pass->numbers;
    const Real *weights = (const Real *)self->packed.data + view.begin * whole->stride;
    for (size_t b = 0; b < view.blocks; b++) {
        const size_t first = b * whole->block_columns;
        if (cublas_check(multiply_logits(self->worker->blas, block, chunks * chunk_rows, stride,
                                         weights + first * whole->stride, x, logits + first, ld),
                         "the logits' product", error) != ERROR_NONE)
            return error->code;
    }
    if (add_losses<Real>(pass, self, tile, &view, totals, error) != ERROR_NONE) return error->code;
    for (size_t b = 0; b < view.blocks; b++) {
        const size_t first = b * whole->block_columns, left = view.columns - first;
        if (cublas_check(multiply_gradients(self->worker->blas, block, chunk_rows, stride, chunks,
                                            logits + first, ld, x, partial),
                         "the gradients' product", error) != ERROR_NONE ||
            launch_add_gradients<Real>(partial, tile->chunks, whole->block_columns, whole->stride,
                                       left < whole->block_columns ? left : whole->block_columns,
                                       whole->features, (view.begin + first) % pass->columns,
                                       pass->columns, totals, self->worker->stream,
                                       error) != ERROR_NONE)
            return error->code;
    }
    return ERROR_NONE;
}

static enum error_code reserve_all(const struct pass *pass, struct classifier_gpu *self,
                                   struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    const size_t rows = classifier_tile_rows(self), row_size = whole->features + 1;
    const size_t packed = 2 * pass->columns + whole->block_columns;
    const size_t gradients = self->tile_chunks * whole->block_columns * whole->stride;
    const enum cuda_buffer_place gpu = BUFFER_GPU, pinned = BUFFER_PINNED;
    if (cuda_buffer_reserve(&self->weights, gpu, pass->columns * row_size, sizeof(double),
                            "weights", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, self->slice_count * pass->numbers, sizeof(double),
                            "gradients", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->packed, gpu, packed * whole->stride, pass->element,
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
        cuda_buffer_reserve(&self->received, pinned, classifier_sent(self) * pass->numbers,
                            sizeof(double), "gradients", error) != ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, pass->element, error);
}

/* Allocates all buffers; out of memory, frees others until there is room or none is left. */
static enum error_code make_room(const struct pass *pass, struct classifier_gpu *self,
                                 struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(pass, self, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(self)) {
            *error = attempt;
            return error->code;
        }
    }
}

template <typename Real>
static enum error_code send_weights(const struct pass *pass, struct classifier_gpu *self,
                                    struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    const cudaStream_t stream = self->worker->stream;
    const size_t size = whole->classes * (whole->features + 1);
    const size_t bytes = pass->task_count * size * sizeof(double);
    double *sent = (double *)self->sent.data;
    for (size_t t = 0; t < pass->task_count; t++)
        memcpy(sent + t * size, pass->tasks[t]->weights, size * sizeof *sent);
    if (cuda_check(cudaMemcpyAsync(self->weights.data, sent, bytes, cudaMemcpyHostToDevice, stream),
                   "weights", error) != ERROR_NONE ||
        cuda_check(cudaMemsetAsync(self->totals.data, 0,
                                   self->slice_count * pass->numbers * sizeof(double), stream),
                   "gradients", error) != ERROR_NONE)
        return error->code;
    return launch_pack_weights<Real>((const double *)self->weights.data, pass->columns,
                                     whole->features, 2 * pass->columns + whole->block_columns,
                                     whole->stride, (Real *)self->packed.data, stream, error);
}

static enum error_code receive_gradients(const struct pass *pass, struct error *error) {
    const size_t size = pass->whole->classes * (pass->whole->features + 1);
    const double *received;
    if (classifier_receive(pass->whole, pass->numbers, 0, pass->numbers, &received, error) !=
        ERROR_NONE)
        return error->code;
    for (size_t t = 0; t < pass->task_count; t++) {
        memcpy(pass->tasks[t]->gradient, received + t * size, size * sizeof *received);
        pass->tasks[t]->loss = received[pass->task_count * size + t];
    }
    return ERROR_NONE;
}

/* Queues tile number `index` of a GPU, after its last one the sum of its slices. */
template <typename Real>
static enum error_code run_tile(const struct pass *pass, struct classifier_gpu *self, size_t index,
                                struct error *error) {
    if (index > self->tile_count) return ERROR_NONE;
    if (worker_choose(self->worker, error) != ERROR_NONE) return error->code;
    if (index == self->tile_count) return classifier_join(self, pass->numbers, error);
    return add_tile<Real>(pass, self, &self->tiles[index], error);
}

/* The GPUs take turns, a tile each, so that all have work. */
template <typename Real> static enum error_code run_pass(struct pass *pass, struct error *error) {
    struct cuda_classifier *whole = pass->whole;
    size_t tiles = 0;
    pass->element = sizeof(Real);
    for (size_t g = 0; g < whole->gpu_count; g++) {
        struct classifier_gpu *self = &whole->gpus[g];
        if (worker_choose(self->worker, error) != ERROR_NONE ||
            cublas_check(cublasSetMathMode(self->worker->blas, CUBLAS_DEFAULT_MATH),
                         "float32 products", error) != ERROR_NONE ||
            make_room(pass, self, error) != ERROR_NONE ||
            send_weights<Real>(pass, self, error) != ERROR_NONE)
            return error->code;
        if (self->tile_count > tiles) tiles = self->tile_count;
    }
    for (size_t i = 0; i <= tiles; i++)
        for (size_t g = 0; g < whole->gpu_count; g++)
            if (run_tile<Real>(pass, &whole->gpus[g], i, error) != ERROR_NONE) return error->code;
    return receive_gradients(pass, error);
}

/* Sorts the pass's tasks by fold, in the order of the call within one. */
static enum error_code sort_tasks(struct pass *pass, struct classifier_task *tasks,
                                  struct error *error) {
    const struct cuda_classifier *whole = pass->whole;
    memset(pass->first_task, 0, (whole->folds + 1) * sizeof *pass->first_task);
    for (size_t t = 0; t < pass->task_count; t++) {
        if (tasks[t].fold >= whole->folds)
            return FAIL(error, ERROR_INTERNAL, "classifier: a task for fold %zu of %zu",
                        tasks[t].fold, whole->folds);
        pass->first_task[tasks[t].fold + 1]++;
    }
    size_t sorted = 0;
    for (size_t fold = 0; fold < whole->folds; fold++) {
        pass->first_task[fold + 1] += pass->first_task[fold];
        for (size_t t = 0; t < pass->task_count; t++)
            if (tasks[t].fold == fold) pass->tasks[sorted++] = &tasks[t];
    }
    pass->columns = pass->task_count * whole->classes;
    pass->padded = classifier_round_up(pass->columns, whole->block_columns);
    pass->numbers = pass->columns * (whole->features + 1) + pass->task_count;
    return ERROR_NONE;
}

static void count_operations(struct cuda_classifier *whole, const struct classifier_task *tasks,
                             size_t task_count) {
    for (size_t t = 0; t < task_count; t++)
        whole->counters->operations[STAGE_CLASSIFIER] +=
            4.0 * (double)(whole->rows - whole->fold_rows[tasks[t].fold]) *
            (double)whole->features * (double)whole->classes;
}

static enum error_code evaluate_all(struct pass *pass, enum classifier_precision precision,
                                    struct classifier_task *tasks, size_t task_count,
                                    struct error *error) {
    struct cuda_classifier *whole = pass->whole;
    const size_t most = whole->classes < PASS_COLUMNS ? PASS_COLUMNS / whole->classes : 1;
    for (size_t first = 0; first < task_count; first += pass->task_count) {
        pass->task_count = task_count - first < most ? task_count - first : most;
        if (sort_tasks(pass, tasks + first, error) != ERROR_NONE) return error->code;
        if (precision == CLASSIFIER_SINGLE)
            run_pass<float>(pass, error);
        else
            run_pass<double>(pass, error);
        if (error->code != ERROR_NONE) return error->code;
    }
    count_operations(whole, tasks, task_count);
    return ERROR_NONE;
}

enum error_code cuda_classifier_evaluate(struct classifier *classifier,
                                         enum classifier_precision precision,
                                         struct classifier_task *tasks, size_t task_count,
                                         struct error *error) {
    struct cuda_classifier *whole = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct pass pass = {};
    if (task_count == 0) return ERROR_NONE;
    pass.whole = whole;
    pass.tasks = (struct classifier_task **)malloc(task_count * sizeof *pass.tasks);
    pass.first_task = (size_t *)malloc((whole->folds + 1) * sizeof *pass.first_task);
    nvtxRangePushA(precision == CLASSIFIER_SINGLE ? "classifier evaluate float32"
                                                  : "classifier evaluate float64");
    if (pass.tasks == NULL || pass.first_task == NULL)
        FAIL(error, ERROR_MEMORY, "%zu tasks of the classifier", task_count);
    else
        evaluate_all(&pass, precision, tasks, task_count, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) classifier_settle(whole);
    free(pass.tasks);
    free(pass.first_task);
    whole->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
