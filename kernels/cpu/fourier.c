#include "fourier.h"

#include "vector.h"

#define SEVENTH 7
#define HALF 12 /* of 25 */
#define LANES FOURIER_SECOND

static const double two_pi = 6.283185307179586476925286766559;

void fourier_create(struct fourier *fourier) {
    front_end_window(fourier->window);
    for (int k1 = 0; k1 < FOURIER_FIRST; k1++) {
        for (int m = 1; m <= HALF; m++) {
            fourier->cosine[k1][m - 1] = cos(two_pi * (k1 * m % 25) / 25.0);
            fourier->sine[k1][m - 1] = sin(two_pi * (k1 * m % 25) / 25.0);
        }
        for (int r = 0; r < FOURIER_SECOND; r++) {
            fourier->turn_real[k1][r] = cos(two_pi * (k1 * r) / 400.0);
            fourier->turn_imaginary[k1][r] = -sin(two_pi * (k1 * r) / 400.0);
        }
    }
    for (int r = 1; r <= SEVENTH; r++)
        for (int k2 = 0; k2 < FOURIER_SECOND; k2++) {
            fourier->second_cosine[r - 1][k2] = cos(two_pi * (r * k2 % 16) / 16.0);
            fourier->second_sine[r - 1][k2] = sin(two_pi * (r * k2 % 16) / 16.0);
        }
}

size_t fourier_bin(size_t index) {
    const size_t bin = index / FOURIER_SECOND + 25 * (index % FOURIER_SECOND);
    return bin <= FRAME_LENGTH / 2 ? bin : FRAME_LENGTH - bin;
}

/* a * b + c */
VECTOR_BODY double multiply_add(bool fused, double a, double b, double c) {
    return fused ? fma(a, b, c) : a * b + c;
}

/* The products with 12 coefficients, for 16 lanes. Written as one expression: gcc 12
 * turns two loops inside out and then computes one lane at a time. */
VECTOR_BODY void sum_of_twelve(bool fused, const double *c, double (*x)[LANES], const double *start,
                               double *sum) {
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
        double a = multiply_add(fused, c[0], x[0][l], start[l]);
        double b = c[1] * x[1][l];
        a = multiply_add(fused, c[2], x[2][l], a);
        b = multiply_add(fused, c[3], x[3][l], b);
        a = multiply_add(fused, c[4], x[4][l], a);
        b = multiply_add(fused, c[5], x[5][l], b);
        a = multiply_add(fused, c[6], x[6][l], a);
        b = multiply_add(fused, c[7], x[7][l], b);
        a = multiply_add(fused, c[8], x[8][l], a);
        b = multiply_add(fused, c[9], x[9][l], b);
        a = multiply_add(fused, c[10], x[10][l], a);
        b = multiply_add(fused, c[11], x[11][l], b);
        sum[l] = a + b;
    }
}

/* The sum over m, turned by e(r k1 / 400): real and imaginary (16 values of r). */
VECTOR_BODY void first_transform(bool fused, const struct fourier *fourier, size_t k1,
                                 double (*even)[LANES], double (*odd)[LANES], const double *first,
                                 double *real, double *imaginary) {
    static const double zeros[LANES];
    double re[LANES], im[LANES];
    const double *cosine = fourier->turn_real[k1], *sine = fourier->turn_imaginary[k1];
    sum_of_twelve(fused, fourier->cosine[k1], even, first, re);
    sum_of_twelve(fused, fourier->sine[k1], odd, zeros, im); /* minus the imaginary part */
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
        real[l] = multiply_add(fused, re[l], cosine[l], im[l] * sine[l]);
        imaginary[l] = multiply_add(fused, re[l], sine[l], -(im[l] * cosine[l]));
    }
}

/* The sum over r and its square: power (16 values of k2). */
VECTOR_BODY void second_transform(bool fused, const struct fourier *fourier, const double *real,
                                  const double *imaginary, float *power) {
    double plus_real[SEVENTH], plus_imaginary[SEVENTH], minus_real[SEVENTH],
        minus_imaginary[SEVENTH];
    for (size_t r = 0; r < SEVENTH; r++) {
        plus_real[r] = real[r + 1] + real[15 - r];
        minus_real[r] = real[r + 1] - real[15 - r];
        plus_imaginary[r] = imaginary[r + 1] + imaginary[15 - r];
        minus_imaginary[r] = imaginary[r + 1] - imaginary[15 - r];
    }
    /* What r = 0 and r = 8 add up to, for even and odd k2. */
    const double re_even = real[0] + real[8], re_odd = real[0] - real[8];
    const double im_even = imaginary[0] + imaginary[8], im_odd = imaginary[0] - imaginary[8];
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
        double re = l % 2 == 0 ? re_even : re_odd, im = l % 2 == 0 ? im_even : im_odd;
#define TERM(r)                                                                                    \
    re = multiply_add(fused, plus_real[r], fourier->second_cosine[r][l], re);                      \
    im = multiply_add(fused, plus_imaginary[r], fourier->second_cosine[r][l], im);                 \
    re = multiply_add(fused, minus_imaginary[r], fourier->second_sine[r][l], re);                  \
    im = multiply_add(fused, -minus_real[r], fourier->second_sine[r][l], im);
        TERM(0)
        TERM(1)
        TERM(2)
        TERM(3)
        TERM(4)
        TERM(5)
        TERM(6)
#undef TERM
        power[l] = (float)multiply_add(fused, re, re, im * im);
    }
}

VECTOR_BODY void power_body(bool fused, const struct fourier *fourier, const float *samples,
                            float *power) {
    double windowed[25][LANES], even[HALF][LANES], odd[HALF][LANES];
    double real[LANES], imaginary[LANES];
    for (size_t i = 0; i < FRAME_LENGTH; i++)
        (&windowed[0][0])[i] = (double)samples[i] * fourier->window[i];
    for (size_t m = 0; m < HALF; m++)
        for (size_t l = 0; l < LANES; l++) {
            even[m][l] = windowed[m + 1][l] + windowed[24 - m][l];
            odd[m][l] = windowed[m + 1][l] - windowed[24 - m][l];
        }
    for (size_t k1 = 0; k1 < FOURIER_FIRST; k1++) {
        first_transform(fused, fourier, k1, even, odd, windowed[0], real, imaginary);
        second_transform(fused, fourier, real, imaginary, power + k1 * FOURIER_SECOND);
    }
}

VECTOR_DISPATCH(power, (const struct fourier *fourier, const float *samples, float *powers),
                fourier, samples, powers)

void fourier_power(const struct fourier *fourier, const float *samples, float *powers) {
    power(fourier, samples, powers);
}
