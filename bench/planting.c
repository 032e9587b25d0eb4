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
        size_t j = i + random_below(&state, count - i);
        size_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
        planted[chosen] = other_label(kind, labels[chosen], label_count, &state);
    }
    free(order);
    return wanted;
}
