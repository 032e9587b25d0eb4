/* The classifier's kernels; Real is float or double. Each queues its work on `stream`; matrices
 * are on the GPU. */
#ifndef EARMARK_CUDA_CLASSIFIER_KERNELS_H
#define EARMARK_CUDA_CLASSIFIER_KERNELS_H

#include "kernels/error.h"

#include <cuda_runtime.h>
#include <stddef.h>
#include <stdint.h>

/* scaled (rows, stride) = (raw (rows, features) - shift) * scale, computed in float64 and rounded
 * once; 0 in columns of padding and in rows without a label (< 0). */
template <typename Real>
enum error_code launch_scale_rows(const float *raw, const int32_t *labels, const double *shift,
                                  const double *scale, size_t rows, size_t features, size_t stride,
                                  Real *scaled, cudaStream_t stream, struct error *error);

/* packed (packed_columns, stride): row c is weights (columns, features + 1) of column
 * c % columns without its intercept; rows from 2 * columns on are 0. */
template <typename Real>
enum error_code launch_pack_weights(const double *weights, size_t columns, size_t features,
                                    size_t packed_columns, size_t stride, Real *packed,
                                    cudaStream_t stream, struct error *error);

/* onehot (rows, stride): 1 in the column of each row's label, else 0; all 0 in rows without one. */
enum error_code launch_onehot(const int32_t *labels, size_t rows, size_t stride, double *onehot,
                              cudaStream_t stream, struct error *error);

/* What one softmax launch computes: the classes of consecutive tasks. */
struct softmax_view {
    size_t rows;  /* of the tile */
    size_t tasks; /* of the view */
    size_t classes;
    size_t stride;   /* from a row of logits to the next */
    size_t begin;    /* the view's first column among all columns */
    size_t columns;  /* of all tasks: the view's columns wrap around at the end */
    size_t row_size; /* of the weights: features + 1 */
};

/* Replaces logits (rows, stride) by softmax - onehot, 0 in rows without a label; or, if
 * probabilities (rows, classes) is not NULL (one task), writes the softmax there. Intercepts are
 * in weights (columns, row_size). Writes losses (rows, tasks): -log p[label], 0 without one. */
template <typename Real>
enum error_code launch_softmax(const struct softmax_view *view, Real *logits, const double *weights,
                               const int32_t *labels, float *probabilities, double *losses,
                               cudaStream_t stream, struct error *error);

/* logarithms (rows, classes) = max(ln softmax, floor) of logits (rows, stride) of one task, with
 * intercepts from weights (classes, row_size). */
enum error_code launch_logarithms(const struct softmax_view *view, const double *logits,
                                  const double *weights, double floor, float *logarithms,
                                  cudaStream_t stream, struct error *error);

/* sums (chunks, columns) of matrix (chunks * chunk_rows, stride) over each chunk's rows. */
template <typename Real>
enum error_code launch_sum_columns(const Real *matrix, size_t chunks, size_t chunk_rows,
                                   size_t stride, size_t columns, double *sums, cudaStream_t stream,
                                   struct error *error);

/* Adds the chunks' sums (chunks, block, stride) of `count` columns, in the chunks' order, to
 * totals (all_columns, features + 1); the first is column `begin`, wrapping around at the end. */
template <typename Real>
enum error_code launch_add_gradients(const Real *partial, size_t chunks, size_t block,
                                     size_t stride, size_t count, size_t features, size_t begin,
                                     size_t all_columns, double *totals, cudaStream_t stream,
                                     struct error *error);

/* The same for sums (chunks, count) of columns: totals[((begin + i) % all) * step]. */
enum error_code launch_add_sums(const double *sums, size_t chunks, size_t count, size_t begin,
                                size_t all, size_t step, double *totals, cudaStream_t stream,
                                struct error *error);

/* A tile's residuals (chunks * chunk_rows, stride) and losses (chunks * chunk_rows, tasks). */
struct tile_sums {
    size_t chunks, chunk_rows;
    size_t stride, columns;    /* of the residuals; columns = tasks * classes */
    size_t begin, all_columns; /* where the columns are among those of the totals */
    size_t tasks, first_task, all_tasks;
    size_t row_size; /* of the totals: features + 1 */
};

/* Adds the sums of the tile's columns to totals (all_columns, row_size), in the last number of a
 * row, and (all_tasks) losses behind them: the bytes of launch_sum_columns() and launch_add_sums()
 * twice each, in one launch, for tiles of few chunks, which it adds one after another. */
template <typename Real>
enum error_code launch_add_tile_sums(const struct tile_sums *tile, const Real *residuals,
                                     const double *losses, double *totals, cudaStream_t stream,
                                     struct error *error);

#endif
