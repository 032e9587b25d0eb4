/* Sums of each class and of outer products over the rows of a fold, in double precision: products
 * of x' with itself and with the labels' one-hot rows, added chunk after chunk. Chunks have the
 * same shape whatever the tiles, so the sums are the same wherever the data is. */
#include "kernels/cuda/classifier.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"
#include "kernels/cuda/classifier_kernels.h"

#include <nvtx3/nvToolsExt.h>
#include <string.h>

/* Most bytes that are received at once, unless a row is longer. */
#define RECEIVE_BYTES ((size_t)16 << 20)

struct scatter {
    struct cuda_classifier *self;
    size_t fold;
    size_t padded;       /* classes rounded up */
    size_t receive_rows; /* of stride numbers, at once */
};

static enum error_code reserve_all(const struct scatter *scatter, struct error *error) {
    struct cuda_classifier *self = scatter->self;
    const enum cuda_buffer_place gpu = BUFFER_GPU;
    if (cuda_buffer_reserve(&self->logits, gpu, classifier_tile_rows(self) * scatter->padded,
                            sizeof(double), "one-hot labels", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, (scatter->padded + self->stride) * self->stride,
                            sizeof(double), "sums of products", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->received, BUFFER_PINNED, scatter->receive_rows * self->stride,
                            sizeof(double), "sums of products", error) != ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, sizeof(double), error);
}

static enum error_code make_room(const struct scatter *scatter, struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(scatter, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(scatter->self)) {
            *error = attempt;
            return error->code;
        }
    }
}

/* to (columns, stride) += left (chunk_rows, ld)^T x (chunk_rows, stride), row-major. */
static cublasStatus_t add_product(const struct cuda_classifier *self, const double *x,
                                  const double *left, size_t columns, size_t ld, double *to) {
    const double one = 1.0;
    return cublasDgemm(self->worker->blas, CUBLAS_OP_N, CUBLAS_OP_T, (int)self->stride,
                       (int)columns, (int)self->chunk_rows, &one, x, (int)self->stride, left,
                       (int)ld, &one, to, (int)self->stride);
}

/* Queues one tile's share of the sums. */
static enum error_code add_tile(const struct scatter *scatter,
                                const struct cuda_classifier_tile *tile, struct error *error) {
    struct cuda_classifier *self = scatter->self;
    double *onehot = (double *)self->logits.data, *sums = (double *)self->totals.data;
    double *products = sums + scatter->padded * self->stride;
    const double *x;
    if (classifier_tile_data<double>(self, tile, &x, error) != ERROR_NONE ||
        launch_onehot((const int32_t *)self->labels.data + tile->first,
                      tile->chunks * self->chunk_rows, scatter->padded, onehot,
                      self->worker->stream, error) != ERROR_NONE)
        return error->code;
    for (size_t chunk = 0; chunk < tile->chunks; chunk++) {
        const double *rows = x + chunk * self->chunk_rows * self->stride;
        if (cublas_check(add_product(self, rows,
                                     onehot + chunk * self->chunk_rows * scatter->padded,
                                     scatter->padded, scatter->padded, sums),
                         "the sums of classes", error) != ERROR_NONE ||
            cublas_check(add_product(self, rows, rows, self->stride, self->stride, products),
                         "the outer products", error) != ERROR_NONE)
            return error->code;
    }
    return ERROR_NONE;
}

/* Copies count rows of `features` numbers from the GPU, where they have `stride`. */
static enum error_code receive(const struct scatter *scatter, const double *from, size_t count,
                               double *to, struct error *error) {
    struct cuda_classifier *self = scatter->self;
    const cudaStream_t stream = self->worker->stream;
    const double *received = (const double *)self->received.data;
    for (size_t first = 0, rows; first < count; first += rows) {
        rows = count - first < scatter->receive_rows ? count - first : scatter->receive_rows;
        if (cuda_check(cudaMemcpyAsync(self->received.data, from + first * self->stride,
                                       rows * self->stride * sizeof(double), cudaMemcpyDeviceToHost,
                                       stream),
                       "sums of products", error) != ERROR_NONE ||
            cuda_check(cudaStreamSynchronize(stream), "sums of products", error) != ERROR_NONE)
            return error->code;
        for (size_t r = 0; r < rows; r++)
            memcpy(to + (first + r) * self->features, received + r * self->stride,
                   self->features * sizeof(double));
    }
    return ERROR_NONE;
}

static enum error_code scatter_all(struct scatter *scatter, double *sums, double *products,
                                   struct error *error) {
    struct cuda_classifier *self = scatter->self;
    const size_t rows = RECEIVE_BYTES / (self->stride * sizeof(double));
    scatter->padded = classifier_round_up(self->classes, 8);
    scatter->receive_rows = rows == 0 ? 1 : rows;
    if (scatter->fold >= self->folds)
        return FAIL(error, ERROR_INTERNAL, "classifier: sums of fold %zu of %zu", scatter->fold,
                    self->folds);
    if (cuda_check(cudaSetDevice(self->worker->gpu), "the GPU", error) != ERROR_NONE ||
        make_room(scatter, error) != ERROR_NONE ||
        cuda_check(cudaMemsetAsync(self->totals.data, 0,
                                   (scatter->padded + self->stride) * self->stride * sizeof(double),
                                   self->worker->stream),
                   "sums of products", error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < self->tile_count; i++)
        if (self->tiles[i].fold == scatter->fold &&
            add_tile(scatter, &self->tiles[i], error) != ERROR_NONE)
            return error->code;
    const double *totals = (const double *)self->totals.data;
    if (receive(scatter, totals, self->classes, sums, error) != ERROR_NONE ||
        receive(scatter, totals + scatter->padded * self->stride, self->features, products,
                error) != ERROR_NONE)
        return error->code;
    for (size_t i = 1; i < self->features; i++) /* exactly symmetric */
        for (size_t j = 0; j < i; j++)
            products[i * self->features + j] = products[j * self->features + i];
    return ERROR_NONE;
}

enum error_code cuda_classifier_scatter(struct classifier *classifier, size_t fold, double *sums,
                                        double *products, struct error *error) {
    struct cuda_classifier *self = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct scatter scatter = {self, fold, 0, 0};
    nvtxRangePushA("classifier scatter");
    scatter_all(&scatter, sums, products, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) {
        classifier_settle(self);
    } else {
        self->counters->operations[STAGE_CLASSIFIER] +=
            (double)self->fold_rows[fold] * (double)self->features * (double)(self->features + 1);
    }
    self->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
