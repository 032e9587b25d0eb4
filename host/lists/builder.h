/* What the readers of folders and manifests share: an entry is completed from the
 * file name's pattern, checked for what the run needs, and added to the list. */
#ifndef EARMARK_LISTS_BUILDER_H
#define EARMARK_LISTS_BUILDER_H

#include "host/lists/input.h"
#include "host/lists/pattern.h"

#include <stdio.h>

struct layout;

struct builder {
    struct input_options options; /* the caller's strings; a layout fills in what is missing */
    bool folds_decided;           /* the caller gave a fold column, or said that there is none */
    struct input *input;          /* the caller's; entries and warnings go here */
    struct text reason;           /* of the entry at hand */
    struct label_split split;     /* likewise, where labels are sets */
    struct text label;            /* the set as it is kept: sorted, each label once */
    size_t empty_sets;            /* clips that say that they have no label */
    bool has_ids;                 /* some row has an id of its own */
    size_t segments;              /* rows that are a part of their file */
    struct text path;             /* of the entry at hand, below the layout's folder */

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
                             const char *root, struct input *input, struct error *error);
/* Takes a builder that failed to open, and a zeroed one. */
void builder_close(struct builder *builder);

/* Adds one clip. Values of the pattern replace the entry's own; a missing label,
 * group or fold becomes the clip's status unless it already has one. */
enum error_code builder_add(struct builder *builder, const struct clip_entry *entry,
                            struct error *error);

/* Sorts the names and adds the warnings that need the whole list. */
enum error_code builder_finish(struct builder *builder, struct error *error);

/* The readers; each appends to builder->input->clips. `name` is for messages, and
 * the stream stays the caller's. */
enum error_code folder_read(struct builder *builder, const char *path, struct error *error);
/* Warns of sound files below the folder `path` that the list at hand, read from `manifest`,
 * does not name; before builder_finish. */
enum error_code folder_warn_of_unlisted(struct builder *builder, const char *path,
                                        const char *manifest, struct error *error);
enum error_code kaldi_read(struct builder *builder, const char *path, struct error *error);
/* `path` is the supervision set's. */
enum error_code lhotse_read(struct builder *builder, const char *path, struct error *error);

enum error_code lhotse_cuts_read(struct builder *builder, const char *path, struct error *error);

/* Whether the file of JSON lines, perhaps gzip, is a cut set, by its first object; false
 * where it cannot be read, too. Errors: ERROR_MEMORY. */
bool lhotse_is_cuts(const char *path, struct error *error);

/* The recording set that belongs to a supervision set by its name, to be freed; NULL when
 * there is none, and when memory is short. */
char *lhotse_recordings_beside(const char *path, struct error *error);

enum error_code manifest_csv_read(struct builder *builder, FILE *stream, const char *name,
                                  char delimiter, struct error *error);
enum error_code manifest_jsonl_read(struct builder *builder, FILE *stream, const char *name,
                                    struct error *error);

#endif
