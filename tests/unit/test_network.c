/* Embeddings against a float64 reference and against SpeechBrain. */
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

/* Relative L2 against float64, spec/xvector.md, numerical traps. Where float32 features
 * themselves are off by decibels' thousandths (see test_features.c), the error of
 * SpeechBrain's own float32 on the same clip is the measure, twice over. */
#define GATE_LONG 2e-6 /* 25 frames or more */
#define GATE_SHORT 4e-6
#define GATE_SPEECHBRAIN 1e-4
#define BF16_SLACK 1.5 /* times the error of exact arithmetic on inputs rounded to bfloat16 */

struct clips {
    struct golden signals, lengths, speech;
    struct embed_clip *clips;
    size_t count;
};

static struct clips read_clips(void) {
    struct clips clips = {.signals = golden_read("xvector/signals.npy"),
                          .lengths = golden_read("xvector/lengths.npy"),
                          .speech = golden_read("xvector/speech.npy")};
    clips.count = clips.lengths.count;
    clips.clips = calloc(clips.count, sizeof *clips.clips);
    assert_non_null(clips.clips);
    size_t offset = 0;
    for (size_t i = 0; i < clips.count; i++) {
        clips.clips[i] =
            embed_mono(clips.signals.shorts + offset, (size_t)clips.lengths.integers[i]);
        offset += clips.clips[i].frames;
    }
    return clips;
}

static void free_clips(struct clips *clips) {
    free(clips->clips);
    golden_free(&clips->signals);
    golden_free(&clips->lengths);
    golden_free(&clips->speech);
}

static float *compute(const struct xvector_model *model, const struct embed_settings *settings,
                      const struct embed_clip *clips, size_t count) {
    float *embeddings = malloc(count * model->embedding_size * sizeof(float));
    assert_non_null(embeddings);
    embed_clips(model, settings, clips, count, embeddings, NULL);
    return embeddings;
}

static double gate(const struct embed_clip *clip) {
    return embed_frames(clip) >= 25 ? GATE_LONG : GATE_SHORT;
}

static void check_model(size_t channels, unsigned seed, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "xvector/%s.npy", name);
    struct golden expected = golden_read(path);
    snprintf(path, sizeof path, "xvector/%s_speechbrain.npy", name);
    struct golden theirs = golden_read(path);
    struct clips clips = read_clips();
    const struct xvector_model *model = random_model_create(channels, seed);
    assert_non_null(model);
    const struct embed_settings settings = {.threads = 2};
    float *embeddings = compute(model, &settings, clips.clips, clips.count);
    for (size_t i = 0; i < clips.count; i++) {
        const size_t at = i * model->embedding_size;
        const double error =
            compare_relative_float(embeddings + at, expected.doubles + at, model->embedding_size);
        const double reference = compare_relative_float(theirs.floats + at, expected.doubles + at,
                                                        model->embedding_size);
        print_message("%s, %zu frames: %.2g (SpeechBrain %.2g)\n", name,
                      embed_frames(&clips.clips[i]), error, reference);
        double limit = gate(&clips.clips[i]);
        if (!clips.speech.integers[i] && 2.0 * reference > limit) limit = 2.0 * reference;
        assert_within(error, limit, "embedding against float64");
        assert_within(
            compare_relative_floats(embeddings + at, theirs.floats + at, model->embedding_size),
            GATE_SPEECHBRAIN, "embedding against SpeechBrain");
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
    golden_free(&theirs);
}

static void test_small(void **state) {
    (void)state;
    check_model(32, 1, "small");
}

static void test_wide(void **state) {
    (void)state;
    check_model(512, 2, "wide");
}

/* Three blocks, 40 mels, even dilations of three taps, seven taps: clips too short to
 * reflect give NaN and leave their neighbours alone. */
static void test_odd_architecture(void **state) {
    (void)state;
    const struct random_model_shape shape = {.mels = 40,
                                             .block_count = 3,
                                             .channels = {48, 40, 72},
                                             .kernels = {3, 7, 1},
                                             .dilations = {4, 2, 1},
                                             .embedding_size = 20};
    struct golden expected = golden_read("xvector/odd.npy");
    struct clips clips = read_clips();
    const struct xvector_model *model = random_model_create_shape(&shape, 3);
    assert_non_null(model);
    assert_int_equal(xvector_minimum_frames(model), 7);
    const struct embed_settings settings = {.threads = 2};
    float *embeddings = compute(model, &settings, clips.clips, clips.count);
    for (size_t i = 0; i < clips.count; i++) {
        if (embed_frames(&clips.clips[i]) < 7) {
            for (size_t j = 0; j < 20; j++) assert_true(isnan(embeddings[i * 20 + j]));
        } else if (clips.speech.integers[i]) {
            assert_within(
                compare_relative_float(embeddings + i * 20, expected.doubles + i * 20, 20),
                gate(&clips.clips[i]), "embedding of an odd architecture");
        }
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
}

/* Clips that are computed in pieces. */
static void test_long(void **state) {
    (void)state;
    struct golden expected = golden_read("xvector/long.npy");
    struct golden lengths = golden_read("xvector/long_lengths.npy");
    const struct xvector_model *model = random_model_create(32, 1);
    assert_non_null(model);
    const struct embed_settings settings = {.threads = 2};
    for (size_t i = 0; i < lengths.count; i++) {
        const size_t length = (size_t)lengths.integers[i];
        int16_t *samples = malloc(length * sizeof(int16_t));
        assert_non_null(samples);
        signal_noise(samples, length, 10 + (unsigned)i);
        const struct embed_clip clip = embed_mono(samples, length);
        float *embedding = compute(model, &settings, &clip, 1);
        assert_within(compare_relative_float(embedding, expected.doubles + i * 32, 32), GATE_LONG,
                      "embedding of a long clip");
        free(embedding);
        free(samples);
    }
    random_model_free(model);
    golden_free(&expected);
    golden_free(&lengths);
}

/* bfloat16 is close to float32 where the CPU has it, and refused where not. */
static void test_bf16(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings wanted = {2, PRECISION_BF16};
    if (device_cpu_operations.open(&wanted, &device, &error) != ERROR_NONE) {
        assert_int_equal(error.code, ERROR_UNSUPPORTED);
        print_message("skipped: %s\n", error.message);
        skip();
    }
    device_cpu_operations.close(device);
    struct golden rounding = golden_read("xvector/wide_bf16_error.npy");
    struct golden expected = golden_read("xvector/wide.npy");
    struct clips clips = read_clips();
    const struct xvector_model *model = random_model_create(512, 2);
    assert_non_null(model);
    const struct embed_settings settings = {.threads = 2, .precision = PRECISION_BF16};
    float *embeddings = compute(model, &settings, clips.clips, clips.count);
    for (size_t i = 0; i < clips.count; i++) {
        if (!clips.speech.integers[i]) continue;
        const double difference =
            compare_relative_float(embeddings + i * 512, expected.doubles + i * 512, 512);
        print_message("bf16, %zu frames: %.2g (rounding alone %.2g)\n",
                      embed_frames(&clips.clips[i]), difference, rounding.doubles[i]);
        assert_within(difference, BF16_SLACK * rounding.doubles[i], "bf16 embedding");
        assert_true(difference > 0.5 * rounding.doubles[i]); /* it really is bfloat16 */
    }
    golden_free(&rounding);
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
}

static void test_tf32_is_refused(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings wanted = {1, PRECISION_TF32};
    assert_int_equal(device_cpu_operations.open(&wanted, &device, &error), ERROR_UNSUPPORTED);
    assert_null(device);
    assert_non_null(strstr(error.message, "tf32"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_odd_architecture),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_tf32_is_refused),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
