/* Convolutions of three taps with a third fewer multiplications (Winograd's F(2, 3)
 * along time; Lavin and Gray 2016).
 *
 * Two outputs a dilation d apart, at frames t and t + d, share four inputs x0 .. x3 at
 * t - d, t, t + d, t + 2 d. With taps g0, g1, g2
 *
 *     m0 = (x0 - x2) g0               m1 = (x1 + x2) (g0 + g1 + g2) / 2
 *     m3 = (x1 - x3) g2               m2 = (x2 - x1) (g0 - g1 + g2) / 2
 *     y(t) = m0 + m1 + m2             y(t + d) = m1 - m2 - m3
 *
 * so four products of half as many rows replace three of all. Frames are paired by
 * their position in the clip (first partner: t mod 2d < d), not in the chunk, so a
 * frame's bytes do not depend on how the clip was cut. */
#ifndef EARMARK_CPU_WINOGRAD_H
#define EARMARK_CPU_WINOGRAD_H

#include "layer.h"
#include "plan.h"

/* Inputs of pairs first .. first + WINOGRAD_ROWS - 1 (as far as there are any) of layer
 * `index`: input (4, WINOGRAD_ROWS, layer->inputs) from rows of its level. */
void winograd_gather(const struct plan *plan, const struct layer *layer, size_t index,
                     const float *rows, size_t first, float *input);

/* The same pairs' products (4, WINOGRAD_ROWS, layer->outputs), with bias and leaky ReLU,
 * to the rows of the next level. */
void winograd_scatter(const struct plan *plan, const struct layer *layer, size_t index,
                      const float *products, size_t first, float *rows);

#endif
