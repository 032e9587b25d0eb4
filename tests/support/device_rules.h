/* Rules for every device: what it refuses, and that it still works afterwards. Each function is
 * one test; any error fails it. Models are random_model_create(channels, 1). */
#ifndef EARMARK_TEST_DEVICE_RULES_H
#define EARMARK_TEST_DEVICE_RULES_H

#include "kernels/device.h"

/* An open device, without and with a model in float32, to be closed by the caller. */
struct device *device_rules_open(const struct device_operations *operations, int threads,
                                 enum device_precision precision);
struct device *device_rules_open_loaded(const struct device_operations *operations,
                                        size_t channels);

/* Calls before there is a model, with nothing to wait for, twice, or with a batch in flight
 * are refused; a batch without clips and a model loaded again are not. */
void device_rules_order_of_calls(const struct device_operations *operations, size_t channels);

/* Clips with false descriptions are refused, and the batch can still be used. */
void device_rules_bad_clips(const struct device_operations *operations, size_t channels);

/* More bytes or clips than fit in memory: an error, and the device still works. */
void device_rules_absurd_sizes(const struct device_operations *operations, size_t channels);

#endif
