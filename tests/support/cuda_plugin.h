/* The CUDA device for tests that go through the device interface: the file named by the
 * environment's EARMARK_CUDA_PLUGIN, which is the real part on a machine with a GPU, or the
 * simulated one. */
#ifndef EARMARK_CUDA_PLUGIN_TEST_H
#define EARMARK_CUDA_PLUGIN_TEST_H

#include "kernels/device_plugin.h"

/* Its first GPU's operations. Skips the test that calls it, which is counted, where no part
 * is named; a part that is named and cannot be used fails the test. */
const struct device_operations *cuda_plugin_operations(void);

/* The part itself, likewise. */
const struct device_plugin *cuda_plugin(void);

#endif
