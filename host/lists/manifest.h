/* Shared by the lists with a row for each clip: the columns, and the checks of a row. */
#ifndef EARMARK_LISTS_MANIFEST_H
#define EARMARK_LISTS_MANIFEST_H

#include "host/lists/builder.h"
#include "host/lists/list_file.h"

#include <stdio.h>

#define MANIFEST_LABELS "the column with the label (default: label, class, category, ...)"

/* The columns that are read, and their usual names in the order of preference:
 * path: path, file, filename, file_name, filepath, file_path, audio_filepath,
 *   audio_path, audio, wav, slice_file_name
 * label: label, class, category, class_name, label_name, given_label, target, and of DCASE
 *   scene_label and event_label; with several labels a clip, labels and tags come first, and
 *   event_labels takes the place of scene_label
 * id: id. start: offset, unless it is the end beside an onset. duration: duration. split: split.
 * Group, fold and end are read only if an option names them. */
enum manifest_role {
    ROLE_PATH = 0,
    ROLE_LABEL = 1,
    ROLE_ID = 2,
    ROLE_GROUP = 3,
    ROLE_FOLD = 4,
    ROLE_MORE = 5,     /* the layout's column of more labels */
    ROLE_START = 6,    /* seconds into the file */
    ROLE_END = 7,      /* seconds into the file */
    ROLE_DURATION = 8, /* seconds from the usual start */
    ROLE_SPLIT = 9,    /* part of the data set */
    ROLE_SHARD = 10,   /* NeMo: the number of the tar file that has it */
    ROLE_FIELD = 11    /* the first of the columns that the template of paths names */
};

#define ROLE_COUNT (ROLE_FIELD + TEMPLATE_MAXIMUM_FIELDS)

/* The names to look for in the order of preference, ending in NULL: the option's if it was given,
 * else the usual ones. `scratch` has room for two pointers. */
const char *const *manifest_names(const struct builder *builder, enum manifest_role role,
                                  const char **scratch);

/* Whether the column must be there: the path, the label unless a pattern gives it, and columns
 * that an option names. */
bool manifest_needs(const struct builder *builder, enum manifest_role role);

/* Fails for a column that is needed but missing; `columns` lists those that are there. */
enum error_code manifest_missing(const struct builder *builder, enum manifest_role role,
                                 const char *name, const char *columns, struct error *error);

struct manifest_row {
    size_t line;
    const char *unit;               /* what `line` counts, where that is not lines; else NULL */
    size_t number;                  /* in the file, where lines do not tell rows apart; else 0 */
    const char *file;               /* of the line, in formats of several files; else NULL */
    const char *container;          /* struct clip_entry: the path is that of a member; else NULL */
    uint64_t place;                 /* likewise */
    const char *values[ROLE_COUNT]; /* NULL: none */
    const char *problem;            /* why the row cannot be used, or NULL */
    const char *segment_problem;    /* why start, end and duration are not a segment, or NULL */
    struct list_span span;          /* where it is written */
    bool duration_holds;            /* NeMo: a duration without an offset also cuts the file */
};

/* Each has a reason of its own, with its line; a list with more of them is another kind of file. */
#define MANIFEST_MAXIMUM_BAD_ROWS 1000000

/* Adds the clip of the row; the first rows are kept until it is decided how their paths are made,
 * so manifest_flush comes after the last. A path that leaves the folder of the list, or an
 * impossible segment, becomes the status of the clip. ERROR_DATA for more than
 * MANIFEST_MAXIMUM_BAD_ROWS of these. */
enum error_code manifest_add(struct builder *builder, const struct manifest_row *row,
                             struct error *error);

/* Fills in the segment of the file that the row names; the problem with it, or NULL. */
const char *manifest_segment(const struct builder *builder, const struct manifest_row *row,
                             struct clip_entry *entry);

/* Warns that the list has builder->times, usual columns of start and end that no option names. */
enum error_code manifest_warn_of_unused(struct builder *builder, const char *name,
                                        struct error *error);

/* Adds the rows that are kept, unless there is an error already, and frees them. */
enum error_code manifest_flush(struct builder *builder, struct error *error);

/* After the last row, which it flushes: warns about paths and ids that occur twice. */
enum error_code manifest_finish(struct builder *builder, struct error *error);

/* For the readers of one file with named columns: opens it, perhaps gzip, calls `read`, and
 * finishes. In a folder INPUT it is the metadata of an audiofolder: sound files
 * that it does not list are a warning. */
enum error_code manifest_read(struct builder *builder, const struct list_file *list,
                              enum error_code (*read)(struct builder *builder, FILE *stream,
                                                      const char *name, struct error *error),
                              struct error *error);
/* Their sniff: a file in a folder is its metadata when it has "file_name". */
bool manifest_sniff(const struct list_file *list, struct error *error);

/* What may separate the columns of a table, the usual character first. */
#define MANIFEST_COMMAS ",\t;|"
#define MANIFEST_TABS "\t,;|"
#define MANIFEST_ANY "\t,;| "

/* Append the rows of a stream, flushed, which stays the caller's; `name` is for messages. */
enum error_code manifest_csv_read(struct builder *builder, FILE *stream, const char *name,
                                  const char *separators, struct error *error);
enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error);

#endif
