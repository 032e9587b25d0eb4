/* The long-term spectrum of one clip, from frames of 256 samples: enough to see
 * where its band ends, cheap enough to be measured while decoding. */
#ifndef EARMARK_SOUND_SPECTRUM_H
#define EARMARK_SOUND_SPECTRUM_H

#include <stdbool.h>
#include <stddef.h>

#define SPECTRUM_FRAME 256
#define SPECTRUM_BINS (SPECTRUM_FRAME / 2 + 1)
#define SPECTRUM_BANDS 32 /* of equal width, from 0 to half the sampling rate */

/* Zero-initialise. */
struct spectrum {
    size_t seen;     /* frames given */
    size_t measured; /* frames measured: all at first, fewer and fewer in long clips */
    size_t stride;   /* one of this many is measured now */
    bool waiting;    /* `real` has a frame that waits for a second one */
    float real[SPECTRUM_FRAME];
    float imaginary[SPECTRUM_FRAME];
    double power[SPECTRUM_BINS]; /* sums of |X|^2 over the frames */
};

/* Takes one frame of SPECTRUM_FRAME samples, under a Hann window. */
void spectrum_add(struct spectrum *spectrum, const float *frame);

/* Mean power of each band in dB re a full-scale square; -300 where there is none.
 * bands (SPECTRUM_BANDS). The bin at 0 Hz belongs to none. Nothing may be added
 * afterwards. */
void spectrum_bands(struct spectrum *spectrum, float *bands);

/* The deepest cliff whose edge is between an eighth and about half of the band:
 * *edge is its place in bands (its frequency is edge / SPECTRUM_BANDS of half the
 * sampling rate). Returns by how many dB the loudest band beyond the edge is below
 * the quietest of the upper half of those before it, less what is ordinary at that
 * edge; 0 and no edge (0) without a cliff. */
float spectrum_cliff(const float *bands, size_t *edge);

#endif
