/* plant_errors MANIFEST SEED PERCENT OUT_MANIFEST PLANTED
 *
 * Changes the labels of PERCENT of a manifest's clips (rounded to whole clips)
 * to another label of the manifest, and lists the changes in PLANTED. The
 * manifest is CSV with the heading "path,label" and no quoted cells. Clips and
 * labels are chosen by planting.h (symmetric), with labels numbered in bytewise
 * order. OUT_MANIFEST has the bytes of paths and labels as they are, as earmark reads them.
 * PLANTED is CSV for people as well (bench_cell): row, path, label, true_label; rows from 0. */
#include "bench/codes.h"
#include "bench/planting.h"
#include "bench/random.h"
#include "bench/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct manifest {
    char **paths;  /* (count) */
    char **labels; /* (count) */
    size_t count;
};

/* Parses one line "path,label". */
static void parse_line(const char *file, char *line, char **path, char **label) {
    line[strcspn(line, "\r\n")] = '\0';
    char *comma = strrchr(line, ',');
    if (comma == NULL || comma == line || comma[1] == '\0' || strchr(line, '"') != NULL) {
        bench_fail(file, "a line is not path,label without quotes");
    }
    *comma = '\0';
    *path = bench_string(line);
    *label = bench_string(comma + 1);
}

static void read_manifest(const char *path, struct manifest *manifest) {
    FILE *stream = fopen(path, "r");
    if (stream == NULL) bench_fail(path, "%s", strerror(errno));
    char *line = NULL;
    size_t room = 0;
    size_t capacity = 0;
    if (getline(&line, &room, stream) < 0 || strcmp(line, "path,label\n") != 0) {
        bench_fail(path, "the first line is not path,label");
    }
    while (getline(&line, &room, stream) >= 0) {
        size_t row = manifest->count;
        if (row == capacity) {
            capacity = capacity == 0 ? 1024 : 2 * capacity;
            manifest->paths = bench_grow(manifest->paths, capacity, sizeof *manifest->paths);
            manifest->labels = bench_grow(manifest->labels, capacity, sizeof *manifest->labels);
        }
        parse_line(path, line, &manifest->paths[row], &manifest->labels[row]);
        manifest->count++;
    }
    free(line);
    fclose(stream);
}

static void write_outputs(const struct manifest *manifest, const struct codes *labels,
                          const size_t *planted, char **files) {
    FILE *labelled = bench_create(files[0]);
    FILE *list = bench_create(files[1]);
    fprintf(labelled, "path,label\n");
    fprintf(list, "row,path,label,true_label\n");
    for (size_t i = 0; i < manifest->count; i++) {
        const char *label = labels->names[planted[i]];
        fprintf(labelled, "%s,%s\n", manifest->paths[i], label);
        if (planted[i] == labels->of[i]) continue;
        fprintf(list, "%zu,", i);
        bench_cell(list, manifest->paths[i]);
        fputc(',', list);
        bench_cell(list, label);
        fputc(',', list);
        bench_cell(list, manifest->labels[i]);
        fputc('\n', list);
    }
    bench_close(files[0], labelled);
    bench_close(files[1], list);
}

int main(int argc, char **argv) {
    if (argc != 6) bench_fail("usage", "plant_errors MANIFEST SEED PERCENT OUT_MANIFEST PLANTED");
    uint64_t seed = random_seed(argv[2]);
    double percent = planting_percent(argv[3]);
    struct manifest manifest = {0};
    read_manifest(argv[1], &manifest);
    struct codes labels = codes_make(manifest.labels, manifest.count);
    if (labels.name_count < 2) bench_fail(argv[1], "fewer than two labels");
    size_t *planted = bench_allocate(manifest.count, sizeof *planted);
    size_t changed = planting_choose(PLANTING_SYMMETRIC, labels.of, manifest.count,
                                     labels.name_count, percent, seed, planted);
    write_outputs(&manifest, &labels, planted, argv + 4);
    printf("%zu of %zu labels changed, seed %llu\n", changed, manifest.count,
           (unsigned long long)seed);
    for (size_t i = 0; i < manifest.count; i++) {
        free(manifest.paths[i]);
        free(manifest.labels[i]);
    }
    free(manifest.paths);
    free(manifest.labels);
    free(planted);
    codes_free(&labels);
    return 0;
}
