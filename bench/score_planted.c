/* score_planted OUT PLANTED
 *
 * How well an audit found planted errors. OUT is the folder of a finished
 * `earmark audit`, PLANTED what plant_errors wrote; rows of both are those of
 * the manifest. Prints precision and recall of the flagged clips (issues.csv)
 * and the average precision of the ranking of all clips by the probability of
 * their given label, lowest first: the sum over ranks of precision times the
 * gain in recall, equal probabilities being one rank (as scikit-learn's
 * average_precision_score). A planted clip that was not audited (a silent one,
 * say) is missed in all three: it counts in the recall's denominator and never
 * comes in the ranking. */
#include "bench/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
    float probability; /* of the given label */
    bool planted;
};

struct scores {
    size_t clips;
    size_t audited;
    size_t planted;
    size_t planted_audited;
    size_t flagged;
    size_t found; /* flagged and planted */
    double average_precision;
};

static size_t column(const struct csv *csv, const char *path, const char *name) {
    size_t index = csv_column(csv, name);
    if (index == CSV_NONE) bench_fail(path, "no column %s", name);
    return index;
}

/* Row numbers of `path`'s column, each below `clips`, as one flag a clip. */
static bool *read_rows(const char *path, const char *name, size_t clips, size_t *count) {
    struct csv csv;
    csv_open(path, &csv);
    size_t index = column(&csv, path, name);
    bool *flags = bench_allocate(clips, sizeof *flags);
    *count = 0;
    while (csv_next(&csv)) {
        char *end = NULL;
        size_t row = strtoull(csv.cells[index], &end, 10);
        if (end == csv.cells[index] || *end != '\0' || row >= clips || flags[row]) {
            bench_fail(path, "'%s' is no row of the run, or there twice", csv.cells[index]);
        }
        flags[row] = true;
        (*count)++;
    }
    csv_close(&csv);
    return flags;
}

/* Rows of clips.csv that were audited, in order: those whose status is "ok". */
static size_t *read_audited(const char *path, size_t *clips, size_t *audited) {
    struct csv csv;
    csv_open(path, &csv);
    size_t status = column(&csv, path, "status");
    size_t *rows = NULL;
    size_t capacity = 0;
    *clips = 0;
    *audited = 0;
    while (csv_next(&csv)) {
        if (strcmp(csv.cells[status], "ok") == 0) {
            if (*audited == capacity) {
                capacity = capacity == 0 ? 1024 : 2 * capacity;
                rows = bench_grow(rows, capacity, sizeof *rows);
            }
            rows[(*audited)++] = *clips;
        }
        (*clips)++;
    }
    csv_close(&csv);
    return rows;
}

static int compare_ranked(const void *a, const void *b) {
    float x = ((const struct ranked *)a)->probability;
    float y = ((const struct ranked *)b)->probability;
    return (x > y) - (x < y);
}

static double average_precision(struct ranked *ranking, size_t count, size_t planted) {
    qsort(ranking, count, sizeof *ranking, compare_ranked);
    double sum = 0;
    size_t found = 0;
    for (size_t i = 0; i < count;) {
        size_t before = found;
        size_t end = i;
        while (end < count && ranking[end].probability == ranking[i].probability) {
            found += ranking[end++].planted;
        }
        sum += (double)(found - before) * (double)found / (double)end;
        i = end;
    }
    return planted == 0 ? 0 : sum / (double)planted;
}

/* The given label's probability of every audited clip. */
static struct ranked *read_ranking(const char *folder, const size_t *rows, size_t audited,
                                   const bool *planted) {
    char path[4096];
    struct npy labels;
    struct npy probabilities;
    bench_join(path, sizeof path, folder, "labels.npy");
    npy_load(path, &labels);
    if (labels.rows != audited || labels.columns != 1) {
        bench_fail(path, "%zu labels for the %zu clips whose status is ok", labels.rows, audited);
    }
    bench_join(path, sizeof path, folder, "pred_probs.npy");
    npy_load(path, &probabilities);
    if (probabilities.rows != audited) {
        bench_fail(path, "%zu rows for %zu clips", probabilities.rows, audited);
    }
    struct ranked *ranking = bench_allocate(audited, sizeof *ranking);
    for (size_t i = 0; i < audited; i++) {
        double label = npy_value(&labels, i, 0);
        if (!(label >= 0 && label < (double)probabilities.columns)) {
            bench_fail(path, "row %zu: no column for its label %g", i, label);
        }
        ranking[i].probability = (float)npy_value(&probabilities, i, (size_t)label);
        if (!(ranking[i].probability >= 0)) bench_fail(path, "row %zu: no probability", i);
        ranking[i].planted = planted[rows[i]];
    }
    npy_free(&labels);
    npy_free(&probabilities);
    return ranking;
}

static struct scores score(const char *folder, const char *planted_path) {
    struct scores scores = {0};
    char path[4096];
    bench_join(path, sizeof path, folder, "clips.csv");
    size_t *rows = read_audited(path, &scores.clips, &scores.audited);
    bool *planted = read_rows(planted_path, "row", scores.clips, &scores.planted);
    bench_join(path, sizeof path, folder, "issues.csv");
    bool *flagged = read_rows(path, "row", scores.clips, &scores.flagged);
    for (size_t i = 0; i < scores.clips; i++) scores.found += flagged[i] && planted[i];
    for (size_t i = 0; i < scores.audited; i++) scores.planted_audited += planted[rows[i]];
    struct ranked *ranking = read_ranking(folder, rows, scores.audited, planted);
    scores.average_precision = average_precision(ranking, scores.audited, scores.planted);
    free(rows);
    free(planted);
    free(flagged);
    free(ranking);
    return scores;
}

int main(int argc, char **argv) {
    if (argc != 3) bench_fail("usage", "score_planted OUT PLANTED");
    struct scores s = score(argv[1], argv[2]);
    printf("clips %zu, audited %zu; errors planted %zu, %zu of them in clips that were not audited "
           "(missed)\n",
           s.clips, s.audited, s.planted, s.planted - s.planted_audited);
    printf("flagged %zu, of them planted %zu\n", s.flagged, s.found);
    printf("precision %.3f\n", s.flagged == 0 ? 0 : (double)s.found / (double)s.flagged);
    printf("recall %.3f\n", s.planted == 0 ? 0 : (double)s.found / (double)s.planted);
    printf("average precision %.3f (by chance %.3f)\n", s.average_precision,
           s.clips == 0 ? 0 : (double)s.planted / (double)s.clips);
    return 0;
}
