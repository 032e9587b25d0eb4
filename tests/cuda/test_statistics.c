/* The statistics of the CUDA device: the rules of every device, and against the CPU's. */
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"
#include "tests/support/signal.h"
#include "tests/support/statistics_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Of a column's spread, on the same samples: both round to float32, and quantiles are of levels
 * in float32 here. */
#define CPU_GATE 1e-5

static void test_golden(void **state) {
    (void)state;
    statistics_rules_golden(cuda_plugin_operations());
}

static void check_against_cpu(const struct embed_clip *clips, size_t count, double gate) {
    const struct embed_settings settings = {.threads = 2};
    float *actual = statistics_rules_compute(cuda_plugin_operations(), clips, count, settings);
    float *expected = statistics_rules_compute(&device_cpu_operations, clips, count, settings);
    const double difference = statistics_rules_difference(actual, expected, count);
    print_message("statistics against the CPU's: %.2g of the spread\n", difference);
    assert_within(difference, gate, "statistics against the CPU's");
    free(actual);
    free(expected);
}

static void test_against_cpu(void **state) {
    (void)state;
    (void)cuda_plugin_operations();
    size_t count;
    struct embed_clip *clips = statistics_rules_clips(&count);
    check_against_cpu(clips, count, CPU_GATE);
    statistics_rules_free_clips(clips);
}

/* Samples from resamplers with different orders of summation: the gate is that of float64. */
static void test_resampled(void **state) {
    (void)state;
    enum { CLIPS = 9, LENGTH = 9000 };
    (void)cuda_plugin_operations();
    static const int rates[CLIPS] = {8000, 11025, 12000, 22050, 24000, 32000, 44100, 48000, 96000};
    static int16_t samples[CLIPS][LENGTH];
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) {
        const size_t frames = i % 3 == 0 ? (size_t)rates[i] / 15 : LENGTH; /* some are padded */
        signal_noise(samples[i], LENGTH, (unsigned)i);
        clips[i] = (struct embed_clip){samples[i], frames, 1, rates[i], SAMPLES_INT16};
    }
    check_against_cpu(clips, CLIPS, STATISTICS_GATE);
}

static void test_shortest(void **state) {
    (void)state;
    statistics_rules_shortest(cuda_plugin_operations());
}

static void test_not_finite(void **state) {
    (void)state;
    statistics_rules_not_finite(cuda_plugin_operations(), 8000);
    statistics_rules_not_finite(cuda_plugin_operations(), 16000);
}

static void test_same_bytes(void **state) {
    (void)state;
    statistics_rules_same_bytes(cuda_plugin_operations());
}

/* Little memory: groups of few clips. */
static void test_same_bytes_in_little_memory(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    setenv("EARMARK_CUDA_MEMORY", "34000000", 1);
    statistics_rules_same_bytes(cuda);
    unsetenv("EARMARK_CUDA_MEMORY");
}

static void test_other_mels(void **state) {
    (void)state;
    statistics_rules_other_mels(cuda_plugin_operations());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_against_cpu),
        cmocka_unit_test(test_resampled),  cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_other_mels), cmocka_unit_test(test_same_bytes_in_little_memory),
    };
    return cmocka_run_group_tests_name("cuda statistics", tests, NULL, NULL);
}
