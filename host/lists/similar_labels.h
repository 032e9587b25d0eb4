/* Labels that are probably one: they differ only in what can hardly be seen, or in how a number is
 * written. */
#ifndef EARMARK_LISTS_SIMILAR_LABELS_H
#define EARMARK_LISTS_SIMILAR_LABELS_H

#include "host/base/warnings.h"
#include "host/clips/label_sets.h"

#define SIMILAR_LABELS_SHOWN 20 /* pairs with a warning of their own; one more counts the rest */

/* Warns of labels that differ only in case, spaces, invisible characters or Unicode form, or that
 * are the same number. Errors: ERROR_MEMORY. */
enum error_code similar_labels_warn(const struct label_sets *labels, struct warnings *warnings,
                                    struct error *error);

#endif
