#include "front_end.h"

#include <math.h>

static const double two_pi = 6.283185307179586476925286766559;

void front_end_window(double window[FRAME_LENGTH]) {
    for (int n = 0; n < FRAME_LENGTH; n++) window[n] = 0.54 - 0.46 * cos(two_pi * n / FRAME_LENGTH);
}

/* Points evenly spaced in mel from 0 Hz to half the sample rate, in Hz. */
static double mel_point(size_t mels, size_t point) {
    const double highest = 2595.0 * log10(1.0 + SAMPLE_RATE / 2.0 / 700.0);
    const double mel = highest * (double)point / (double)(mels + 1);
    return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
}

double front_end_mel_weight(size_t mels, size_t filter, size_t bin) {
    const double centre = mel_point(mels, filter + 1);
    const double width = centre - mel_point(mels, filter);
    const double slope = ((double)bin * SAMPLE_RATE / FRAME_LENGTH - centre) / width;
    return fmax(0.0, fmin(1.0 + slope, 1.0 - slope));
}
