/* "The GPU's GEMM speed" in every ratio: cuBLAS's general float32 product. */
#ifndef EARMARK_CUDA_GEMM_SPEED_H
#define EARMARK_CUDA_GEMM_SPEED_H

#include "kernels/device.h"

enum error_code cuda_gemm_speed(struct device *device, size_t size, int repeats, double *speed,
                                struct error *error);

#endif
