/* The rules of the CPU device: what it refuses, and that it still works afterwards. */
#include "tests/support/compare.h"
#include "tests/support/device_rules.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct device_operations *const cpu = &device_cpu_operations;

enum { CHANNELS = 32 };

static struct device *open_device(int threads) {
    return device_rules_open(cpu, threads, PRECISION_FLOAT32);
}

static void test_threads(void **state) {
    (void)state;
    static const int wrong[] = {0, -1, 1000000};
    for (size_t i = 0; i < 3; i++) {
        struct error error = ERROR_INITIAL;
        struct device *device;
        const struct device_settings settings = {wrong[i], PRECISION_FLOAT32};
        assert_int_equal(cpu->open(&settings, &device, &error), ERROR_USAGE);
        assert_null(device);
    }
    cpu->close(NULL);
}

static void test_properties(void **state) {
    (void)state;
    struct device *device = open_device(2);
    struct device_properties properties;
    cpu->properties(device, &properties);
    assert_string_equal(properties.name, "cpu");
    assert_non_null(strstr(properties.description, "2 threads"));
    assert_true(properties.batches_in_flight >= 2);
    assert_true(properties.batch_bytes > 0 && properties.batch_clips > 0);
    cpu->close(device);
}

static void test_order_of_calls(void **state) {
    (void)state;
    device_rules_order_of_calls(cpu, CHANNELS);
}

static void test_bad_clips(void **state) {
    (void)state;
    device_rules_bad_clips(cpu, CHANNELS);
}

static void test_absurd_sizes(void **state) {
    (void)state;
    device_rules_absurd_sizes(cpu, CHANNELS);
}

/* Several batches in flight return in order, each with its tag. */
static void test_batches_in_flight(void **state) {
    (void)state;
    enum { BATCHES = 4 };
    static int tags[BATCHES];
    struct device *device = device_rules_open_loaded(cpu, CHANNELS);
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    for (size_t b = 0; b < BATCHES; b++) {
        cpu->acquire(device, 100000, 2, b % 2 == 0, &batch, &error);
        assert_no_error(&error);
        signal_noise((int16_t *)(void *)batch->samples, 3000 + 500 * b, (unsigned)b);
        batch->clips[0] = (struct device_clip){0, 3000 + 500 * b, 1, 16000, SAMPLES_INT16};
        batch->clip_count = 1;
        batch->tag = &tags[b];
        cpu->submit(device, batch, &error);
    }
    for (size_t b = 0; b < BATCHES; b++) {
        cpu->wait(device, &batch, &error);
        assert_no_error(&error);
        assert_ptr_equal(batch->tag, &tags[b]);
        assert_true((batch->features != NULL) == (b % 2 == 0));
        cpu->release(device, batch);
    }
    struct error none = ERROR_INITIAL;
    assert_int_equal(cpu->wait(device, &batch, &none), ERROR_INTERNAL);
    struct device_counters counters;
    cpu->counters(device, &counters);
    assert_true(counters.samples == 3000 * 4 + 500 * 6);
    assert_true(counters.frames > 0 && counters.seconds[STAGE_NETWORK] > 0);
    assert_true(counters.operations[STAGE_NETWORK] > 0);
    cpu->close(device);
}

static void refuse(const struct xvector_model *model, enum error_code code, const char *word) {
    struct error error = ERROR_INITIAL;
    struct device *device = open_device(1);
    assert_int_equal(cpu->load_model(device, model, &error), code);
    assert_non_null(strstr(error.message, word));
    cpu->close(device);
}

/* Models whose blocks do not match, each refused with the block's number. */
static void test_bad_models(void **state) {
    (void)state;
    const struct xvector_model *good = random_model_create(CHANNELS, 1);
    assert_non_null(good);
    float *values = calloc((size_t)CHANNELS * CHANNELS * 5, sizeof(float));
    assert_non_null(values);
    struct xvector_model model = *good;
    model.blocks[2].in_channels = CHANNELS - 1;
    refuse(&model, ERROR_DATA, "block 2");
    model = *good;
    model.blocks[1].kernel = 4;
    refuse(&model, ERROR_UNSUPPORTED, "block 1");
    model = *good;
    model.blocks[1].dilation = SIZE_MAX;
    refuse(&model, ERROR_UNSUPPORTED, "block 1");
    model = *good;
    model.block_count = 0;
    refuse(&model, ERROR_DATA, "0 blocks");
    model = *good;
    model.sample_rate = 8000;
    refuse(&model, ERROR_UNSUPPORTED, "8000");
    model = *good;
    model.embedding_size = 0;
    refuse(&model, ERROR_UNSUPPORTED, "embeddings");
    values[7] = NAN;
    model = *good;
    model.blocks[3].weight = values;
    refuse(&model, ERROR_DATA, "block 3");
    values[7] = -1.0f;
    model = *good;
    model.blocks[0].norm_variance = values;
    refuse(&model, ERROR_DATA, "channel 7");
    free(values);
    random_model_free(good);
}

static void test_gemm_speed(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL, wrong = ERROR_INITIAL;
    struct device *device = open_device(2);
    double speed;
    cpu->gemm_speed(device, 256, 3, &speed, &error);
    assert_no_error(&error);
    assert_true(speed > 1e8 && isfinite(speed));
    assert_int_equal(cpu->gemm_speed(device, 0, 1, &speed, &wrong), ERROR_USAGE);
    cpu->close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_order_of_calls), cmocka_unit_test(test_bad_clips),
        cmocka_unit_test(test_absurd_sizes),   cmocka_unit_test(test_batches_in_flight),
        cmocka_unit_test(test_bad_models),     cmocka_unit_test(test_gemm_speed),
    };
    return cmocka_run_group_tests_name("device_cpu", tests, NULL, NULL);
}
