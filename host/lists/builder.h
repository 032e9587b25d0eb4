/* What the readers of folders and manifests share: an entry is completed from the
 * file name's pattern, checked for what the run needs, and added to the list. */
#ifndef EARMARK_LISTS_BUILDER_H
#define EARMARK_LISTS_BUILDER_H

#include "host/lists/collection.h"
#include "host/lists/pattern.h"

struct layout;

struct builder {
    struct input_options options;  /* the caller's strings; a layout fills in what is missing */
    bool folds_decided;            /* the caller gave a fold column, or said that there is none */
    struct collection *collection; /* the caller's; entries and warnings go here */
    const char *member;            /* the list's name in the folder INPUT; NULL: INPUT is read */
    struct text reason;            /* of the entry at hand */
    struct label_split split;      /* likewise, where labels are sets */
    struct text label;             /* the set as it is kept: sorted, each label once */
    size_t empty_sets;             /* clips that say that they have no label */
    bool has_ids;                  /* some row has an id of its own */
    size_t segments;               /* rows that are a part of their file */
    struct text path;              /* of the entry at hand, below the layout's folder */

    const struct layout *layout; /* NULL: none */
    const char *audio_folder; /* "audio/" or "", before the layout's paths; NULL: paths are whole */

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
/* Takes a builder that failed to open, and a zeroed one. */
void builder_close(struct builder *builder);

/* Adds one clip. Values of the pattern replace the entry's own; a missing label,
 * group or fold becomes the clip's status unless it already has one. */
enum error_code builder_add(struct builder *builder, const struct clip_entry *entry,
                            struct error *error);

/* Sorts the names and adds the warnings that need the whole list. */
enum error_code builder_finish(struct builder *builder, struct error *error);

#endif
