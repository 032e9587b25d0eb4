/* Well-known data sets without a list, recognised by the names of their files: folders of speakers
 * or folds are no labels there, the names have them. README.md in this folder has a row for each.
 */
#ifndef EARMARK_LISTS_NAME_LAYOUT_H
#define EARMARK_LISTS_NAME_LAYOUT_H

#include "host/lists/builder.h"
#include "host/lists/folder_walk.h"

/* Takes the pattern of the data set whose names nine of ten sounds have, and its groups or folds,
 * and says so in the collection's `reading`. Nothing, where a pattern was given, or a group or fold
 * that the names do not have. */
enum error_code name_layout_take(struct builder *builder, const struct folder_walk *walk,
                                 struct error *error);

#endif
