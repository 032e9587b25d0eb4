/* The front end's constants: sizes, and the analysis window and mel filters in double precision
 * (those of torch.stft with a periodic Hamming window and of
 * speechbrain.processing.features.Filterbank). */
#ifndef EARMARK_FRONT_END_H
#define EARMARK_FRONT_END_H

#include <stddef.h>

#define SAMPLE_RATE 16000
#define FRAME_LENGTH 400 /* samples: window and transform */
#define FRAME_SHIFT 160  /* samples from one frame to the next */
#define FRAME_CENTRE 200 /* frame t covers samples 160 t - 200 .. 160 t + 199, zero outside */
#define FRAME_BINS 201   /* 0 .. 200, 40 Hz apart */

#define POWER_FLOOR 1e-10f  /* mel powers below count as this */
#define DECIBEL_RANGE 80.0f /* kept below a clip's largest value */

/* The statistics (STATISTICS_COUNT in device.h): where the envelope's 19 and the shape's 20 numbers
 * begin, and their constants. */
#define STATISTICS_ENVELOPE 48
#define STATISTICS_SHAPE 67
#define STATISTICS_LEAST_POWER 1e-12   /* what a sum of powers counts as at least in a divisor */
#define STATISTICS_SHARE_FLOOR 1e-6    /* added to a mel's share of the power before logarithms */
#define STATISTICS_ROLLOFF 0.85        /* of a frame's power */
#define STATISTICS_DECAY_LEVEL (-30.0) /* dB: frames above it belong to the decay */
#define STATISTICS_QUANTILES 0.1, 0.25, 0.5, 0.75   /* of the levels */
#define STATISTICS_SHARE_LEVELS -10.0, -20.0, -40.0 /* dB */

/* Fills the periodic Hamming window: w[n] = 0.54 - 0.46 cos(2 pi n / 400), n = 0 .. 399. */
void front_end_window(double window[FRAME_LENGTH]);

/* Weight of a bin (0 .. 200) in a mel filter (0 .. mels - 1): triangles of height 1, symmetric in
 * Hz, whose half width is the distance to the next lower centre. */
double front_end_mel_weight(size_t mels, size_t filter, size_t bin);

#endif
