/* The result of reading INPUT: the clips, their labels, and how the input was read. */
#ifndef EARMARK_LISTS_COLLECTION_H
#define EARMARK_LISTS_COLLECTION_H

#include "host/base/warnings.h"
#include "host/clips/label_sets.h"

/* How INPUT is to be read. All strings may be NULL: not given. */
struct input_options {
    const char *label_pattern;   /* --label-pattern: see pattern.h */
    const char *label_column;    /* --label-column: a manifest's column; default: usual names */
    const char *label_separator; /* --label-separator: the character between a clip's labels */
    const char *path_column;     /* --path-column: the same for the path */
    const char *start_column;    /* --start-column: seconds into the file where the clip begins */
    const char *end_column;      /* --end-column: where it ends; default: the file's end */
    const char *group_field;     /* --group: a field of the pattern or a manifest's column */
    const char *fold_column; /* --fold-column: the same; "": assign folds, whatever the layout */
    const char *exclude;     /* OUT: left out when it is inside a folder INPUT */
    bool allow_outside;      /* accept manifest paths that leave the manifest's folder */
};

struct collection {
    const char *format;          /* the reader's name, see readers.h: "folder", "csv" */
    struct clip_list clips;      /* with a separator, its classes are the sets of labels found */
    struct label_sets labels;    /* of its classes */
    const char *label_separator; /* the caller's; NULL: one label a clip */
    size_t other_files;          /* in a folder: not audio by their extension */
    size_t hidden_files;         /* in a folder: names that begin with a dot, folders included */
    size_t bad_clips;            /* rows that already carry a reason (status not CLIP_OK) */
    struct warnings warnings;

    /* How INPUT was read, one sentence, where no option decided that; else empty. */
    struct text reading;
    const char *fold_column; /* the folds' column or field, the caller's or a literal; NULL: none */
};

void collection_close(struct collection *collection); /* takes a zeroed one */

/* Prints the sentence `reading` on stderr, if there is one. */
void collection_report(const struct collection *collection, bool quiet);

#endif
