/* INPUT of the command line, whatever its kind, to a list of clips. */
#ifndef EARMARK_LISTS_INPUT_H
#define EARMARK_LISTS_INPUT_H

#include "host/base/warnings.h"
#include "host/clips/label_sets.h"

/* All strings may be NULL: not given. */
struct input_options {
    const char *label_pattern;   /* --label-pattern: see pattern.h */
    const char *label_column;    /* --label-column: a manifest's column; default: usual names */
    const char *label_separator; /* --label-separator: labels are sets, joined by this character */
    const char *path_column;     /* --path-column: the same for the path */
    const char *start_column;    /* --start-column: seconds into the file where the clip begins */
    const char *end_column;      /* --end-column: where it ends; default: the file's end */
    const char *group_field;     /* --group: a field of the pattern or a manifest's column */
    const char *fold_column; /* --fold-column: likewise; "": folds are dealt, whatever the layout */
    const char *exclude;     /* OUT: left out when it lies inside a folder INPUT */
    bool allow_outside;      /* accept manifest paths that leave the manifest's folder */
};

enum input_kind {
    INPUT_FOLDER = 0,
    INPUT_CSV = 1,
    INPUT_TSV = 2,
    INPUT_JSONL = 3,
    INPUT_KALDI = 4,
    INPUT_LHOTSE = 5,
    INPUT_LHOTSE_CUTS = 6
};

struct input {
    enum input_kind kind;
    struct clip_list clips;      /* with a separator its classes are the sets that there are */
    struct label_sets labels;    /* of its classes */
    const char *label_separator; /* the caller's; NULL: one label a clip */
    size_t other_files;          /* in a folder: not audio by their extension */
    size_t hidden_files;         /* in a folder: names that begin with a dot, folders included */
    size_t bad_clips;            /* rows that already carry a reason (status not CLIP_OK) */
    struct warnings warnings;

    /* What was decided without being asked, one sentence; empty: nothing was. */
    struct text reading;
    const char *fold_column; /* the folds' column or field, the caller's or a literal; NULL: none */
};

/* "folder", "csv", "tsv", "jsonl", "kaldi", "lhotse", "lhotse-cuts" */
const char *input_kind_name(enum input_kind kind);

/* Reads INPUT: a folder of clips, an audiofolder of Hugging Face (metadata.csv or
 * metadata.jsonl in it, with file_name), a Kaldi data folder (wav.scp in it), a set of Lhotse
 * (a file supervisions.jsonl with recordings.jsonl beside it, or their folder), cuts of Lhotse
 * (JSON lines that are cuts, or a folder with cuts.jsonl in it), or a manifest by its extension
 * (.csv .tsv .jsonl .ndjson .json); lists may be gzip and end in .gz. Fails when nothing usable is
 * in it, with the first reason; ERROR_USAGE for options that do not fit. input_close also after a
 * failure. */
enum error_code input_open(const char *path, const struct input_options *options,
                           struct input *input, struct error *error);
void input_close(struct input *input); /* takes a zeroed one */

/* Says on stderr how INPUT was read, where that was decided without being asked. */
void input_tell(const struct input *input, bool quiet);

#endif
