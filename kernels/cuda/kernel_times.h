/* The times of kernels, by events around each launch: for `earmark bench`. The events keep a short
 * kernel from following the one before it at once, so that nothing else is measured meanwhile. */
#ifndef EARMARK_CUDA_KERNEL_TIMES_H
#define EARMARK_CUDA_KERNEL_TIMES_H

#include "kernels/device.h"

/* For struct device_operations. One device is timed at a time. Launches that a graph records must
 * not be timed. */
enum error_code cuda_kernels_start(struct device *device, struct error *error);
enum error_code cuda_kernels_stop(struct device *device, struct device_kernel_times *times,
                                  struct error *error);

#endif
