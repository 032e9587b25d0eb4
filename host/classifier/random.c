#include "host/classifier/random.h"

#define SHIFT_SIZE 397

void random_seed(struct random_state *random, uint32_t seed) {
    random->words[0] = seed;
    for (uint32_t i = 1; i < RANDOM_STATE_SIZE; i++) {
        uint32_t last = random->words[i - 1];
        random->words[i] = 1812433253U * (last ^ (last >> 30)) + i;
    }
    random->next = RANDOM_STATE_SIZE;
}

static void refill(struct random_state *random) {
    uint32_t *words = random->words;
    for (size_t i = 0; i < RANDOM_STATE_SIZE; i++) {
        uint32_t joined =
            (words[i] & 0x80000000U) | (words[(i + 1) % RANDOM_STATE_SIZE] & 0x7fffffffU);
        words[i] = words[(i + SHIFT_SIZE) % RANDOM_STATE_SIZE] ^ (joined >> 1) ^
                   ((joined & 1U) != 0 ? 0x9908b0dfU : 0U);
    }
    random->next = 0;
}

uint32_t random_next(struct random_state *random) {
    if (random->next == RANDOM_STATE_SIZE) refill(random);
    uint32_t word = random->words[random->next++];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680U;
    word ^= (word << 15) & 0xefc60000U;
    return word ^ (word >> 18);
}

uint64_t random_interval(struct random_state *random, uint64_t maximum) {
    if (maximum == 0) return 0;
    uint64_t mask = maximum;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    uint64_t value;
    do {
        if (maximum <= UINT32_MAX) {
            value = random_next(random) & mask;
        } else {
            uint64_t high = random_next(random);
            value = ((high << 32) | random_next(random)) & mask;
        }
    } while (value > maximum);
    return value;
}

void random_shuffle(struct random_state *random, int32_t *values, size_t count) {
    for (size_t i = count; i-- > 1;) {
        size_t j = (size_t)random_interval(random, i);
        int32_t kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}

void random_shuffle_sizes(struct random_state *random, size_t *values, size_t count) {
    for (size_t i = count; i-- > 1;) {
        size_t j = (size_t)random_interval(random, i);
        size_t kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}
