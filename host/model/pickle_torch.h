/* What the globals of a torch state dict mean, and the opcodes that use them. */
#ifndef EARMARK_MODEL_PICKLE_TORCH_H
#define EARMARK_MODEL_PICKLE_TORCH_H

#include "host/model/pickle_machine.h"

/* GLOBAL: pushes what a name ("module\nname", length bytes) stands for. ERROR_UNSUPPORTED for a
 * name that a state dict does not need. */
enum error_code torch_global(struct machine *machine, const char *name, size_t length);

/* BINPERSID: pushes the storage that a persistent id, a tuple, describes. ERROR_DATA. */
enum error_code torch_persistent(struct machine *machine, const struct value *id);

/* REDUCE: pushes what calling a global with a tuple of arguments would return. ERROR_DATA or
 * ERROR_UNSUPPORTED for other calls. */
enum error_code torch_reduce(struct machine *machine, const struct value *callable,
                             const struct value *arguments);

#endif
