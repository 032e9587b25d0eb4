/* Sound files below a folder, for lists that are kept in the same folder. */
#ifndef EARMARK_LISTS_FOLDER_H
#define EARMARK_LISTS_FOLDER_H

#include "host/lists/builder.h"

/* Warns of sound files below the root that the list so far, read from the file `manifest`, does
 * not name; before builder_finish. */
enum error_code folder_warn_of_unlisted(struct builder *builder, const char *manifest,
                                        struct error *error);

#endif
