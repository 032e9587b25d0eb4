/* A fake asynchronous device, which checks without a GPU that the host follows the rules.
 *
 * It computes with the CPU device, but its batches are pages that the host cannot
 * touch between submit and wait (a stray access crashes), samples are read as late
 * as possible, results come out of order, and the size and number of batches are
 * odd; all of this depends on a seed. It can also fail at its n-th call. */
#ifndef EARMARK_FAKE_DEVICE_H
#define EARMARK_FAKE_DEVICE_H

#include "kernels/device.h"

extern const struct device_operations fake_device_operations;

/* Sets the seed (0 and up) of devices opened later. */
void fake_device_seed(unsigned seed);

/* On devices opened later, the n-th call (from 1) of submit, wait or
 * classifier_evaluate fails with this code; 0: none does. */
void fake_device_fail_at(int call, enum error_code code);

/* Batches that were submitted to the device opened last: all, those that found no other in flight,
 * and the most in flight at once. */
struct fake_submits {
    int all, alone, most;
};
struct fake_submits fake_device_submits(void);

/* Whether it times kernels. Its one kernel, "fake", is launched once for each batch. */
bool fake_device_times_kernels(void);

#endif
