/* Design of the polyphase resampler to 16 kHz: a windowed-sinc low-pass (Kaiser window), flat up
 * to 90% of the lower of the two Nyquist frequencies, at least 110 dB down from that Nyquist
 * frequency on, without delay. */
#ifndef EARMARK_RESAMPLER_H
#define EARMARK_RESAMPLER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* With up / down = 16000 / rate in lowest terms, output o is at input position
 * o down / up and is
 *
 *     y[o] = sum over t of filters[phase][t] x[floor(o down / up) - half + 1 + t],
 *
 * phase = o down mod up, t = 0 .. taps - 1, x zero outside the clip. */
struct resampler {
    int rate;       /* Hz, of the input */
    size_t up;      /* phases */
    size_t down;    /* 16000 down = rate up */
    size_t half;    /* taps on each side */
    size_t taps;    /* 2 half, a multiple of 8 */
    float *filters; /* (up, taps) */
};

/* Whether there is a resampler from this rate in Hz; true for 16000 too, which needs none. */
bool resampler_supports(int rate);

/* Samples after resampling: ceil(frames 16000 / rate), or SIZE_MAX when that overflows. */
size_t resampler_length(size_t frames, int rate);

/* Makes the filters for a rate in Hz other than 16000. ERROR_INTERNAL for a rate that is not
 * supported, ERROR_MEMORY. resampler_free() frees it. */

enum error_code resampler_create(int rate, struct resampler **resampler, struct error *error);
void resampler_free(struct resampler *resampler); /* takes NULL */

#endif
