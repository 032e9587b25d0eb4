/* Features against a float64 reference and against SpeechBrain's own error. */
#include "tests/support/compare.h"
#include "tests/support/embed.h"
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
#define SPEECH_GATE 2e-4 /* dB: spec/xvector.md, numerical traps */

struct clips {
    struct golden signals, lengths;
    struct embed_clip *clips;
    size_t count;
    size_t frames; /* of all */
};

static struct clips read_clips(void) {
    struct clips clips = {.signals = golden_read("xvector/signals.npy"),
                          .lengths = golden_read("xvector/lengths.npy")};
    clips.count = clips.lengths.count;
    clips.clips = calloc(clips.count, sizeof *clips.clips);
    assert_non_null(clips.clips);
    size_t offset = 0;
    for (size_t i = 0; i < clips.count; i++) {
        const size_t length = (size_t)clips.lengths.integers[i];
        clips.clips[i] = embed_mono(clips.signals.shorts + offset, length);
        clips.frames += embed_frames(&clips.clips[i]);
        offset += length;
    }
    assert_int_equal(offset, clips.signals.count);
    return clips;
}

static void free_clips(struct clips *clips) {
    free(clips->clips);
    golden_free(&clips->signals);
    golden_free(&clips->lengths);
}

/* The features of clips, (sum of frames, mels); free() them. */
static float *compute(const struct embed_clip *clips, size_t count, size_t mels) {
    struct random_model_shape shape = random_model_shape(32);
    shape.mels = mels;
    const struct xvector_model *model = random_model_create_shape(&shape, 1);
    assert_non_null(model);
    size_t frames = 0;
    for (size_t i = 0; i < count; i++) frames += embed_frames(&clips[i]);
    float *features = malloc((frames * mels + 1) * sizeof(float));
    float *embeddings = malloc((count * model->embedding_size + 1) * sizeof(float));
    assert_true(features != NULL && embeddings != NULL);
    const struct embed_settings settings = {.threads = 2};
    embed_clips(model, &settings, clips, count, embeddings, features);
    free(embeddings);
    random_model_free(model);
    return features;
}

static void test_golden(void **state) {
    (void)state;
    struct clips clips = read_clips();
    struct golden speech = golden_read("xvector/speech.npy");
    struct golden expected = golden_read("xvector/features.npy");
    struct golden theirs = golden_read("xvector/features_error.npy");
    float *features = compute(clips.clips, clips.count, MELS);
    size_t offset = 0;
    for (size_t i = 0; i < clips.count; i++) {
        const size_t values = embed_frames(&clips.clips[i]) * MELS;
        const double error =
            compare_largest_floats(features + offset, expected.floats + offset, values);
        const double gate = speech.integers[i] ? SPEECH_GATE : 2.0 * theirs.doubles[i];
        print_message("clip %zu, %zu samples: %.2g dB (SpeechBrain %.2g)\n", i,
                      clips.clips[i].frames, error, theirs.doubles[i]);
        assert_within(error, gate, "features");
        offset += values;
    }
    assert_int_equal(offset, expected.count);
    free(features);
    golden_free(&speech);
    golden_free(&expected);
    golden_free(&theirs);
    free_clips(&clips);
}

/* Silence is exactly zero. */
static void test_silence(void **state) {
    (void)state;
    static const int16_t zeros[4000];
    const struct embed_clip clip = embed_mono(zeros, 4000);
    float *features = compute(&clip, 1, MELS);
    for (size_t i = 0; i < embed_frames(&clip) * MELS; i++) assert_true(features[i] == 0.0f);
    free(features);
}

/* float32, int16 and channels that are all the same make the same bytes; the mean of
 * two different channels is their mean. */
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
    float *features = compute(clips, 4, MELS);
    const size_t values = embed_frames(&clips[0]) * MELS;
    for (size_t i = 1; i < 4; i++)
        assert_memory_equal(features + i * values, features, values * sizeof(float));
    free(features);
}

/* Not a single sample, one sample, one short of a frame: no crash, finite features. */
static void test_shortest(void **state) {
    (void)state;
    static int16_t samples[200];
    signal_noise(samples, 200, 1);
    struct embed_clip clips[5];
    const size_t lengths[5] = {0, 1, 159, 160, 161};
    for (size_t i = 0; i < 5; i++) clips[i] = embed_mono(samples, lengths[i]);
    float *features = compute(clips, 5, MELS);
    for (size_t i = 0; i < (size_t)(1 + 1 + 1 + 2 + 2) * MELS; i++)
        assert_true(isfinite(features[i]));
    free(features);
}

/* NaN and infinite samples spoil their own clip only. */
static void test_not_finite(void **state) {
    (void)state;
    enum { LENGTH = 4000 };
    static float good[LENGTH], bad[LENGTH], endless[LENGTH];
    for (size_t i = 0; i < LENGTH; i++)
        good[i] = bad[i] = endless[i] = sinf((float)(i * i % 1000)) / 4.0f;
    bad[1234] = NAN;
    endless[77] = -INFINITY;
    const struct embed_clip clips[4] = {{good, LENGTH, 1, 16000, SAMPLES_FLOAT32},
                                        {bad, LENGTH, 1, 16000, SAMPLES_FLOAT32},
                                        {endless, LENGTH, 1, 16000, SAMPLES_FLOAT32},
                                        {good, LENGTH, 1, 16000, SAMPLES_FLOAT32}};
    float *features = compute(clips, 4, MELS);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_formats_and_channels),
        cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
