/* A tensor as the pickle of a PyTorch checkpoint describes it: a view of a storage. */
#ifndef EARMARK_MODEL_PICKLE_TENSOR_H
#define EARMARK_MODEL_PICKLE_TENSOR_H

#include <stddef.h>

#define PICKLE_MAXIMUM_RANK 8
#define PICKLE_MAXIMUM_TENSORS ((size_t)4096)

enum storage_dtype {
    STORAGE_FLOAT32,
    STORAGE_FLOAT16,
    STORAGE_BFLOAT16,
    STORAGE_FLOAT64,
    STORAGE_INT64
};

struct pickle_storage {
    enum storage_dtype dtype;
    const char *key; /* names the container's entry data/KEY; not NUL-terminated */
    size_t key_length;
    size_t elements;
};

/* A view of a storage: element (i, j, ...) is at offset + i * strides[0] + j *
 * strides[1] ..., which was checked to be inside the storage. A view has at most as many
 * elements as the storage. */
struct pickle_tensor {
    const char *name; /* not NUL-terminated */
    size_t name_length;
    struct pickle_storage storage;
    size_t offset;
    size_t rank;
    size_t sizes[PICKLE_MAXIMUM_RANK];
    size_t strides[PICKLE_MAXIMUM_RANK];
};

/* Bytes of one element. */
size_t storage_element_bytes(enum storage_dtype dtype);

#endif
