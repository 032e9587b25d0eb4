/* Well-known data sets by the columns of their CSV file: which column is what, and
 * where the sound files lie. A layout only fills in what no option says. */
#ifndef EARMARK_LISTS_LAYOUT_H
#define EARMARK_LISTS_LAYOUT_H

#include "host/lists/builder.h"

#define LAYOUT_MAXIMUM_COLUMNS 8

struct layout {
    const char *name;
    /* A file with all of these in its header is of this layout; NULL-terminated. */
    const char *columns[LAYOUT_MAXIMUM_COLUMNS + 1];
    const char *path;
    const char *label;
    const char *fold;   /* NULL: none */
    const char *folder; /* column that names a folder below the sound files; NULL: none */
    const char
        *folder_prefix; /* what stands before that column's value in the folder's name, or "" */
};

/* The layout with this index, NULL behind the last. */
const struct layout *layout_at(size_t index);

/* Fills in the builder's options, finds the folder of the sound files (../audio,
 * audio, or the manifest's own, whichever exists first) and keeps in the input a
 * sentence of what was decided. `name` is the manifest's, for that sentence. */
enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error);

#endif
