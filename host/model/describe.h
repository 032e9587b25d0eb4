/* A description of a model, for people and for programs. */
#ifndef EARMARK_MODEL_DESCRIBE_H
#define EARMARK_MODEL_DESCRIBE_H

#include "host/base/text.h"
#include "host/model/model.h"

/* Appends a description of several lines. Control characters in the model's texts are replaced,
 * so that they do not reach the terminal. path: as it is shown. */
void model_describe(const struct model *model, const char *path, struct text *text);

/* Appends one JSON object and a newline. Operations are floating-point operations, two per
 * multiply-add. */
void model_describe_json(const struct model *model, const char *path, struct text *text);

#endif
