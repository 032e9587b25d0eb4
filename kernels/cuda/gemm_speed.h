/* The speed of cuBLAS's general float32 product, to which other speeds are compared: see gemm_speed
 * in struct device_operations. */
#ifndef EARMARK_CUDA_GEMM_SPEED_H
#define EARMARK_CUDA_GEMM_SPEED_H

#include "kernels/device.h"

enum error_code cuda_gemm_speed(struct device *device, size_t size, int repeats, double *speed,
                                struct error *error);

#endif
