/* Resampling and features of the CUDA device against the float64 goldens, against a
 * resampler in double precision, and against the CPU device. */
#include "kernels/resampler.h"
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"
#include "tests/support/features_rules.h"
#include "tests/support/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MELS 24
/* Between two float32 front ends that each meet the gate, on samples that resamplers with
 * different summation orders rounded to float32: the difference shows in quiet bins. */
#define RESAMPLED_GATE 2e-4

static void test_golden(void **state) {
    (void)state;
    features_rules_golden(cuda_plugin_operations());
}

/* Output o, at input position o * down / up, summed in double precision and rounded once. */
static float *resample_exactly(const int16_t *samples, size_t count, int rate, size_t *length) {
    struct error error = ERROR_INITIAL;
    struct resampler *resampler;
    resampler_create(rate, &resampler, &error);
    assert_no_error(&error);
    *length = resampler_length(count, rate);
    float *output = malloc(*length * sizeof(float) + 1);
    assert_non_null(output);
    for (size_t o = 0; o < *length; o++) {
        const float *filter =
            resampler->filters + o * resampler->down % resampler->up * resampler->taps;
        const ptrdiff_t first =
            (ptrdiff_t)(o * resampler->down / resampler->up) - (ptrdiff_t)resampler->half + 1;
        double sum = 0.0;
        for (size_t t = 0; t < resampler->taps; t++)
            if (first + (ptrdiff_t)t >= 0 && (size_t)(first + (ptrdiff_t)t) < count)
                sum += (double)filter[t] * (double)samples[first + (ptrdiff_t)t] / 32768.0;
        output[o] = (float)sum;
    }
    resampler_free(resampler);
    return output;
}

static const int rates[] = {8000, 11025, 12000, 22050, 24000, 32000, 44100, 48000, 88200, 96000};
#define RATES (sizeof rates / sizeof rates[0])

/* Every rate, at lengths around the ends of tiles: the features match those of samples from a
 * resampler in double precision. */
static void test_resampling(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    static const double seconds[] = {0.03, 0.1281, 0.2564, 0.51};
    double largest = 0.0;
    for (size_t r = 0; r < RATES; r++) {
        struct embed_clip clips[4], exact[4];
        size_t frames[4];
        for (size_t i = 0; i < 4; i++) {
            const size_t count = (size_t)(seconds[i] * rates[r]) + i;
            int16_t *samples = malloc(count * sizeof(int16_t));
            assert_non_null(samples);
            size_t length;
            signal_speech(samples, count, rates[r], (unsigned)(r * 10 + i));
            clips[i] = (struct embed_clip){samples, count, 1, rates[r], SAMPLES_INT16};
            exact[i] = (struct embed_clip){NULL, 0, 1, 16000, SAMPLES_FLOAT32};
            exact[i].samples = resample_exactly(samples, count, rates[r], &length);
            exact[i].frames = length;
            frames[i] = embed_frames(&clips[i]);
            assert_int_equal(frames[i], embed_frames(&exact[i]));
        }
        float *actual = features_rules_compute(cuda, clips, 4, MELS);
        float *expected = features_rules_compute(cuda, exact, 4, MELS);
        size_t offset = 0;
        for (size_t i = 0; i < 4; i++) {
            const double error =
                compare_largest_floats(actual + offset, expected + offset, frames[i] * MELS);
            assert_within(error, RESAMPLED_GATE, "features after resampling");
            largest = error > largest ? error : largest;
            offset += frames[i] * MELS;
            free((void *)(uintptr_t)clips[i].samples);
            free((void *)(uintptr_t)exact[i].samples);
        }
        free(actual);
        free(expected);
    }
    print_message("features after resampling: %.2g dB at most\n", largest);
}

/* A batch of all rates, channels and formats against the CPU device. */
static void test_against_cpu(void **state) {
    (void)state;
    enum { CLIPS = 40 };
    const struct device_operations *cuda = cuda_plugin_operations();
    struct embed_clip clips[CLIPS];
    size_t values = 0;
    for (size_t i = 0; i < CLIPS; i++) {
        const int rate = i % 4 == 0 ? 16000 : rates[i % RATES];
        const int channels = (int)(i % 3) + 1;
        const size_t frames = (size_t)rate / 20 + signal_hash(3, 1, (uint32_t)i) % 5000;
        int16_t *samples = malloc(frames * (size_t)channels * sizeof(int16_t));
        float *floats = malloc(frames * (size_t)channels * sizeof(float));
        assert_true(samples != NULL && floats != NULL);
        signal_speech(samples, frames * (size_t)channels, rate * channels, (unsigned)i);
        for (size_t s = 0; s < frames * (size_t)channels; s++)
            floats[s] = (float)samples[s] / 32768.0f;
        clips[i] = (struct embed_clip){samples, frames, channels, rate, SAMPLES_INT16};
        if (i % 5 == 2) {
            clips[i].samples = floats;
            clips[i].format = SAMPLES_FLOAT32;
            free(samples);
        } else {
            free(floats);
        }
        values += embed_frames(&clips[i]) * MELS;
    }
    float *actual = features_rules_compute(cuda, clips, CLIPS, MELS);
    float *expected = features_rules_compute(&device_cpu_operations, clips, CLIPS, MELS);
    const double error = compare_largest_floats(actual, expected, values);
    print_message("features against the CPU's: %.2g dB\n", error);
    assert_within(error, RESAMPLED_GATE, "features against the CPU's");
    free(actual);
    free(expected);
    for (size_t i = 0; i < CLIPS; i++) free((void *)(uintptr_t)clips[i].samples);
}

/* Other numbers of mels, including odd ones, test the filters and the padding of rows. */
static void test_mels(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    static const size_t numbers[] = {1, 8, 31, 40, 65};
    static int16_t samples[5000];
    signal_speech(samples, 5000, 16000, 8);
    const struct embed_clip clips[2] = {embed_mono(samples, 5000), embed_mono(samples + 7, 1500)};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const size_t values = (embed_frames(&clips[0]) + embed_frames(&clips[1])) * numbers[i];
        float *actual = features_rules_compute(cuda, clips, 2, numbers[i]);
        float *expected = features_rules_compute(&device_cpu_operations, clips, 2, numbers[i]);
        assert_within(compare_largest_floats(actual, expected, values), FEATURES_GATE,
                      "other numbers of mels");
        free(actual);
        free(expected);
    }
}

static void test_shortest(void **state) {
    (void)state;
    features_rules_shortest(cuda_plugin_operations());
}

static void test_not_finite(void **state) {
    (void)state;
    features_rules_not_finite(cuda_plugin_operations(), 8000);
    features_rules_not_finite(cuda_plugin_operations(), 16000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_against_cpu), cmocka_unit_test(test_mels),
        cmocka_unit_test(test_shortest),    cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests_name("cuda front end", tests, NULL, NULL);
}
