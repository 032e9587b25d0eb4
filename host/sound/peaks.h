/* The largest of many samples. The bits of |x| sort as integers as they do as floats, with NaN and
 * Inf last: one maximum finds them and the peak, in loops that the compiler vectorises. */
#ifndef EARMARK_SOUND_PEAKS_H
#define EARMARK_SOUND_PEAKS_H

#include <stddef.h>
#include <stdint.h>

/* These bits and larger ones are of no number. */
#define PEAK_INFINITE 0x7f800000U

float peak_value(uint32_t bits);

/* The bits of the largest |x| of the samples, or `largest` where that is larger. */
uint32_t peak_float(const float *samples, size_t count, uint32_t largest);
uint32_t peak_int16(const int16_t *samples, size_t count, uint32_t largest); /* 1 is full scale */

/* The same of the means of two channels. */
uint32_t peak_stereo_mean(const int16_t *samples, size_t frames, uint32_t largest);

#endif
