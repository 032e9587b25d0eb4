/* Mean and unbiased standard deviation over a clip's frames, in one pass: sums of
 * x - x0 and its square in double precision, x0 the clip's first frame, frame by
 * frame. So a clip may arrive in pieces, and nothing cancels. */
#ifndef EARMARK_CPU_POOLING_H
#define EARMARK_CPU_POOLING_H

#include "kernels/error.h"

#include <stddef.h>

struct pooling {
    size_t channels;
    float *origin; /* (channels): the clip's first frame */
    double *sum;   /* (channels) */
    double *square;
};

enum error_code pooling_create(size_t channels, struct pooling *pooling, struct error *error);
void pooling_free(struct pooling *pooling);

/* Adds frames begin .. begin + count - 1 of a clip, at rows (count, stride), to
 * columns first .. last - 1; begin 0 starts a clip. Different columns may be
 * handled by different threads. */
void pooling_add(struct pooling *pooling, const float *rows, size_t stride, size_t begin,
                 size_t count, size_t first, size_t last);

/* The statistics of the clip's `frames` frames: mean and deviation (channels each). */
void pooling_finish(const struct pooling *pooling, size_t frames, size_t first, size_t last,
                    float *mean, float *deviation);

#endif
