/* A clip's features and embedding have the same bytes for any number of threads, batch,
 * neighbours and position among them. */
#include "kernels/cpu/memory.h"
#include "kernels/cpu/product.h"
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

#define CLIPS 40
#define LONGEST 40000

/* Clips of 4 to about 250 frames, of several rates, channels and formats. */
struct collection {
    struct embed_clip clips[CLIPS];
    size_t features[CLIPS]; /* values of each */
    int16_t *samples[CLIPS];
    float *floats;
};

static struct collection make_collection(void) {
    static const int rates[] = {16000, 8000, 16000, 44100, 11025, 48000};
    struct collection collection = {.floats = NULL};
    for (size_t i = 0; i < CLIPS; i++) {
        const int rate = rates[i % 6];
        const int channels = i % 7 == 3 ? 2 : 1;
        /* A third of the clips are very short. */
        const size_t room = i % 3 == 0 ? 2000 : LONGEST;
        const size_t frames =
            (480 + signal_hash(1, 30, (uint32_t)i) % room) * (size_t)rate / 16000 + 10;
        collection.samples[i] = malloc(frames * (size_t)channels * sizeof(int16_t));
        assert_non_null(collection.samples[i]);
        signal_speech(collection.samples[i], frames * (size_t)channels, rate * channels,
                      (unsigned)i);
        collection.clips[i] =
            (struct embed_clip){collection.samples[i], frames, channels, rate, SAMPLES_INT16};
        collection.features[i] = embed_frames(&collection.clips[i]) * 24;
    }
    return collection;
}

static void free_collection(struct collection *collection) {
    for (size_t i = 0; i < CLIPS; i++) free(collection->samples[i]);
}

struct results {
    float *embeddings;
    float *features;
    float *statistics;
};

static struct results run(const struct xvector_model *model, struct embed_settings settings,
                          const struct embed_clip *clips, size_t count) {
    size_t frames = 0;
    for (size_t i = 0; i < count; i++) frames += embed_frames(&clips[i]);
    struct results results = {malloc(count * model->embedding_size * sizeof(float)),
                              malloc(frames * model->mels * sizeof(float)),
                              malloc(count * STATISTICS_COUNT * sizeof(float))};
    assert_true(results.embeddings != NULL && results.features != NULL &&
                results.statistics != NULL);
    settings.statistics = results.statistics;
    embed_clips(model, &settings, clips, count, results.embeddings, results.features);
    for (size_t i = 0; i < count * model->embedding_size; i++)
        assert_true(isfinite(results.embeddings[i]));
    for (size_t i = 0; i < count * STATISTICS_COUNT; i++)
        assert_true(isfinite(results.statistics[i]));
    return results;
}

static void free_results(struct results *results) {
    free(results->embeddings);
    free(results->features);
    free(results->statistics);
}

static void check_settings(const struct xvector_model *model, enum device_precision precision) {
    struct collection collection = make_collection();
    size_t values = 0;
    for (size_t i = 0; i < CLIPS; i++) values += collection.features[i];
    struct results expected =
        run(model, (struct embed_settings){.threads = 1, .precision = precision}, collection.clips,
            CLIPS);
    static const struct {
        int threads;
        size_t clips_per_batch;
    } others[] = {{1, 0}, {2, 0}, {3, 0}, {2, 1}, {1, 3}, {3, 7}, {2, 39}, {5, 0}};
    for (size_t s = 0; s < sizeof others / sizeof others[0]; s++) {
        const struct embed_settings settings = {.threads = others[s].threads,
                                                .precision = precision,
                                                .clips_per_batch = others[s].clips_per_batch};
        struct results results = run(model, settings, collection.clips, CLIPS);
        assert_memory_equal(results.features, expected.features, values * sizeof(float));
        assert_memory_equal(results.embeddings, expected.embeddings,
                            CLIPS * model->embedding_size * sizeof(float));
        assert_memory_equal(results.statistics, expected.statistics,
                            CLIPS * STATISTICS_COUNT * sizeof(float));
        free_results(&results);
    }
    free_results(&expected);
    free_collection(&collection);
}

static void test_threads_and_batches(void **state) {
    (void)state;
    const struct xvector_model *model = random_model_create(512, 4);
    assert_non_null(model);
    check_settings(model, PRECISION_FLOAT32);
    random_model_free(model);
}

static void test_bf16(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings wanted = {1, PRECISION_BF16};
    if (device_cpu_operations.open(&wanted, &device, &error) != ERROR_NONE) {
        print_message("skipped: %s\n", error.message);
        skip();
    }
    device_cpu_operations.close(device);
    const struct xvector_model *model = random_model_create(512, 4);
    assert_non_null(model);
    check_settings(model, PRECISION_BF16);
    random_model_free(model);
}

/* In reverse order, every clip twice, among clips with NaN and infinite samples. */
static void test_neighbours(void **state) {
    (void)state;
    enum { BAD = 4000 };
    static float bad[BAD];
    for (size_t i = 0; i < BAD; i++) bad[i] = i % 100 == 7 ? NAN : INFINITY;
    const struct xvector_model *model = random_model_create(512, 4);
    assert_non_null(model);
    const size_t size = model->embedding_size;
    struct collection collection = make_collection();
    struct results expected =
        run(model, (struct embed_settings){.threads = 1}, collection.clips, CLIPS);
    struct embed_clip mixed[3 * CLIPS];
    for (size_t i = 0; i < CLIPS; i++) {
        mixed[3 * i] = collection.clips[CLIPS - 1 - i];
        mixed[3 * i + 1] = (struct embed_clip){bad, BAD - i * 50, 1, 16000, SAMPLES_FLOAT32};
        mixed[3 * i + 2] = collection.clips[CLIPS - 1 - i];
    }
    float *embeddings = malloc(sizeof(float) * size * 3 * CLIPS);
    assert_non_null(embeddings);
    static float statistics[3 * CLIPS * STATISTICS_COUNT];
    const struct embed_settings settings = {.threads = 2, .statistics = statistics};
    embed_clips(model, &settings, mixed, 3 * (size_t)CLIPS, embeddings, NULL);
    for (size_t i = 0; i < CLIPS; i++) {
        const float *wanted = expected.embeddings + (CLIPS - 1 - i) * size;
        assert_memory_equal(embeddings + 3 * i * size, wanted, size * sizeof(float));
        assert_memory_equal(embeddings + (3 * i + 2) * size, wanted, size * sizeof(float));
        assert_true(isnan(embeddings[(3 * i + 1) * size]));
        assert_memory_equal(statistics + 3 * i * STATISTICS_COUNT,
                            expected.statistics + (CLIPS - 1 - i) * STATISTICS_COUNT,
                            STATISTICS_COUNT * sizeof(float));
    }
    free(embeddings);
    free_results(&expected);
    free_collection(&collection);
    random_model_free(model);
}

/* A clip of 20,001 frames is split into pieces, at other positions if other clips precede it. */
static void test_long_clips_are_cut_anywhere(void **state) {
    (void)state;
    enum { LENGTH = 20000 * 160 };
    int16_t *samples = malloc(LENGTH * sizeof(int16_t));
    assert_non_null(samples);
    signal_noise(samples, LENGTH, 5);
    const struct xvector_model *model = random_model_create(32, 6);
    assert_non_null(model);
    const size_t size = model->embedding_size;
    const struct embed_clip clip = embed_mono(samples, LENGTH);
    struct results expected = run(model, (struct embed_settings){.threads = 2}, &clip, 1);
    for (uint32_t trial = 0; trial < 6; trial++) {
        struct embed_clip clips[3];
        clips[0] = embed_mono(samples, 480 + signal_hash(2, 31, trial) % 2000000);
        clips[1] = embed_mono(samples + 1000, 480 + signal_hash(2, 32, trial) % 3000);
        clips[2] = clip;
        struct results results =
            run(model, (struct embed_settings){.threads = 1 + (int)trial % 3}, clips, 3);
        assert_memory_equal(results.embeddings + 2 * size, expected.embeddings,
                            size * sizeof(float));
        assert_memory_equal(results.statistics + 2 * STATISTICS_COUNT, expected.statistics,
                            STATISTICS_COUNT * sizeof(float));
        free_results(&results);
    }
    free_results(&expected);
    random_model_free(model);
    free(samples);
}

/* The basis of all this: a row has the same result at every position of a tile. */
static void test_every_row_of_a_product(void **state) {
    (void)state;
    static const size_t shapes[][3] = {
        {128, 128, 512}, {64, 512, 512}, {128, 512, 1504}, {64, 256, 512}, {128, 112, 112}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const size_t rows = shapes[s][0], inputs = shapes[s][1], outputs = shapes[s][2];
        const struct product_shape shape = {.rows = rows,
                                            .inputs = inputs,
                                            .outputs = outputs,
                                            .bias = s % 2 == 0,
                                            .leaky = s % 2 == 0};
        struct error error = ERROR_INITIAL;
        struct product *product = NULL;
        struct product_weights *weights = NULL;
        product_create(&shape, &product, &error);
        assert_int_equal(error.code, ERROR_NONE);
        product_weights_create(product, &weights, &error);
        float *weight = malloc(inputs * outputs * sizeof(float));
        float *source = memory_aligned(rows * inputs, sizeof(float), "a test", &error);
        float *output = memory_aligned(rows * outputs, sizeof(float), "a test", &error);
        assert_true(weight != NULL && error.code == ERROR_NONE);
        for (size_t i = 0; i < inputs * outputs; i++)
            weight[i] = (float)signal_hash(3, 40, (uint32_t)i) / 4294967296.0f - 0.5f;
        product_weights_set(weights, weight, outputs, inputs, NULL, &error);
        for (size_t i = 0; i < rows * inputs; i++)
            source[i] = (float)signal_hash(3, 41, (uint32_t)(i % inputs)) / 4294967296.0f - 0.3f;
        product_execute(product, weights, source, output, &error);
        assert_int_equal(error.code, ERROR_NONE);
        for (size_t row = 1; row < rows; row++)
            assert_memory_equal(output + row * outputs, output, outputs * sizeof(float));
        free(weight);
        free(source);
        free(output);
        product_weights_free(weights);
        product_free(product);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_and_batches),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_long_clips_are_cut_anywhere),
        cmocka_unit_test(test_every_row_of_a_product),
    };
    return cmocka_run_group_tests_name("same_bytes_device", tests, NULL, NULL);
}
