#include "tests/support/features_rules.h"

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

#define MELS 24

float *features_rules_compute(const struct device_operations *operations,
                              const struct embed_clip *clips, size_t count, size_t mels) {
    struct random_model_shape shape = {.mels = mels,
                                       .block_count = 1,
                                       .channels = {8},
                                       .kernels = {1},
                                       .dilations = {1},
                                       .embedding_size = 4};
    const struct xvector_model *model = random_model_create_shape(&shape, 1);
    assert_non_null(model);
    size_t frames = 0;
    for (size_t i = 0; i < count; i++) frames += embed_frames(&clips[i]);
    float *features = malloc((frames * mels + 1) * sizeof(float));
    float *embeddings = malloc((count * model->embedding_size + 1) * sizeof(float));
    assert_true(features != NULL && embeddings != NULL);
    const struct embed_settings settings = {.threads = 2};
    embed_use(operations);
    embed_clips(model, &settings, clips, count, embeddings, features);
    free(embeddings);
    random_model_free(model);
    return features;
}

void features_rules_golden(const struct device_operations *operations) {
    struct golden signals = golden_read("xvector/signals.npy");
    struct golden lengths = golden_read("xvector/lengths.npy");
    struct golden speech = golden_read("xvector/speech.npy");
    struct golden expected = golden_read("xvector/features.npy");
    struct golden theirs = golden_read("xvector/features_error.npy");
    struct embed_clip clips[64];
    size_t offset = 0, worst = 0;
    double largest = 0.0;
    assert_true(lengths.count <= 64);
    for (size_t i = 0; i < lengths.count; i++) {
        clips[i] = embed_mono(signals.shorts + offset, (size_t)lengths.integers[i]);
        offset += clips[i].frames;
    }
    float *features = features_rules_compute(operations, clips, lengths.count, MELS);
    assert_int_equal(offset, signals.count);
    offset = 0;
    for (size_t i = 0; i < lengths.count; i++) {
        const size_t values = embed_frames(&clips[i]) * MELS;
        const double error =
            compare_largest_floats(features + offset, expected.floats + offset, values);
        print_message("clip %zu, %zu samples: %.2g dB (SpeechBrain %.2g)\n", i, clips[i].frames,
                      error, theirs.doubles[i]);
        assert_within(error, speech.integers[i] ? FEATURES_GATE : 2.0 * theirs.doubles[i],
                      "features");
        if (speech.integers[i] && error > largest) {
            largest = error;
            worst = i;
        }
        offset += values;
    }
    print_message("features on speech: %.2g dB at most (clip %zu)\n", largest, worst);
    assert_int_equal(offset, expected.count);
    free(features);
    golden_free(&signals);
    golden_free(&lengths);
    golden_free(&speech);
    golden_free(&expected);
    golden_free(&theirs);
}

void features_rules_shortest(const struct device_operations *operations) {
    static int16_t samples[200];
    static const int16_t zeros[4000];
    signal_noise(samples, 200, 1);
    struct embed_clip clips[6];
    const size_t lengths[5] = {0, 1, 159, 160, 161};
    for (size_t i = 0; i < 5; i++) clips[i] = embed_mono(samples, lengths[i]);
    clips[5] = embed_mono(zeros, 4000);
    float *features = features_rules_compute(operations, clips, 6, MELS);
    for (size_t i = 0; i < (size_t)(1 + 1 + 1 + 2 + 2) * MELS; i++)
        assert_true(isfinite(features[i]));
    for (size_t i = 0; i < embed_frames(&clips[5]) * MELS; i++)
        assert_true(features[7 * MELS + i] == 0.0f);
    free(features);
}

void features_rules_not_finite(const struct device_operations *operations, int rate) {
    enum { LENGTH = 4000 };
    static float good[LENGTH], bad[LENGTH], endless[LENGTH];
    for (size_t i = 0; i < LENGTH; i++)
        good[i] = bad[i] = endless[i] = sinf((float)(i * i % 1000)) / 4.0f;
    bad[1234] = NAN;
    endless[77] = -INFINITY;
    const struct embed_clip clips[4] = {{good, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {bad, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {endless, LENGTH, 1, rate, SAMPLES_FLOAT32},
                                        {good, LENGTH, 1, rate, SAMPLES_FLOAT32}};
    float *features = features_rules_compute(operations, clips, 4, MELS);
    const size_t values = embed_frames(&clips[0]) * MELS;
    bool spoilt[2] = {false, false};
    for (size_t i = 0; i < values; i++) {
        assert_true(isfinite(features[i]));
        for (size_t clip = 0; clip < 2; clip++)
            spoilt[clip] = spoilt[clip] || isnan(features[(clip + 1) * values + i]);
    }
    assert_true(spoilt[0] && spoilt[1]);
    assert_memory_equal(features + 3 * values, features, values * sizeof(float));
    free(features);
}
