/* Random numbers for the small programs, the same on every machine: SplitMix64
 * (Steele, Lea and Flood 2014). */
#ifndef EARMARK_BENCH_RANDOM_H
#define EARMARK_BENCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Parses the programs' argument SEED; anything but a whole number ends the program. */
uint64_t random_seed(const char *text);

/* Uniform on 0 to bound - 1, by rejection. */
size_t random_below(uint64_t *state, size_t bound);

/* Uniform on -1 to 1, from 24 random bits. */
float random_between_ones(uint64_t *state);

#endif
