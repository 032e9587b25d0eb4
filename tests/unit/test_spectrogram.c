/* Spectrograms against those of SciPy, and the PNG files that hold them. */
#include "host/sound/spectrogram.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

struct picture_case {
    int rate;
    size_t milliseconds;
    int channels;
};

/* As in make_spectrogram.py. */
static const struct picture_case cases[] = {{8000, 100, 1},  {16000, 1000, 1},  {44100, 3000, 2},
                                            {48000, 700, 1}, {8000, 600000, 1}, {16000, 20000, 1},
                                            {44100, 10, 1},  {48000, 60000, 1}};
#define CASES (sizeof cases / sizeof cases[0])

/* A tone that rises from low to high and becomes quieter in four steps, with some noise. */
static int16_t made_sample(uint64_t i, uint64_t frames, uint64_t channel) {
    uint64_t rise = ((uint64_t)1 << 31) / frames / 2 + 1;
    uint32_t phase = (uint32_t)(i * (40000000 + channel * 90000000) + i * i / 2 * rise);
    int32_t v = (int32_t)(phase >> 15);
    int32_t triangle = v < 65536 ? v - 32768 : 98303 - v;
    int32_t noise = (int32_t)((uint32_t)(i * 2654435761U) >> 29) - 4;
    int32_t sample = (triangle >> (3 * (i * 4 / frames) + 1)) + noise;
    return (int16_t)(sample < -32768 ? -32768 : sample > 32767 ? 32767 : sample);
}

/* The clip as decoding gives it; its samples are to be freed. */
static struct decoded make_clip(const struct picture_case *of, bool floats) {
    size_t frames = (size_t)of->rate * of->milliseconds / 1000;
    size_t count = frames * (size_t)of->channels;
    int16_t *samples = malloc(count * sizeof *samples);
    float *values = malloc(count * sizeof *values);
    assert_non_null(samples);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        size_t frame = i / (size_t)of->channels, channel = i % (size_t)of->channels;
        samples[i] = made_sample(frame, frames, channel);
        values[i] = (float)samples[i] / 32768.0F;
    }
    struct decoded decoded = {.frames = frames,
                              .channels = of->channels,
                              .format = floats ? SAMPLES_FLOAT32 : SAMPLES_INT16,
                              .facts = {.rate = of->rate},
                              .buffer = floats ? (void *)values : (void *)samples};
    decoded.samples = decoded.buffer;
    free(floats ? (void *)samples : (void *)values);
    return decoded;
}

static struct spectrogram make_picture(const struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    struct spectrogram picture;
    spectrogram_make(decoded, decoded->frames, &picture, &error);
    assert_no_error(&error);
    return picture;
}

static int golden_grey(const struct golden *golden, size_t at, size_t row, size_t column) {
    size_t index = (at * SPECTROGRAM_ROWS + row) * (SPECTROGRAM_COLUMNS / 4) + column / 4;
    return (uint16_t)golden->shorts[index] >> (12 - 4 * (column % 4)) & 15;
}

static void test_as_scipy(void **state) {
    (void)state;
    struct golden golden = golden_read("spectrogram/spectrograms.npy");
    assert_int_equal(golden.count, CASES * SPECTROGRAM_ROWS * SPECTROGRAM_COLUMNS / 4);
    for (size_t i = 0; i < CASES; i++) {
        size_t differing = 0;
        struct decoded decoded = make_clip(&cases[i], false);
        struct spectrogram picture = make_picture(&decoded);
        for (size_t row = 0; row < SPECTROGRAM_ROWS; row++)
            for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c++) {
                int difference = abs(picture.grey[row][c] - golden_grey(&golden, i, row, c));
                if (difference > 1)
                    fail_msg("case %zu: row %zu, column %zu differs by %d greys", i, row, c,
                             difference);
                differing += difference != 0;
            }
        /* Only where a level lies on the border of two greys. */
        if (differing > 30) fail_msg("case %zu: %zu places differ", i, differing);
        decoded_free(&decoded);
    }
    golden_free(&golden);
}

/* Float samples of the same values give the same picture. */
static void test_floats(void **state) {
    (void)state;
    for (size_t i = 1; i < 3; i++) {
        struct decoded whole = make_clip(&cases[i], false), floats = make_clip(&cases[i], true);
        struct spectrogram first = make_picture(&whole), second = make_picture(&floats);
        assert_memory_equal(&first, &second, sizeof first);
        decoded_free(&whole);
        decoded_free(&floats);
    }
}

/* A tone of an eighth of the rate, which is a quarter of the way up, is darkest there. */
static void test_axis(void **state) {
    (void)state;
    static const int rates[] = {1000, 8000, 11025, 16000, 44100, 48000, 96000, 768000};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        float samples[8192];
        for (size_t i = 0; i < 8192; i++) samples[i] = 0.3F * (float)sin(M_PI / 4.0 * (double)i);
        struct decoded decoded = {.samples = samples,
                                  .frames = 8192,
                                  .channels = 1,
                                  .format = SAMPLES_FLOAT32,
                                  .facts = {.rate = rates[r]}};
        struct spectrogram picture = make_picture(&decoded);
        size_t row = SPECTROGRAM_ROWS - 1 - SPECTROGRAM_ROWS / 4;
        for (size_t c = 20; c < 300; c++)
            if (picture.grey[row][c] > 1 && picture.grey[row + 1][c] > 1)
                fail_msg("%d Hz: column %zu has no tone there", rates[r], c);
        assert_true(picture.grey[0][160] > 10);
        assert_true(picture.grey[SPECTROGRAM_ROWS - 1][160] > 10);
    }
}

static void expect_white(const struct spectrogram *picture) {
    for (size_t row = 0; row < SPECTROGRAM_ROWS; row++)
        for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c++)
            assert_int_equal(picture->grey[row][c], SPECTROGRAM_GREYS - 1);
}

static void test_silence(void **state) {
    (void)state;
    int16_t samples[100] = {0};
    struct decoded decoded = {.samples = samples,
                              .frames = 100,
                              .channels = 1,
                              .format = SAMPLES_INT16,
                              .facts = {.rate = 16000}};
    struct spectrogram picture = make_picture(&decoded);
    expect_white(&picture);
    decoded.frames = 0;
    picture = make_picture(&decoded);
    expect_white(&picture);
    decoded.frames = 1; /* one sample, the loudest there is */
    samples[0] = -32768;
    picture = make_picture(&decoded);
    assert_int_equal(picture.grey[0][0], 0);
}

static uint32_t number_at(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The chunk at `at`, whose check sum must be right; the one after it. */
static const unsigned char *check_chunk(const unsigned char *at, const char *type) {
    uint32_t size = number_at(at);
    assert_memory_equal(at + 4, type, 4);
    assert_int_equal(number_at(at + 8 + size), crc32(0, at + 4, (uInt)(size + 4)));
    return at + 12 + size;
}

static void test_png(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    unsigned char *png = NULL, pixels[SPECTROGRAM_ROWS * (SPECTROGRAM_COLUMNS / 2 + 1)];
    static const unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0,
                                          0,    13,  'I', 'H', 'D',  'R',  0,    0,    1, 64,
                                          0,    0,   0,   96,  4,    0,    0,    0,    0};
    size_t size = 0;
    uLongf unpacked = sizeof pixels;
    struct decoded decoded = make_clip(&cases[1], false);
    struct spectrogram picture = make_picture(&decoded);
    spectrogram_png(&picture, &png, &size, &error);
    assert_no_error(&error);
    assert_memory_equal(png, start, sizeof start);
    const unsigned char *data = check_chunk(png + 8, "IHDR");
    const unsigned char *end = check_chunk(data, "IDAT");
    assert_ptr_equal(check_chunk(end, "IEND"), png + size);
    assert_int_equal(uncompress(pixels, &unpacked, data + 8, number_at(data)), Z_OK);
    assert_int_equal(unpacked, sizeof pixels);
    for (size_t row = 0; row < SPECTROGRAM_ROWS; row++) {
        const unsigned char *line = pixels + row * (SPECTROGRAM_COLUMNS / 2 + 1);
        assert_int_equal(line[0], 0);
        for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c++)
            assert_int_equal(line[1 + c / 2] >> (c % 2 == 0 ? 4 : 0) & 15, picture.grey[row][c]);
    }
    free(png);
    decoded_free(&decoded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_scipy), cmocka_unit_test(test_floats), cmocka_unit_test(test_axis),
        cmocka_unit_test(test_silence),  cmocka_unit_test(test_png),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
