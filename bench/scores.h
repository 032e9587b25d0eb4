/* How well planted errors were found: what the scoring programs share. */
#ifndef EARMARK_BENCH_SCORES_H
#define EARMARK_BENCH_SCORES_H

#include <stdbool.h>
#include <stddef.h>

struct ranked {
    float probability; /* of the given label */
    bool planted;
};

/* A ranking, lowest probability first. Equal probabilities are one rank: precision
 * and recall change only at its end, as scikit-learn has it. Planted errors that
 * are not in the ranking are never found. */
struct ranking {
    struct ranked *clips; /* (count) */
    size_t count;
    size_t planted; /* all of them, those that are not in the ranking, too */
};

/* Column "row" of a CSV file, each number below `rows`, as one flag a row; *count of them. */
bool *scores_read_rows(const char *path, size_t rows, size_t *count);

/* The probabilities of the given labels in `folder` (labels.npy, pred_probs.npy), ranked.
 * rows (count) leads from the arrays' rows to those of planted. */
struct ranking scores_rank(const char *folder, const size_t *rows, size_t count,
                           const bool *planted, size_t planted_count);

/* The sum over ranks of precision times the gain in recall. */
double scores_average_precision(const struct ranking *ranking);

/* The precision at the first rank where recall is at least that; 0 where it never is. */
double scores_precision_at_recall(const struct ranking *ranking, double recall);

/* part / whole; 0 of nothing. */
double scores_ratio(size_t part, size_t whole);

#endif
