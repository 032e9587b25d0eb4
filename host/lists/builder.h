/* Shared by all readers: completes an entry from the pattern of the file name, checks that it has
 * what the run needs, and adds it to the collection. */
#ifndef EARMARK_LISTS_BUILDER_H
#define EARMARK_LISTS_BUILDER_H

#include "host/lists/collection.h"
#include "host/lists/pattern.h"

#include <limits.h>

struct layout;

/* A longer path cannot be opened. Groups, folds and ids are of the same kind, and so is a label; a
 * clip with several labels has room for thousands. */
#define BUILDER_MAXIMUM_NAME ((size_t)PATH_MAX - 1)
#define BUILDER_MAXIMUM_LABELS ((size_t)1 << 16)

struct builder {
    struct input_options options;  /* the caller's strings; a layout fills in missing ones */
    bool folds_decided;            /* the caller gave a fold column, or "" for none */
    struct collection *collection; /* the caller's; entries and warnings go here */
    const char *place;             /* of the current entry, "line 3", for reasons; NULL: none */
    size_t bad_rows;               /* of a manifest: with a reason of their own */
    struct text reason;            /* of the current entry */
    struct text start;             /* likewise: of a string that is too long to be kept */
    struct text id;                /* likewise: where it has none */
    struct label_split split;      /* labels of the current entry, with a separator */
    struct text label;             /* the same joined: sorted, each label once */
    size_t unlabelled;             /* clips with an empty cell, that is, none of the labels */
    bool has_ids;                  /* some row gives an id */
    size_t segments;               /* rows that are a segment of their file */
    struct text path;              /* of the current entry, with the layout's folder */

    const struct layout *layout; /* NULL: none */
    const char
        *audio_folder; /* "audio/" or "", before the layout's paths; NULL: paths are complete */

    bool has_pattern;
    struct pattern pattern;
    struct pattern_match match;
    size_t label_field; /* of the pattern; SIZE_MAX: not from the pattern */
    size_t group_field;
    size_t fold_field;
    size_t ambiguous; /* names that match the pattern in more than one way */
    size_t ambiguous_example;
};

/* Parses the pattern, if any, and starts the list with `root`. */
enum error_code builder_open(struct builder *builder, const struct input_options *options,
                             const char *root, struct collection *collection, struct error *error);
/* Also takes a builder that failed to open, and a zeroed one. */
void builder_close(struct builder *builder);

/* Adds one clip. Values of the pattern replace the entry's own; a missing label,
 * group or fold becomes the clip's status unless it already has one. A string that is too long
 * is not kept: the clip is a bad row, with its beginning and length in the reason. */
enum error_code builder_add(struct builder *builder, const struct clip_entry *entry,
                            struct error *error);

/* After the last clip: sorts the names and adds the warnings that need the whole list. */
enum error_code builder_finish(struct builder *builder, struct error *error);

#endif
