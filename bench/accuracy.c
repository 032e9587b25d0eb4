/* accuracy FOLDER
 *
 * Prints the share of rows whose label is the most probable class, from labels.npy
 * and pred_probs.npy in FOLDER (written by `earmark crossval` or `earmark audit`). */
#include "bench/scores.h"
#include "bench/tables.h"

static size_t most_probable(const struct npy *probabilities, size_t row) {
    size_t best = 0;
    for (size_t c = 1; c < probabilities->columns; c++) {
        if (npy_value(probabilities, row, c) > npy_value(probabilities, row, best)) best = c;
    }
    return best;
}

int main(int argc, char **argv) {
    if (argc != 2) bench_fail("usage", "accuracy FOLDER");
    char path[4096];
    struct npy labels;
    struct npy probabilities;
    bench_join(path, sizeof path, argv[1], "pred_probs.npy");
    npy_load(path, &probabilities);
    bench_join(path, sizeof path, argv[1], "labels.npy");
    npy_load(path, &labels);
    if (labels.rows != probabilities.rows || labels.columns != 1) {
        bench_fail(path, "not one label for each of %zu rows", probabilities.rows);
    }
    size_t right = 0;
    for (size_t i = 0; i < labels.rows; i++) {
        right += npy_value(&labels, i, 0) == (double)most_probable(&probabilities, i);
    }
    printf("%.6f\n", scores_ratio(right, labels.rows));
    npy_free(&labels);
    npy_free(&probabilities);
    return 0;
}
