/* hyperparams.yaml of a SpeechBrain folder (HyperPyYAML: YAML with tags such as
 * `!new:module.Class` and `!ref <name>`), as far as it describes the embedding network or
 * its features. Nothing is constructed or evaluated: tags are read as texts, references are
 * followed by name. */
#ifndef EARMARK_MODEL_HYPERPARAMETERS_H
#define EARMARK_MODEL_HYPERPARAMETERS_H

#include "host/base/error.h"
#include "host/base/text.h"
#include "kernels/device.h"

#define HYPERPARAMETERS_MAXIMUM_BYTES ((size_t)1 << 16)

/* Compares the file (yaml, size bytes) with a network whose sizes are set, and sets its
 * dilations. ERROR_DATA naming both values where they differ; ERROR_UNSUPPORTED for features
 * or layers that earmark does not compute. A value that cannot be read (an expression, say)
 * counts as not given, and *notes gets a line about it. */
enum error_code hyperparameters_check(const char *yaml, size_t size, struct xvector_model *network,
                                      struct text *notes, struct error *error);

/* Sets SpeechBrain's default dilations, 1, 2, 3, 1, 1, in a network of at most five blocks;
 * ERROR_UNSUPPORTED for more. */
enum error_code hyperparameters_default_dilations(struct xvector_model *network,
                                                  struct error *error);

#endif
