/* The power spectrum of one frame, in double precision.
 *
 * In float32 a matrix product was off by up to 7e-4 dB in the empty upper half of
 * telephone speech passed through as if it were at 16 kHz, and an FFT by as much;
 * this costs the same time and is exact. 400 = 25 x 16: with samples x[16 m + r] and
 * bins k1 + 25 k2,
 *
 *     X[k1 + 25 k2] = sum over r of e(r k2 / 16) e(r k1 / 400) S(r),
 *     S(r) = sum over m of e(k1 m / 25) x[16 m + r],
 *
 * e(a) = exp(-2 pi i a). Because x is real, k1 = 0 .. 12 is enough: bin k and bin
 * 400 - k have the same power. Both sums are folded: m with 25 - m, r with 16 - r. */
#ifndef EARMARK_CPU_FOURIER_H
#define EARMARK_CPU_FOURIER_H

#include "kernels/front_end.h"

#define FOURIER_FIRST 13  /* k1 */
#define FOURIER_SECOND 16 /* k2, and r */
#define FOURIER_POWERS ((size_t)FOURIER_FIRST * FOURIER_SECOND)

struct fourier {
    double window[FRAME_LENGTH];
    double cosine[FOURIER_FIRST][12]; /* of 2 pi k1 m / 25, m = 1 .. 12 */
    double sine[FOURIER_FIRST][12];
    double turn_real[FOURIER_FIRST][FOURIER_SECOND]; /* of e(r k1 / 400) */
    double turn_imaginary[FOURIER_FIRST][FOURIER_SECOND];
    double second_cosine[7][FOURIER_SECOND]; /* of 2 pi r k2 / 16, r = 1 .. 7 */
    double second_sine[7][FOURIER_SECOND];
};

void fourier_create(struct fourier *fourier);

/* The bin, 0 .. 200, whose power is stored at an index, 0 .. FOURIER_POWERS - 1. Bins
 * 25, 50 .. 175 are stored twice. */
size_t fourier_bin(size_t index);

/* |X|^2 of samples (FRAME_LENGTH) times the window, rounded to float32: power
 * (FOURIER_POWERS). */
void fourier_power(const struct fourier *fourier, const float *samples, float *power);

#endif
