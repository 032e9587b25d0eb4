/* A picture of a sound: time from left to right, frequency from 0 Hz at the bottom to the Nyquist
 * frequency of the file at the top, loud is dark. */
#ifndef EARMARK_SOUND_SPECTROGRAM_H
#define EARMARK_SOUND_SPECTROGRAM_H

#include "host/sound/decode.h"

#define SPECTROGRAM_COLUMNS 320
#define SPECTROGRAM_ROWS 96
#define SPECTROGRAM_GREYS 16
#define SPECTROGRAM_RANGE 70.0 /* dB below the loudest place, from black to white */

struct spectrogram {
    /* The first row is the highest. 0 is loudest, SPECTROGRAM_GREYS - 1 is the quietest. */
    unsigned char grey[SPECTROGRAM_ROWS][SPECTROGRAM_COLUMNS];
};

/* Of the first `frames` of a decoded clip, the mean of its channels, at the file's own rate
 * (facts.rate): power under a Hann window of 20 ms or somewhat more, in equal bands, the mean of at
 * most SPECTROGRAM_LOOKS places of each column, so that a long clip takes no longer. Silence is
 * white. Errors: ERROR_MEMORY. */
#define SPECTROGRAM_LOOKS 32
enum error_code spectrogram_make(const struct decoded *decoded, size_t frames,
                                 struct spectrogram *spectrogram, struct error *error);

/* As a PNG file of 4 bits a place, to be freed. Errors: ERROR_MEMORY. */
enum error_code spectrogram_png(const struct spectrogram *spectrogram, unsigned char **data,
                                size_t *size, struct error *error);
/* Both. Errors: ERROR_MEMORY. */
enum error_code spectrogram_draw(const struct decoded *decoded, size_t frames, unsigned char **data,
                                 size_t *size, struct error *error);

#endif
