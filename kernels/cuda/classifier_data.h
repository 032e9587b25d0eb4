/* The classifier's rows, from the caller's memory to tiles on the GPU. */
#ifndef EARMARK_CUDA_CLASSIFIER_DATA_H
#define EARMARK_CUDA_CLASSIFIER_DATA_H

#include "kernels/cuda/classifier_state.h"

/* Copies the GPU's rows to it and scales them, as far as there is room beside `working` bytes;
 * what does not fit is streamed, tile by tile, in every pass. */
enum error_code classifier_load(struct classifier_gpu *self, size_t working, struct error *error);

/* Allocates what classifier_tile_data() needs for numbers of `element` bytes. ERROR_MEMORY:
 * call classifier_give_way() and try again. */
enum error_code classifier_reserve_tile(struct classifier_gpu *self, size_t element,
                                        struct error *error);

/* *x: x' (tile rows, stride) of a tile on the GPU, valid for the work that is queued on the
 * worker's stream before the next call. Real is float or double. */
template <typename Real>
enum error_code classifier_tile_data(struct classifier_gpu *self,
                                     const struct classifier_tile *tile, const Real **x,
                                     struct error *error);

#endif
