/* What changed between two finished runs of one collection, OLD and NEW: which labels were fixed,
 * which issues are new, gone or reopened, which clips were added, removed or moved, and how the
 * health of the classes moved. Both runs may be anybody's: their files are read as read.h does. */
#ifndef EARMARK_REPORT_DIFF_H
#define EARMARK_REPORT_DIFF_H

#include "host/report/diff_side.h"

/* A clip's rows in OLD and NEW; DIFF_NO_ROW: it is not there. */
#define DIFF_NO_ROW SIZE_MAX
struct diff_pair {
    size_t old, new;
};

struct diff_pairs {
    struct diff_pair *list;
    size_t count, capacity;
};

enum diff_kind {
    DIFF_FIXED,    /* flagged in OLD, has another label in NEW and is not flagged there */
    DIFF_NEW,      /* flagged in NEW, not in OLD */
    DIFF_REOPENED, /* flagged in OLD, has another label in NEW and is flagged again */
    DIFF_GONE, /* flagged in OLD, not in NEW; the label is the same, or the clip is not judged */
    DIFF_KINDS
};

/* How a clip came to be in one of the lists. */
enum diff_cause {
    DIFF_LABEL_CHANGED,
    DIFF_JUDGED_ANEW, /* nothing of it has changed, but the judgement has */
    DIFF_CLIP_ADDED,
    DIFF_CLIP_REMOVED,
    DIFF_NOT_AUDITED /* in NEW, or for a new issue in OLD */
};

struct diff_class {
    const char *name;
    const struct run_class *old, *new; /* NULL: that run has no such class */
    double moved;                      /* of its label quality, |NEW - OLD|; 1 if it came or went */
};

/* A class's health has moved when its label quality has, by at least this much. */
#define DIFF_MOVED 0.01

/* A setting that the runs do not share. */
struct diff_setting {
    const char *section, *name;
    const char *old, *new; /* JSON; NULL: that run does not say */
};

struct diff {
    struct diff_side old, new;
    struct diff_pairs kinds[DIFF_KINDS]; /* in OLD's ranking what was flagged there and is not now,
                                            in NEW's the others */
    size_t open;                         /* flagged in both, with the same label */
    size_t common;                       /* clips in both */
    size_t added, removed;
    size_t moved;               /* in both, under another id */
    size_t relabelled;          /* in both, with another label */
    struct diff_class *classes; /* (class_count) that moved most first, then by name */
    size_t class_count;
    struct diff_setting *settings;
    size_t setting_count, setting_capacity;
};

/* Reads and compares the runs. `every`: also the texts of clips that are in none of the lists but
 * were added, removed, moved or relabelled. ERROR_FILE or ERROR_DATA for a folder that holds no
 * finished run of audit or detect, or a damaged one; diff_close is allowed after them. */
enum error_code diff_open(const char *old, const char *new, bool every, enum progress_style style,
                          struct diff *diff, struct error *error);
void diff_close(struct diff *diff); /* takes a zeroed one */

enum diff_cause diff_cause(const struct diff *diff, enum diff_kind kind,
                           const struct diff_pair *pair);

/* "fixed", "new", "reopened", "gone". */
const char *diff_kind_name(enum diff_kind kind);

/* The comparison for people, `width` columns wide (0: any), and as one JSON object. */
enum error_code diff_print(FILE *stream, int width, const struct diff *diff, struct error *error);
enum error_code diff_print_json(FILE *stream, const struct diff *diff, struct error *error);

#endif
