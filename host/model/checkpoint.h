/* A PyTorch checkpoint in the zip format (torch.save since 1.6): a state dict
 * (pickle.h) and one stored entry per storage. The file is not trusted: everything is
 * checked, and nothing in it is executed. */
#ifndef EARMARK_MODEL_CHECKPOINT_H
#define EARMARK_MODEL_CHECKPOINT_H

#include "host/model/architecture.h"
#include "host/model/pickle.h"

struct checkpoint {
    void *archive;         /* libzip's */
    char *root;            /* "archive/", "embedding_model/", ... */
    unsigned char *pickle; /* data.pkl */
    struct pickle_state state;
    unsigned char *storage; /* the storage that was read last */
    int64_t storage_entry;  /* its entry; -1: none */
};

/* Opens a checkpoint from bytes (size), which must outlive it. The container and the pickle are
 * checked here, and that every tensor's storage exists in its exact size. ERROR_DATA or
 * ERROR_UNSUPPORTED with the entry's name; *checkpoint is then empty. */
enum error_code checkpoint_open(const unsigned char *bytes, size_t size,
                                struct checkpoint *checkpoint, struct error *error);
void checkpoint_close(struct checkpoint *checkpoint);

/* Writes tensor `index` of checkpoint->state to values (count), as float32 and row-major
 * whatever its strides; count: the product of its sizes. Float64 values beyond float32's range
 * become infinite. ERROR_DATA for a tensor of integers or a damaged entry. */
enum error_code checkpoint_tensor(struct checkpoint *checkpoint, size_t index, float *values,
                                  size_t count, struct error *error);

/* The tensors as architecture.h reads them; valid while the checkpoint is open. */
struct tensor_source checkpoint_source(struct checkpoint *checkpoint);

#endif
