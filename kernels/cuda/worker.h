/* Opening and closing one GPU. */
#ifndef EARMARK_CUDA_WORKER_H
#define EARMARK_CUDA_WORKER_H

#include "kernels/cuda/device_cuda.h"

/* Streams, handle and workspace. An error leaves a worker that worker_close() takes. */
enum error_code worker_open(int gpu, struct cuda_worker *worker, struct error *error);
/* Its embedder must have been freed. */
void worker_close(struct cuda_worker *worker);

/* Makes the worker's GPU the current one. */
enum error_code worker_choose(const struct cuda_worker *worker, struct error *error);

/* Waits for all that was queued. */
enum error_code worker_synchronise(const struct cuda_worker *worker, struct error *error);

#endif
