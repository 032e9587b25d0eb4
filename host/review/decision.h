/* One decision of a reviewer on a clip, and its line in OUT/decisions-NAME.jsonl. */
#ifndef EARMARK_REVIEW_DECISION_H
#define EARMARK_REVIEW_DECISION_H

#include "host/base/text.h"

#include <math.h>

#define DECISION_LINE_MAXIMUM ((size_t)256 << 10) /* bytes of a line */
#define DECISION_NOTE_MAXIMUM ((size_t)4 << 10)
#define DECISION_NAME_MAXIMUM 64 /* characters of a reviewer's name */
#define DECISION_NO_ROW SIZE_MAX

enum decision_kind {
    DECISION_KEEP,    /* the given label is right */
    DECISION_RELABEL, /* it is `label` */
    DECISION_UNSURE,
    DECISION_EXCLUDE, /* the clip does not belong into the data set */
    DECISION_UNDO,    /* nothing is decided: who takes back the second of two decisions on a clip
                         writes the first one again */
    DECISION_KINDS
};

/* "keep"... */
const char *decision_kind_name(enum decision_kind kind);
/* DECISION_KINDS: there is none of this name; takes NULL. */
enum decision_kind decision_kind_find(const char *name);

/* Absent texts are NULL. Labels of a clip that may have several are a set: sorted bytewise, with
 * LABEL_JOINT (host/clips/label_sets.h) between them, "" where there is none. */
struct decision {
    char run[17];     /* hash of the run that it was made on; "": not said */
    size_t row;       /* of clips.csv there, or DECISION_NO_ROW */
    const char *id;   /* as in clips.csv */
    const char *path; /* the clip is known by it, start and end; NULL: by its row */
    double start;     /* seconds */
    double end;       /* NaN: not known */
    bool sets;        /* given, suggested and label are sets */
    const char *given;
    const char *suggested;
    enum decision_kind kind;
    const char *label; /* of DECISION_RELABEL only */
    const char *by;    /* the reviewer's name */
    const char *at;    /* 2026-11-29T19:02:11Z */
    uint32_t heard;    /* how often the clip was played before */
    bool bulk;         /* decided as one of a group */
    char step[17];     /* the same for all that one undo takes back; "": not said */
    const char *note;
};

#define DECISION_INITIAL                                                                           \
    { .row = DECISION_NO_ROW, .end = NAN }

/* Reads a line of anybody's. Its texts are owned: decision_free(), after a failure too. `what` is
 * the place for messages. `name`: the reviewer where the line names none. ERROR_DATA says what is
 * wrong; ERROR_UNSUPPORTED: a newer version of earmark wrote it. */
enum error_code decision_parse(const char *line, size_t size, const char *what, const char *name,
                               struct decision *decision, struct error *error);

/* Appends it as a line, with its end. */
void decision_append(struct text *text, const struct decision *decision);

/* A copy with texts of its own. */
enum error_code decision_copy(const struct decision *from, struct decision *copy,
                              struct error *error);
void decision_free(struct decision *decision); /* takes DECISION_INITIAL */

/* 16 hexadecimal digits, as a run's hash and a step's mark. */
bool decision_digits_are_good(const char *digits);
/* A name of [A-Za-z0-9._-]{1,64}. */
bool decision_name_is_good(const char *name);
/* At most DECISION_NOTE_MAXIMUM bytes of UTF-8 without control characters. */
bool decision_note_is_good(const char *note);

/* Brings a set into its form: sorted, each label once. false: a label is empty or holds
 * LABEL_JOINT. */
bool decision_join(const char **labels, size_t count, struct text *set);

/* Whether two decisions on one clip say the same. */
bool decision_agrees(const struct decision *one, const struct decision *other);

#endif
