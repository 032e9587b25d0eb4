/* The result of reading INPUT: the clips, their labels, and how the input was read. */
#ifndef EARMARK_LISTS_COLLECTION_H
#define EARMARK_LISTS_COLLECTION_H

#include "host/base/warnings.h"
#include "host/clips/label_sets.h"
#include "host/lists/list_trace.h"

#define INPUT_EXCLUDED 2

/* How INPUT is to be read. All strings may be NULL: not given. */
struct input_options {
    const char *label_pattern;   /* --label-pattern: see pattern.h */
    const char *label_column;    /* --label-column: a manifest's column; default: usual names */
    const char *label_separator; /* --label-separator: the character between a clip's labels */
    const char *path_column;     /* --path-column: the same for the path */
    const char *path_template;   /* --path-template: see path_template.h */
    const char *audio_root;      /* --audio-root: what relative paths of a list start from */
    const char *start_column;    /* --start-column: seconds into the file where the clip begins */
    const char *end_column;      /* --end-column: where it ends; default: the file's end */
    const char *group_field; /* --group: a field of the pattern or a manifest's column; "": none */
    const char *fold_column; /* --fold-column: the same; "": assign folds, whatever the layout */
    const char *exclude[INPUT_EXCLUDED]; /* OUT and the folder of --state, or NULL: left out when
                                            they are inside a folder INPUT */
    bool allow_outside; /* accept manifest paths that leave the manifest's folder */
    bool wants_spans;   /* note where each clip is written: the trace */
};

struct collection {
    const char *format;          /* the reader's name, see readers.h: "folder", "csv" */
    struct clip_list clips;      /* with a separator, its classes are the sets of labels found */
    struct label_sets labels;    /* of its classes */
    const char *label_separator; /* the caller's or a literal; NULL: one label a clip */
    size_t other_files;          /* in a folder: no sounds */
    struct text not_read;        /* in a folder: files that are not read, in words; may be empty */
    struct text not_read_json;   /* the same as a JSON array; empty for lists */
    size_t hidden_files;         /* in a folder: names that begin with a dot, folders included */
    size_t bad_clips;            /* rows that already carry a reason (status not CLIP_OK) */
    struct warnings warnings;

    struct list_trace trace; /* the texts that labels are from */

    /* How INPUT was read, one sentence, where no option decided that; else empty. */
    struct text reading;
    /* The columns or fields of folds and groups, the caller's or literals; NULL: none. */
    const char *fold_column;
    const char *group_field;
};

void collection_close(struct collection *collection); /* takes a zeroed one */

/* Prints the sentence `reading` on stderr, if there is one. */
void collection_report(const struct collection *collection, bool quiet);

#endif
