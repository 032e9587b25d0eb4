/* The decisions of all reviewers on the clips of a run: what their files hold, and which clips of
 * the data set as it is now they are about. */
#ifndef EARMARK_REVIEW_DECISIONS_H
#define EARMARK_REVIEW_DECISIONS_H

#include "host/base/folder.h"
#include "host/base/warnings.h"
#include "host/review/decision.h"

#define DECISIONS_REVIEWERS 64u                          /* at most */
#define DECISIONS_FILE_MAXIMUM ((size_t)256 << 20)       /* bytes of a file */
#define DECISIONS_NAME_SIZE (DECISION_NAME_MAXIMUM + 17) /* "decisions-NAME.jsonl" and its NUL */
#define DECISIONS_NONE SIZE_MAX

enum decision_state {
    DECISION_UNPLACED, /* decisions_place() was not called */
    DECISION_OPEN,     /* it is about a clip of the data set, whose label is still the given one */
    DECISION_APPLIED,  /* the clip has the label that was decided */
    DECISION_STALE,    /* the clip has another label than the given one */
    DECISION_GONE      /* the data set has no such clip */
};

struct decided {
    struct decision decision; /* owned */
    size_t reviewer;          /* index */
    size_t file, line;        /* where it stands: number of the file from 0, line from 1 */
    enum decision_state state;
    size_t row;  /* of the clips that it was placed on; DECISION_NO_ROW when gone or not placed */
    bool first;  /* of this clip: so that each is met once */
    size_t next; /* what another reviewer decided on this clip; DECISIONS_NONE: no more */
};

/* The last decision of each reviewer on each clip. */
struct decisions {
    struct decided *list; /* (count) in the order in which the clips first appeared; DECISION_UNDO
                             too: nothing is decided there */
    size_t count, capacity;
    char **reviewers; /* (reviewer_count) in the order of their first appearance */
    size_t reviewer_count, reviewer_capacity;
    size_t file_count;
    struct warnings warnings; /* sentences: what was left out */
    uint32_t *slots; /* private: open addressing over clips: index of the first decision + 1 */
    size_t slot_count;
    size_t clip_count; /* that decisions are about */
};

/* Reads OUT/decisions-*.jsonl, in the order of their names; `reviewer`: only that one's, NULL:
 * all. A missing file is no error. The last line of a file that was torn is left out with a
 * warning; ERROR_DATA names any other line that is none of a decision. Of two files with decisions
 * of one reviewer on one clip the later `at` wins. The set is zeroed before the first call. */
enum error_code decisions_read(struct decisions *decisions, const struct folder *out,
                               const char *reviewer, struct error *error);

/* "decisions-NAME.jsonl" */
void decisions_file_name(const char *reviewer, char file[DECISIONS_NAME_SIZE]);

/* The same of a file that the user named. */
enum error_code decisions_read_path(struct decisions *decisions, const char *path,
                                    struct error *error);

/* Adds a copy of a decision as the latest; *index: its place in the list. It is DECISION_UNPLACED.
 * ERROR_DATA: too many reviewers. */
enum error_code decisions_add(struct decisions *decisions, const struct decision *decision,
                              size_t *index, struct error *error);
/* The same for a decision that was read: its texts are taken over, also after a failure. Among
 * files the one with the later `at` stays. */
enum error_code decisions_take(struct decisions *decisions, struct decision *decision, size_t file,
                               size_t line, struct error *error);
void decisions_free(struct decisions *decisions); /* takes a zeroed one */

/* The clips of the data set, a row at a time, whose texts are valid until the next call. `label`:
 * the label, or a set in the form of struct decision; NULL: it has none. */
struct decision_clip {
    const char *path; /* NULL: known by its row */
    double start, end;
    const char *label;
};

/* Begins to place decisions on the clips of the data set, of which nothing is known; then each
 * clip; then the end, which leaves those that were not met DECISION_GONE. */
void decisions_place_begin(struct decisions *decisions);
void decisions_place(struct decisions *decisions, size_t row, const struct decision_clip *clip);
void decisions_place_end(struct decisions *decisions);

/* All of it with OUT/clips.csv of a run. `separator`: of a multilabel run, NULL of others. */
enum error_code decisions_place_run(struct decisions *decisions, const struct folder *out,
                                    const char *separator, struct error *error);

/* The separator of the labels of a run, to be freed; NULL: a clip has one label. */
struct run_results;
enum error_code decisions_separator(const struct run_results *results, char **separator,
                                    struct error *error);

/* Index of a first decision on the clip, of whichever reviewer; DECISIONS_NONE. `row` tells clips
 * apart that have no path. */
size_t decisions_find(const struct decisions *decisions, const char *path, double start, double end,
                      size_t row);

/* What is decided on the clip of this first decision, by whoever it was: the next index with an
 * answer that can be used (open or applied, no undo), from `index` on. DECISIONS_NONE. */
size_t decisions_answer(const struct decisions *decisions, size_t index);

/* Whether reviewers answered this clip (by the index of its first decision) differently. */
bool decisions_conflict(const struct decisions *decisions, size_t index);

#endif
