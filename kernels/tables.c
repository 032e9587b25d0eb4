#include "tables.h"

#include <math.h>

static const double two_pi = 6.283185307179586476925286766559;

void tables_window(double window[FRAME_LENGTH]) {
    for (int n = 0; n < FRAME_LENGTH; n++) window[n] = 0.54 - 0.46 * cos(two_pi * n / FRAME_LENGTH);
}

size_t tables_fold_bin(enum fold_part part, size_t row) {
    const int odd = part == FOLD_REAL_ODD || part == FOLD_IMAGINARY_ODD;
    return odd ? 2 * row + 1 : 2 * row + 2;
}

void tables_fourier(enum fold_part part, double *matrix) {
    const int real = part == FOLD_REAL_EVEN || part == FOLD_REAL_ODD;
    for (size_t row = 0; row < FOLD_BINS; row++) {
        for (size_t n = 0; n < FOLD_LENGTH; n++) {
            /* The angle is reduced exactly, in integers, before it is rounded. */
            const size_t turn = tables_fold_bin(part, row) * n % FRAME_LENGTH;
            const double angle = two_pi * (double)turn / FRAME_LENGTH;
            matrix[row * FOLD_LENGTH + n] = real ? cos(angle) : sin(angle);
        }
    }
}

/* Points evenly spaced in mel from 0 Hz to half the sample rate, in Hz. */
static double mel_point(size_t mels, size_t point) {
    const double highest = 2595.0 * log10(1.0 + SAMPLE_RATE / 2.0 / 700.0);
    const double mel = highest * (double)point / (double)(mels + 1);
    return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
}

double tables_mel_weight(size_t mels, size_t filter, size_t bin) {
    const double centre = mel_point(mels, filter + 1);
    const double width = centre - mel_point(mels, filter);
    const double slope = ((double)bin * SAMPLE_RATE / FRAME_LENGTH - centre) / width;
    return fmax(0.0, fmin(1.0 + slope, 1.0 - slope));
}
