#include "network_golden.h"

#include "compare.h"
#include "golden.h"
#include "random_model.h"
#include "signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Relative L2 against float64. For clips whose float32 features themselves are off by
 * thousandths of a decibel (see test_features.c), the gate is twice the error of SpeechBrain's
 * float32 on the same clip. */
#define GATE_LONG 2e-6 /* 25 frames or more */
#define GATE_SHORT 4e-6
#define GATE_SPEECHBRAIN 1e-4
/* Limits in units of the error of exact arithmetic on rounded inputs. The lower limit checks
 * that the fast mode is really used. */
#define FAST_MOST 1.5
#define FAST_LEAST 0.5
#define TF32_SHARE (1.0 / 8.0) /* of bfloat16's rounding: TF32 keeps three bits more */

struct clips {
    struct golden signals, lengths, speech;
    struct embed_clip *clips;
    size_t count;
};

static struct clips read_clips(size_t most) {
    struct clips clips = {.signals = golden_read("xvector/signals.npy"),
                          .lengths = golden_read("xvector/lengths.npy"),
                          .speech = golden_read("xvector/speech.npy")};
    clips.count = clips.lengths.count < most ? clips.lengths.count : most;
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

float *network_golden_compute(const struct device_operations *operations,
                              const struct xvector_model *model, enum device_precision precision,
                              const struct embed_clip *clips, size_t count, size_t together) {
    float *embeddings = malloc(count * model->embedding_size * sizeof(float));
    assert_non_null(embeddings);
    const struct embed_settings settings = {
        .threads = 2, .precision = precision, .clips_per_batch = together};
    embed_use(operations);
    embed_clips(model, &settings, clips, count, embeddings, NULL);
    return embeddings;
}

double network_golden_gate(const struct embed_clip *clip) {
    return embed_frames(clip) >= 25 ? GATE_LONG : GATE_SHORT;
}

void network_golden_model(const struct device_operations *operations, size_t channels,
                          unsigned seed, const char *name, size_t count) {
    char path[64];
    snprintf(path, sizeof path, "xvector/%s.npy", name);
    struct golden expected = golden_read(path);
    snprintf(path, sizeof path, "xvector/%s_speechbrain.npy", name);
    struct golden theirs = golden_read(path);
    struct clips clips = read_clips(count);
    const struct xvector_model *model = random_model_create(channels, seed);
    assert_non_null(model);
    const size_t size = model->embedding_size;
    float *embeddings =
        network_golden_compute(operations, model, PRECISION_FLOAT32, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        const size_t at = i * size;
        const double error = compare_relative_float(embeddings + at, expected.doubles + at, size);
        const double reference =
            compare_relative_float(theirs.floats + at, expected.doubles + at, size);
        print_message("%s, %zu frames: %.2g (SpeechBrain %.2g)\n", name,
                      embed_frames(&clips.clips[i]), error, reference);
        double limit = network_golden_gate(&clips.clips[i]);
        if (!clips.speech.integers[i] && 2.0 * reference > limit) limit = 2.0 * reference;
        assert_within(error, limit, "embedding against float64");
        assert_within(compare_relative_floats(embeddings + at, theirs.floats + at, size),
                      GATE_SPEECHBRAIN, "embedding against SpeechBrain");
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
    golden_free(&theirs);
}

void network_golden_odd_architecture(const struct device_operations *operations) {
    enum { SIZE = 20, LEAST_FRAMES = 7 };
    const struct random_model_shape shape = {.mels = 40,
                                             .block_count = 3,
                                             .channels = {48, 40, 72},
                                             .kernels = {3, 7, 1},
                                             .dilations = {4, 2, 1},
                                             .embedding_size = SIZE};
    struct golden expected = golden_read("xvector/odd.npy");
    struct clips clips = read_clips(NETWORK_GOLDEN_ALL);
    const struct xvector_model *model = random_model_create_shape(&shape, 3);
    assert_non_null(model);
    assert_int_equal(xvector_minimum_frames(model), LEAST_FRAMES);
    float *embeddings =
        network_golden_compute(operations, model, PRECISION_FLOAT32, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        const float *actual = embeddings + i * SIZE;
        if (embed_frames(&clips.clips[i]) < LEAST_FRAMES) {
            for (size_t j = 0; j < SIZE; j++) assert_true(isnan(actual[j]));
        } else if (clips.speech.integers[i]) {
            assert_within(compare_relative_float(actual, expected.doubles + i * SIZE, SIZE),
                          network_golden_gate(&clips.clips[i]), "embedding of an odd architecture");
        }
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
}

void network_golden_long(const struct device_operations *operations) {
    enum { SIZE = 32 };
    struct golden expected = golden_read("xvector/long.npy");
    struct golden lengths = golden_read("xvector/long_lengths.npy");
    const struct xvector_model *model = random_model_create(SIZE, 1);
    assert_non_null(model);
    for (size_t i = 0; i < lengths.count; i++) {
        const size_t length = (size_t)lengths.integers[i];
        int16_t *samples = malloc(length * sizeof(int16_t));
        assert_non_null(samples);
        signal_noise(samples, length, 10 + (unsigned)i);
        const struct embed_clip clip = embed_mono(samples, length);
        float *embedding =
            network_golden_compute(operations, model, PRECISION_FLOAT32, &clip, 1, 0);
        assert_within(compare_relative_float(embedding, expected.doubles + i * SIZE, SIZE),
                      GATE_LONG, "embedding of a long clip");
        free(embedding);
        free(samples);
    }
    random_model_free(model);
    golden_free(&expected);
    golden_free(&lengths);
}

void network_golden_fast(const struct device_operations *operations,
                         enum device_precision precision, size_t count) {
    enum { SIZE = 512 };
    const char *name = precision == PRECISION_TF32 ? "tf32" : "bf16";
    const double share = precision == PRECISION_TF32 ? TF32_SHARE : 1.0;
    struct golden expected = golden_read("xvector/wide.npy");
    struct golden rounding = golden_read("xvector/wide_bf16_error.npy");
    struct clips clips = read_clips(count);
    const struct xvector_model *model = random_model_create(SIZE, 2);
    assert_non_null(model);
    float *embeddings =
        network_golden_compute(operations, model, precision, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        if (!clips.speech.integers[i]) continue;
        const double alone = share * rounding.doubles[i];
        const double error =
            compare_relative_float(embeddings + i * SIZE, expected.doubles + i * SIZE, SIZE);
        print_message("%s, %zu frames: %.2g (rounding alone %.2g)\n", name,
                      embed_frames(&clips.clips[i]), error, alone);
        assert_within(error, FAST_MOST * alone, name);
        assert_true(error > FAST_LEAST * alone);
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
    golden_free(&rounding);
}
