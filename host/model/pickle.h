/* The state dict inside a PyTorch checkpoint: what data.pkl says, without
 * executing anything.
 *
 * An interpreter for the part of pickle protocol 2 that torch.save writes for an
 * OrderedDict of tensors. Only known globals are accepted, and they stand for
 * fixed meanings here (an empty dictionary, a storage type, "a view of a
 * storage"); everything else is refused with its position. Stack, memo, values
 * and tensors are bounded.
 * Reference: Python's pickletools (opcodes), torch/_utils.py
 * (_rebuild_tensor_v2), torch/serialization.py (persistent ids). */
#ifndef EARMARK_MODEL_PICKLE_H
#define EARMARK_MODEL_PICKLE_H

#include "host/base/error.h"

#define PICKLE_MAXIMUM_RANK 8
#define PICKLE_MAXIMUM_BYTES ((size_t)1 << 20)
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
 * strides[1] ..., which was checked to lie inside the storage. Not more elements
 * than the storage has. */
struct pickle_tensor {
    const char *name; /* not NUL-terminated */
    size_t name_length;
    struct pickle_storage storage;
    size_t offset;
    size_t rank;
    size_t sizes[PICKLE_MAXIMUM_RANK];
    size_t strides[PICKLE_MAXIMUM_RANK];
};

struct pickle_state {
    struct pickle_tensor *tensors; /* in the order of the dictionary */
    size_t count;
};

/* Names and keys point into `bytes`, which must outlive *state. No two tensors
 * have the same name. Messages speak of "data.pkl, byte N". */
enum error_code pickle_read(const unsigned char *bytes, size_t size, struct pickle_state *state,
                            struct error *error);
void pickle_free(struct pickle_state *state);

/* Bytes of one element. */
size_t storage_element_bytes(enum storage_dtype dtype);

#endif
