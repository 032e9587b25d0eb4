/* Copies the rows that a layer's taps read, side by side. */
#ifndef EARMARK_CPU_GATHER_H
#define EARMARK_CPU_GATHER_H

#include "plan.h"

struct gather_shape {
    size_t level; /* that is read: the layer's number */
    size_t taps;
    size_t dilation;
    size_t copied;  /* values per tap */
    size_t inputs;  /* values of an output row: taps * copied, then zeros */
    size_t element; /* bytes of an output value: 4 (float32), or 2 (bfloat16) */
};

/* Either the features (float32; level 0) or the rows of a level, of `element` bytes. */
struct gather_source {
    const float *features;
    const void *rows;
    size_t stride; /* values from one row to the next */
};

/* Rows first .. first + count - 1 (as far as there are any) of the next level:
 * output (count, inputs), tap k of frame t from frame t + (k - taps / 2) dilation,
 * reflected at the clip's own ends. */
void gather_tile(const struct plan *plan, const struct gather_shape *shape,
                 const struct gather_source *source, size_t first, size_t count, void *output);

/* float32 to bfloat16, to nearest, ties to even; NaN stays NaN. */
void gather_bfloat16(const float *values, size_t count, uint16_t *output);

#endif
