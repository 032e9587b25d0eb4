/* How full the GPU is: waves of a chunk's layers for the multiprocessors of real GPUs, and chunks
 * of a batch for every sample rate. All of it is computed; no GPU is needed. */
#include "kernels/cuda/chunk_rows.h"
#include "tests/support/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BATCH_BYTES ((size_t)32 << 20) /* as in kernels/cuda/embedder.h */
#define BATCH_CLIPS ((size_t)4096)     /* kernels/cuda/device_state.h */
#define LOST_ROWS (2 * 5 + 64)         /* of a chunk where clips are cut: plan_sure_frames() */
#define LAST_CHANNELS 1500             /* of the default model's last layer */

/* H100 PCIe, H100 SXM and H200, A100, L4, L40S, RTX 5090, B200 */
static const int processors[] = {114, 132, 108, 58, 142, 170, 148};
static const enum device_precision precisions[] = {PRECISION_FLOAT32, PRECISION_TF32,
                                                   PRECISION_BF16};

/* An inner layer is one wave that leaves less than a tile's multiprocessors idle, and another tile
 * of frames would make it two. */
static void test_waves(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof processors / sizeof processors[0]; i++)
        for (size_t p = 0; p < 3; p++) {
            const int n = processors[i], rows = chunk_rows(n, precisions[p]);
            const int frames = chunk_tile_frames(precisions[p]);
            const int blocks = rows / frames * (CHUNK_CHANNELS / LAYER_TILE);
            print_message("# %d multiprocessors, precision %d: %d rows, %d of %d blocks at once, "
                          "waves %d and, in the last layer, %d\n",
                          n, (int)precisions[p], rows, blocks, chunk_blocks(n, precisions[p]),
                          chunk_waves(n, precisions[p], rows, CHUNK_CHANNELS),
                          chunk_waves(n, precisions[p], rows, LAST_CHANNELS));
            assert_int_equal(rows % frames, 0);
            assert_int_equal(chunk_waves(n, precisions[p], rows, CHUNK_CHANNELS), 1);
            assert_int_equal(chunk_waves(n, precisions[p], rows, LAST_CHANNELS), 3);
            assert_int_equal(chunk_waves(n, precisions[p], rows + 1, CHUNK_CHANNELS), 2);
            assert_true(blocks > chunk_blocks(n, precisions[p]) - CHUNK_CHANNELS / LAYER_TILE);
        }
    assert_int_equal(chunk_rows(1, PRECISION_BF16), LAYER_TENSOR_FRAMES);
    assert_int_equal(chunk_rows(1, PRECISION_FLOAT32), LAYER_TILE);
}

/* The rows of a batch of clips (of `seconds` on average) in those of its chunks. */
static double fill(int rate, double seconds, int rows) {
    const struct device_properties properties = {.batch_bytes = BATCH_BYTES,
                                                 .batch_clips = BATCH_CLIPS,
                                                 .batch_frames = (size_t)(rows - LOST_ROWS)};
    size_t frames = 0, bytes = 0, clips = 0;
    for (uint32_t clip = 0;; clip++) {
        const double share = 0.5 + (double)(signal_hash(1, 40, clip) % 1000) / 1000.0;
        const struct device_clip next = {
            .frames = (size_t)(share * seconds * rate), .channels = 1, .rate = rate};
        const size_t size = next.frames * sizeof(int16_t), more = device_clip_frames(&next);
        if (bytes + size > BATCH_BYTES || clips == BATCH_CLIPS ||
            device_batch_whole(&properties, frames, bytes, more))
            break;
        frames += more;
        bytes += size;
        clips++;
    }
    const size_t chunks = (frames + properties.batch_frames - 1) / properties.batch_frames;
    return (double)frames / (double)(chunks * (size_t)rows);
}

static void test_batches(void **state) {
    (void)state;
    static const int rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
    static const double seconds[] = {0.4, 2.0, 6.0};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
        for (size_t s = 0; s < 3; s++)
            for (size_t i = 0; i < sizeof processors / sizeof processors[0]; i++) {
                const double full =
                    fill(rates[r], seconds[s], chunk_rows(processors[i], PRECISION_BF16));
                if (processors[i] == 132)
                    print_message("# %d Hz, clips of %.1f s, 132 multiprocessors: %.3f\n", rates[r],
                                  seconds[s], full);
                assert_true(full >= 0.94);
            }
}

static void test_whole(void **state) {
    (void)state;
    const struct device_properties properties = {.batch_bytes = 1000, .batch_frames = 100};
    const struct device_properties any = {.batch_bytes = 1000};
    assert_false(device_batch_whole(&any, 100, 900, 1));
    assert_false(device_batch_whole(&properties, 0, 0, 1000));  /* a batch has at least a clip */
    assert_false(device_batch_whole(&properties, 90, 900, 10)); /* it still fits */
    assert_true(device_batch_whole(&properties, 90, 900, 11));
    assert_false(
        device_batch_whole(&properties, 100, 400, 50)); /* there is room for as many again */
    assert_true(device_batch_whole(&properties, 200, 800, 1));
    assert_true(device_batch_whole(&properties, 100, 2000, 1)); /* a clip larger than a batch */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waves),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests_name("chunk_rows", tests, NULL, NULL);
}
