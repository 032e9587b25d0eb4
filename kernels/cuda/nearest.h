/* Nearest rows by cosine: see nearest in struct device_operations. */
#ifndef EARMARK_CUDA_NEAREST_H
#define EARMARK_CUDA_NEAREST_H

#include "kernels/device.h"

enum error_code cuda_nearest(struct device *device, const struct nearest_problem *problem,
                             const size_t *queries, size_t query_count, size_t count,
                             size_t *neighbours, float *similarities, struct error *error);

#endif
