/* From named tensors to a network: which arrays an x-vector network has, in which shapes,
 * whatever container they come from. */
#ifndef EARMARK_MODEL_ARCHITECTURE_H
#define EARMARK_MODEL_ARCHITECTURE_H

#include "host/base/error.h"
#include "kernels/device.h"

#define ARCHITECTURE_MAXIMUM_RANK 8
#define ARCHITECTURE_NAME_SIZE 48

/* Bounds that are checked before anything is allocated. */
enum {
    ARCHITECTURE_MAXIMUM_MELS = 256,
    ARCHITECTURE_MAXIMUM_CHANNELS = 8192,
    ARCHITECTURE_MAXIMUM_KERNEL = 31,
    ARCHITECTURE_MAXIMUM_DILATION = 64,
    ARCHITECTURE_MAXIMUM_EMBEDDING = 8192,
    ARCHITECTURE_MAXIMUM_VALUES = 1 << 28
};

struct tensor_shape {
    size_t rank;
    size_t sizes[ARCHITECTURE_MAXIMUM_RANK];
};

/* Where tensors come from. */
struct tensor_source {
    void *context;
    size_t count;
    /* Name and shape of tensor `index`; the name need not end in NUL. */
    const char *(*name)(void *context, size_t index, size_t *length);
    void (*shape)(void *context, size_t index, struct tensor_shape *shape);
    /* Its `count` values (the product of its sizes) as float32, row-major. */
    enum error_code (*read)(void *context, size_t index, float *values, size_t count,
                            struct error *error);
};

/* One array of the network. */
struct network_array {
    char name[ARCHITECTURE_NAME_SIZE]; /* "blocks.0.conv.weight", ... */
    struct tensor_shape shape;
    const float **place; /* the network's pointer to it */
    bool statistic;      /* running mean or variance: not trained */
    bool variance;       /* must not be negative */
};

#define NETWORK_MAXIMUM_ARRAYS (6 * XVECTOR_MAXIMUM_BLOCKS + 2)

/* Fills arrays with those of a network whose sizes are set, in the order of a model file:
 * block i is `blocks.{3i}.conv` and `blocks.{3i+2}.norm`, the linear layer
 * `blocks.{3B+1}.w` (the names of SpeechBrain's Xvector). Returns their number. */
size_t architecture_arrays(struct xvector_model *network,
                           struct network_array arrays[NETWORK_MAXIMUM_ARRAYS]);

/* Number of values in a shape that is within the bounds. */
size_t tensor_values(const struct tensor_shape *shape);

/* Sets the sizes (not dilations, not the sample rate) of *network from the
 * shapes of the tensors. Refused: a missing tensor, one that does not belong
 * (`num_batches_tracked` is passed over), a shape that does not fit its
 * neighbours, a size out of bounds. */
enum error_code architecture_from_shapes(const struct tensor_source *source,
                                         struct xvector_model *network, struct error *error);

/* Sets the dilations of a network whose other sizes are set, `count` of them;
 * each 1 .. ARCHITECTURE_MAXIMUM_DILATION. */
enum error_code architecture_set_dilations(struct xvector_model *network, const size_t *dilations,
                                           size_t count, struct error *error);

/* Reads all arrays of *network, whose sizes are set: *weights is allocated (free() it, also
 * after an error) and the network's pointers lead into it. *parameters: how many values were
 * trained. ERROR_DATA for a value that is not finite or a negative variance. */
enum error_code architecture_load(const struct tensor_source *source, struct xvector_model *network,
                                  float **weights, size_t *parameters, struct error *error);

#endif
