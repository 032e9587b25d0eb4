#include "gather.h"

#include <string.h>

void gather_bfloat16(const float *values, size_t count, uint16_t *output) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const bool nan = (bits & 0x7fffffff) > 0x7f800000;
        const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
        output[i] = (uint16_t)((nan ? bits | 0x400000 : rounded) >> 16);
    }
}

static void copy_tap(const struct gather_shape *shape, const struct gather_source *source,
                     size_t row, unsigned char *to) {
    if (source->rows != NULL)
        memcpy(to, (const unsigned char *)source->rows + row * source->stride * shape->element,
               shape->copied * shape->element);
    else if (shape->element == sizeof(float))
        memcpy(to, source->features + row * source->stride, shape->copied * sizeof(float));
    else
        gather_bfloat16(source->features + row * source->stride, shape->copied,
                        (uint16_t *)(void *)to);
}

void gather_tile(const struct plan *plan, const struct gather_shape *shape,
                 const struct gather_source *source, size_t first, size_t count, void *output) {
    const size_t row_bytes = shape->inputs * shape->element;
    const size_t tap_bytes = shape->copied * shape->element;
    const ptrdiff_t reach = (ptrdiff_t)(shape->dilation * (shape->taps - 1) / 2);
    unsigned char *to = output;
    size_t done = 0;
    for (size_t p = plan_find(plan, shape->level + 1, first); p < plan->piece_count && done < count;
         p++) {
        const struct plan_piece *piece = &plan->pieces[p];
        size_t frame =
            piece->low[shape->level + 1] + first + done - piece->offset[shape->level + 1];
        for (; frame < piece->high[shape->level + 1] && done < count; frame++, done++) {
            for (size_t k = 0; k < shape->taps; k++) {
                const ptrdiff_t wanted = (ptrdiff_t)(frame + k * shape->dilation) - reach;
                const size_t row = (size_t)plan_reflect(wanted, piece->frames) -
                                   piece->low[shape->level] + piece->offset[shape->level];
                copy_tap(shape, source, row, to + k * tap_bytes);
            }
            memset(to + shape->taps * tap_bytes, 0, row_bytes - shape->taps * tap_bytes);
            to += row_bytes;
        }
    }
#ifdef EARMARK_DEBUG
    /* All ones is NaN in both types: a result that reads a row past the end becomes NaN. */
    memset(to, 0xff, (count - done) * row_bytes);
#endif
}
