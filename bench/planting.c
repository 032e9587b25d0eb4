#include "bench/planting.h"

#include "bench/random.h"
#include "bench/tables.h"

#include <stdlib.h>
#include <string.h>

double planting_percent(const char *text) {
    char *end = NULL;
    double percent = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(percent >= 0 && percent <= 100)) {
        bench_fail("PERCENT", "not a number from 0 to 100");
    }
    return percent;
}

/* Moves one of the items from `from` on, drawn uniformly, to `from`. */
static size_t draw(size_t *items, size_t from, size_t count, uint64_t *state) {
    size_t j = from + random_below(state, count - from);
    size_t chosen = items[j];
    items[j] = items[from];
    items[from] = chosen;
    return chosen;
}

static size_t other_label(enum planting_kind kind, size_t own, size_t label_count,
                          uint64_t *state) {
    if (kind == PLANTING_PAIR) return (own + 1) % label_count;
    size_t other = random_below(state, label_count - 1);
    /* The draw is among the other labels: numbers from the clip's own label on move up by one. */
    return other + (other >= own);
}

size_t planting_choose(enum planting_kind kind, const size_t *labels, size_t count,
                       size_t label_count, double percent, uint64_t seed, size_t *planted) {
    size_t wanted = (size_t)((double)count * percent / 100.0 + 0.5);
    uint64_t state = seed;
    size_t *order = bench_allocate(count, sizeof *order);
    for (size_t i = 0; i < count; i++) order[i] = i;
    if (count > 0) memcpy(planted, labels, count * sizeof *planted);
    for (size_t i = 0; i < wanted; i++) {
        size_t chosen = draw(order, i, count, &state);
        planted[chosen] = other_label(kind, labels[chosen], label_count, &state);
    }
    free(order);
    return wanted;
}

size_t planting_vocabulary(const size_t *labels, size_t count, size_t label_count, double percent,
                           uint64_t seed, size_t *planted) {
    uint64_t state = seed;
    size_t removed = random_below(&state, label_count);
    size_t *clips = bench_allocate(count, sizeof *clips);
    size_t clip_count = 0;
    for (size_t i = 0; i < count; i++) {
        planted[i] = labels[i] == removed ? PLANTING_LEFT_OUT : labels[i];
        if (labels[i] == removed) clips[clip_count++] = i;
    }
    /* Of w errors beside n other clips, percent = 100 w / (n + w). */
    double others = (double)(count - clip_count);
    double wanted = percent < 100 ? others * percent / (100 - percent) + 0.5 : (double)count;
    size_t changed = wanted < (double)clip_count ? (size_t)wanted : clip_count;
    for (size_t i = 0; i < changed; i++) {
        size_t chosen = draw(clips, i, clip_count, &state);
        planted[chosen] = other_label(PLANTING_SYMMETRIC, removed, label_count, &state);
    }
    free(clips);
    return changed;
}

size_t planting_groups(const size_t *labels, size_t count, size_t label_count, const size_t *groups,
                       size_t group_count, size_t cells, uint64_t seed, size_t *planted) {
    uint64_t state = seed;
    size_t cell_count = group_count * label_count;
    size_t large_count = 0;
    size_t changed = 0;
    size_t *sizes = bench_allocate(cell_count, sizeof *sizes);
    size_t *large = bench_allocate(cell_count, sizeof *large);
    for (size_t i = 0; i < count; i++) {
        planted[i] = labels[i];
        sizes[groups[i] * label_count + labels[i]]++;
    }
    for (size_t cell = 0; cell < cell_count; cell++) {
        if (sizes[cell] >= PLANTING_CELL_CLIPS) large[large_count++] = cell;
    }
    for (size_t i = 0; i < cells && i < large_count; i++) {
        size_t cell = draw(large, i, large_count, &state);
        size_t label = other_label(PLANTING_SYMMETRIC, cell % label_count, label_count, &state);
        for (size_t row = 0; row < count; row++) {
            if (groups[row] * label_count + labels[row] == cell) planted[row] = label;
        }
        changed += sizes[cell];
    }
    free(sizes);
    free(large);
    return changed;
}
