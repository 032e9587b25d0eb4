/* score_crossval FOLDER PLANTED RECALL [NAME ISSUES.csv]...
 *
 * Prints how well planted errors are found in the results of `earmark crossval`,
 * as lines of a figure's name, a tab and its value. FOLDER is the output of
 * crossval, PLANTED the output of plant_labels; its rows are those of the arrays
 * that crossval read. First come two figures of the ranking of all rows by the
 * probability of their given label: its average precision, and the precision
 * where recall first reaches RECALL. Then follow precision, recall and F1 of each
 * set of flagged rows: NAME is its name, ISSUES.csv the output of `earmark issues`. */
#include "bench/scores.h"
#include "bench/tables.h"

#include <stdlib.h>

struct judged {
    size_t *rows; /* (count) row of crossval's input */
    size_t count;
    bool *planted; /* by row of crossval's input */
    size_t planted_count;
};

/* Reads which rows crossval judged; returns the number of rows of its input. */
static size_t read_judged(const char *folder, struct judged *judged) {
    char path[4096];
    struct npy rows;
    bench_join(path, sizeof path, folder, "rows.npy");
    npy_load(path, &rows);
    size_t given = rows.rows + csv_count(folder, "not_auditable.csv");
    judged->count = rows.rows;
    judged->rows = bench_allocate(rows.rows, sizeof *judged->rows);
    for (size_t i = 0; i < rows.rows; i++) {
        double row = npy_value(&rows, i, 0);
        if (!(row >= 0 && row < (double)given)) bench_fail(path, "row %g of %zu", row, given);
        judged->rows[i] = (size_t)row;
    }
    npy_free(&rows);
    return given;
}

static void print_flagged(const struct judged *judged, const char *name, const char *path) {
    size_t count = 0;
    size_t found = 0;
    bool *flagged = scores_read_rows(path, judged->count, &count);
    for (size_t i = 0; i < judged->count; i++) {
        found += flagged[i] && judged->planted[judged->rows[i]];
    }
    bench_print_figure("", name, ": precision", scores_ratio(found, count));
    bench_print_figure("", name, ": recall", scores_ratio(found, judged->planted_count));
    bench_print_figure("", name, ": F1", scores_ratio(2 * found, count + judged->planted_count));
    free(flagged);
}

int main(int argc, char **argv) {
    if (argc < 4 || argc % 2 != 0) {
        bench_fail("usage", "score_crossval FOLDER PLANTED RECALL [NAME ISSUES.csv]...");
    }
    char *end = NULL;
    double recall = strtod(argv[3], &end);
    if (*argv[3] == '\0' || *end != '\0' || !(recall > 0 && recall <= 1)) {
        bench_fail("RECALL", "not a number above 0, at most 1");
    }
    struct judged judged;
    size_t given = read_judged(argv[1], &judged);
    judged.planted = scores_read_rows(argv[2], given, &judged.planted_count);
    struct ranking ranking =
        scores_rank(argv[1], judged.rows, judged.count, judged.planted, judged.planted_count);
    printf("average precision\t%.6f\n", scores_average_precision(&ranking));
    bench_print_figure("precision at recall ", argv[3], "",
                       scores_precision_at_recall(&ranking, recall));
    for (int i = 4; i < argc; i += 2) print_flagged(&judged, argv[i], argv[i + 1]);
    free(ranking.clips);
    free(judged.rows);
    free(judged.planted);
    return 0;
}
