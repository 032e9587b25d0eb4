/* The state dict of a PyTorch checkpoint, read from its data.pkl without executing
 * anything.
 *
 * This is an interpreter for the subset of pickle protocol 2 that torch.save writes for an
 * OrderedDict of tensors. Only known globals are accepted, each with a fixed meaning (an
 * empty dictionary, a storage type, a view of a storage); everything else is refused with
 * its position. Stack, memo, values and tensors are bounded.
 * Reference: Python's pickletools (opcodes), torch/_utils.py
 * (_rebuild_tensor_v2), torch/serialization.py (persistent ids). */
#ifndef EARMARK_MODEL_PICKLE_H
#define EARMARK_MODEL_PICKLE_H

#include "host/base/error.h"
#include "host/model/pickle_tensor.h"

#define PICKLE_MAXIMUM_BYTES ((size_t)1 << 20)

struct pickle_state {
    struct pickle_tensor *tensors; /* in the order of the dictionary */
    size_t count;
};

/* Reads the pickle in bytes (size), which must outlive *state: names and keys point into it. No
 * two tensors have the same name. ERROR_DATA or ERROR_UNSUPPORTED with the position ("data.pkl,
 * byte N"); *state is then empty. pickle_free() frees it. */
enum error_code pickle_read(const unsigned char *bytes, size_t size, struct pickle_state *state,
                            struct error *error);
void pickle_free(struct pickle_state *state);

#endif
