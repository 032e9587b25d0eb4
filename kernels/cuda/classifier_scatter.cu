/* Sums of each class and of outer products over the rows of a fold, in double precision: products
 * of x' with itself and with the labels' one-hot rows, added chunk after chunk of a slice. Chunks
 * have the same shape whatever the tiles, so the sums are the same wherever the data is. */
#include "kernels/cuda/classifier.h"

#include "kernels/clock.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"
#include "kernels/cuda/classifier_kernels.h"
#include "kernels/cuda/classifier_slices.h"

#include <nvtx3/nvToolsExt.h>
#include <string.h>

/* Most bytes that are received at once, unless a row is longer. */
#define RECEIVE_BYTES ((size_t)16 << 20)

struct scatter {
    struct cuda_classifier *whole;
    size_t fold;
    size_t padded;       /* classes rounded up */
    size_t numbers;      /* sums of a slice: (padded, stride) of classes, (stride, stride) */
    size_t receive_rows; /* of stride numbers, at once */
};

static enum error_code reserve_all(const struct scatter *scatter, struct classifier_gpu *self,
                                   struct error *error) {
    const size_t received = scatter->receive_rows * scatter->whole->stride;
    const enum cuda_buffer_place gpu = BUFFER_GPU;
    if (cuda_buffer_reserve(&self->logits, gpu, classifier_tile_rows(self) * scatter->padded,
                            sizeof(double), "one-hot labels", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->totals, gpu, self->slice_count * scatter->numbers,
                            sizeof(double), "sums of products", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->received, BUFFER_PINNED, classifier_sent(self) * received,
                            sizeof(double), "sums of products", error) != ERROR_NONE)
        return error->code;
    return classifier_reserve_tile(self, sizeof(double), error);
}

static enum error_code make_room(const struct scatter *scatter, struct classifier_gpu *self,
                                 struct error *error) {
    for (;;) {
        struct error attempt = ERROR_INITIAL;
        if (reserve_all(scatter, self, &attempt) == ERROR_NONE) return ERROR_NONE;
        if (attempt.code != ERROR_MEMORY || !classifier_give_way(self)) {
            *error = attempt;
            return error->code;
        }
    }
}

/* to (columns, stride) += left (chunk_rows, ld)^T x (chunk_rows, stride), row-major. */
static cublasStatus_t add_product(const struct classifier_gpu *self, const double *x,
                                  const double *left, size_t columns, size_t ld, double *to) {
    const double one = 1.0;
    const int stride = (int)self->whole->stride, rows = (int)self->whole->chunk_rows;
    return cublasDgemm(self->worker->blas, CUBLAS_OP_N, CUBLAS_OP_T, stride, (int)columns, rows,
                       &one, x, stride, left, (int)ld, &one, to, stride);
}

/* Queues one tile's share of the sums. */
static enum error_code add_tile(const struct scatter *scatter, struct classifier_gpu *self,
                                const struct classifier_tile *tile, struct error *error) {
    const struct cuda_classifier *whole = scatter->whole;
    double *onehot = (double *)self->logits.data;
    double *sums = (double *)self->totals.data + tile->slice * scatter->numbers;
    double *products = sums + scatter->padded * whole->stride;
    const double *x;
    if (classifier_tile_data<double>(self, tile, &x, error) != ERROR_NONE ||
        launch_onehot((const int32_t *)self->labels.data + tile->at,
                      tile->chunks * whole->chunk_rows, scatter->padded, onehot,
                      self->worker->stream, error) != ERROR_NONE)
        return error->code;
    for (size_t chunk = 0; chunk < tile->chunks; chunk++) {
        const double *rows = x + chunk * whole->chunk_rows * whole->stride;
        if (cublas_check(add_product(self, rows,
                                     onehot + chunk * whole->chunk_rows * scatter->padded,
                                     scatter->padded, scatter->padded, sums),
                         "the sums of classes", error) != ERROR_NONE ||
            cublas_check(add_product(self, rows, rows, whole->stride, whole->stride, products),
                         "the outer products", error) != ERROR_NONE)
            return error->code;
    }
    return ERROR_NONE;
}

/* Copies count rows of `features` numbers from row `first` of the sums, where they have `stride`.
 */
static enum error_code receive(const struct scatter *scatter, size_t first, size_t count,
                               double *to, struct error *error) {
    struct cuda_classifier *whole = scatter->whole;
    const double *received;
    for (size_t row = 0, rows; row < count; row += rows) {
        rows = count - row < scatter->receive_rows ? count - row : scatter->receive_rows;
        if (classifier_receive(whole, scatter->numbers, (first + row) * whole->stride,
                               rows * whole->stride, &received, error) != ERROR_NONE)
            return error->code;
        for (size_t r = 0; r < rows; r++)
            memcpy(to + (row + r) * whole->features, received + r * whole->stride,
                   whole->features * sizeof(double));
    }
    return ERROR_NONE;
}

/* All that a GPU has of the fold is queued. */
static enum error_code add_tiles(const struct scatter *scatter, struct classifier_gpu *self,
                                 struct error *error) {
    if (worker_choose(self->worker, error) != ERROR_NONE ||
        make_room(scatter, self, error) != ERROR_NONE ||
        cuda_check(cudaMemsetAsync(self->totals.data, 0,
                                   self->slice_count * scatter->numbers * sizeof(double),
                                   self->worker->stream),
                   "sums of products", error) != ERROR_NONE)
        return error->code;
    for (size_t i = 0; i < self->tile_count; i++)
        if (self->tiles[i].fold == scatter->fold &&
            add_tile(scatter, self, &self->tiles[i], error) != ERROR_NONE)
            return error->code;
    return classifier_join(self, scatter->numbers, error);
}

static enum error_code scatter_all(struct scatter *scatter, double *sums, double *products,
                                   struct error *error) {
    struct cuda_classifier *whole = scatter->whole;
    const size_t rows = RECEIVE_BYTES / (whole->stride * sizeof(double)),
                 features = whole->features;
    scatter->padded = classifier_round_up(whole->classes, 8);
    scatter->numbers = (scatter->padded + whole->stride) * whole->stride;
    scatter->receive_rows = rows == 0 ? 1 : rows;
    if (scatter->fold >= whole->folds)
        return FAIL(error, ERROR_INTERNAL, "classifier: sums of fold %zu of %zu", scatter->fold,
                    whole->folds);
    for (size_t g = 0; g < whole->gpu_count; g++)
        if (add_tiles(scatter, &whole->gpus[g], error) != ERROR_NONE) return error->code;
    if (receive(scatter, 0, whole->classes, sums, error) != ERROR_NONE ||
        receive(scatter, scatter->padded, features, products, error) != ERROR_NONE)
        return error->code;
    for (size_t i = 1; i < features; i++) /* exactly symmetric */
        for (size_t j = 0; j < i; j++) products[i * features + j] = products[j * features + i];
    return ERROR_NONE;
}

enum error_code cuda_classifier_scatter(struct classifier *classifier, size_t fold, double *sums,
                                        double *products, struct error *error) {
    struct cuda_classifier *whole = (struct cuda_classifier *)classifier;
    const double started = clock_seconds();
    struct scatter scatter = {whole, fold, 0, 0, 0};
    nvtxRangePushA("classifier scatter");
    scatter_all(&scatter, sums, products, error);
    nvtxRangePop();
    if (error->code != ERROR_NONE) {
        classifier_settle(whole);
    } else {
        whole->counters->operations[STAGE_CLASSIFIER] += (double)whole->fold_rows[fold] *
                                                         (double)whole->features *
                                                         (double)(whole->features + 1);
    }
    whole->counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}
