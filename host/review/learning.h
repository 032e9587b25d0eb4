/* A list that learns while you listen: the undecided clips of a run, most likely wrong first, as
 * the decisions made so far say. learning_model.h has the computation.
 *
 * What a decision does. Kept: the given label counts as right. Relabelled: the clip counts as one
 * of its new class. Excluded: the clip counts nowhere, as if it were not in the data set; its label
 * counts as wrong. Unsure: the given label stays in use, and nothing is learnt of it. Undone: as if
 * it had never been made. Decided clips are not in the order.
 *
 * The order is computed from the run and the set of current decisions, never from an earlier order:
 * the same decisions give the same order, in whatever sequence and batches they were made, and for
 * any number of threads. Without decisions it is the ranking.
 *
 * bench/RESULTS.md has what preparation and an order cost at 200,000 clips of 512 columns. Memory:
 * 8 bytes for each clip and class and at most 256 MB while it prepares, then for each candidate 290
 * bytes and 4 a class, and for each fold 16 bytes times the columns' square. */
#ifndef EARMARK_REVIEW_LEARNING_H
#define EARMARK_REVIEW_LEARNING_H

#include "host/base/folder.h"
#include "host/output/run.h"
#include "host/review/learning_input.h"

struct learning;

enum learning_state {
    LEARNING_PREPARING, /* the order is that of the ranking until it is ready */
    LEARNING_READY,
    LEARNING_FIXED /* the order stays that of the ranking */
};

/* Begins to prepare in a thread of its own and returns at once. folder is the run, which must stay
 * open, results what was read of it, with the clips of host/report/all_clips.h; what is needed of
 * the results is copied. ERROR_MEMORY, ERROR_INTERNAL without a thread. */
enum error_code learning_open(const struct folder *folder, const struct run_results *results,
                              int threads, struct learning **learning, struct error *error);

/* words (LEARNING_WORDS bytes, or NULL), a sentence for people: "the order learns from your
 * decisions; it took 3.1 s to prepare", or why the order stays that of the ranking (a clip may have
 * several labels, a file is missing). */
#define LEARNING_WORDS 1200
enum learning_state learning_state(struct learning *learning, char *words);

/* Waits until the state is no longer LEARNING_PREPARING; for tests and measurements. */
enum learning_state learning_wait(struct learning *learning);

/* The undecided issues in their order, and with `beyond` the other candidates among them: where
 * they are likelier to be wrong than the issues that follow. *rows (*row_count) of clips.csv, to be
 * freed by the caller. Until the state is LEARNING_READY there are only issues, in the order of the
 * ranking, and *learned is false. decisions (count) are all current ones, each clip once, in any
 * order; those of clips that are no issues count, too. May be called by several threads. ERROR_DATA
 * for a class that the run does not have; ERROR_MEMORY. */
enum error_code learning_order(struct learning *learning, const struct learning_decision *decisions,
                               size_t count, bool beyond, size_t **rows, size_t *row_count,
                               bool *learned, struct error *error);

/* Takes NULL. Waits for the preparation, which ends at its next step. */
void learning_close(struct learning *learning);

#endif
