/* From a SpeechBrain folder to a model. */
#ifndef EARMARK_MODEL_IMPORT_H
#define EARMARK_MODEL_IMPORT_H

#include "host/base/text.h"
#include "host/model/model.h"

/* Reads FOLDER/embedding_model.ckpt and, if it exists, checks FOLDER/hyperparams.yaml. The
 * tensors' shapes decide the architecture; the dilations come from hyperparams.yaml, or are
 * SpeechBrain's default. *notes gets a line for everything the user should know. name,
 * licence, source and training are "". On success *model owns its memory (model_free());
 * after an error it is empty. ERROR_FILE, ERROR_DATA or ERROR_UNSUPPORTED, naming the file
 * and the tensor. */
enum error_code model_import(const char *folder, struct model *model, struct text *notes,
                             struct error *error);

/* The same from bytes in memory; yaml: NULL if there is none. */
enum error_code model_import_bytes(const unsigned char *bytes, size_t size, const char *yaml,
                                   size_t yaml_size, struct model *model, struct text *notes,
                                   struct error *error);

#endif
