/* The rules of the CUDA device: what it refuses, that it still works afterwards, and that a
 * clip's bytes depend only on the clip. */
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"
#include "tests/support/device_rules.h"
#include "tests/support/embed.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHANNELS = 8 };

static void test_properties(void **state) {
    (void)state;
    static const char *const names[] = {"float32", "tf32", "bf16"};
    for (int p = 0; p < 3; p++) {
        struct device *device =
            device_rules_open(cuda_plugin_operations(), 1, (enum device_precision)p);
        struct device_properties properties;
        device->operations->properties(device, &properties);
        assert_string_equal(properties.name, "cuda");
        assert_non_null(strstr(properties.description, names[p]));
        assert_true(properties.batches_in_flight >= 2);
        assert_true(properties.batch_bytes >= 65536 && properties.batch_clips > 0);
        device->operations->close(device);
        cuda_plugin_operations()->close(NULL);
    }
}

static void test_order_of_calls(void **state) {
    (void)state;
    device_rules_order_of_calls(cuda_plugin_operations(), CHANNELS);
}

static void test_bad_clips(void **state) {
    (void)state;
    device_rules_bad_clips(cuda_plugin_operations(), CHANNELS);
}

static void test_absurd_sizes(void **state) {
    (void)state;
    device_rules_absurd_sizes(cuda_plugin_operations(), CHANNELS);
}

static void refuse(const struct xvector_model *model, enum error_code code, const char *word) {
    struct error error = ERROR_INITIAL;
    struct device *device = device_rules_open(cuda_plugin_operations(), 1, PRECISION_FLOAT32);
    assert_int_equal(device->operations->load_model(device, model, &error), code);
    assert_non_null(strstr(error.message, word));
    device->operations->close(device);
}

static void test_bad_models(void **state) {
    (void)state;
    (void)cuda_plugin_operations();
    const struct xvector_model *good = random_model_create(CHANNELS, 1);
    assert_non_null(good);
    struct xvector_model model = *good;
    model.blocks[2].in_channels = CHANNELS - 1;
    refuse(&model, ERROR_DATA, "block 2");
    model = *good;
    model.blocks[1].kernel = 4;
    refuse(&model, ERROR_UNSUPPORTED, "block 1");
    model = *good;
    model.block_count = 0;
    refuse(&model, ERROR_DATA, "0 blocks");
    random_model_free(good);
}

/* Equal sizes, so that no buffer grows from one batch to the next, which would wait for the GPU. */
static struct device_batch *submit_noise(const struct device_operations *cuda,
                                         struct device *device, size_t b) {
    const size_t frames = 5000 - 500 * b;
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    cuda->acquire(device, 100000, 2, b % 2 == 0, &batch, &error);
    assert_no_error(&error);
    signal_noise((int16_t *)(void *)batch->samples, frames, (unsigned)b);
    batch->clips[0] = (struct device_clip){0, frames, 1, 16000, SAMPLES_INT16};
    batch->clip_count = 1;
    cuda->submit(device, batch, &error);
    assert_no_error(&error);
    return batch;
}

/* Several batches in flight return with their tags, with features where requested, and the
 * counters include all of them. */
static void test_batches_in_flight(void **state) {
    (void)state;
    enum { BATCHES = 5 };
    static int tags[BATCHES];
    const struct device_operations *cuda = cuda_plugin_operations();
    struct device *device = device_rules_open_loaded(cuda, CHANNELS);
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    for (size_t b = 0; b < BATCHES; b++) {
        batch = submit_noise(cuda, device, b);
        batch->tag = &tags[b];
    }
    int seen[BATCHES] = {0};
    float together[BATCHES][CHANNELS];
    for (size_t i = 0; i < BATCHES; i++) {
        cuda->wait(device, &batch, &error);
        assert_no_error(&error);
        const ptrdiff_t b = (int *)batch->tag - tags;
        seen[b]++;
        assert_true((batch->features != NULL) == (b % 2 == 0));
        assert_true(isfinite(batch->embeddings[CHANNELS - 1]));
        memcpy(together[b], batch->embeddings, sizeof together[b]);
        cuda->release(device, batch);
    }
    for (size_t b = 0; b < BATCHES; b++) assert_int_equal(seen[b], 1);
    struct error none = ERROR_INITIAL;
    assert_int_equal(cuda->wait(device, &batch, &none), ERROR_INTERNAL);
    struct device_counters counters;
    cuda->counters(device, &counters);
    assert_true(counters.samples == 5000 * 5 - 500 * 10);
    assert_true(counters.frames > 0 && counters.seconds[STAGE_NETWORK] >= 0);
    assert_true(counters.operations[STAGE_NETWORK] > 0);
    for (size_t b = 0; b < BATCHES; b++) {
        submit_noise(cuda, device, b);
        cuda->wait(device, &batch, &error);
        assert_no_error(&error);
        assert_memory_equal(together[b], batch->embeddings, sizeof together[b]);
        cuda->release(device, batch);
    }
    cuda->close(device);
}

/* Submitting a batch without waiting for it does no harm. */
static void test_close_in_flight(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    struct device *device = device_rules_open_loaded(cuda, CHANNELS);
    struct error error = ERROR_INITIAL;
    for (int b = 0; b < 3; b++) {
        struct device_batch *batch;
        cuda->acquire(device, 20000, 1, true, &batch, &error);
        assert_no_error(&error);
        signal_noise((int16_t *)(void *)batch->samples, 9000, 2);
        batch->clips[0] = (struct device_clip){0, 9000, 1, 16000, SAMPLES_INT16};
        batch->clip_count = 1;
        if (b < 2) cuda->submit(device, batch, &error);
        assert_no_error(&error);
    }
    cuda->close(device);
}

/* ---- the same bytes ---- */

#define CLIPS 30
#define LONGEST 20000

static void make_clips(struct embed_clip *clips) {
    static const int rates[] = {16000, 8000, 16000, 44100, 11025, 48000};
    for (size_t i = 0; i < CLIPS; i++) {
        const int rate = rates[i % 6], channels = i % 7 == 3 ? 2 : 1;
        const size_t room = i % 3 == 0 ? 2000 : LONGEST; /* a third is very short */
        const size_t frames =
            (480 + signal_hash(1, 30, (uint32_t)i) % room) * (size_t)rate / 16000 + 10;
        int16_t *samples = malloc(frames * (size_t)channels * sizeof(int16_t));
        assert_non_null(samples);
        signal_speech(samples, frames * (size_t)channels, rate * channels, (unsigned)i);
        clips[i] = (struct embed_clip){samples, frames, channels, rate, SAMPLES_INT16};
    }
}

static void check_same_bytes(enum device_precision precision, const char *memory) {
    enum { SIZE = 16, MELS = 24 };
    embed_use(cuda_plugin_operations());
    const struct xvector_model *model = random_model_create(SIZE, 4);
    assert_non_null(model);
    struct embed_clip clips[CLIPS];
    make_clips(clips);
    size_t values = 0;
    for (size_t i = 0; i < CLIPS; i++) values += embed_frames(&clips[i]) * MELS;
    float *features[2] = {malloc(values * sizeof(float)), malloc(values * sizeof(float))};
    static float embeddings[2][CLIPS * SIZE];
    assert_true(features[0] != NULL && features[1] != NULL);
    static const size_t together[] = {0, 0, 1, 3, 7, 29};
    for (size_t s = 0; s < sizeof together / sizeof together[0]; s++) {
        const struct embed_settings settings = {
            .threads = 1, .precision = precision, .clips_per_batch = together[s]};
        const int at = s > 0;
        if (s == 1 && memory != NULL) setenv("EARMARK_CUDA_MEMORY", memory, 1);
        embed_clips(model, &settings, clips, CLIPS, embeddings[at], features[at]);
        for (size_t i = 0; i < CLIPS * SIZE; i++) assert_true(isfinite(embeddings[at][i]));
        assert_memory_equal(embeddings[at], embeddings[0], sizeof embeddings[0]);
        assert_memory_equal(features[at], features[0], values * sizeof(float));
    }
    unsetenv("EARMARK_CUDA_MEMORY");
    for (size_t i = 0; i < CLIPS; i++) free((void *)(uintptr_t)clips[i].samples);
    free(features[0]);
    free(features[1]);
    random_model_free(model);
}

static void test_same_bytes(void **state) {
    (void)state;
    for (int p = 0; p < 3; p++) check_same_bytes((enum device_precision)p, NULL);
}

/* Little memory: groups of few clips, chunks of few rows. */
static void test_same_bytes_in_little_memory(void **state) {
    (void)state;
    check_same_bytes(PRECISION_FLOAT32, "34000000");
}

/* In reverse order, every clip twice, among clips with NaN and infinite samples. */
static void test_neighbours(void **state) {
    (void)state;
    enum { BAD = 4000, SIZE = 16 };
    static float bad[BAD], alone[CLIPS * SIZE], mixed_embeddings[3 * CLIPS * SIZE];
    for (size_t i = 0; i < BAD; i++) bad[i] = i % 100 == 7 ? NAN : INFINITY;
    embed_use(cuda_plugin_operations());
    const struct xvector_model *model = random_model_create(SIZE, 4);
    assert_non_null(model);
    struct embed_clip clips[CLIPS], mixed[3 * CLIPS];
    make_clips(clips);
    const struct embed_settings settings = {.threads = 1};
    embed_clips(model, &settings, clips, CLIPS, alone, NULL);
    for (size_t i = 0; i < CLIPS; i++) {
        mixed[3 * i] = mixed[3 * i + 2] = clips[CLIPS - 1 - i];
        mixed[3 * i + 1] = (struct embed_clip){bad, BAD - i * 50, 1, 16000, SAMPLES_FLOAT32};
    }
    embed_clips(model, &settings, mixed, 3 * CLIPS, mixed_embeddings, NULL);
    for (size_t i = 0; i < CLIPS; i++) {
        const float *wanted = alone + (CLIPS - 1 - i) * SIZE;
        assert_memory_equal(mixed_embeddings + 3 * i * SIZE, wanted, SIZE * sizeof(float));
        assert_memory_equal(mixed_embeddings + (3 * i + 2) * SIZE, wanted, SIZE * sizeof(float));
        assert_true(isnan(mixed_embeddings[(3 * i + 1) * SIZE]));
    }
    for (size_t i = 0; i < CLIPS; i++) free((void *)(uintptr_t)clips[i].samples);
    random_model_free(model);
}

/* Two clips whose computation launches every kernel of embedding: one is resampled. */
static void embed_two(struct device *device, float *embeddings) {
    const struct device_operations *cuda = device->operations;
    struct error error = ERROR_INITIAL;
    struct device_batch *batch;
    cuda->acquire(device, 20000, 2, false, &batch, &error);
    assert_no_error(&error);
    signal_noise((int16_t *)(void *)batch->samples, 10000, 1);
    batch->clips[0] = (struct device_clip){0, 3000, 1, 8000, SAMPLES_INT16};
    batch->clips[1] = (struct device_clip){6400, 4000, 1, 16000, SAMPLES_INT16};
    batch->clip_count = 2;
    batch->want_statistics = true;
    cuda->submit(device, batch, &error);
    cuda->wait(device, &batch, &error);
    assert_no_error(&error);
    memcpy(embeddings, batch->embeddings, 2 * CHANNELS * sizeof(float));
    cuda->release(device, batch);
}

static double launches_of(const struct device_kernel_times *times, const char *kernel) {
    for (size_t i = 0; i < times->count; i++)
        if (strcmp(times->kernels[i].name, kernel) == 0) return times->kernels[i].launches;
    return 0;
}

/* Times are of every kernel between start and stop, once for each launch, and change nothing. */
static void test_kernel_times(void **state) {
    (void)state;
    static const char *const kernels[] = {"resample_kernel",
                                          "mark_rows_kernel",
                                          "features_kernel",
                                          "statistics_frames_kernel",
                                          "statistics_clips_kernel",
                                          "normalise_kernel<float, false>",
                                          "mark_levels_kernel",
                                          "pooling_kernel",
                                          "merge_kernel",
                                          "linear_kernel"};
    enum { KERNELS = sizeof kernels / sizeof kernels[0], BATCHES = 3 };
    const struct device_operations *cuda = cuda_plugin_operations();
    struct device *device = device_rules_open_loaded(cuda, CHANNELS);
    static struct device_kernel_times times;
    float plain[2 * CHANNELS], timed[2 * CHANNELS];
    struct error error = ERROR_INITIAL;
    embed_two(device, plain);
    cuda->kernels_start(device, &error);
    for (int b = 0; b < BATCHES; b++) embed_two(device, timed);
    cuda->kernels_stop(device, &times, &error);
    assert_no_error(&error);
    assert_memory_equal(timed, plain, sizeof plain);
    for (size_t i = 0; i < KERNELS; i++)
        assert_true(launches_of(&times, kernels[i]) == (double)BATCHES);
    assert_true(launches_of(&times, "layer_float32_kernel") == 5.0 * BATCHES); /* five layers */
    assert_int_equal(times.count, KERNELS + 1);
    for (size_t i = 0; i < times.count; i++) {
        assert_true(times.kernels[i].seconds > 0 && times.kernels[i].seconds < 1000);
        assert_null(strpbrk(times.kernels[i].name, "[]="));
    }
    embed_two(device, plain); /* after the stop */
    cuda->kernels_start(device, &error);
    cuda->kernels_stop(device, &times, &error);
    assert_no_error(&error);
    assert_int_equal(times.count, 0);
    cuda->close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_order_of_calls),
        cmocka_unit_test(test_bad_clips),
        cmocka_unit_test(test_absurd_sizes),
        cmocka_unit_test(test_bad_models),
        cmocka_unit_test(test_batches_in_flight),
        cmocka_unit_test(test_close_in_flight),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_same_bytes_in_little_memory),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_kernel_times),
    };
    return cmocka_run_group_tests_name("cuda device", tests, NULL, NULL);
}
