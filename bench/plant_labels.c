/* plant_labels LABELS.npy KIND SEED AMOUNT OUT_LABELS.npy PLANTED [GROUPS.npy]
 *
 * Changes labels of an array (whole numbers from 0; those that occur are the labels to
 * choose from) and lists the changes in PLANTED, a CSV: row, label, true_label; rows from
 * 0. KIND is one of (planting.h):
 *
 *   symmetric, pair   AMOUNT percent of the labels
 *   vocabulary        one label is taken out of the set, and AMOUNT percent of the rows
 *                     that are left are errors; rows that are left out get -1
 *   groups            all rows of a label in a group of GROUPS.npy, AMOUNT such cells */
#include "bench/planting.h"
#include "bench/random.h"
#include "bench/tables.h"

#include <stdlib.h>
#include <string.h>

/* An array of whole numbers as numbers of its values. */
struct coded {
    size_t *of; /* (count) index into values */
    size_t count;
    int64_t *values; /* (value_count) those that occur, sorted */
    size_t value_count;
};

static int compare_values(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct coded read_coded(const char *path, double least) {
    struct npy array;
    npy_load(path, &array);
    if (array.columns != 1 || array.kind != 'i') bench_fail(path, "not one integer a row");
    size_t count = array.rows;
    struct coded coded = {.count = count};
    int64_t *given = bench_allocate(count, sizeof *given);
    coded.values = bench_allocate(count, sizeof *coded.values);
    coded.of = bench_allocate(count, sizeof *coded.of);
    for (size_t i = 0; i < count; i++) {
        double value = npy_value(&array, i, 0);
        if (!(value >= least && value < 0x1p53)) bench_fail(path, "row %zu: %.0f", i, value);
        given[i] = coded.values[i] = (int64_t)value;
    }
    npy_free(&array);
    qsort(coded.values, count, sizeof *coded.values, compare_values);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && coded.values[i] == coded.values[coded.value_count - 1]) continue;
        coded.values[coded.value_count++] = coded.values[i];
    }
    for (size_t i = 0; i < count; i++) {
        const int64_t *found =
            bsearch(&given[i], coded.values, coded.value_count, sizeof *given, compare_values);
        coded.of[i] = (size_t)(found - coded.values);
    }
    free(given);
    return coded;
}

static size_t parse_cells(const char *text) {
    char *end = NULL;
    unsigned long cells = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || cells == 0 || cells > 1000000) {
        bench_fail("AMOUNT", "not a number of cells");
    }
    return cells;
}

static void plant_groups(const struct coded *labels, const char *groups_path, const char *cells,
                         uint64_t seed, size_t *planted) {
    struct coded groups = read_coded(groups_path, -0x1p53);
    if (groups.count != labels->count) {
        bench_fail(groups_path, "%zu groups for %zu labels", groups.count, labels->count);
    }
    size_t changed = planting_groups(labels->of, labels->count, labels->value_count, groups.of,
                                     groups.value_count, parse_cells(cells), seed, planted);
    if (changed == 0) {
        bench_fail(groups_path, "no group has %d rows of one label", PLANTING_CELL_CLIPS);
    }
    free(groups.of);
    free(groups.values);
}

/* Fills planted (labels->count) as the arguments after LABELS.npy say. */
static void plant(const struct coded *labels, int argc, char **argv, size_t *planted) {
    const char *kind = argv[2];
    uint64_t seed = random_seed(argv[3]);
    if (strcmp(kind, "groups") == 0) {
        if (argc != 8) bench_fail("KIND", "groups needs GROUPS.npy");
        plant_groups(labels, argv[7], argv[4], seed, planted);
        return;
    }
    double percent = planting_percent(argv[4]);
    if (strcmp(kind, "vocabulary") == 0) {
        if (labels->value_count < 3) bench_fail(argv[1], "fewer than three labels");
        planting_vocabulary(labels->of, labels->count, labels->value_count, percent, seed, planted);
        return;
    }
    bool pair = strcmp(kind, "pair") == 0;
    if (!pair && strcmp(kind, "symmetric") != 0) {
        bench_fail("KIND", "not symmetric, pair, vocabulary or groups");
    }
    planting_choose(pair ? PLANTING_PAIR : PLANTING_SYMMETRIC, labels->of, labels->count,
                    labels->value_count, percent, seed, planted);
}

int main(int argc, char **argv) {
    if (argc != 7 && argc != 8) {
        bench_fail("usage", "plant_labels LABELS.npy KIND SEED AMOUNT OUT_LABELS.npy PLANTED "
                            "[GROUPS.npy]");
    }
    struct coded labels = read_coded(argv[1], 0);
    if (labels.value_count < 2) bench_fail(argv[1], "fewer than two labels");
    size_t *planted = bench_allocate(labels.count, sizeof *planted);
    plant(&labels, argc, argv, planted);
    FILE *list = bench_create(argv[6]);
    fprintf(list, "row,label,true_label\n");
    for (size_t i = 0; i < labels.count; i++) {
        if (planted[i] == PLANTING_LEFT_OUT) continue; /* npy_save writes -1 */
        int64_t label = labels.values[planted[i]];
        if (planted[i] != labels.of[i]) {
            fprintf(list, "%zu,%lld,%lld\n", i, (long long)label,
                    (long long)labels.values[labels.of[i]]);
        }
        planted[i] = (size_t)label;
    }
    bench_close(argv[6], list);
    npy_save(argv[5], planted, labels.count);
    free(labels.of);
    free(labels.values);
    free(planted);
    return 0;
}
