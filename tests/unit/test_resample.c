/* The polyphase resampler against sines, whose resampled values are known, and
 * against libsamplerate at its best quality. */
#include "kernels/cpu/resample.h"
#include "tests/support/compare.h"
#include "tests/support/signal.h"

#include <math.h>
#include <samplerate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int rates[] = {8000, 11025, 12000, 22050, 24000, 32000, 44100, 48000, 88200, 96000};
#define RATES (sizeof rates / sizeof rates[0])

static const double two_pi = 6.283185307179586476925286766559;

#define DOWN_110 3.1622776601683795e-6 /* 110 dB, the filter's stop band */
#define AGAINST_LIBSAMPLERATE 1e-6     /* of a signal of amplitude 0.4 at most */

/* A mono float clip resampled at once, to be freed. */
static float *resample_all(const float *samples, size_t count, int rate, size_t *length) {
    struct error error = ERROR_INITIAL;
    struct resampler *resampler = NULL;
    if (rate != 16000) resampler_create(rate, &resampler, &error);
    assert_no_error(&error);
    const struct device_clip clip = {0, count, 1, rate, SAMPLES_FLOAT32};
    struct resample_workspace workspace = {NULL, 0};
    *length = device_resampled_length(count, rate);
    float *output = malloc(*length * sizeof(float) + 1);
    assert_non_null(output);
    resample_stretch(resampler, &clip, (const unsigned char *)samples, 0, *length, output,
                     &workspace, &error);
    assert_no_error(&error);
    resample_workspace_free(&workspace);
    resampler_free(resampler);
    return output;
}

static float *sine(double frequency, double phase, int rate, size_t count) {
    float *samples = malloc(count * sizeof(float));
    assert_non_null(samples);
    for (size_t i = 0; i < count; i++)
        samples[i] = (float)sin(two_pi * frequency * (double)i / rate + phase);
    return samples;
}

static void test_lengths(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        assert_true(device_resamples(rates[r]));
        for (size_t n = 0; n < 5000; n++) {
            const size_t length = device_resampled_length(n, rates[r]);
            /* The smallest length with length * rate >= n * 16000. */
            assert_true(length * (size_t)rates[r] >= n * 16000);
            assert_true(length == 0 || (length - 1) * (size_t)rates[r] < n * 16000);
        }
    }
    assert_true(device_resamples(16000));
    assert_int_equal(device_resampled_length(12345, 16000), 12345);
    assert_false(device_resamples(44000));
    assert_false(device_resamples(0));
    assert_false(device_resamples(-8000));
    assert_true(device_resampled_length(SIZE_MAX, 8000) == SIZE_MAX);
}

/* A sine in the pass band is preserved: same amplitude, no delay, and nothing added. The
 * phase is odd, so that a delay would be noticed. */
static void test_pass_band(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        const double nyquist = rates[r] < 16000 ? rates[r] / 2.0 : 8000.0;
        const size_t count = (size_t)rates[r] / 4;
        double worst = 0.0;
        for (int step = 0; step <= 9; step++) {
            const double frequency = 0.9 * nyquist * step / 9.0;
            float *samples = sine(frequency, 0.7, rates[r], count);
            size_t length;
            float *output = resample_all(samples, count, rates[r], &length);
            /* Only where the filter reaches beyond neither end: 60 periods of the lower rate. */
            const size_t edge = (size_t)(150.0 * 8000.0 / nyquist);
            assert_true(length > 3 * edge);
            for (size_t i = edge; i < length - edge; i++) {
                const double expected = sin(two_pi * frequency * (double)i / 16000.0 + 0.7);
                const double difference = fabs((double)output[i] - expected);
                if (!(difference <= worst)) worst = difference;
            }
            free(output);
            free(samples);
        }
        print_message("%d Hz, pass band: %.1f dB\n", rates[r], 20.0 * log10(worst));
        assert_within(worst, DOWN_110, "a sine in the pass band");
    }
}

/* Frequencies above the new Nyquist frequency are 110 dB down. */
static void test_stop_band(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        if (rates[r] < 16000) continue;
        const size_t count = (size_t)rates[r] / 4;
        double worst = 0.0;
        for (int step = 0; step <= 20; step++) {
            const double frequency = 8000.0 + (rates[r] / 2.0 - 8000.0) * step / 20.0;
            float *samples = sine(frequency, 0.7, rates[r], count);
            size_t length;
            float *output = resample_all(samples, count, rates[r], &length);
            for (size_t i = 200; i < length - 200; i++)
                if (!(fabs((double)output[i]) <= worst)) worst = fabs((double)output[i]);
            free(output);
            free(samples);
        }
        print_message("%d Hz, stop band: %.1f dB\n", rates[r], 20.0 * log10(worst));
        assert_within(worst, DOWN_110, "a sine in the stop band");
    }
}

/* Images of a sine when the rate is raised, even of one in the transition band. */
static void test_images(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        if (rates[r] > 16000) continue;
        const size_t count = (size_t)rates[r] / 2;
        double worst = 0.0;
        for (int step = 1; step <= 10; step++) {
            const double frequency = rates[r] / 2.0 * (0.9 + 0.0095 * step);
            float *samples = sine(frequency, 0.7, rates[r], count);
            size_t length;
            float *output = resample_all(samples, count, rates[r], &length);
            /* Over 0.4 s, where all frequencies are multiples of 2.5 Hz or nearly: take
             * the sine itself out by least squares, what is left is images. */
            double ss = 0, sc = 0, cc = 0, sy = 0, cy = 0, square = 0;
            for (size_t i = 800; i < length - 800; i++) {
                const double angle = two_pi * frequency * (double)i / 16000.0;
                const double s = sin(angle), c = cos(angle), y = (double)output[i];
                ss += s * s;
                sc += s * c;
                cc += c * c;
                sy += s * y;
                cy += c * y;
            }
            const double determinant = ss * cc - sc * sc;
            const double a = (sy * cc - cy * sc) / determinant;
            const double b = (cy * ss - sy * sc) / determinant;
            for (size_t i = 800; i < length - 800; i++) {
                const double angle = two_pi * frequency * (double)i / 16000.0;
                const double rest = (double)output[i] - a * sin(angle) - b * cos(angle);
                square += rest * rest;
            }
            const double image = sqrt(2.0 * square / (double)(length - 1600));
            if (!(image <= worst)) worst = image;
            free(output);
            free(samples);
        }
        print_message("%d Hz, images: %.1f dB\n", rates[r], 20.0 * log10(worst));
        assert_within(worst, DOWN_110, "images of a sine");
    }
}

static void test_libsamplerate(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        const double nyquist = rates[r] < 16000 ? rates[r] / 2.0 : 8000.0;
        const size_t count = (size_t)rates[r] / 2;
        float *samples = calloc(count, sizeof(float));
        assert_non_null(samples);
        for (uint32_t tone = 0; tone < 20; tone++) {
            const double frequency = 0.85 * nyquist * signal_hash(1, 20, tone) / 4294967296.0;
            for (size_t i = 0; i < count; i++)
                samples[i] += (float)(0.02 * sin(two_pi * frequency * (double)i / rates[r] + tone));
        }
        size_t length;
        float *output = resample_all(samples, count, rates[r], &length);
        float *theirs = calloc(length + 100, sizeof(float));
        assert_non_null(theirs);
        SRC_DATA data = {.data_in = samples,
                         .data_out = theirs,
                         .input_frames = (long)count,
                         .output_frames = (long)length + 100,
                         .src_ratio = 16000.0 / rates[r]};
        assert_int_equal(src_simple(&data, SRC_SINC_BEST_QUALITY, 1), 0);
        const size_t edge = 600;
        assert_true(length > 4 * edge && (size_t)data.output_frames_gen > length - edge);
        const double difference =
            compare_largest_floats(output + edge, theirs + edge, length - 2 * edge);
        print_message("%d Hz against libsamplerate: %.2g\n", rates[r], difference);
        assert_within(difference, AGAINST_LIBSAMPLERATE, "libsamplerate");
        free(theirs);
        free(output);
        free(samples);
    }
}

/* A clip gives the same bytes wherever it is split. */
static void test_stretches(void **state) {
    (void)state;
    enum { COUNT = 9000 };
    static int16_t samples[2 * COUNT];
    signal_noise(samples, 2 * (size_t)COUNT, 3);
    for (size_t r = 0; r < RATES; r++) {
        struct error error = ERROR_INITIAL;
        struct resampler *resampler;
        resampler_create(rates[r], &resampler, &error);
        assert_no_error(&error);
        const struct device_clip clip = {0, COUNT, 2, rates[r], SAMPLES_INT16};
        const size_t length = device_resampled_length(COUNT, rates[r]);
        struct resample_workspace workspace = {NULL, 0};
        float *whole = malloc(length * sizeof(float)), *pieces = malloc(length * sizeof(float));
        assert_true(whole != NULL && pieces != NULL);
        const unsigned char *bytes = (const unsigned char *)samples;
        resample_stretch(resampler, &clip, bytes, 0, length, whole, &workspace, &error);
        uint32_t cut = 0;
        for (size_t first = 0, count; first < length; first += count) {
            count = 1 + signal_hash((unsigned)r, 21, cut++) % 700;
            if (count > length - first) count = length - first;
            resample_stretch(resampler, &clip, bytes, first, count, pieces + first, &workspace,
                             &error);
        }
        assert_no_error(&error);
        assert_memory_equal(whole, pieces, length * sizeof(float));
        free(whole);
        free(pieces);
        resample_workspace_free(&workspace);
        resampler_free(resampler);
    }
}

/* Clips shorter than the filter, down to one sample: an impulse stays where it is. */
static void test_short(void **state) {
    (void)state;
    for (size_t r = 0; r < RATES; r++) {
        for (size_t count = 1; count < 40; count++) {
            float samples[40] = {1.0f};
            size_t length;
            float *output = resample_all(samples, count, rates[r], &length);
            const double height = 0.95 * (rates[r] < 16000 ? 1.0 : 16000.0 / rates[r]);
            assert_within(fabs((double)output[0] - height), 1e-6, "an impulse");
            for (size_t i = 1; i < length; i++) assert_true(fabsf(output[i]) <= output[0]);
            free(output);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),       cmocka_unit_test(test_pass_band),
        cmocka_unit_test(test_stop_band),     cmocka_unit_test(test_images),
        cmocka_unit_test(test_libsamplerate), cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
