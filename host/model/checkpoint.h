/* A PyTorch checkpoint of the zip kind (torch.save since 1.6): a state dict
 * (pickle.h) and one stored entry per storage. Treated as hostile: see the
 * checks in checkpoint.c. Nothing in it is ever executed. */
#ifndef EARMARK_MODEL_CHECKPOINT_H
#define EARMARK_MODEL_CHECKPOINT_H

#include "host/model/architecture.h"
#include "host/model/pickle.h"

struct checkpoint {
    void *archive;         /* libzip's */
    char *root;            /* "archive/", "embedding_model/", ... */
    unsigned char *pickle; /* data.pkl */
    struct pickle_state state;
    unsigned char *storage; /* the storage read last */
    int64_t storage_entry;  /* its entry, -1 when none */
};

/* Opens a checkpoint from bytes that outlive it. Checked at once: the container,
 * the pickle, and that every tensor's storage is there in its exact size. */
enum error_code checkpoint_open(const unsigned char *bytes, size_t size,
                                struct checkpoint *checkpoint, struct error *error);
void checkpoint_close(struct checkpoint *checkpoint);

/* Tensor `index` of checkpoint->state, row-major whatever its strides, as float32.
 * `count` is the product of its sizes. A float64 value beyond float32's range is
 * refused; integers are, too. */
enum error_code checkpoint_tensor(struct checkpoint *checkpoint, size_t index, float *values,
                                  size_t count, struct error *error);

/* The same through architecture.h; valid while the checkpoint is open. */
struct tensor_source checkpoint_source(struct checkpoint *checkpoint);

#endif
