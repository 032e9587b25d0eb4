/* Embeddings of the CUDA device against the float64 goldens; embeddings of ragged batches
 * against double precision and the CPU device. */
#include "tests/support/cuda_plugin.h"
#include "tests/support/network_batch.h"
#include "tests/support/network_golden.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_small(void **state) {
    (void)state;
    network_golden_model(cuda_plugin_operations(), 32, 1, "small", NETWORK_GOLDEN_ALL);
}

/* A part of the 512-channel model that the race detector checks in seconds. */
static void test_wide_few(void **state) {
    (void)state;
    network_golden_model(cuda_plugin_operations(), 512, 2, "wide", NETWORK_GOLDEN_FEW);
}

static void test_odd_architecture(void **state) {
    (void)state;
    network_golden_odd_architecture(cuda_plugin_operations());
}

static void test_long(void **state) {
    (void)state;
    network_golden_long(cuda_plugin_operations());
}

/* Clips of 4 frames to 3,001 in one batch, in no order. */
static void test_ragged(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    enum { CLIPS = 30, LONGEST = 3001 };
    const struct xvector_model *model = random_model_create(16, 6);
    assert_non_null(model);
    int16_t *samples = malloc(NETWORK_BATCH_SAMPLES(LONGEST + 1) * sizeof(int16_t));
    assert_non_null(samples);
    signal_speech(samples, NETWORK_BATCH_SAMPLES(LONGEST + 1), 16000, 5);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) {
        const size_t frames = i == 7   ? LONGEST
                              : i == 8 ? 4
                                       : 4 + signal_hash(5, 1, (uint32_t)i) % (i % 3 ? 60 : 600);
        clips[i] = embed_mono(samples, NETWORK_BATCH_SAMPLES(frames) + i * 5);
    }
    network_batch_check(cuda, model, clips, CLIPS, 0, "a ragged batch");
    free(samples);
    random_model_free(model);
}

/* A thousand tiny clips. */
static void test_tiny(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    enum { CLIPS = 1000 };
    static int16_t samples[20000];
    signal_speech(samples, 20000, 16000, 6);
    const struct xvector_model *model = random_model_create(8, 7);
    assert_non_null(model);
    static struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) clips[i] = embed_mono(samples + i * 3, 480 + i * 7 % 700);
    network_batch_check(cuda, model, clips, CLIPS, 0, "a tiny clip");
    random_model_free(model);
}

/* A linear layer whose sums are longer than a round of the kernel and end within a part, with
 * clips and outputs that end within a tile: each clip has the same bytes whatever the batch. */
static void test_linear(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    enum { CLIPS = 70, SIZE = 45 };
    static int16_t samples[4000];
    signal_speech(samples, 4000, 16000, 8);
    const struct random_model_shape shape = {.mels = 24,
                                             .block_count = 2,
                                             .channels = {8, 700},
                                             .kernels = {3, 1},
                                             .dilations = {1, 1},
                                             .embedding_size = SIZE};
    const struct xvector_model *model = random_model_create_shape(&shape, 8);
    assert_non_null(model);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++)
        clips[i] = embed_mono(samples + i * 7, NETWORK_BATCH_SAMPLES(4 + i * 5 % 11));
    network_batch_check(cuda, model, clips, CLIPS, 0, "a long linear layer");
    float *all = network_golden_compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, 0);
    for (size_t together = 1; together < CLIPS; together += 32) {
        float *some =
            network_golden_compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, together);
        assert_memory_equal(some, all, CLIPS * SIZE * sizeof(float));
        free(some);
    }
    free(all);
    random_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_wide_few),
        cmocka_unit_test(test_odd_architecture),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests_name("cuda embedding", tests, NULL, NULL);
}
