/* One block of the network, folded and packed. */
#ifndef EARMARK_CPU_LAYER_H
#define EARMARK_CPU_LAYER_H

#include "kernels/device.h"
#include "product.h"

/* Rows of one product: frames, or pairs of frames for winograd (winograd.h). */
#define LAYER_ROWS ((size_t)128)
#define WINOGRAD_ROWS ((size_t)64)
#define WINOGRAD_PRODUCTS 4

struct layer {
    size_t taps;
    size_t dilation;
    size_t copied;  /* values of an input row: channels, padded except in the first layer */
    size_t inputs;  /* of the product: taps * copied padded; for winograd one row */
    size_t outputs; /* channels that go out, padded */
    bool winograd;
    struct product *product;
    struct product_weights *weights[WINOGRAD_PRODUCTS]; /* only the first, except for winograd */
    float *bias;                                        /* (outputs), for winograd; else NULL */
    double operations; /* useful ones of a frame: the convolution's, however it is computed */
};

/* winograd: needs three taps, float32, and an index above 0. An error leaves a
 * layer that layer_free() takes. */
enum error_code layer_create(const struct xvector_model *model, size_t index,
                             enum product_type type, bool winograd, struct layer *layer,
                             struct error *error);
void layer_free(struct layer *layer);

#endif
