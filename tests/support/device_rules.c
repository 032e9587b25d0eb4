#include "device_rules.h"

#include "compare.h"
#include "random_model.h"
#include "signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct device *device_rules_open(const struct device_operations *operations, int threads,
                                 enum device_precision precision) {
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings settings = {threads, precision};
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    return device;
}

struct device *device_rules_open_loaded(const struct device_operations *operations,
                                        size_t channels) {
    struct error error = ERROR_INITIAL;
    struct device *device = device_rules_open(operations, 2, PRECISION_FLOAT32);
    const struct xvector_model *model = random_model_create(channels, 1);
    assert_non_null(model);
    operations->load_model(device, model, &error);
    assert_no_error(&error);
    random_model_free(model);
    return device;
}

void device_rules_order_of_calls(const struct device_operations *operations, size_t channels) {
    struct device *device = device_rules_open(operations, 1, PRECISION_FLOAT32);
    struct device_batch *batch;
    struct error before = ERROR_INITIAL, nothing = ERROR_INITIAL, twice = ERROR_INITIAL,
                 loading = ERROR_INITIAL;
    assert_int_equal(operations->acquire(device, 100, 1, false, &batch, &before), ERROR_USAGE);
    assert_int_equal(operations->wait(device, &batch, &nothing), ERROR_INTERNAL);
    operations->close(device);
    device = device_rules_open_loaded(operations, channels);
    struct error error = ERROR_INITIAL;
    operations->acquire(device, 100, 1, false, &batch, &error);
    operations->submit(device, batch, &error); /* no clips */
    assert_no_error(&error);
    assert_int_equal(operations->submit(device, batch, &twice), ERROR_INTERNAL);
    const struct xvector_model *model = random_model_create(channels, 1);
    assert_non_null(model);
    assert_int_equal(operations->load_model(device, model, &loading), ERROR_USAGE);
    operations->wait(device, &batch, &error);
    assert_no_error(&error);
    operations->release(device, batch);
    operations->load_model(device, model, &error); /* again */
    assert_no_error(&error);
    random_model_free(model);
    operations->close(device);
}

void device_rules_bad_clips(const struct device_operations *operations, size_t channels) {
    static const struct device_clip bad[] = {
        {0, 1000, 0, 16000, SAMPLES_INT16},
        {0, 1000, -3, 16000, SAMPLES_INT16},
        {0, 1000, 1, 16001, SAMPLES_INT16},
        {0, 1000, 1, 0, SAMPLES_INT16},
        {8, 1000, 1, 16000, SAMPLES_INT16},
        {0, SIZE_MAX, 1, 16000, SAMPLES_INT16},
        {0, SIZE_MAX / 2, 2147483647, 16000, SAMPLES_FLOAT32},
        {(size_t)1 << 40, 1, 1, 16000, SAMPLES_INT16},
        {0, (size_t)1 << 40, 1, 16000, SAMPLES_INT16},
        {0, 1000, 1, 16000, (enum sample_format)7},
    };
    struct device *device = device_rules_open_loaded(operations, channels);
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    operations->acquire(device, 4000, 1, false, &batch, &error);
    assert_no_error(&error);
    batch->clip_count = 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error refused = ERROR_INITIAL;
        batch->clips[0] = bad[i];
        assert_int_equal(operations->submit(device, batch, &refused), ERROR_USAGE);
        assert_non_null(strstr(refused.message, "clip 0"));
    }
    batch->clip_count = batch->clip_capacity + 1;
    struct error many = ERROR_INITIAL;
    assert_int_equal(operations->submit(device, batch, &many), ERROR_USAGE);
    batch->clip_count = 1;
    batch->clips[0] = (struct device_clip){0, 1000, 1, 16000, SAMPLES_INT16};
    signal_noise((int16_t *)(void *)batch->samples, 1000, 1);
    operations->submit(device, batch, &error);
    operations->wait(device, &batch, &error);
    assert_no_error(&error);
    assert_true(isfinite(batch->embeddings[0]));
    assert_null(batch->features);
    operations->release(device, batch);
    operations->close(device);
}

void device_rules_absurd_sizes(const struct device_operations *operations, size_t channels) {
    static const size_t sizes[][2] = {
        {SIZE_MAX, 1}, {SIZE_MAX / 2, 1}, {1, SIZE_MAX}, {1, SIZE_MAX / 64}, {SIZE_MAX, SIZE_MAX}};
    struct device *device = device_rules_open_loaded(operations, channels);
    struct device_batch *batch;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct error error = ERROR_INITIAL;
        assert_int_equal(
            operations->acquire(device, sizes[i][0], sizes[i][1], false, &batch, &error),
            ERROR_MEMORY);
        assert_null(batch);
    }
    struct error error = ERROR_INITIAL;
    operations->acquire(device, 100, 1, false, &batch, &error);
    assert_no_error(&error);
    operations->release(device, batch);
    operations->close(device);
}
