/* What CSV and JSONL manifests share: which columns count, and what makes a row good. */
#ifndef EARMARK_LISTS_MANIFEST_H
#define EARMARK_LISTS_MANIFEST_H

#include "host/lists/builder.h"

#include <stdio.h>

#define MANIFEST_LABELS "the column with the label (default: label, class, category, ...)"

/* Columns that mean something. Their usual names, in the order they are looked for:
 * path: path, file, filename, file_name, filepath, file_path, audio_filepath,
 *   audio_path, audio, wav, slice_file_name
 * label: label, class, category, class_name, label_name, given_label, target; and before
 *   them labels, tags where a clip may have several
 * id: id. start: offset. duration: duration. Group, fold and end have no usual name, only the
 * option's. */
enum manifest_role {
    ROLE_PATH = 0,
    ROLE_LABEL = 1,
    ROLE_ID = 2,
    ROLE_GROUP = 3,
    ROLE_FOLD = 4,
    ROLE_FOLDER = 5,  /* below the layout's folder of sound files */
    ROLE_START = 6,   /* seconds into the file */
    ROLE_END = 7,     /* likewise */
    ROLE_DURATION = 8 /* seconds of the part that the usual start begins */
};

#define ROLE_COUNT 9

/* The names to look for, best first, ending in NULL: the option's one name where it
 * was given, else the usual ones. `scratch` has room for two pointers. */
const char *const *manifest_names(const struct builder *builder, enum manifest_role role,
                                  const char **scratch);

/* Whether the run can go on without the column: the pattern gives it, or nobody asked. */
bool manifest_needs(const struct builder *builder, enum manifest_role role);

/* The error for a needed column that is not there; `columns` lists those that are. */
enum error_code manifest_missing(const struct builder *builder, enum manifest_role role,
                                 const char *name, const char *columns, struct error *error);

struct manifest_row {
    size_t line;
    const char *file;               /* that the line is of, when there are several; or NULL */
    const char *values[ROLE_COUNT]; /* NULL: none */
    const char *problem;            /* what makes the row useless, or NULL */
    const char *segment_problem; /* why start, end and duration are no part of the file, or NULL */
    bool duration_holds;         /* NeMo: the duration cuts the file without an offset, too */
};

/* Adds the row's clip: paths that leave the manifest's folder, and impossible segments, are
 * refused. */
enum error_code manifest_add(struct builder *builder, const struct manifest_row *row,
                             struct error *error);

/* Warns that columns 'start' and 'end' exist, which nothing asked for. */
enum error_code manifest_warn_of_unused(struct builder *builder, const char *name,
                                        struct error *error);

/* Warns about paths and ids that are there twice. */
enum error_code manifest_finish(struct builder *builder, struct error *error);

/* For the readers of one file with named columns: opens it, perhaps gzip, calls `read`, and
 * finishes. In a folder (builder->member) it is the metadata of an audiofolder: sound files
 * that it does not list are a warning. */
enum error_code manifest_read(struct builder *builder, const char *path,
                              enum error_code (*read)(struct builder *builder, FILE *stream,
                                                      const char *name, struct error *error),
                              struct error *error);
/* Their sniff: a file in a folder is its metadata when it has "file_name". */
bool manifest_sniff(const char *path, bool is_member, struct error *error);

/* Append the rows of a stream, which stays the caller's; `name` is for messages. */
enum error_code manifest_csv_read(struct builder *builder, FILE *stream, const char *name,
                                  char delimiter, struct error *error);
enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error);

#endif
