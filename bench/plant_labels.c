/* plant_labels LABELS.npy KIND SEED PERCENT OUT_LABELS.npy PLANTED
 *
 * Changes PERCENT of the labels of an array (0, 1, ... up to the largest), and
 * lists the changes in PLANTED. KIND is symmetric or pair (planting.h). PLANTED
 * is CSV: row, label, true_label; rows from 0. */
#include "bench/planting.h"
#include "bench/random.h"
#include "bench/tables.h"

#include <stdlib.h>
#include <string.h>

static enum planting_kind parse_kind(const char *name) {
    if (strcmp(name, "symmetric") == 0) return PLANTING_SYMMETRIC;
    if (strcmp(name, "pair") != 0) bench_fail("KIND", "neither symmetric nor pair");
    return PLANTING_PAIR;
}

/* The labels, each below *label_count. */
static size_t *read_labels(const char *path, size_t *count, size_t *label_count) {
    struct npy array;
    npy_load(path, &array);
    if (array.columns != 1 || array.kind != 'i') bench_fail(path, "not one integer a row");
    size_t *labels = bench_allocate(array.rows, sizeof *labels);
    *count = array.rows;
    *label_count = 0;
    for (size_t i = 0; i < array.rows; i++) {
        double label = npy_value(&array, i, 0);
        if (!(label >= 0 && label < 1e6)) bench_fail(path, "row %zu: label %g", i, label);
        labels[i] = (size_t)label;
        if (labels[i] >= *label_count) *label_count = labels[i] + 1;
    }
    npy_free(&array);
    if (*label_count < 2) bench_fail(path, "fewer than two labels");
    return labels;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        bench_fail("usage", "plant_labels LABELS.npy KIND SEED PERCENT OUT_LABELS.npy PLANTED");
    }
    enum planting_kind kind = parse_kind(argv[2]);
    uint64_t seed = random_seed(argv[3]);
    double percent = planting_percent(argv[4]);
    size_t count = 0;
    size_t label_count = 0;
    size_t *labels = read_labels(argv[1], &count, &label_count);
    size_t *planted = bench_allocate(count, sizeof *planted);
    planting_choose(kind, labels, count, label_count, percent, seed, planted);
    npy_save(argv[5], planted, count);
    FILE *list = bench_create(argv[6]);
    fprintf(list, "row,label,true_label\n");
    for (size_t i = 0; i < count; i++) {
        if (planted[i] != labels[i]) fprintf(list, "%zu,%zu,%zu\n", i, planted[i], labels[i]);
    }
    bench_close(argv[6], list);
    free(labels);
    free(planted);
    return 0;
}
