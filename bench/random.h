/* Random numbers of the small programs, the same on every machine: SplitMix64
 * (Steele, Lea and Flood 2014), started at a seed. */
#ifndef EARMARK_BENCH_RANDOM_H
#define EARMARK_BENCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The programs' argument SEED; anything but a whole number ends the program. */
uint64_t random_seed(const char *text);

/* A number from 0 to bound - 1, every one as likely: by rejection. */
size_t random_below(uint64_t *state, size_t bound);

/* A number from -1 to 1, evenly, of 24 random bits. */
float random_between_ones(uint64_t *state);

#endif
