#include "resampler.h"

#include "front_end.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

#define STOP_BAND 118.0 /* dB: 110, and a margin for the rounding to float32 */
#define PASS_BAND 0.9   /* of the lower Nyquist frequency */

static size_t greatest_common_divisor(size_t a, size_t b) {
    while (b != 0) {
        const size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool resampler_supports(int rate) {
    static const int rates[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                32000, 44100, 48000, 88200, 96000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (rates[i] == rate) return true;
    return false;
}

size_t resampler_length(size_t frames, int rate) {
    if (rate <= 0) return 0;
    const size_t divisor = greatest_common_divisor(SAMPLE_RATE, (size_t)rate);
    const size_t up = SAMPLE_RATE / divisor, down = (size_t)rate / divisor;
    size_t scaled;
    if (__builtin_mul_overflow(frames, up, &scaled) || scaled > SIZE_MAX - down) return SIZE_MAX;
    return (scaled + down - 1) / down;
}

/* Modified Bessel function of the first kind, order 0, by its power series. */
static double bessel_i0(double x) {
    double term = 1.0, sum = 1.0;
    for (int k = 1; term > 1e-18 * sum; k++) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

/* The continuous impulse response at `position` input samples from the centre. */
static double response(double position, double cutoff, double half, double beta) {
    const double inside = 1.0 - (position / half) * (position / half);
    if (inside <= 0.0) return 0.0;
    const double angle = pi * cutoff * position;
    const double sinc = fabs(angle) < 1e-12 ? 1.0 : sin(angle) / angle;
    return cutoff * sinc * bessel_i0(beta * sqrt(inside)) / bessel_i0(beta);
}

enum error_code resampler_create(int rate, struct resampler **result, struct error *error) {
    *result = NULL;
    if (!resampler_supports(rate) || rate == SAMPLE_RATE)
        return FAIL(error, ERROR_INTERNAL, "no resampler from %d Hz", rate);
    struct resampler *resampler = calloc(1, sizeof *resampler);
    if (resampler == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a resampler");
    const size_t divisor = greatest_common_divisor(SAMPLE_RATE, (size_t)rate);
    resampler->rate = rate;
    resampler->up = SAMPLE_RATE / divisor;
    resampler->down = (size_t)rate / divisor;
    /* Frequencies are relative to the input's Nyquist frequency. Length and shape of the window
     * for the transition band by Kaiser's formulas (Kaiser 1974). */
    const double nyquist = rate < SAMPLE_RATE ? 1.0 : (double)SAMPLE_RATE / rate;
    const double cutoff = nyquist * (1.0 + PASS_BAND) / 2.0;
    const double width = pi * nyquist * (1.0 - PASS_BAND);
    const double half = ((STOP_BAND - 7.95) / (2.285 * width) + 1.0) / 2.0;
    const double beta = 0.1102 * (STOP_BAND - 8.7);
    resampler->half = ((size_t)ceil(half) + 3) / 4 * 4;
    resampler->taps = 2 * resampler->half;
    resampler->filters = malloc(resampler->up * resampler->taps * sizeof(float));
    if (resampler->filters == NULL) {
        resampler_free(resampler);
        return FAIL(error, ERROR_MEMORY, "no memory for the filters of a resampler");
    }
    for (size_t phase = 0; phase < resampler->up; phase++) {
        for (size_t tap = 0; tap < resampler->taps; tap++) {
            const double position =
                (double)phase / (double)resampler->up + (double)resampler->half - 1.0 - (double)tap;
            resampler->filters[phase * resampler->taps + tap] =
                (float)response(position, cutoff, (double)resampler->half, beta);
        }
    }
    *result = resampler;
    return ERROR_NONE;
}

void resampler_free(struct resampler *resampler) {
    if (resampler == NULL) return;
    free(resampler->filters);
    free(resampler);
}
