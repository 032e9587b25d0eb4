/* score_detection OUT PLANTED
 *
 * Prints how well `earmark detect` found planted errors, as lines of a figure's name, a
 * tab and its value; "-" where the run has no such figure. OUT is its folder, PLANTED the
 * output of plant_labels; rows of both are those of the arrays that detect read. A
 * planted error in a row that was not audited counts as missed.
 *
 *   rows, planted           rows audited, and errors planted in the set
 *   average_precision       of the order of scores.npy
 *   within_budget           share of the planted errors in the first `planted` rows
 *   flagged, precision, recall, F1   of issues.csv
 *   flagged_per_planted     flagged / planted
 *   count, low, high        the run's estimate of the errors, with its 95% interval
 *   count_error             |count - planted| / planted
 *   count_held              1 if the interval holds the number planted, else 0 */
#include "bench/scores.h"
#include "bench/tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct audited {
    size_t *rows; /* (count) row of the given arrays */
    size_t count;
    size_t given;
};

static struct audited read_audited(const char *folder) {
    char path[4096];
    struct npy rows;
    bench_join(path, sizeof path, folder, "rows.npy");
    npy_load(path, &rows);
    struct audited audited = {bench_allocate(rows.rows, sizeof(size_t)), rows.rows,
                              csv_count(folder, "clips.csv")};
    for (size_t i = 0; i < rows.rows; i++) {
        double row = npy_value(&rows, i, 0);
        if (!(row >= 0 && row < (double)audited.given)) bench_fail(path, "row %g", row);
        audited.rows[i] = (size_t)row;
    }
    npy_free(&rows);
    return audited;
}

/* Reads the run's estimate of the number of errors; false where it has none. */
static bool read_count(const char *path, double *count, double *low, double *high) {
    static const char key[] = "\"error_count\": ";
    FILE *stream = fopen(path, "r");
    if (stream == NULL) bench_fail(path, "%s", strerror(errno));
    char *line = NULL;
    size_t room = 0;
    int read = -1;
    while (read < 0 && getline(&line, &room, stream) >= 0) {
        const char *at = line + strspn(line, " ");
        if (strncmp(at, key, sizeof key - 1) != 0) continue;
        read =
            sscanf(at + sizeof key - 1,
                   "{\"errors\": {\"number\": %lf, \"low\": %lf, \"high\": %lf}", count, low, high);
        if (read < 0) read = 0;
    }
    free(line);
    fclose(stream);
    if (read < 0) bench_fail(path, "no error_count");
    return read == 3;
}

static void print_count(const char *folder, size_t planted) {
    char path[4096];
    double count = 0;
    double low = 0;
    double high = 0;
    bench_join(path, sizeof path, folder, "run.json");
    if (!read_count(path, &count, &low, &high)) {
        printf("count\t-\nlow\t-\nhigh\t-\ncount_error\t-\ncount_held\t-\n");
        return;
    }
    double truth = (double)planted;
    printf("count\t%.2f\nlow\t%.2f\nhigh\t%.2f\n", count, low, high);
    if (planted == 0)
        printf("count_error\t-\n");
    else
        printf("count_error\t%.6f\n", fabs(count - truth) / truth);
    printf("count_held\t%d\n", low <= truth && truth <= high);
}

int main(int argc, char **argv) {
    if (argc != 3) bench_fail("usage", "score_detection OUT PLANTED");
    char path[4096];
    size_t count = 0;
    size_t flagged_count = 0;
    size_t found = 0;
    struct audited audited = read_audited(argv[1]);
    bool *planted = scores_read_rows(argv[2], audited.given, &count);
    bench_join(path, sizeof path, argv[1], "issues.csv");
    bool *flagged = scores_read_rows(path, audited.given, &flagged_count);
    for (size_t i = 0; i < audited.given; i++) found += flagged[i] && planted[i];
    bench_join(path, sizeof path, argv[1], "scores.npy");
    struct ranking ranking = scores_rank_file(path, audited.rows, audited.count, planted, count);
    printf("rows\t%zu\nplanted\t%zu\n", audited.count, count);
    printf("average_precision\t%.6f\n", scores_average_precision(&ranking));
    printf("within_budget\t%.6f\n", scores_recall_within(&ranking, count));
    printf("flagged\t%zu\n", flagged_count);
    printf("precision\t%.6f\n", scores_ratio(found, flagged_count));
    printf("recall\t%.6f\n", scores_ratio(found, count));
    printf("F1\t%.6f\n", scores_ratio(2 * found, flagged_count + count));
    printf("flagged_per_planted\t%.6f\n", scores_ratio(flagged_count, count));
    print_count(argv[1], count);
    free(ranking.clips);
    free(audited.rows);
    free(planted);
    free(flagged);
    return 0;
}
