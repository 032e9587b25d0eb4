/* Rows of a list that occur twice. */
#ifndef EARMARK_LISTS_MANIFEST_REPEATS_H
#define EARMARK_LISTS_MANIFEST_REPEATS_H

#include "host/lists/collection.h"

/* Warns of rows with the path and segment of an earlier row, or with its id. Errors: ERROR_MEMORY.
 */
enum error_code manifest_warn_of_repeats(struct collection *collection, bool by_path,
                                         struct error *error);

#endif
