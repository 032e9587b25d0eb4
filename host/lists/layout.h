/* Well-known data sets, recognised by the columns of their list: what each column is, and where
 * the sound files are. A layout only fills in options that were not given.
 * README.md in this folder has a row for each. */
#ifndef EARMARK_LISTS_LAYOUT_H
#define EARMARK_LISTS_LAYOUT_H

#include "host/lists/builder.h"

#define LAYOUT_MAXIMUM_COLUMNS 8
#define LAYOUT_MAXIMUM_PATHS 10

struct layout {
    const char *name;
    /* A file has this layout if its header has all of these columns; ends in NULL. */
    const char *columns[LAYOUT_MAXIMUM_COLUMNS + 1];
    const char *path; /* the column with the path */
    /* Templates of the path, tried in this order; ends in NULL. */
    const char *paths[LAYOUT_MAXIMUM_PATHS + 1];
    /* Templates of the file's name, without ending, for the search in other folders; ends in NULL,
     * none: that of the path's column. */
    const char *names[LAYOUT_MAXIMUM_PATHS + 1];
    const char *label;     /* NULL: none; the user names it, or the pattern has it */
    const char *more;      /* a column of more labels beside it, with --label-separator; NULL */
    const char *lists[3];  /* columns with several labels, with `separator` between them */
    const char *separator; /* of these; NULL: none */
    bool takes_rest;       /* cells beyond the header belong to the last column, a label each */
    const char *pattern;   /* of the path, for the label; NULL: none */
    const char *group;     /* a column or a field of the pattern; NULL: none */
    const char *fold;      /* NULL: none */
    const char *unused;    /* what to know of other columns, a part of a sentence; NULL */
};

/* The layout with this index; NULL after the last. */
const struct layout *layout_at(size_t index);

/* Fills in the builder's options, and the columns that its paths need. `name` is the list's, kept
 * for layout_describe. */
enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error);

/* Says in the collection's `reading` what was decided, once its paths are. */
enum error_code layout_describe(struct builder *builder, struct error *error);

#endif
