/* Measures how well planted errors were found; shared by the scoring programs. */
#ifndef EARMARK_BENCH_SCORES_H
#define EARMARK_BENCH_SCORES_H

#include <stdbool.h>
#include <stddef.h>

struct ranked {
    float score; /* low is suspicious, as the probability of the given label */
    bool planted;
};

/* A ranking, lowest score first. Equal scores are one rank: precision
 * and recall change only at its end, as in scikit-learn. Planted errors outside the
 * ranking count as missed. */
struct ranking {
    struct ranked *clips; /* (count) */
    size_t count;
    size_t planted; /* all of them, including those outside the ranking */
};

/* Reads the column "row" of a CSV file, numbers below `rows`: one flag for each row, to be
 * freed; *count is the number of flags set. */
bool *scores_read_rows(const char *path, size_t rows, size_t *count);

/* Ranks the probabilities of the given labels in `folder` (labels.npy, pred_probs.npy).
 * rows (count) maps rows of the arrays to rows of planted. */
struct ranking scores_rank(const char *folder, const size_t *rows, size_t count,
                           const bool *planted, size_t planted_count);

/* The same with the scores of a file (one a row), as scores.npy of `earmark detect`. */
struct ranking scores_rank_file(const char *path, const size_t *rows, size_t count,
                                const bool *planted, size_t planted_count);

/* The sum over ranks of precision times the gain in recall. */
double scores_average_precision(const struct ranking *ranking);

/* The precision at the first rank where recall is at least `recall`; 0 if it never is. */
double scores_precision_at_recall(const struct ranking *ranking, double recall);

/* The share of the planted errors among the first `budget` clips. A rank that the budget
 * cuts counts in proportion. */
double scores_recall_within(const struct ranking *ranking, size_t budget);

/* part / whole; 0 if whole is 0. */
double scores_ratio(size_t part, size_t whole);

#endif
