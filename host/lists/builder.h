/* Shared by all readers: completes an entry from the pattern of the file name, checks that it has
 * what the run needs, and adds it to the collection. */
#ifndef EARMARK_LISTS_BUILDER_H
#define EARMARK_LISTS_BUILDER_H

#include "host/lists/collection.h"
#include "host/lists/path_template.h"
#include "host/lists/pattern.h"
#include "host/lists/time_columns.h"

#include <limits.h>

struct layout;
struct manifest_row;
struct tar_members;
struct pending_rows;

/* How the paths of a list's rows are made: see manifest_paths.h. */
struct row_paths {
    struct path_template made;       /* no text: the path is that of its column */
    struct template_columns columns; /* that `made` or what may become it needs */
    bool is_given;                   /* it is the user's */
    bool is_decided;
    bool beside;                  /* sound files may be looked for beside the list */
    struct pending_rows *pending; /* the first rows, until it is decided; NULL: none */
};

/* A longer path cannot be opened. Groups, folds and ids are of the same kind, and so is a label; a
 * clip with several labels has room for thousands. */
#define BUILDER_MAXIMUM_NAME ((size_t)PATH_MAX - 1)
#define BUILDER_MAXIMUM_LABELS ((size_t)1 << 16)

struct builder {
    struct input_options options;  /* the caller's strings; a layout fills in missing ones */
    bool folds_decided;            /* the caller gave a fold column, or "" for none */
    bool groups_decided;           /* likewise a group */
    struct collection *collection; /* the caller's; entries and warnings go here */
    const char *part;              /* folder of the part that is read, "train"; NULL: all is one */
    const char *place;             /* of the current entry, "line 3", for reasons; NULL: none */
    struct list_span span;         /* of the current entry */
    size_t bad_rows;               /* of a manifest: with a reason of their own */
    struct text part_path;         /* of the current entry, with the folder of its part */
    struct text reason;            /* of the current entry */
    struct text start;             /* likewise: of a string that is too long to be kept */
    struct text id;                /* likewise: where it has none */
    struct label_split split;      /* labels of the current entry, with a separator */
    struct text label;             /* the same joined: sorted, each label once */
    size_t lists;                  /* cells that are lists as programs print them */
    size_t broken_lists;           /* that begin like one */
    struct text broken_list;       /* the first of these */
    size_t unlabelled;             /* clips with an empty cell, that is, none of the labels */
    bool has_ids;                  /* some row gives an id */
    size_t segments;               /* rows that are a segment of their file */
    struct time_columns times;     /* of the list that is read: usual names, unless used */
    struct text path;              /* of the current entry, made from its row */
    struct row_paths paths;
    struct text more;    /* labels of the current entry, with those of the layout's other column */
    struct text form;    /* likewise: as its file is found, in another Unicode form */
    struct text form_id; /* likewise: its id then */
    size_t other_forms;  /* entries that were found so */

    const struct layout *layout; /* NULL: none */
    const char *list_name;       /* of the layout's list, for the sentence about it */
    bool takes_paths;            /* the layout's templates are for the path column in use */
    bool takes_folds;            /* the layout's folds and groups are used */
    bool takes_groups;

    /* Adds rows in place of manifest_add(), where paths are members of tar files; NULL: files. */
    enum error_code (*add_row)(struct builder *builder, const struct manifest_row *row,
                               struct error *error);
    struct tar_members *members; /* that it finds */

    bool has_pattern;
    struct pattern pattern;
    struct pattern_match match;
    size_t label_field; /* of the pattern; SIZE_MAX: not from the pattern */
    size_t group_field;
    size_t fold_field;
    size_t split_field;
    size_t ambiguous; /* names that match the pattern in more than one way */
    size_t ambiguous_example;
};

/* Parses the pattern and the template of paths, if any, and starts the list with `root`. */
enum error_code builder_open(struct builder *builder, const struct input_options *options,
                             const char *root, struct collection *collection, struct error *error);
/* Labels, and fields that options name, come from this pattern from now on. */
enum error_code builder_take_pattern(struct builder *builder, const char *pattern,
                                     struct error *error);
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
