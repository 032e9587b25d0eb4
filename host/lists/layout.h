/* Well-known data sets, recognised by the columns of their CSV file: what each column is, and
 * where the sound files are. A layout only fills in options that were not given. */
#ifndef EARMARK_LISTS_LAYOUT_H
#define EARMARK_LISTS_LAYOUT_H

#include "host/lists/builder.h"

#define LAYOUT_MAXIMUM_COLUMNS 8

struct layout {
    const char *name;
    /* A file has this layout if its header has all of these columns; ends in NULL. */
    const char *columns[LAYOUT_MAXIMUM_COLUMNS + 1];
    const char *path;
    const char *label;
    const char *fold;          /* NULL: none */
    const char *folder;        /* column that names a subfolder of the sound files; NULL: none */
    const char *folder_prefix; /* the subfolder's name before the value of that column */
};

/* The layout with this index; NULL after the last. */
const struct layout *layout_at(size_t index);

/* Fills in the builder's options, finds the folder of the sound files (../audio, audio, or the
 * folder of the manifest, whichever exists first) and describes this in the collection's
 * `reading`. `name` is the manifest's, for that sentence. */
enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error);

#endif
