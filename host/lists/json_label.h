/* The label of a clip in a JSON list: a text, or an array of texts where there may be several. */
#ifndef EARMARK_LISTS_JSON_LABEL_H
#define EARMARK_LISTS_JSON_LABEL_H

#include "host/base/json.h"
#include "host/base/text.h"

#define JSON_LABEL_PROBLEM 160

/* The value as text in place of what `text` held; an array's texts with the separator (NULL:
 * there are no arrays) between them. false for what cannot be a label, and why in `problem`,
 * where `key` names the value. Errors: ERROR_MEMORY. */
bool json_label_text(const json_t *value, const char *key, const char *separator, struct text *text,
                     char problem[JSON_LABEL_PROBLEM], struct error *error);

#endif
