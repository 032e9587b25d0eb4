/* OUT/decisions-NAME.jsonl, written line by line. The caller holds OUT's lock. */
#ifndef EARMARK_REVIEW_DECISION_WRITER_H
#define EARMARK_REVIEW_DECISION_WRITER_H

#include "host/base/folder.h"
#include "host/review/decisions.h"

struct decision_writer {
    const struct folder *folder; /* the caller's */
    char name[DECISIONS_NAME_SIZE];
    int descriptor; /* -1: not open */
    uint64_t size;  /* of the file: whole lines, all on disk */
    bool no_room;   /* the last append failed because the disk is full: nothing of it is there */
    bool broken;    /* nor can what was written of it be removed: nothing can be added any more */
    bool made;      /* the file was not there before: where nothing is added it goes again */
    bool tail_cut;  /* on opening: the end of the file was a torn line, which was removed */
};

#define DECISION_WRITER_INITIAL                                                                    \
    { .descriptor = -1 }

/* Opens the reviewer's file, or makes it (mode 0600), and locks it. A link, a file with several
 * names, what is no regular file, and a file that another process has locked are refused; a torn
 * last line is cut off. decision_writer_close after a failure, too. */
enum error_code decision_writer_open(const struct folder *out, const char *reviewer,
                                     struct decision_writer *writer, struct error *error);

/* Adds the decisions, a write a line; they are on disk on return. Or none of them is there, and
 * writer->no_room says whether that is for lack of room. ERROR_FILE also when the file is no longer
 * what it was: removed, replaced, or written by another. */
enum error_code decision_writer_append(struct decision_writer *writer,
                                       const struct decision *decisions, size_t count,
                                       struct error *error);
void decision_writer_close(struct decision_writer *writer); /* takes DECISION_WRITER_INITIAL */

#endif
