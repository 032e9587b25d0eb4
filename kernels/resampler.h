/* Design of the polyphase resampler to 16 kHz: a windowed-sinc low-pass (Kaiser),
 * flat to 90% of the lower of the two Nyquist frequencies, at least 110 dB down
 * from that Nyquist frequency on, without delay. */
#ifndef EARMARK_RESAMPLER_H
#define EARMARK_RESAMPLER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* With up / down = 16000 / rate in lowest terms, output o lies at input position
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

bool resampler_supports(int rate);                /* 16000 too, which needs no resampler */
size_t resampler_length(size_t frames, int rate); /* ceil(frames 16000 / rate), saturating */

enum error_code resampler_create(int rate, struct resampler **resampler, struct error *error);
void resampler_free(struct resampler *resampler); /* takes NULL */

#endif
