/* What the globals of a torch state dict mean. */
#ifndef EARMARK_MODEL_PICKLE_TORCH_H
#define EARMARK_MODEL_PICKLE_TORCH_H

#include "host/model/pickle_machine.h"

/* GLOBAL: pushes what the name stands for, or refuses it. */
enum error_code torch_global(struct machine *machine, const char *name, size_t length);

/* BINPERSID: pushes the storage that a persistent id tuple describes. */
enum error_code torch_persistent(struct machine *machine, const struct value *id);

/* REDUCE: pushes the result of calling a global with a tuple of arguments. */
enum error_code torch_reduce(struct machine *machine, const struct value *callable,
                             const struct value *arguments);

#endif
