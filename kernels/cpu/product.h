/* Matrix products of a fixed shape through oneDNN:
 *
 *     destination (rows, outputs) = f(source (rows, inputs) . weight (outputs, inputs)^T + bias)
 *
 * with f the identity or a leaky ReLU. A row's result depends on nothing but
 * that row, the weights and the shape: a product of one shape, run by one
 * thread, is bit-for-bit the same for a row at any position and beside any
 * other rows. So work is cut into tiles of one constant number of rows,
 * the last one padded, one thread a tile.
 *
 * A product is immutable: any number of threads may execute it at once, each on
 * its own buffers. Call product_execute from a thread that has called
 * threads_begin() in the current parallel region, or from outside of any. That
 * holds oneDNN to one thread; by itself it does so only in regions of two threads
 * or more. */
#ifndef EARMARK_CPU_PRODUCT_H
#define EARMARK_CPU_PRODUCT_H

#include "kernels/error.h"

#include <stdbool.h>
#include <stddef.h>

enum product_type { PRODUCT_FLOAT32 = 0, PRODUCT_BFLOAT16 = 1 };

struct product_shape {
    size_t rows;
    size_t inputs;                 /* multiple of PRODUCT_CHANNELS */
    size_t outputs;                /* multiple of PRODUCT_CHANNELS */
    enum product_type source;      /* the weights' type too */
    enum product_type destination; /* float32 where the source is */
    bool bias;
    bool leaky; /* leaky ReLU with XVECTOR_LEAKY_SLOPE */
};

/* oneDNN's best kernels want whole vectors of channels: pad with zero weights. */
#define PRODUCT_CHANNELS 16
size_t product_round(size_t channels); /* up to the next multiple; 0 when it overflows */

struct product;
struct product_weights;

/* ERROR_UNSUPPORTED where this CPU has no bfloat16. */
enum error_code product_create(const struct product_shape *shape, struct product **product,
                               struct error *error);
void product_free(struct product *product); /* takes NULL */

/* Weights in the layout that this product needs; zero until set. They may be
 * used with any product of equal shape but for its rows. */
enum error_code product_weights_create(const struct product *product,
                                       struct product_weights **weights, struct error *error);
void product_weights_free(struct product_weights *weights); /* takes NULL */

/* Packs weight (outputs, inputs), row-major, and bias (outputs) or NULL; both
 * sizes at most the shape's, the rest becomes zero. May be called again, but not
 * while a product runs on these weights. Any thread count gives the same bytes. */
enum error_code product_weights_set(struct product_weights *weights, const float *weight,
                                    size_t outputs, size_t inputs, const float *bias,
                                    struct error *error);

/* source (rows, inputs), destination (rows, outputs): 64-byte aligned, of the
 * shape's types, not overlapping. */
enum error_code product_execute(const struct product *product,
                                const struct product_weights *weights, const void *source,
                                void *destination, struct error *error);

#endif
