/* Embeddings of the CUDA device against the float64 goldens and the CPU device. */
#include "tests/support/compare.h"
#include "tests/support/cuda_part.h"
#include "tests/support/embed.h"
#include "tests/support/golden.h"
#include "tests/support/random_model.h"
#include "tests/support/reference.h"
#include "tests/support/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Relative L2 against float64, spec/xvector.md, numerical traps. Where float32 features
 * themselves are off by decibels' thousandths, the error of SpeechBrain's own float32 on
 * the same clip is the measure, twice over. */
#define GATE_LONG 2e-6 /* 25 frames or more */
#define GATE_SHORT 4e-6
#define MOST_CLIPS 64

struct clips {
    struct golden signals, lengths, speech;
    struct embed_clip clips[MOST_CLIPS];
    size_t count;
};

static struct clips read_clips(void) {
    struct clips clips = {.signals = golden_read("xvector/signals.npy"),
                          .lengths = golden_read("xvector/lengths.npy"),
                          .speech = golden_read("xvector/speech.npy")};
    clips.count = clips.lengths.count;
    assert_true(clips.count <= MOST_CLIPS);
    size_t offset = 0;
    for (size_t i = 0; i < clips.count; i++) {
        clips.clips[i] =
            embed_mono(clips.signals.shorts + offset, (size_t)clips.lengths.integers[i]);
        offset += clips.clips[i].frames;
    }
    return clips;
}

static void free_clips(struct clips *clips) {
    golden_free(&clips->signals);
    golden_free(&clips->lengths);
    golden_free(&clips->speech);
}

static float *compute(const struct device_operations *operations, const struct xvector_model *model,
                      enum device_precision precision, const struct embed_clip *clips, size_t count,
                      size_t together) {
    float *embeddings = malloc(count * model->embedding_size * sizeof(float));
    assert_non_null(embeddings);
    const struct embed_settings settings = {
        .threads = 2, .precision = precision, .clips_per_batch = together};
    embed_use(operations);
    embed_clips(model, &settings, clips, count, embeddings, NULL);
    return embeddings;
}

/* ---- goldens ---- */

static void check_model(size_t channels, unsigned seed, const char *name) {
    char path[64];
    const struct device_operations *cuda = cuda_part_operations();
    snprintf(path, sizeof path, "xvector/%s.npy", name);
    struct golden expected = golden_read(path);
    snprintf(path, sizeof path, "xvector/%s_speechbrain.npy", name);
    struct golden theirs = golden_read(path);
    struct clips clips = read_clips();
    const struct xvector_model *model = random_model_create(channels, seed);
    assert_non_null(model);
    const size_t size = model->embedding_size;
    float *embeddings = compute(cuda, model, PRECISION_FLOAT32, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        const double error =
            compare_relative_float(embeddings + i * size, expected.doubles + i * size, size);
        const double reference =
            compare_relative_float(theirs.floats + i * size, expected.doubles + i * size, size);
        print_message("%s, %zu frames: %.2g (SpeechBrain %.2g)\n", name,
                      embed_frames(&clips.clips[i]), error, reference);
        double limit = embed_frames(&clips.clips[i]) >= 25 ? GATE_LONG : GATE_SHORT;
        if (!clips.speech.integers[i] && 2.0 * reference > limit) limit = 2.0 * reference;
        assert_within(error, limit, "embedding against float64");
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

/* Three blocks, 40 mels, even dilations, seven taps: clips too short to reflect give NaN and
 * leave their neighbours alone. */
static void test_odd_architecture(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_part_operations();
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
    float *embeddings = compute(cuda, model, PRECISION_FLOAT32, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        if (embed_frames(&clips.clips[i]) < 7) {
            for (size_t j = 0; j < 20; j++) assert_true(isnan(embeddings[i * 20 + j]));
        } else if (clips.speech.integers[i]) {
            assert_within(
                compare_relative_float(embeddings + i * 20, expected.doubles + i * 20, 20),
                embed_frames(&clips.clips[i]) >= 25 ? GATE_LONG : GATE_SHORT,
                "embedding of an odd architecture");
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
    const struct device_operations *cuda = cuda_part_operations();
    struct golden expected = golden_read("xvector/long.npy");
    struct golden lengths = golden_read("xvector/long_lengths.npy");
    const struct xvector_model *model = random_model_create(32, 1);
    assert_non_null(model);
    for (size_t i = 0; i < lengths.count; i++) {
        const size_t length = (size_t)lengths.integers[i];
        int16_t *samples = malloc(length * sizeof(int16_t));
        assert_non_null(samples);
        signal_noise(samples, length, 10 + (unsigned)i);
        const struct embed_clip clip = embed_mono(samples, length);
        float *embedding = compute(cuda, model, PRECISION_FLOAT32, &clip, 1, 0);
        assert_within(compare_relative_float(embedding, expected.doubles + i * 32, 32), GATE_LONG,
                      "embedding of a long clip");
        free(embedding);
        free(samples);
    }
    random_model_free(model);
    golden_free(&expected);
    golden_free(&lengths);
}

/* ---- fast modes ---- */

/* Against the error of exact arithmetic on inputs rounded to bfloat16, as on the CPU; TF32
 * keeps three bits more. The lower limit says that it really is the fast mode. */
static void check_fast(enum device_precision precision, double share, const char *name) {
    const struct device_operations *cuda = cuda_part_operations();
    struct golden expected = golden_read("xvector/wide.npy");
    struct golden rounding = golden_read("xvector/wide_bf16_error.npy");
    struct clips clips = read_clips();
    const struct xvector_model *model = random_model_create(512, 2);
    assert_non_null(model);
    float *embeddings = compute(cuda, model, precision, clips.clips, clips.count, 0);
    for (size_t i = 0; i < clips.count; i++) {
        if (!clips.speech.integers[i]) continue;
        const double error =
            compare_relative_float(embeddings + i * 512, expected.doubles + i * 512, 512);
        print_message("%s, %zu frames: %.2g (rounding alone %.2g)\n", name,
                      embed_frames(&clips.clips[i]), error, share * rounding.doubles[i]);
        assert_within(error, 1.5 * share * rounding.doubles[i], name);
        assert_true(error > 0.5 * share * rounding.doubles[i]);
    }
    free(embeddings);
    random_model_free(model);
    free_clips(&clips);
    golden_free(&expected);
    golden_free(&rounding);
}

static void test_wide_tf32(void **state) {
    (void)state;
    check_fast(PRECISION_TF32, 1.0 / 8.0, "tf32");
}

static void test_wide_bf16(void **state) {
    (void)state;
    check_fast(PRECISION_BF16, 1.0, "bf16");
}

/* ---- ragged batches against double precision ---- */

static double limit_of(const struct embed_clip *clip) {
    return embed_frames(clip) >= 25 ? GATE_LONG : GATE_SHORT;
}

/* Embeddings of mono int16 clips at 16 kHz against the reference. */
static void check_embeddings(const struct xvector_model *model, const struct embed_clip *clips,
                             size_t count, const float *actual, const char *what) {
    const size_t size = model->embedding_size;
    double *expected = malloc(size * sizeof(double));
    assert_non_null(expected);
    for (size_t i = 0; i < count; i++) {
        const size_t frames = embed_frames(&clips[i]);
        double *samples = malloc((clips[i].frames + 1) * sizeof(double));
        double *features = malloc(frames * model->mels * sizeof(double));
        assert_true(samples != NULL && features != NULL);
        for (size_t s = 0; s < clips[i].frames; s++)
            samples[s] = ((const int16_t *)clips[i].samples)[s] / 32768.0;
        reference_features(samples, clips[i].frames, model->mels, features);
        reference_network(model, features, frames, expected);
        assert_within(compare_relative_float(actual + i * size, expected, size),
                      limit_of(&clips[i]), what);
        free(samples);
        free(features);
    }
    free(expected);
}

static void check_batch(const struct xvector_model *model, const struct embed_clip *clips,
                        size_t count, size_t together, const char *what) {
    const size_t size = model->embedding_size;
    float *actual =
        compute(cuda_part_operations(), model, PRECISION_FLOAT32, clips, count, together);
    float *cpu = compute(&device_cpu_operations, model, PRECISION_FLOAT32, clips, count, 0);
    check_embeddings(model, clips, count, actual, what);
    for (size_t i = 0; i < count; i++) /* each may be off to its own side */
        assert_within(compare_relative_floats(actual + i * size, cpu + i * size, size),
                      2.0 * limit_of(&clips[i]), what);
    free(actual);
    free(cpu);
}

#define FRAMES_TO_SAMPLES(frames) (((frames)-1) * 160)

/* Batches of one clip whose rows end anywhere in a tile of 128 frames, in a segment of 64 and
 * in a block of 8. */
static void test_every_tail(void **state) {
    (void)state;
    enum { FIRST = 4, LAST = 4 + 264 };
    static int16_t samples[FRAMES_TO_SAMPLES(LAST) + 1];
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 3);
    const struct xvector_model *model = random_model_create(8, 5);
    assert_non_null(model);
    struct embed_clip clips[LAST - FIRST];
    for (size_t i = 0; i < LAST - FIRST; i++)
        clips[i] = embed_mono(samples, FRAMES_TO_SAMPLES(i + FIRST));
    check_batch(model, clips, LAST - FIRST, 1, "a clip alone");
    random_model_free(model);
}

/* Numbers of channels that end anywhere in a tile, and in what is stored of it. */
static void test_every_width(void **state) {
    (void)state;
    static int16_t samples[6000];
    signal_speech(samples, 6000, 16000, 4);
    const struct embed_clip clips[3] = {embed_mono(samples, 6000), embed_mono(samples + 9, 4000),
                                        embed_mono(samples + 100, 4100)};
    for (size_t i = 0; i < 40; i++) {
        const struct random_model_shape shape = {.mels = 24,
                                                 .block_count = 2,
                                                 .channels = {4 + i * 13 % 140, 4 + i * 7 % 133},
                                                 .kernels = {5, i % 2 == 0 ? 3 : 1},
                                                 .dilations = {1, 1},
                                                 .embedding_size = 4 + i * 5 % 70};
        const struct xvector_model *model = random_model_create_shape(&shape, (unsigned)i);
        assert_non_null(model);
        check_batch(model, clips, 3, 0, "a width");
        random_model_free(model);
    }
}

/* Clips of 4 frames to 3,001 in one batch, in no order. */
static void test_ragged(void **state) {
    (void)state;
    enum { CLIPS = 30, LONGEST = 3001 };
    const struct xvector_model *model = random_model_create(16, 6);
    assert_non_null(model);
    int16_t *samples = malloc(FRAMES_TO_SAMPLES(LONGEST + 1) * sizeof(int16_t));
    assert_non_null(samples);
    signal_speech(samples, FRAMES_TO_SAMPLES(LONGEST + 1), 16000, 5);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) {
        const size_t frames = i == 7   ? LONGEST
                              : i == 8 ? 4
                                       : 4 + signal_hash(5, 1, (uint32_t)i) % (i % 3 ? 60 : 600);
        clips[i] = embed_mono(samples, FRAMES_TO_SAMPLES(frames) + i * 5);
    }
    check_batch(model, clips, CLIPS, 0, "a ragged batch");
    free(samples);
    random_model_free(model);
}

/* A thousand tiny clips. */
static void test_tiny(void **state) {
    (void)state;
    enum { CLIPS = 1000 };
    static int16_t samples[20000];
    signal_speech(samples, 20000, 16000, 6);
    const struct xvector_model *model = random_model_create(8, 7);
    assert_non_null(model);
    static struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) clips[i] = embed_mono(samples + i * 3, 480 + i * 7 % 700);
    check_batch(model, clips, CLIPS, 0, "a tiny clip");
    random_model_free(model);
}

/* Fast modes at every tail: a row, tap or channel in the wrong place is off by far more than
 * the rounding, which is large in so small a model. */
static void test_fast_tails(void **state) {
    (void)state;
    enum { CLIPS = 66, CHANNELS = 24 };
    static const double limits[] = {[PRECISION_TF32] = 4e-3, [PRECISION_BF16] = 3e-2};
    static int16_t samples[FRAMES_TO_SAMPLES(4 * CLIPS + 8)];
    const struct device_operations *cuda = cuda_part_operations();
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 9);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) clips[i] = embed_mono(samples, FRAMES_TO_SAMPLES(4 * i + 5));
    const struct xvector_model *model = random_model_create(CHANNELS, 9);
    assert_non_null(model);
    float *exact = compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, 0);
    for (int p = PRECISION_TF32; p <= PRECISION_BF16; p++) {
        double largest = 0.0, least = 1.0;
        float *fast = compute(cuda, model, (enum device_precision)p, clips, CLIPS, 1);
        for (size_t i = 0; i < CLIPS; i++) {
            const double error =
                compare_relative_floats(fast + i * CHANNELS, exact + i * CHANNELS, CHANNELS);
            assert_within(error, limits[p], "a fast mode's tail");
            largest = error > largest ? error : largest;
            least = error < least ? error : least;
        }
        print_message("fast mode %d: %.2g .. %.2g\n", p, least, largest);
        assert_true(least > 1e-5);
        free(fast);
    }
    free(exact);
    random_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),       cmocka_unit_test(test_odd_architecture),
        cmocka_unit_test(test_long),        cmocka_unit_test(test_every_tail),
        cmocka_unit_test(test_every_width), cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_fast_tails),  cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_wide),        cmocka_unit_test(test_wide_tf32),
        cmocka_unit_test(test_wide_bf16),
    };
    const char *left_out = getenv("EARMARK_TESTS_LEFT_OUT"); /* a pattern, for slow builds */
    if (left_out != NULL) {
        printf("# left out: %s\n", left_out);
        cmocka_set_skip_filter(left_out);
    }
    return cmocka_run_group_tests_name("cuda embedding", tests, NULL, NULL);
}
