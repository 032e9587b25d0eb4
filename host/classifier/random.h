/* The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) and the draws
 * that numpy's RandomState makes from it, so that shuffles with an integer seed
 * agree with numpy.random.RandomState(seed). */
#ifndef EARMARK_CLASSIFIER_RANDOM_H
#define EARMARK_CLASSIFIER_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_STATE_SIZE 624

struct random_state {
    uint32_t words[RANDOM_STATE_SIZE];
    size_t next;
};

void random_seed(struct random_state *random, uint32_t seed); /* the paper's init_genrand */
uint32_t random_next(struct random_state *random);            /* 32 random bits */

/* A uniform number in 0 .. maximum, by masked rejection; draws nothing when maximum is 0. */
uint64_t random_interval(struct random_state *random, uint64_t maximum);

/* Fisher-Yates from the top, as RandomState.shuffle on a one-dimensional array (count). */
void random_shuffle(struct random_state *random, int32_t *values, size_t count);
void random_shuffle_sizes(struct random_state *random, size_t *values, size_t count);

#endif
