/* The kernels of the fast modes on difficult tiles and on a few frames of the 512-channel
 * model: small enough for the race detector with every seed. */
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

static void test_wide_few(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    network_golden_fast(cuda, PRECISION_TF32, NETWORK_GOLDEN_FEW);
    network_golden_fast(cuda, PRECISION_BF16, NETWORK_GOLDEN_FEW);
}

#define SIZE 12 /* of the small models' embeddings */

/* With few clips in a small model: a clip's result is the same as alone, to the bit, and differs
 * from `exact`, that of float32, by rounding only. */
static void assert_fast(const struct device_operations *cuda, const struct xvector_model *model,
                        enum device_precision precision, const struct embed_clip *clips,
                        size_t count, const float *exact, const char *what) {
    static const double limits[] = {[PRECISION_TF32] = 4e-3, [PRECISION_BF16] = 3e-2};
    float *together = network_golden_compute(cuda, model, precision, clips, count, 0);
    float *alone = network_golden_compute(cuda, model, precision, clips, count, 1);
    assert_memory_equal(together, alone, count * SIZE * sizeof(float));
    for (size_t i = 0; i < count * SIZE; i += SIZE)
        assert_within(compare_relative_floats(together + i, exact + i, SIZE), limits[precision],
                      what);
    free(together);
    free(alone);
}

/* A tile of 256 rows reads one window of up to 288 rows for all taps; if the taps are farther
 * apart, it reads the rows of each tap separately. With reaches of 33 and 48 a chunk has at most
 * 290 rows in the simulator: the longest clip makes a tile whose window would be one row too wide
 * and the tile after it; the other five clips share two tiles. Channels end within 64 bytes. A
 * clip's result is the same as alone, to the bit, and differs from float32 by rounding only. */
static void test_windows(void **state) {
    (void)state;
    enum { CLIPS = 6, LONGEST = 290 };
    static const size_t frames[CLIPS] = {LONGEST, 60, 50, 52, 70, 55};
    const struct random_model_shape shape = {.mels = 24,
                                             .block_count = 3,
                                             .channels = {40, 24, 16},
                                             .kernels = {5, 3, 3},
                                             .dilations = {1, 33, 48},
                                             .embedding_size = SIZE};
    const struct device_operations *cuda = cuda_plugin_operations();
    const struct xvector_model *model = random_model_create_shape(&shape, 11);
    static int16_t samples[NETWORK_BATCH_SAMPLES(LONGEST)];
    assert_non_null(model);
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 12);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++)
        clips[i] = embed_mono(samples, NETWORK_BATCH_SAMPLES(frames[i]));
    float *exact = network_golden_compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, 0);
    for (int p = PRECISION_TF32; p <= PRECISION_BF16; p++) {
        assert_fast(cuda, model, (enum device_precision)p, clips, CLIPS, exact,
                    "a fast mode's window");
    }
    free(exact);
    random_model_free(model);
}

/* The final layer's pooling: clips whose segments fill tiles of 256 rows exactly, begin and end in
 * them or go on in the next, with channels that end in either half of a tile. Rows that only shared
 * memory has had are NaN to whoever reads them from the output. A clip's result is the same as
 * alone, to the bit, and differs from float32 by rounding only. */
static void test_pooled(void **state) {
    (void)state;
    enum { CLIPS = 14, LONGEST = 1000 };
    static const size_t frames[CLIPS] = {64,  192, 63,  65, 4,   40, 84,
                                         256, 257, 255, 42, 500, 5,  LONGEST};
    static const size_t channels[] = {40, 104, 140};
    const struct device_operations *cuda = cuda_plugin_operations();
    static int16_t samples[NETWORK_BATCH_SAMPLES(LONGEST)];
    signal_speech(samples, sizeof samples / sizeof samples[0], 16000, 13);
    struct embed_clip clips[CLIPS];
    for (size_t i = 0; i < CLIPS; i++)
        clips[i] = embed_mono(samples, NETWORK_BATCH_SAMPLES(frames[i]));
    for (size_t c = 0; c < sizeof channels / sizeof channels[0]; c++) {
        const enum device_precision precision = c % 2 == 0 ? PRECISION_BF16 : PRECISION_TF32;
        const struct random_model_shape shape = {.mels = 24,
                                                 .block_count = 2,
                                                 .channels = {24, channels[c]},
                                                 .kernels = {3, 1},
                                                 .dilations = {1, 1},
                                                 .embedding_size = SIZE};
        const struct xvector_model *model = random_model_create_shape(&shape, 13);
        assert_non_null(model);
        float *exact = network_golden_compute(cuda, model, PRECISION_FLOAT32, clips, CLIPS, 0);
        assert_fast(cuda, model, precision, clips, CLIPS, exact, "pooling in the final layer");
        free(exact);
        random_model_free(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_few),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_pooled),
    };
    return cmocka_run_group_tests_name("cuda tensor cores", tests, NULL, NULL);
}
