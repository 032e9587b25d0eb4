/* Decoding intact files: every format, exactly; mixing, resampling, measures. */
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)20011)

static char *folder;
static int16_t noise[FRAMES * 8];
static float sine[FRAMES * 8];

static const struct decode_settings usual = {.model_rate = 16000, .minimum_samples = 480};

static int make_folder(void **state) {
    (void)state;
    folder = test_folder_make();
    signal_noise(noise, FRAMES * 8, 5);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void decode(const char *path, const struct decode_settings *settings,
                   struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    if (decode_path(path, settings, decoded, &error) != ERROR_NONE) fail_msg("%s", error.message);
}

static void decode_ok(const char *path, const struct decode_settings *settings,
                      struct decoded *decoded) {
    decode(path, settings, decoded);
    if (decoded->verdict.status != CLIP_OK) fail_msg("%s: %s", path, decoded->verdict.reason);
    assert_string_equal(decoded->verdict.reason, "");
}

static void sixteen_bits_exactly(void **state) {
    (void)state;
    const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                           SF_FORMAT_WAVEX | SF_FORMAT_PCM_16,
                           SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
                           SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                           SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                           SF_FORMAT_AU | SF_FORMAT_PCM_16,
                           SF_FORMAT_WAV | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG};
    struct decoded decoded = {0};
    uint64_t hash[2] = {0, 0};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        for (int channels = 1; channels <= 2; channels++) {
            const char *path = test_path(folder, "exact");
            test_sound_int16(path, formats[i], 44100, channels, noise, FRAMES);
            decode_ok(path, &usual, &decoded);
            assert_int_equal(decoded.format, SAMPLES_INT16);
            assert_int_equal(decoded.frames, FRAMES);
            assert_int_equal(decoded.channels, channels);
            assert_int_equal(decoded.rate, 44100);
            assert_int_equal(decoded.source_frames, FRAMES);
            assert_int_equal(decoded.facts.channels, channels);
            assert_int_equal(decoded.facts.rate, 44100);
            assert_int_equal(decoded.bytes, FRAMES * (size_t)channels * 2);
            assert_memory_equal(decoded.samples, noise, decoded.bytes);
            assert_true(fabs(decoded.facts.seconds - (double)FRAMES / 44100) < 1e-12);
            /* The same samples have the same hash in every format. */
            if (i == 0) hash[channels - 1] = decoded.facts.hash[0] ^ decoded.facts.hash[1];
            assert_true((decoded.facts.hash[0] ^ decoded.facts.hash[1]) == hash[channels - 1]);
        }
    assert_true(hash[0] != hash[1]);
    decoded_free(&decoded);
}

/* Values that the narrower formats can represent are decoded exactly. */
static void narrow_formats(void **state) {
    (void)state;
    static int16_t coarse[FRAMES];
    for (size_t i = 0; i < FRAMES; i++) coarse[i] = (int16_t)(noise[i] / 256 * 256);
    const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, SF_FORMAT_AIFF | SF_FORMAT_PCM_S8,
                           SF_FORMAT_FLAC | SF_FORMAT_PCM_S8};
    struct decoded decoded = {0};
    for (size_t i = 0; i < 3; i++) {
        const char *path = test_path(folder, "narrow");
        test_sound_int16(path, formats[i], 16000, 1, coarse, FRAMES);
        decode_ok(path, &usual, &decoded);
        assert_int_equal(decoded.format, SAMPLES_INT16);
        assert_memory_equal(decoded.samples, coarse, sizeof coarse);
    }
    decoded_free(&decoded);
}

/* 24 and 32 bits, float and double, WAV and FLAC and AIFF: float32, exactly. */
static void wide_formats(void **state) {
    (void)state;
    static float fine[FRAMES];
    for (size_t i = 0; i < FRAMES; i++)
        fine[i] = ((float)noise[i] * 256.0F + (float)(i % 256)) / 8388608.0F;
    const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_24,  SF_FORMAT_WAV | SF_FORMAT_PCM_32,
                           SF_FORMAT_WAV | SF_FORMAT_FLOAT,   SF_FORMAT_WAV | SF_FORMAT_DOUBLE,
                           SF_FORMAT_FLAC | SF_FORMAT_PCM_24, SF_FORMAT_AIFF | SF_FORMAT_FLOAT,
                           SF_FORMAT_AU | SF_FORMAT_PCM_32};
    struct decoded decoded = {0};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const char *path = test_path(folder, "wide");
        test_sound_float(path, formats[i], 16000, 1, fine, FRAMES);
        decode_ok(path, &usual, &decoded);
        assert_int_equal(decoded.format, SAMPLES_FLOAT32);
        assert_int_equal(decoded.frames, FRAMES);
        assert_memory_equal(decoded.samples, fine, sizeof fine);
    }
    decoded_free(&decoded);
}

/* Relative root mean square of the difference, without the first and last codec block. */
static double difference(const float *found, const float *expected, size_t count, size_t edge) {
    double error = 0;
    double power = 0;
    for (size_t i = edge; i + edge < count; i++) {
        double by = (double)found[i] - (double)expected[i];
        error += by * by;
        power += (double)expected[i] * (double)expected[i];
    }
    return sqrt(error / power);
}

/* Lossy codecs: the right length, no shift, and nearly the same samples. */
static void lossy_formats(void **state) {
    (void)state;
    const struct {
        int format;
        int rate;
        const char *kind;
    } kinds[] = {{SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000, "Ogg VORBIS"},
                 {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, "Ogg OPUS"},
                 {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, "MPEG LAYER_III"},
                 {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, "MPEG LAYER_III"}};
    static float mean[FRAMES];
    struct decoded decoded = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int channels = 1; channels <= 2; channels++) {
            const char *path = test_path(folder, "lossy");
            test_sine(sine, FRAMES, channels, 440, kinds[i].rate);
            test_sound_float(path, kinds[i].format, kinds[i].rate, channels, sine, FRAMES);
            for (size_t k = 0; k < FRAMES; k++)
                mean[k] = channels == 1 ? sine[k] : (sine[2 * k] + sine[2 * k + 1]) / 2;
            decode_ok(path, &usual, &decoded);
            assert_string_equal(decoded.source_kind, kinds[i].kind);
            assert_int_equal(decoded.format, SAMPLES_FLOAT32);
            assert_int_equal(decoded.channels, 1);
            assert_int_equal(decoded.facts.channels, channels);
            assert_int_equal(decoded.rate, kinds[i].rate);
            assert_int_equal(decoded.frames, FRAMES);
            double off = difference(decoded.samples, mean, FRAMES, 2000);
            if (!(off < 0.05)) fail_msg("%s: off by %g", kinds[i].kind, off);
        }
    decoded_free(&decoded);
}

static size_t replace_bytes(unsigned char *bytes, size_t size, const char *from) {
    size_t replaced = 0;
    for (size_t i = 0; i + 4 <= size; i++)
        if (memcmp(bytes + i, from, 4) == 0) {
            memset(bytes + i, 0, 4);
            replaced++;
        }
    return replaced;
}

/* An MP3 file of variable rate without the tag of its length: all of it is read, although
 * libsndfile alone would stop at a guess from the first frame. */
static void mp3_without_a_length(void **state) {
    (void)state;
    /* Quiet noise first, so that the first frames are small, then loud noise. */
    for (size_t i = 0; i < FRAMES; i++) sine[i] = (float)noise[i] / (i < 2000 ? 1e6F : 65536.0F);
    const char *path = test_path(folder, "vbr.mp3");
    test_sound_float(path, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, 1, sine, FRAMES);
    size_t size = 0;
    unsigned char *bytes = test_file_read(path, &size);
    size_t replaced = replace_bytes(bytes, size, "Xing") + replace_bytes(bytes, size, "Info");
    assert_int_equal(replaced, 1);
    test_file_write(path, bytes, size);
    free(bytes);
    struct decoded decoded = {0};
    decode_ok(path, &usual, &decoded);
    /* The encoder's delay and padding remain: a few frames of 576 more, none fewer. */
    assert_in_range(decoded.frames, FRAMES, FRAMES + (size_t)6 * 576);
    SF_INFO info = {0};
    SNDFILE *sound = sf_open(path, SFM_READ, &info);
    assert_non_null(sound);
    assert_true((size_t)info.frames != decoded.frames); /* otherwise this test shows nothing */
    sf_close(sound);
    decoded_free(&decoded);
}

/* More channels than the device's batches carry: the mean, in double, rounded once. */
static void mixing(void **state) {
    (void)state;
    static float mean[FRAMES];
    for (size_t i = 0; i < FRAMES; i++) {
        double sum = 0;
        for (size_t c = 0; c < 6; c++) sum += (double)noise[6 * i + c] / 32768.0;
        mean[i] = (float)(sum / 6);
    }
    const char *path = test_path(folder, "six.flac");
    struct decoded decoded = {0};
    test_sound_int16(path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, 6, noise, FRAMES);
    decode_ok(path, &usual, &decoded);
    assert_int_equal(decoded.channels, 1);
    assert_int_equal(decoded.facts.channels, 6);
    assert_int_equal(decoded.format, SAMPLES_FLOAT32);
    assert_int_equal(decoded.frames, FRAMES);
    assert_memory_equal(decoded.samples, mean, sizeof mean);
    decoded_free(&decoded);
}

/* A rate that the device does not support: the same sine at 16 kHz, without a shift, of
 * ceil(N 16000 / rate) samples. The filter's pass band is flat to 1e-4. */
static void odd_rates(void **state) {
    (void)state;
    const int rates[] = {1000, 7999, 11024, 18900, 37800, 64000, 192000, 384000};
    struct decoded decoded = {0};
    static float expected[FRAMES * 16];
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
        for (int channels = 1; channels <= 2; channels++) {
            size_t length = (FRAMES * 16000 + (size_t)rates[r] - 1) / (size_t)rates[r];
            double frequency = rates[r] < 2000 ? 100 : 700;
            const char *path = test_path(folder, "odd.wav");
            assert_false(device_resamples(rates[r]));
            test_sine(sine, FRAMES, channels, frequency, rates[r]);
            test_sine(expected, length, 1, frequency, 16000);
            if (channels == 2)
                for (size_t i = 0; i < length; i++) expected[i] *= 0.75F;
            test_sound_float(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, rates[r], channels, sine,
                             FRAMES);
            decode_ok(path, &usual, &decoded);
            assert_int_equal(decoded.frames, length);
            assert_int_equal(decoded.rate, 16000);
            assert_int_equal(decoded.facts.rate, rates[r]);
            assert_int_equal(decoded.source_frames, FRAMES);
            assert_int_equal(decoded.channels, 1);
            double off = difference(decoded.samples, expected, length, length / 4);
            if (!(off < 1e-4)) fail_msg("%d Hz: off by %g", rates[r], off);
        }
    decoded_free(&decoded);
}

/* The last sample of an odd rate is not lost in the filter's tail. */
static void a_click_at_the_end(void **state) {
    (void)state;
    memset(sine, 0, FRAMES * sizeof *sine);
    sine[FRAMES - 1] = 0.9F;
    const char *path = test_path(folder, "click.wav");
    struct decoded decoded = {0};
    test_sound_float(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 12345, 1, sine, FRAMES);
    decode_ok(path, &usual, &decoded);
    const float *samples = decoded.samples;
    float largest = 0;
    for (size_t i = decoded.frames - 3; i < decoded.frames; i++)
        largest = fabsf(samples[i]) > largest ? fabsf(samples[i]) : largest;
    assert_true(largest > 0.4F);
    decoded_free(&decoded);
}

static void no_resample(void **state) {
    (void)state;
    struct decode_settings settings = usual;
    settings.no_resample = true;
    struct decoded decoded = {0};
    const int rates[] = {8000, 44100, 37800};
    for (size_t i = 0; i < 3; i++) {
        const char *path = test_path(folder, "as-is.wav");
        test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, rates[i], 1, noise, FRAMES);
        decode_ok(path, &settings, &decoded);
        assert_int_equal(decoded.rate, 16000);
        assert_int_equal(decoded.facts.rate, rates[i]);
        assert_int_equal(decoded.format, SAMPLES_INT16);
        assert_int_equal(decoded.frames, FRAMES);
        assert_memory_equal(decoded.samples, noise, FRAMES * sizeof *noise);
        assert_true(fabs(decoded.facts.seconds - (double)FRAMES / rates[i]) < 1e-9);
    }
    decoded_free(&decoded);
}

static void peaks(void **state) {
    (void)state;
    static int16_t quiet[1000];
    const char *path = test_path(folder, "peak.wav");
    struct decoded decoded = {0};
    memset(quiet, 0, sizeof quiet);
    quiet[999] = -32768;
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, quiet, 1000);
    decode_ok(path, &usual, &decoded);
    assert_true(decoded.peak == 1.0F);
    quiet[999] = 1;
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, quiet, 1000);
    decode_ok(path, &usual, &decoded);
    assert_true(decoded.peak == 1.0F / 32768.0F);
    decoded_free(&decoded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_bits_exactly),
        cmocka_unit_test(narrow_formats),
        cmocka_unit_test(wide_formats),
        cmocka_unit_test(lossy_formats),
        cmocka_unit_test(mp3_without_a_length),
        cmocka_unit_test(mixing),
        cmocka_unit_test(odd_rates),
        cmocka_unit_test(a_click_at_the_end),
        cmocka_unit_test(no_resample),
        cmocka_unit_test(peaks),
    };
    return cmocka_run_group_tests_name("decode", tests, make_folder, remove_folder);
}
