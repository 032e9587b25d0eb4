/* A description of a model, for people and for programs. */
#ifndef EARMARK_MODEL_DESCRIBE_H
#define EARMARK_MODEL_DESCRIBE_H

#include "host/base/text.h"
#include "host/model/model.h"

/* Appends a description of several lines. Texts of the model and the path are shown
 * as name_visible() shows them. */
void model_describe(const struct model *model, const char *path, struct text *text);

/* Appends one JSON object and a newline. Operations are floating-point operations, two per
 * multiply-add. */
void model_describe_json(const struct model *model, const char *path, struct text *text);

#endif
