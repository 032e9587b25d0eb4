/* What a model is, for people and for programs. */
#ifndef EARMARK_MODEL_DESCRIBE_H
#define EARMARK_MODEL_DESCRIBE_H

#include "host/base/text.h"
#include "host/model/model.h"

/* Appends a description of several lines. Control characters in the model's own
 * texts do not reach the terminal. */
void model_describe(const struct model *model, const char *path, struct text *text);

/* Appends one JSON object and a newline. Operations are floating-point operations:
 * two per multiply-add. */
void model_describe_json(const struct model *model, const char *path, struct text *text);

#endif
