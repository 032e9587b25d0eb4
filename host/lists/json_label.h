/* The label of a clip in a JSON list: a string, or an array of them with several labels a clip. */
#ifndef EARMARK_LISTS_JSON_LABEL_H
#define EARMARK_LISTS_JSON_LABEL_H

#include "host/base/json.h"
#include "host/base/text.h"

#define JSON_LABEL_PROBLEM 160

/* A value that is longer than any label, or than those of one clip: it would be copied and split
 * for each clip that has it. */
bool json_label_is_too_long(const json_t *value, size_t bytes, size_t labels);

/* Replaces the content of `text` by the value; an array's strings are joined by
 * LABEL_JOINT (separator NULL: arrays are refused). false for a value that cannot be a label, with
 * the reason in `problem`, where `key` names the value. Errors: ERROR_MEMORY. */
bool json_label_text(const json_t *value, const char *key, const char *separator, struct text *text,
                     char problem[JSON_LABEL_PROBLEM], struct error *error);

#endif
