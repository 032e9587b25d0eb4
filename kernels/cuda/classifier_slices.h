/* The sums of slices, from the GPUs that have them to one sum on the host.
 *
 * They are added as a tree: slices 0 and 1, 2 and 3, ..., then these sums by pairs, and so on. A
 * GPU adds what meets on it, the host the rest, so that the order does not depend on which GPU has
 * which slice. */
#ifndef EARMARK_CUDA_CLASSIFIER_SLICES_H
#define EARMARK_CUDA_CLASSIFIER_SLICES_H

#include "kernels/cuda/classifier_state.h"

/* How many sums the GPU sends. */
size_t classifier_sent(const struct classifier_gpu *self);

/* Queues the additions of the GPU's slices, of `numbers` numbers each in `totals`. */
enum error_code classifier_join(struct classifier_gpu *self, size_t numbers, struct error *error);

/* *sums: numbers first .. first + count - 1 of the sum of all slices, of `numbers` numbers each,
 * after classifier_join() on every GPU; in the pinned memory `received` of the first, until the
 * next call. Every GPU's `received` has room for classifier_sent() * count numbers. */
enum error_code classifier_receive(struct cuda_classifier *whole, size_t numbers, size_t first,
                                   size_t count, const double **sums, struct error *error);

#endif
