/* The list of clips that a run is about, in its order, with labels, groups and folds.
 *
 * Each string is stored once, however many clips have it, so that each of a million clips costs
 * about 60 bytes and, if no other has it, its path. Strings are bytes as the file system or the
 * manifest gave them, not necessarily UTF-8. */
#ifndef EARMARK_CLIPS_CLIPS_H
#define EARMARK_CLIPS_CLIPS_H

#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/clips/string_table.h"

/* What became of a clip. CLIP_OK is embedded and audited, CLIP_SILENT embedded
 * and marked, all others are rows with their reason. */
enum clip_status {
    CLIP_OK = 0,
    CLIP_SILENT = 1,                 /* decoded, but nothing to hear */
    CLIP_UNREADABLE = 2,             /* cannot be opened or decoded, or holds NaN or Inf */
    CLIP_TRUNCATED = 3,              /* ends before the length its header promises */
    CLIP_TOO_SHORT = 4,              /* fewer samples than the model needs */
    CLIP_BAD_ROW = 5,                /* a manifest's row that cannot be understood */
    CLIP_OUTSIDE = 6,                /* its path, or a link on it, leads out of the folder */
    CLIP_NO_LABEL = 7,               /* no label: an empty cell, a name unlike the pattern */
    CLIP_NO_GROUP = 8,               /* no value in the field asked for with --group */
    CLIP_NO_FOLD = 9,                /* no value in the field asked for with --fold-column */
    CLIP_TOO_FEW_EXAMPLES = 10,      /* its class has fewer clips than there are folds */
    CLIP_LABEL_NOT_IN_TRAINING = 11, /* its class is absent from its fold's training rows */
    CLIP_BAD_SEGMENT = 12            /* its start and end are not a segment of the file */
};

#define CLIP_STATUS_COUNT 13

/* The word in clips.csv: "ok", "silent", "unreadable", "too_short" ... */
const char *clip_status_name(enum clip_status status);

/* Whether the status is one of those that give exit code 3: the clip was asked
 * for but could not be read (unreadable, truncated, bad row or segment, outside). */
bool clip_status_is_unreadable(enum clip_status status);

/* One clip; all strings through the functions below. */
struct clip {
    uint32_t path;       /* number of a string: relative to the list's root, or absolute */
    uint32_t id;         /* the manifest's, or CLIP_ID_OF_PATH */
    uint32_t reason;     /* of the empty string while there is none */
    int32_t class_index; /* of class_names, or -1: no label */
    int32_t group_index; /* of group_names, or -1: no group */
    int32_t fold;        /* of fold_names, or -1: no fold */
    uint32_t split;      /* number of a string: "train"; 0: none */
    uint8_t status;      /* enum clip_status as far as it follows from the list */
    double start;        /* seconds into the file */
    double end;          /* seconds into the file; 0: to its end */
};

/* The path, for a segment with #t=start,end appended: made when it is asked for, because a
 * million segments of one file would not share it. */
#define CLIP_ID_OF_PATH UINT32_MAX

#define CLIPS_MAXIMUM ((size_t)INT32_MAX)

/* A clip that is not a file of its own but a member of a container (host/containers/). */
struct clip_place {
    uint32_t container; /* number of a string: path of the container's file; 0: a file of its own */
    uint64_t place;     /* struct container_member */
    uint64_t bytes;
};

struct clip_list {
    struct root_folder root; /* its path: as given; "." for none */

    struct text advice; /* what to do if no file is there; empty: not known */

    struct clip *clips; /* (count) */
    size_t count;
    size_t capacity;
    struct clip_place *places; /* (count), once a clip is in a container; NULL before */
    size_t place_capacity;

    /* After clip_list_finish: sorted bytewise (folds: by number where all are
     * numbers), class_index, group_index and fold point into them. */
    const char **class_names; /* (class_count) */
    size_t class_count;
    const char **group_names; /* (group_count), empty without --group */
    size_t group_count;
    const char **fold_names; /* (fold_count), empty without --fold-column */
    size_t fold_count;

    struct string_table strings; /* paths, ids and reasons; number 0 is the empty string */
    struct string_table labels;  /* what the three name arrays point into, like the next two */
    struct string_table groups;
    struct string_table folds;
};

/* One clip as a reader passes it on; strings are copied. */
struct clip_entry {
    const char *path;
    const char *id;    /* NULL: the path, for a segment with #t=start,end appended */
    const char *label; /* NULL: none */
    const char *group; /* NULL: none */
    const char *fold;  /* NULL: none */
    const char *split; /* part of the data set, "train"; NULL: none */
    enum clip_status status;
    const char *reason; /* NULL: none */
    double start;       /* seconds into the file */
    double end;         /* 0: to the file's end */

    /* The path of the file that has the clip as a member, whose name is then added to it for
     * `path`: "shard-000017.tar/abc.flac"; NULL: `path` is the file. */
    const char *container;
    uint64_t place; /* struct container_member */
    uint64_t bytes;
};

/* An empty list of clips in the folder `root`; allow_outside: of any other, too.
 * clip_list_free also after a failure. */
enum error_code clip_list_init(struct clip_list *list, const char *root, bool allow_outside,
                               struct error *error);
void clip_list_free(struct clip_list *list); /* takes NULL and a zeroed list */

/* Appends a clip at the end. Errors: ERROR_MEMORY, and ERROR_DATA for more than CLIPS_MAXIMUM. */
enum error_code clip_list_add(struct clip_list *list, const struct clip_entry *entry,
                              struct error *error);

/* Sorts the names and fixes the indexes; once, after the last clip_list_add. */
enum error_code clip_list_finish(struct clip_list *list, struct error *error);

/* Keeps only these clips of a finished list: (count), ascending. Their classes, groups and folds
 * stay those of the whole list. */
void clip_list_keep(struct clip_list *list, const size_t *clips, size_t count);

/* Strings of clip `index`; valid as long as the list.
 * NULL where the clip has no label, group, fold or split; an empty reason is "". */
const char *clip_path(const struct clip_list *list, size_t index);
const char *clip_reason(const struct clip_list *list, size_t index);
const char *clip_label(const struct clip_list *list, size_t index);
const char *clip_group(const struct clip_list *list, size_t index);
const char *clip_split(const struct clip_list *list, size_t index);

/* The id, perhaps in `text`, whose content is replaced then (text_check reports a lack of
 * memory). */
const char *clip_id(const struct clip_list *list, size_t index, struct text *text);

/* Appends the id of a clip that has none of its own: the path, for a segment with a media fragment,
 * which distinguishes the segments of one file: "a.wav#t=1.5,3". */
void clip_segment_id(const char *path, double start, double end, struct text *id);

/* The reason of CLIP_OUTSIDE where clip_open gives EXDEV. */
#define CLIP_LEADS_OUT                                                                             \
    "a link on its path leads out of the folder; put the file there, or give --allow-outside"

/* The place of a clip in its container, or NULL: it is a file of its own. */
const struct clip_place *clip_place(const struct clip_list *list, size_t index);
/* The path of that container, or NULL. */
const char *clip_container(const struct clip_list *list, size_t index);

/* Opens the file of a clip, or of its container, in the list's root: root_folder_file. */
int clip_open(const struct clip_list *list, size_t index, int flags);

/* Fails because none of the clips can be used: "none of the 3 clips can be audited;
 * the first, a.wav: cannot open ...". `what`: "audited", "embedded". */
enum error_code clip_list_fail(const struct clip_list *list, const char *what, struct error *error);

/* How many clips have a status of clip_status_is_unreadable. */
size_t clip_list_unreadable(const struct clip_list *list);

/* Records what became of a clip; `reason`, which may be NULL, is copied. */
enum error_code clip_list_set_status(struct clip_list *list, size_t index, enum clip_status status,
                                     const char *reason, struct error *error);

#endif
