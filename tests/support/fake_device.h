/* A fake asynchronous device: it keeps the host honest before any GPU exists.
 *
 * It computes with the CPU device, but its batches are pages that the host
 * cannot touch between submit and wait (a stray access is a crash), samples are
 * read as late as possible, answers come out of order, and the size and number
 * of batches are odd: all by a seed. It can also be told to fail at its n-th
 * call. */
#ifndef EARMARK_FAKE_DEVICE_H
#define EARMARK_FAKE_DEVICE_H

#include "kernels/device.h"

extern const struct device_operations fake_device_operations;

/* For devices opened from now on. Seed 0 and up. */
void fake_device_seed(unsigned seed);

/* The n-th call (from 1) of submit, wait or classifier_evaluate on devices opened
 * from now on fails with this code; 0: none does. */
void fake_device_fail_at(int call, enum error_code code);

#endif
