#include "bench/scores.h"

#include "bench/tables.h"

#include <stdlib.h>

bool *scores_read_rows(const char *path, size_t rows, size_t *count) {
    struct csv csv;
    csv_open(path, &csv);
    size_t column = csv_needed_column(&csv, "row");
    bool *flags = bench_allocate(rows, sizeof *flags);
    *count = 0;
    while (csv_next(&csv)) {
        size_t row = csv_row_number(&csv, column);
        if (row >= rows || flags[row]) {
            bench_fail(path, "'%s' is not a row of the run, or occurs twice", csv.cells[column]);
        }
        flags[row] = true;
        (*count)++;
    }
    csv_close(&csv);
    return flags;
}

static int compare_ranked(const void *a, const void *b) {
    float x = ((const struct ranked *)a)->score;
    float y = ((const struct ranked *)b)->score;
    return (x > y) - (x < y);
}

struct ranking scores_rank(const char *folder, const size_t *rows, size_t count,
                           const bool *planted, size_t planted_count) {
    struct ranking ranking = {bench_allocate(count, sizeof *ranking.clips), count, planted_count};
    char path[4096];
    struct npy labels;
    struct npy probabilities;
    bench_join(path, sizeof path, folder, "labels.npy");
    npy_load(path, &labels);
    if (labels.rows != count || labels.columns != 1) {
        bench_fail(path, "%zu labels for %zu judged clips", labels.rows, count);
    }
    bench_join(path, sizeof path, folder, "pred_probs.npy");
    npy_load(path, &probabilities);
    if (probabilities.rows != count) {
        bench_fail(path, "%zu rows for %zu judged clips", probabilities.rows, count);
    }
    for (size_t i = 0; i < count; i++) {
        double label = npy_value(&labels, i, 0);
        if (!(label >= 0 && label < (double)probabilities.columns)) {
            bench_fail(path, "row %zu: no column for its label %g", i, label);
        }
        float probability = (float)npy_value(&probabilities, i, (size_t)label);
        if (!(probability >= 0)) bench_fail(path, "row %zu: no probability", i);
        ranking.clips[i] = (struct ranked){probability, planted[rows[i]]};
    }
    npy_free(&labels);
    npy_free(&probabilities);
    qsort(ranking.clips, count, sizeof *ranking.clips, compare_ranked);
    return ranking;
}

struct ranking scores_rank_file(const char *path, const size_t *rows, size_t count,
                                const bool *planted, size_t planted_count) {
    struct ranking ranking = {bench_allocate(count, sizeof *ranking.clips), count, planted_count};
    struct npy scores;
    npy_load(path, &scores);
    if (scores.rows != count || scores.columns != 1) {
        bench_fail(path, "%zu scores for %zu judged clips", scores.rows, count);
    }
    for (size_t i = 0; i < count; i++) {
        float score = (float)npy_value(&scores, i, 0);
        if (score != score) bench_fail(path, "row %zu: no score", i);
        ranking.clips[i] = (struct ranked){score, planted[rows[i]]};
    }
    npy_free(&scores);
    qsort(ranking.clips, count, sizeof *ranking.clips, compare_ranked);
    return ranking;
}

/* Returns the end of the rank that begins at `at`; adds its planted clips to *found. */
static size_t rank_end(const struct ranking *ranking, size_t at, size_t *found) {
    float score = ranking->clips[at].score;
    while (at < ranking->count && ranking->clips[at].score == score) {
        *found += ranking->clips[at++].planted;
    }
    return at;
}

double scores_average_precision(const struct ranking *ranking) {
    double sum = 0;
    size_t found = 0;
    for (size_t i = 0; i < ranking->count;) {
        size_t before = found;
        i = rank_end(ranking, i, &found);
        sum += (double)(found - before) * scores_ratio(found, i);
    }
    return ranking->planted == 0 ? 0 : sum / (double)ranking->planted;
}

double scores_precision_at_recall(const struct ranking *ranking, double recall) {
    size_t found = 0;
    for (size_t i = 0; i < ranking->count;) {
        i = rank_end(ranking, i, &found);
        if (scores_ratio(found, ranking->planted) >= recall) return scores_ratio(found, i);
    }
    return 0;
}

double scores_recall_within(const struct ranking *ranking, size_t budget) {
    size_t found = 0;
    for (size_t i = 0; i < ranking->count;) {
        size_t begin = i;
        size_t before = found;
        i = rank_end(ranking, i, &found);
        if (i < budget) continue;
        double share = scores_ratio(budget - begin, i - begin) * (double)(found - before);
        return ranking->planted == 0 ? 0 : ((double)before + share) / (double)ranking->planted;
    }
    return scores_ratio(found, ranking->planted);
}

double scores_ratio(size_t part, size_t whole) {
    return whole == 0 ? 0 : (double)part / (double)whole;
}
