/* A device that computes nothing: it counts the clips and bytes that it is given, and answers every
 * batch with zeros. What feeds a device is then all that takes time. */
#ifndef EARMARK_BENCH_COUNTING_DEVICE_H
#define EARMARK_BENCH_COUNTING_DEVICE_H

#include "kernels/device.h"

struct counted {
    size_t clips, batches;
    double bytes; /* of samples */
};

/* Of one GPU: three batches in flight. The next device that is opened has batches of this many
 * bytes. */
void counting_device_batches(size_t bytes);

/* What the devices have counted since this was last called. */
struct counted counting_device_take(void);

extern const struct device_operations counting_device_operations;

#endif
