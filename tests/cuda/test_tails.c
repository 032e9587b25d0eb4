/* The CUDA device's network at every position where a tile can end, in frames or channels:
 * against double precision and the CPU device; fast modes against float32. */
#include "tests/support/compare.h"
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

/* Batches of one clip whose rows end at different positions of a tile of 128 frames, a half of
 * 64 and a block of 8. */
static void test_every_tail(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    enum { FIRST = 4, LAST = 4 + 264 };
    static int16_t samples[NETWORK_BATCH_SAMPLES(LAST) + 1];
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 3);
    const struct xvector_model *model = random_model_create(8, 5);
    assert_non_null(model);
    struct embed_clip clips[LAST - FIRST];
    for (size_t i = 0; i < LAST - FIRST; i++)
        clips[i] = embed_mono(samples, NETWORK_BATCH_SAMPLES(i + FIRST));
    network_batch_check(cuda, model, clips, LAST - FIRST, 1, "a clip alone");
    random_model_free(model);
}

/* Numbers of channels that end at different positions of a tile and of the stored vectors. */
static void test_every_width(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
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
        network_batch_check(cuda, model, clips, 3, 0, "a width");
        random_model_free(model);
    }
}

/* Fast modes at every tail: a row, tap or channel in the wrong place gives a much larger error
 * than rounding does, although rounding errors are large in a model this small. */
static void test_fast_tails(void **state) {
    (void)state;
    enum { CLIPS = 66, CHANNELS = 24 };
    static const double limits[] = {[PRECISION_TF32] = 4e-3, [PRECISION_BF16] = 3e-2};
    static int16_t samples[NETWORK_BATCH_SAMPLES(4 * CLIPS + 8)];
    const struct device_operations *cuda = cuda_plugin_operations();
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 9);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++)
        clips[i] = embed_mono(samples, NETWORK_BATCH_SAMPLES(4 * i + 5));
    const struct xvector_model *model = random_model_create(CHANNELS, 9);
    assert_non_null(model);
    float *exact = network_golden_compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, 0);
    for (int p = PRECISION_TF32; p <= PRECISION_BF16; p++) {
        double largest = 0.0, least = 1.0;
        float *fast =
            network_golden_compute(cuda, model, (enum device_precision)p, clips, CLIPS, 1);
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
        cmocka_unit_test(test_every_tail),
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_fast_tails),
    };
    return cmocka_run_group_tests_name("cuda tails", tests, NULL, NULL);
}
