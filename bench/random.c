#include "bench/random.h"

#include "bench/tables.h"

#include <stdlib.h>

uint64_t random_seed(const char *text) {
    char *end = NULL;
    uint64_t seed = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') bench_fail("SEED", "not a whole number");
    return seed;
}

static uint64_t next_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t random_below(uint64_t *state, size_t bound) {
    if (bound == 0) bench_fail("random numbers", "none is below 0");
    uint64_t uneven = UINT64_MAX - UINT64_MAX % bound; /* from here on low results are likelier */
    uint64_t value = 0;
    do {
        value = next_random(state);
    } while (value >= uneven);
    return (size_t)(value % bound);
}

float random_between_ones(uint64_t *state) {
    return (float)(next_random(state) >> 40) * 0x1p-23f - 1.0f;
}
