/* The front end's constants, computed in double precision: analysis window,
 * folded Fourier matrices, mel filters (spec: torch.stft with a periodic Hamming
 * window; speechbrain.processing.features.Filterbank). */
#ifndef EARMARK_TABLES_H
#define EARMARK_TABLES_H

#include <stddef.h>

#define SAMPLE_RATE 16000
#define FRAME_LENGTH 400 /* samples: window and transform */
#define FRAME_SHIFT 160  /* samples from one frame to the next */
#define FRAME_CENTRE 200 /* frame t covers samples 160 t - 200 .. 160 t + 199, zero outside */
#define FRAME_BINS 201   /* 0 .. 200, 40 Hz apart */

/* Periodic Hamming: w[n] = 0.54 - 0.46 cos(2 pi n / 400), n = 0 .. 399. */
void tables_window(double window[FRAME_LENGTH]);

/* The transform of 400 real samples, folded twice (four times fewer products).
 * With a[n] = x[n] + x[400 - n] and b[n] = x[n] - x[400 - n] (n = 1 .. 199),
 * a[0] = x[0], a[200] = x[200], the parts of the even and the odd bins are
 *
 *     real, even bins: sum over n = 0 .. 100 of E[n] cos(2 pi k n / 400)
 *     real, odd bins:  the same of O[n]
 *     imaginary, even: sum of E'[n] sin(2 pi k n / 400), odd: of O'[n]
 *
 * with E = a[n] + a[200-n], O = a[n] - a[200-n], E' = b[n] - b[200-n],
 * O' = b[n] + b[200-n] for n < 100, and at n = 100 a[100], 0, 0, b[100]; E'[0] =
 * O'[0] = 0. (The imaginary part's sign is of no consequence for the power.) */
#define FOLD_LENGTH 101
#define FOLD_BINS 100 /* even: bins 2, 4 .. 200; odd: 1, 3 .. 199; bin 0 has no mel weight */

enum fold_part {
    FOLD_REAL_EVEN,
    FOLD_REAL_ODD,
    FOLD_IMAGINARY_EVEN,
    FOLD_IMAGINARY_ODD,
    FOLD_PARTS
};

/* matrix (FOLD_BINS, FOLD_LENGTH): cos or sin of 2 pi k n / 400. */
void tables_fourier(enum fold_part part, double *matrix);

/* The transform's bin of a row of the even or odd matrices. */
size_t tables_fold_bin(enum fold_part part, size_t row);

/* Weight of bin k in mel filter i of `mels` (i = 0 ..): triangles of height 1,
 * symmetric in Hz, whose half width is the gap to the lower neighbour. */
double tables_mel_weight(size_t mels, size_t filter, size_t bin);

#endif
