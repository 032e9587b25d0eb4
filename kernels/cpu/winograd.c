#include "winograd.h"

#include "kernels/device.h"
#include "vector.h"

#include <string.h>

/* The pairs of a tile, one after the other. */
struct walk {
    const struct plan *plan;
    size_t level; /* that is written */
    size_t dilation;
    size_t piece;
    size_t pair; /* within the piece */
    size_t pairs;
};

static struct walk walk_begin(const struct plan *plan, size_t level, size_t dilation,
                              size_t first) {
    struct walk walk = {.plan = plan, .level = level, .dilation = dilation};
    walk.piece = plan_find_pair(plan, level, first);
    const struct plan_piece *piece = &plan->pieces[walk.piece];
    walk.pair = first - piece->pairs[level];
    walk.pairs = plan_count_pairs(piece->low[level], piece->high[level], dilation);
    return walk;
}

/* The next pair's piece and first frame; NULL after the last. */
static const struct plan_piece *walk_next(struct walk *walk, size_t *frame) {
    while (walk->piece < walk->plan->piece_count && walk->pair >= walk->pairs) {
        if (++walk->piece == walk->plan->piece_count) break;
        const struct plan_piece *piece = &walk->plan->pieces[walk->piece];
        walk->pair = 0;
        walk->pairs =
            plan_count_pairs(piece->low[walk->level], piece->high[walk->level], walk->dilation);
    }
    if (walk->piece >= walk->plan->piece_count) return NULL;
    const struct plan_piece *piece = &walk->plan->pieces[walk->piece];
    const size_t block = piece->low[walk->level] / (2 * walk->dilation);
    *frame =
        (block + walk->pair / walk->dilation) * 2 * walk->dilation + walk->pair % walk->dilation;
    walk->pair++;
    return piece;
}

VECTOR_BODY void transform_body(bool fused, const float *restrict x0, const float *restrict x1,
                                const float *restrict x2, const float *restrict x3, size_t count,
                                float *restrict input, size_t plane) {
    (void)fused;
    for (size_t c = 0; c < count; c++) {
        input[c] = x0[c] - x2[c];
        input[plane + c] = x1[c] + x2[c];
        input[2 * plane + c] = x2[c] - x1[c];
        input[3 * plane + c] = x1[c] - x3[c];
    }
}

VECTOR_DISPATCH(transform,
                (const float *restrict x0, const float *restrict x1, const float *restrict x2,
                 const float *restrict x3, size_t count, float *restrict input, size_t plane),
                x0, x1, x2, x3, count, input, plane)

/* The row of a frame, reflected; where the piece does not hold it, any other row,
 * because only a partner that is discarded needs it. */
static const float *input_row(const struct plan_piece *piece, size_t level, ptrdiff_t frame,
                              const float *rows, size_t stride) {
    ptrdiff_t wanted = plan_reflect(frame, piece->frames);
    if (wanted < (ptrdiff_t)piece->low[level] || wanted >= (ptrdiff_t)piece->high[level])
        wanted = (ptrdiff_t)piece->low[level];
    return rows + (piece->offset[level] + (size_t)wanted - piece->low[level]) * stride;
}

void winograd_gather(const struct plan *plan, const struct layer *layer, size_t index,
                     const float *rows, size_t first, float *input) {
    const size_t stride = layer->inputs, plane = WINOGRAD_ROWS * layer->inputs;
    const ptrdiff_t dilation = (ptrdiff_t)layer->dilation;
    struct walk walk = walk_begin(plan, index + 1, layer->dilation, first);
    size_t frame, done = 0;
    for (; done < WINOGRAD_ROWS; done++) {
        const struct plan_piece *piece = walk_next(&walk, &frame);
        if (piece == NULL) break;
        const ptrdiff_t t = (ptrdiff_t)frame;
        transform(input_row(piece, index, t - dilation, rows, stride),
                  input_row(piece, index, t, rows, stride),
                  input_row(piece, index, t + dilation, rows, stride),
                  input_row(piece, index, t + 2 * dilation, rows, stride), stride,
                  input + done * stride, plane);
    }
#ifdef EARMARK_DEBUG
    for (size_t p = 0; p < WINOGRAD_PRODUCTS; p++) /* NaN */
        memset(input + p * plane + done * stride, 0xff,
               (WINOGRAD_ROWS - done) * stride * sizeof(float));
#endif
}

VECTOR_BODY float leaky(float value) {
    return value > 0.0f ? value : XVECTOR_LEAKY_SLOPE * value;
}

/* y = leaky ReLU of m0 + (m1 + m2) + bias, or of (m1 - m2) - m3 + bias. */
VECTOR_BODY void combine_body(bool fused, bool second, const float *restrict products, size_t plane,
                              const float *restrict bias, size_t count, float *restrict row) {
    (void)fused;
    const float *m1 = products + plane, *m2 = m1 + plane, *m3 = m2 + plane;
    if (second)
        for (size_t c = 0; c < count; c++) row[c] = leaky((m1[c] - m2[c]) - m3[c] + bias[c]);
    else
        for (size_t c = 0; c < count; c++) row[c] = leaky(products[c] + (m1[c] + m2[c]) + bias[c]);
}

VECTOR_DISPATCH(combine,
                (bool second, const float *restrict products, size_t plane,
                 const float *restrict bias, size_t count, float *restrict row),
                second, products, plane, bias, count, row)

void winograd_scatter(const struct plan *plan, const struct layer *layer, size_t index,
                      const float *products, size_t first, float *rows) {
    const size_t level = index + 1, stride = layer->outputs;
    struct walk walk = walk_begin(plan, level, layer->dilation, first);
    size_t frame;
    for (size_t done = 0; done < WINOGRAD_ROWS; done++) {
        const struct plan_piece *piece = walk_next(&walk, &frame);
        if (piece == NULL) break;
        for (size_t partner = 0; partner < 2; partner++, frame += layer->dilation) {
            if (frame < piece->low[level] || frame >= piece->high[level]) continue;
            const size_t row = piece->offset[level] + frame - piece->low[level];
            combine(partner == 1, products + done * stride, WINOGRAD_ROWS * stride, layer->bias,
                    stride, rows + row * stride);
        }
    }
}
