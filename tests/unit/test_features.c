/* Features against a float64 reference, with the error of SpeechBrain as a measure. */
#include "tests/support/features_rules.h"
#include "tests/support/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MELS 24

static void test_golden(void **state) {
    (void)state;
    features_rules_golden(&device_cpu_operations);
}

/* float32, int16 and equal channels give the same bytes; different channels are averaged. */
static void test_formats_and_channels(void **state) {
    (void)state;
    enum { LENGTH = 5000 };
    static int16_t mono[LENGTH], stereo[2 * LENGTH], opposite[3 * LENGTH];
    static float floats[LENGTH];
    signal_speech(mono, LENGTH, 16000, 4);
    for (size_t i = 0; i < LENGTH; i++) {
        stereo[2 * i] = stereo[2 * i + 1] = mono[i];
        floats[i] = (float)mono[i] / 32768.0f;
        opposite[3 * i] = mono[i];
        opposite[3 * i + 1] = (int16_t)(mono[i] == 32767 ? 32767 : mono[i] + (int16_t)(i % 2));
        opposite[3 * i + 2] = (int16_t)(2 * mono[i] - opposite[3 * i + 1]);
    }
    const struct embed_clip clips[4] = {{mono, LENGTH, 1, 16000, SAMPLES_INT16},
                                        {stereo, LENGTH, 2, 16000, SAMPLES_INT16},
                                        {floats, LENGTH, 1, 16000, SAMPLES_FLOAT32},
                                        {opposite, LENGTH, 3, 16000, SAMPLES_INT16}};
    float *features = features_rules_compute(&device_cpu_operations, clips, 4, MELS);
    const size_t values = embed_frames(&clips[0]) * MELS;
    for (size_t i = 1; i < 4; i++)
        assert_memory_equal(features + i * values, features, values * sizeof(float));
    free(features);
}

static void test_shortest(void **state) {
    (void)state;
    features_rules_shortest(&device_cpu_operations);
}

static void test_not_finite(void **state) {
    (void)state;
    features_rules_not_finite(&device_cpu_operations, 16000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_formats_and_channels),
        cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
