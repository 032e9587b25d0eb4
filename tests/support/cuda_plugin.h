/* The CUDA device for tests that use the device interface: the plug-in named by the environment
 * variable EARMARK_CUDA_PLUGIN, the real one on a machine with a GPU or the simulated one. */
#ifndef EARMARK_CUDA_PLUGIN_TEST_H
#define EARMARK_CUDA_PLUGIN_TEST_H

#include "kernels/device_plugin.h"

/* Operations of its first GPU. If the variable is not set, the calling test is skipped, which is
 * counted; a plug-in that cannot be used fails the test. */
const struct device_operations *cuda_plugin_operations(void);

/* The plug-in itself, likewise. */
const struct device_plugin *cuda_plugin(void);

#endif
