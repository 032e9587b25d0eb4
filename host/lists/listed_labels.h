/* Labels that are lists of labels, where --label-separator is not given: several labels in a cell
 * make a class of each combination. */
#ifndef EARMARK_LISTS_LISTED_LABELS_H
#define EARMARK_LISTS_LISTED_LABELS_H

#include "host/base/warnings.h"
#include "host/clips/clips.h"

/* Warns with the first of the list's classes that is one. Errors: ERROR_MEMORY. */
enum error_code listed_labels_warn(const struct clip_list *clips, struct warnings *warnings,
                                   struct error *error);

#endif
