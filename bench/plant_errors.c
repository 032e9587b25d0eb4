/* plant_errors MANIFEST SEED PERCENT OUT_MANIFEST PLANTED
 *
 * Changes the labels of PERCENT of a manifest's clips (rounded to whole clips)
 * to another of its labels, and keeps a list of what was changed. The manifest
 * is CSV with the heading "path,label" and no quoted cells. The choice depends
 * on SEED and the number of clips only: SplitMix64 (Steele, Lea and Flood 2014)
 * started at SEED; clips by the first steps of a Fisher-Yates shuffle, then for
 * each a label evenly among the others in bytewise order; numbers below a bound
 * by rejection. PLANTED is CSV: row, path, label, true_label; rows from 0. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct clip {
    char *path;
    char *label;
    const char *planted; /* the label put in its place, or NULL */
};

struct manifest {
    struct clip *clips;
    size_t count;
    const char **labels; /* the different ones, sorted */
    size_t label_count;
};

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "plant_errors: %s: %s\n", what, why);
    exit(1);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) fail("memory", "none left");
    return memory;
}

static uint64_t next_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number from 0 to bound - 1, every one as likely. */
static size_t random_below(uint64_t *state, size_t bound) {
    if (bound == 0) fail("random numbers", "none is below 0");
    uint64_t uneven = UINT64_MAX - UINT64_MAX % bound; /* the first value of the last, short run */
    uint64_t value = 0;
    do {
        value = next_random(state);
    } while (value >= uneven);
    return (size_t)(value % bound);
}

/* One line "path,label" into a clip. */
static struct clip parse_line(const char *file, char *line) {
    line[strcspn(line, "\r\n")] = '\0';
    char *comma = strrchr(line, ',');
    if (comma == NULL || comma == line || comma[1] == '\0' || strchr(line, '"') != NULL) {
        fail(file, "a line is not path,label without quotes");
    }
    *comma = '\0';
    struct clip clip = {strdup(line), strdup(comma + 1), NULL};
    if (clip.path == NULL || clip.label == NULL) fail("memory", "none left");
    return clip;
}

static int compare_labels(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_labels(struct manifest *manifest) {
    manifest->labels = allocate(manifest->count, sizeof *manifest->labels);
    for (size_t i = 0; i < manifest->count; i++) manifest->labels[i] = manifest->clips[i].label;
    qsort(manifest->labels, manifest->count, sizeof *manifest->labels, compare_labels);
    for (size_t i = 0; i < manifest->count; i++) {
        size_t count = manifest->label_count;
        if (count == 0 || strcmp(manifest->labels[count - 1], manifest->labels[i]) != 0) {
            manifest->labels[manifest->label_count++] = manifest->labels[i];
        }
    }
}

static void read_manifest(const char *path, struct manifest *manifest) {
    FILE *stream = fopen(path, "r");
    if (stream == NULL) fail(path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    size_t capacity = 0;
    bool heading = true;
    while (getline(&line, &room, stream) >= 0) {
        if (heading) {
            heading = false;
            if (strcmp(line, "path,label\n") != 0) fail(path, "the first line is not path,label");
            continue;
        }
        if (manifest->count == capacity) {
            capacity = capacity == 0 ? 1024 : 2 * capacity;
            manifest->clips = realloc(manifest->clips, capacity * sizeof *manifest->clips);
            if (manifest->clips == NULL) fail("memory", "none left");
        }
        manifest->clips[manifest->count++] = parse_line(path, line);
    }
    free(line);
    fclose(stream);
    collect_labels(manifest);
    if (manifest->label_count < 2) fail(path, "fewer than two labels");
}

/* Chooses `wanted` clips and their new labels. */
static void plant(struct manifest *manifest, size_t wanted, uint64_t seed) {
    uint64_t state = seed;
    size_t *order = allocate(manifest->count, sizeof *order);
    for (size_t i = 0; i < manifest->count; i++) order[i] = i;
    for (size_t i = 0; i < wanted; i++) {
        size_t j = i + random_below(&state, manifest->count - i);
        size_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
        struct clip *clip = &manifest->clips[chosen];
        size_t other = random_below(&state, manifest->label_count - 1);
        /* The labels but the clip's own: those from its own on move up by one. */
        if (strcmp(manifest->labels[other], clip->label) >= 0) other++;
        clip->planted = manifest->labels[other];
    }
    free(order);
}

static FILE *open_output(const char *path) {
    FILE *stream = fopen(path, "w");
    if (stream == NULL) fail(path, strerror(errno));
    return stream;
}

static void close_output(const char *path, FILE *stream) {
    bool failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed) fail(path, "could not be written");
}

static void write_outputs(const struct manifest *manifest, const char *path, const char *list) {
    FILE *labelled = open_output(path);
    FILE *planted = open_output(list);
    fprintf(labelled, "path,label\n");
    fprintf(planted, "row,path,label,true_label\n");
    for (size_t i = 0; i < manifest->count; i++) {
        const struct clip *clip = &manifest->clips[i];
        const char *label = clip->planted != NULL ? clip->planted : clip->label;
        fprintf(labelled, "%s,%s\n", clip->path, label);
        if (clip->planted == NULL) continue;
        fprintf(planted, "%zu,%s,%s,%s\n", i, clip->path, label, clip->label);
    }
    close_output(path, labelled);
    close_output(list, planted);
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage", "plant_errors MANIFEST SEED PERCENT OUT_MANIFEST PLANTED");
    char *end = NULL;
    uint64_t seed = strtoull(argv[2], &end, 10);
    if (*argv[2] == '\0' || *end != '\0') fail("SEED", "not a whole number");
    double percent = strtod(argv[3], &end);
    if (*argv[3] == '\0' || *end != '\0' || !(percent >= 0 && percent <= 100)) {
        fail("PERCENT", "not a number from 0 to 100");
    }
    struct manifest manifest = {0};
    read_manifest(argv[1], &manifest);
    size_t wanted = (size_t)((double)manifest.count * percent / 100.0 + 0.5);
    plant(&manifest, wanted, seed);
    write_outputs(&manifest, argv[4], argv[5]);
    printf("%zu of %zu labels changed, seed %llu\n", wanted, manifest.count,
           (unsigned long long)seed);
    for (size_t i = 0; i < manifest.count; i++) {
        free(manifest.clips[i].path);
        free(manifest.clips[i].label);
    }
    free(manifest.clips);
    free(manifest.labels);
    return 0;
}
