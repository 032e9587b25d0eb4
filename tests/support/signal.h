/* Synthetic sounds for tests. All are repeatable. */
#ifndef EARMARK_TEST_SIGNAL_H
#define EARMARK_TEST_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

/* Speech-like sound: pitch pulses through three moving resonances, with noise and
 * pauses, at `rate` Hz; samples (count) of about a tenth of full scale. */
void signal_speech(int16_t *samples, size_t count, int rate, unsigned seed);

/* Noise of slowly changing loudness, computed in integers, so that
 * tests/golden/xvector/make_xvector.py makes exactly the same. */
void signal_noise(int16_t *samples, size_t count, unsigned seed);

/* 32 well-mixed bits of (seed, stream, index); make_xvector.py has the same. */
uint32_t signal_hash(uint32_t seed, uint32_t stream, uint32_t index);

#endif
