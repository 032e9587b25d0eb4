/* score_planted OUT PLANTED
 *
 * Prints how well an audit found planted errors. OUT is the folder of a finished
 * `earmark audit`, PLANTED the output of plant_errors; rows of both are those of
 * the manifest. The figures are precision and recall of the flagged clips
 * (issues.csv), and the average precision of the ranking of all clips by the
 * probability of their given label, lowest first: the sum over ranks of precision
 * times the gain in recall, where equal probabilities are one rank (as in
 * scikit-learn's average_precision_score). A planted clip that was not audited
 * (for example a silent one) counts as missed in all three: it is in the
 * denominator of recall and not in the ranking. */
#include "bench/scores.h"
#include "bench/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scores {
    size_t clips;
    size_t audited;
    size_t planted;
    size_t planted_audited;
    size_t flagged;
    size_t found; /* both flagged and planted */
    double average_precision;
};

/* Rows of clips.csv that were audited, in order: those whose status is "ok". */
static size_t *read_audited(const char *path, size_t *clips, size_t *audited) {
    struct csv csv;
    csv_open(path, &csv);
    size_t status = csv_needed_column(&csv, "status");
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

static struct scores score(const char *folder, const char *planted_path) {
    struct scores scores = {0};
    char path[4096];
    bench_join(path, sizeof path, folder, "clips.csv");
    size_t *rows = read_audited(path, &scores.clips, &scores.audited);
    bool *planted = scores_read_rows(planted_path, scores.clips, &scores.planted);
    bench_join(path, sizeof path, folder, "issues.csv");
    bool *flagged = scores_read_rows(path, scores.clips, &scores.flagged);
    for (size_t i = 0; i < scores.clips; i++) scores.found += flagged[i] && planted[i];
    for (size_t i = 0; i < scores.audited; i++) scores.planted_audited += planted[rows[i]];
    struct ranking ranking = scores_rank(folder, rows, scores.audited, planted, scores.planted);
    scores.average_precision = scores_average_precision(&ranking);
    free(rows);
    free(planted);
    free(flagged);
    free(ranking.clips);
    return scores;
}

int main(int argc, char **argv) {
    if (argc != 3) bench_fail("usage", "score_planted OUT PLANTED");
    struct scores s = score(argv[1], argv[2]);
    printf("clips %zu, audited %zu; errors planted %zu, %zu of them in clips that were not audited "
           "(missed)\n",
           s.clips, s.audited, s.planted, s.planted - s.planted_audited);
    printf("flagged %zu, of them planted %zu\n", s.flagged, s.found);
    printf("precision %.3f\n", scores_ratio(s.found, s.flagged));
    printf("recall %.3f\n", scores_ratio(s.found, s.planted));
    printf("average precision %.3f (by chance %.3f)\n", s.average_precision,
           scores_ratio(s.planted, s.clips));
    return 0;
}
