#include "tests/support/statistics_rules.h"

#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = STATISTICS_COUNT, MOST_CLIPS = 64, SIZE = 4 };

/* A small network that takes clips of any length. */
static const struct xvector_model *small_model(size_t mels) {
    const struct random_model_shape shape = {.mels = mels,
                                             .block_count = 1,
                                             .channels = {8},
                                             .kernels = {1},
                                             .dilations = {1},
                                             .embedding_size = SIZE};
    const struct xvector_model *model = random_model_create_shape(&shape, 1);
    assert_non_null(model);
    return model;
}

static float *numbers(size_t count) {
    float *values = malloc((count + 1) * sizeof(float));
    assert_non_null(values);
    return values;
}

float *statistics_rules_compute(const struct device_operations *operations,
                                const struct embed_clip *clips, size_t count,
                                struct embed_settings settings) {
    const struct xvector_model *model = small_model(STATISTICS_MELS);
    float *embeddings = numbers(count * SIZE);
    settings.statistics = numbers(count * COUNT);
    embed_use(operations);
    embed_clips(model, &settings, clips, count, embeddings, NULL);
    free(embeddings);
    random_model_free(model);
    return settings.statistics;
}

/* ---- golden clips ---- */

static void *copy(const void *samples, size_t bytes) {
    void *copied = malloc(bytes + 1);
    assert_non_null(copied);
    if (bytes > 0) memcpy(copied, samples, bytes);
    return copied;
}

/* Cuts `lengths` out of the samples, of either type. */
static void add_clips(struct embed_clip *clips, size_t *count, const struct golden *samples,
                      const struct golden *lengths) {
    const bool shorts = samples->shorts != NULL;
    const size_t size = shorts ? sizeof(int16_t) : sizeof(float);
    size_t offset = 0;
    for (size_t i = 0; i < lengths->count; i++) {
        assert_true(*count < MOST_CLIPS - 1);
        const size_t frames = (size_t)lengths->integers[i];
        const char *begin = (const char *)samples->memory + offset * size;
        clips[(*count)++] = (struct embed_clip){copy(begin, frames * size), frames, 1, 16000,
                                                shorts ? SAMPLES_INT16 : SAMPLES_FLOAT32};
        offset += frames;
    }
    assert_int_equal(offset, samples->count);
}

struct embed_clip *statistics_rules_clips(size_t *count) {
    struct golden signals = golden_read("statistics/signals.npy");
    struct golden lengths = golden_read("statistics/lengths.npy");
    struct golden floats = golden_read("statistics/floats.npy");
    struct golden float_lengths = golden_read("statistics/float_lengths.npy");
    struct golden long_samples = golden_read("statistics/long_samples.npy");
    struct embed_clip *clips = calloc(MOST_CLIPS, sizeof *clips);
    assert_non_null(clips);
    *count = 0;
    add_clips(clips, count, &signals, &lengths);
    add_clips(clips, count, &floats, &float_lengths);
    const size_t frames = (size_t)long_samples.integers[0];
    int16_t *noise = malloc(frames * sizeof *noise);
    assert_non_null(noise);
    signal_noise(noise, frames, 1);
    clips[(*count)++] = embed_mono(noise, frames);
    golden_free(&signals);
    golden_free(&lengths);
    golden_free(&floats);
    golden_free(&float_lengths);
    golden_free(&long_samples);
    return clips;
}

void statistics_rules_free_clips(struct embed_clip *clips) {
    for (size_t i = 0; i < MOST_CLIPS; i++) free((void *)(uintptr_t)clips[i].samples);
    free(clips);
}

/* The largest |actual - expected| in spreads; *column: where it is. NaN if any is. */
static double largest_difference(const float *actual, const double *expected, size_t *column) {
    struct golden spread = golden_read("statistics/spread.npy");
    double largest = 0.0;
    assert_int_equal(spread.count, COUNT);
    *column = 0;
    for (size_t i = 0; i < COUNT && !isnan(largest); i++) {
        const double difference = fabs((double)actual[i] - expected[i]) / spread.doubles[i];
        if (difference <= largest) continue;
        largest = difference;
        *column = i;
    }
    golden_free(&spread);
    return largest;
}

double statistics_rules_difference(const float *actual, const float *expected, size_t count) {
    double largest = 0.0, row[COUNT];
    for (size_t c = 0; c < count && !isnan(largest); c++) {
        size_t column;
        for (size_t i = 0; i < COUNT; i++) row[i] = (double)expected[c * COUNT + i];
        const double difference = largest_difference(actual + c * COUNT, row, &column);
        if (!(difference <= largest)) largest = difference;
    }
    return largest;
}

void statistics_rules_golden(const struct device_operations *operations) {
    struct golden expected = golden_read("statistics/statistics.npy");
    size_t count;
    struct embed_clip *clips = statistics_rules_clips(&count);
    double largest = 0.0;
    assert_int_equal(expected.count, count * COUNT);
    const struct embed_settings settings = {.threads = 2};
    float *actual = statistics_rules_compute(operations, clips, count, settings);
    for (size_t c = 0; c < count; c++) {
        size_t column;
        const double difference =
            largest_difference(actual + c * COUNT, expected.doubles + c * COUNT, &column);
        print_message("clip %zu, %zu samples: %.2g of the spread (number %zu)\n", c,
                      clips[c].frames, difference, column);
        if (!(difference <= largest)) largest = difference;
        assert_within(difference, STATISTICS_GATE, "statistics");
    }
    print_message("statistics: %.2g of a column's spread at most\n", largest);
    free(actual);
    statistics_rules_free_clips(clips);
    golden_free(&expected);
}

/* ---- short clips ---- */

void statistics_rules_shortest(const struct device_operations *operations) {
    enum { LENGTHS = 8 };
    static const size_t lengths[LENGTHS] = {0, 1, 159, 160, 480, 1439, 1599, 1600};
    static int16_t samples[LENGTHS][STATISTICS_SAMPLES];
    struct embed_clip clips[2 * LENGTHS];
    for (size_t i = 0; i < LENGTHS; i++) {
        signal_noise(samples[i], lengths[i], (unsigned)i + 1);
        clips[2 * i] = embed_mono(samples[i], lengths[i]);
        clips[2 * i + 1] = embed_mono(samples[i], STATISTICS_SAMPLES);
    }
    const struct embed_settings settings = {.threads = 2};
    float *statistics = statistics_rules_compute(operations, clips, 2 * LENGTHS, settings);
    for (size_t i = 0; i < LENGTHS; i++) {
        const float *row = statistics + 2 * i * COUNT;
        for (size_t s = 0; s < COUNT; s++) assert_true(isfinite(row[s]));
        assert_memory_equal(row, row + COUNT, COUNT * sizeof(float));
    }
    free(statistics);
}

/* ---- samples that are not finite ---- */

void statistics_rules_not_finite(const struct device_operations *operations, int rate) {
    enum { LENGTH = 4000 };
    static float good[LENGTH], bad[LENGTH], endless[LENGTH], huge[LENGTH];
    for (size_t i = 0; i < LENGTH; i++) {
        good[i] = bad[i] = endless[i] = sinf((float)(i * i % 1000)) / 4.0f;
        huge[i] = 1e15f * good[i];
    }
    bad[1234] = NAN;
    endless[77] = -INFINITY;
    const struct embed_clip clips[5] = {{good, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {bad, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {endless, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {huge, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {good, LENGTH, 1, rate, SAMPLES_FLOAT32}};
    const struct embed_settings settings = {.threads = 2};
    float *statistics = statistics_rules_compute(operations, clips, 5, settings);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(isfinite(statistics[i]) && isfinite(statistics[3 * COUNT + i]));
        if (i < 48) continue; /* the mean of a mel: only of those that have such a frame */
        assert_true(isnan(statistics[COUNT + i]) && isnan(statistics[2 * COUNT + i]));
    }
    assert_memory_equal(statistics + 4 * COUNT, statistics, COUNT * sizeof(float));
    free(statistics);
}

/* ---- the same bytes ---- */

void statistics_rules_same_bytes(const struct device_operations *operations) {
    enum { CLIPS = 12, MELS = STATISTICS_MELS };
    static int16_t samples[40000];
    struct embed_clip clips[CLIPS];
    size_t frames = 0;
    signal_speech(samples, 40000, 16000, 3);
    for (size_t i = 0; i < CLIPS; i++) {
        clips[i] = embed_mono(samples + 37 * i, 300 + signal_hash(1, 1, (uint32_t)i) % 30000);
        if (i % 3 == 0) clips[i].frames %= 1600; /* some are padded */
        clips[i].rate = i % 4 == 1 ? 8000 : 16000;
        frames += embed_frames(&clips[i]);
    }
    const struct xvector_model *model = small_model(MELS);
    float *embeddings[2] = {numbers(CLIPS * SIZE), numbers(CLIPS * SIZE)};
    float *features[2] = {numbers(frames * MELS), numbers(frames * MELS)};
    float *statistics[2] = {numbers(CLIPS * COUNT), numbers(CLIPS * COUNT)};
    struct embed_settings settings = {.threads = 1, .statistics = statistics[0]};
    embed_use(operations);
    embed_clips(model, &settings, clips, CLIPS, embeddings[0], features[0]);
    for (size_t i = 0; i < 4; i++) {
        static const size_t together[4] = {1, 3, 5, CLIPS};
        settings = (struct embed_settings){.threads = (int)i + 1,
                                           .clips_per_batch = together[i],
                                           .statistics = i == 0 ? NULL : statistics[1]};
        embed_clips(model, &settings, clips, CLIPS, embeddings[1], features[1]);
        if (i > 0) assert_memory_equal(statistics[1], statistics[0], CLIPS * COUNT * sizeof(float));
        assert_memory_equal(embeddings[1], embeddings[0], CLIPS * SIZE * sizeof(float));
        assert_memory_equal(features[1], features[0], frames * MELS * sizeof(float));
    }
    for (size_t i = 0; i < 2; i++) {
        free(embeddings[i]);
        free(features[i]);
        free(statistics[i]);
    }
    random_model_free(model);
}

void statistics_rules_other_mels(const struct device_operations *operations) {
    static int16_t samples[3000];
    signal_noise(samples, 3000, 1);
    const struct embed_clip clips[2] = {embed_mono(samples, 3000), embed_mono(samples, 500)};
    const struct xvector_model *model = small_model(STATISTICS_MELS + 1);
    float embeddings[2 * SIZE], statistics[2 * COUNT];
    const struct embed_settings settings = {.threads = 1, .statistics = statistics};
    assert_false(device_has_statistics(model));
    embed_use(operations);
    embed_clips(model, &settings, clips, 2, embeddings, NULL);
    for (size_t i = 0; i < 2 * COUNT; i++) assert_true(isnan(statistics[i]));
    for (size_t i = 0; i < 2 * SIZE; i++) assert_true(isfinite(embeddings[i]));
    random_model_free(model);
}
