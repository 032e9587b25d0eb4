/* Channels that cancel in their mean: measured, and the loudest one is used, exactly as if it were
 * a file of one channel. */
#include "host/sound/channel_mix.h"
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"
#include "tests/support/test_decoders.h"

#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)24000)
#define MOST_CHANNELS 8

static int16_t speech[MOST_CHANNELS][FRAMES]; /* unrelated to each other */
static int16_t noise[2][FRAMES];
static int16_t mono[FRAMES];
static int16_t samples[FRAMES * MOST_CHANNELS];
static struct decoded decoded, reference;

static const struct decode_settings usual = {
    .model_rate = 16000, .minimum_samples = 480, .measure = true};

static int begin(void **state) {
    for (unsigned c = 0; c < MOST_CHANNELS; c++) signal_speech(speech[c], FRAMES, 16000, 20 + c);
    for (unsigned c = 0; c < 2; c++) signal_noise(noise[c], FRAMES, 50 + c);
    return test_decoders_begin(state) + test_folder_begin(state);
}

static int end(void **state) {
    decoded_free(&decoded);
    decoded_free(&reference);
    return test_decoders_end(state) + test_folder_end(state);
}

static void decode(const char *path, const struct decode_settings *settings,
                   struct decoded *result) {
    struct error error = ERROR_INITIAL;
    if (decode_path(path, settings, result, &error) != ERROR_NONE) fail_msg("%s", error.message);
    if (result->verdict.status != CLIP_OK) fail_msg("%s: %s", path, result->verdict.reason);
}

/* Channel c of every frame: shares of speech[c] and of the first speech, and noise in shares of
 * what it is. */
static void put(size_t channels, size_t channel, double own, double first, double noisy) {
    for (size_t i = 0; i < FRAMES; i++)
        samples[i * channels + channel] = (int16_t)lrint(
            own * speech[channel][i] + first * speech[0][i] + noisy * noise[channel % 2][i]);
}

/* ---- the measure ---- */

static double level_of(size_t channels) {
    const char *path = test_path(test_folder, "level.wav");
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, (int)channels, samples, FRAMES);
    decode(path, &usual, &decoded);
    assert_int_equal(decoded.facts.channels, channels);
    assert_int_equal(decoded.channels == 1 && channels == 2,
                     channel_mix_cancels(decoded.facts.sound.channels_cancel) && channels == 2);
    return (double)decoded.facts.sound.channels_cancel;
}

static void check_level(const char *what, size_t channels, double least, double most) {
    const double level = level_of(channels);
    if (!(level >= least && level <= most))
        fail_msg("%s, %zu channels: %g dB", what, channels, level);
}

/* None of these is reported. */
static void channels_that_differ(void **state) {
    (void)state;
    put(1, 0, 0, 1, 0);
    check_level("one", 1, 0, 0);
    for (size_t channels = 2; channels <= MOST_CHANNELS; channels++) {
        for (size_t c = 0; c < channels; c++) put(channels, c, 1, 0, 0);
        check_level("unrelated", channels, -1, 1);
        for (size_t c = 0; c < channels; c++) put(channels, c, 0, c == 1, 0);
        check_level("only one is not silent", channels, -0.01, 0.01);
        for (size_t c = 0; c < channels; c++) put(channels, c, 0, 1, 0);
        const double equal = 10 * log10((double)channels);
        check_level("equal", channels, equal - 0.01, equal + 0.01);
        for (size_t c = 0; c < channels; c++) put(channels, c, 0, 0, 0);
        for (size_t i = 0; i < FRAMES * channels; i++) samples[i] = (int16_t)(5 - i % channels);
        samples[0] = 400;
        check_level("offsets that differ", channels, -0.1, 0.1);
    }
    for (size_t delay = 1; delay < 200; delay++) { /* up to 12 ms */
        put(2, 0, 0, 1, 0);
        for (size_t i = 0; i < FRAMES; i++)
            samples[2 * i + 1] = i < delay ? 0 : samples[2 * (i - delay)];
        check_level("one is delayed", 2, -6, 4);
    }
    for (double wide = 1; wide < 1.81; wide += 0.2) { /* the difference is louder than the mean */
        for (size_t i = 0; i < FRAMES; i++) {
            const double middle = speech[0][i], side = wide * speech[1][i];
            samples[2 * i] = (int16_t)lrint((middle + side) / 2);
            samples[2 * i + 1] = (int16_t)lrint((middle - side) / 2);
        }
        check_level("wide stereo", 2, -8, 1);
    }
}

static void channels_that_cancel(void **state) {
    (void)state;
    put(2, 0, 0, 1, 0);
    put(2, 1, 0, -1, 0);
    check_level("inverted", 2, -200, -60);
    put(2, 0, 0, 1, 0.03);
    put(2, 1, 0, -1, 0.03);
    check_level("inverted, with noise", 2, -40, -10.01);
    put(2, 0, 0, 1, 0);
    put(2, 1, 0, -0.9, 0);
    check_level("inverted, softer by a tenth", 2, -24, -21);
    put(2, 0, 0, 1, 0);
    put(2, 1, 0, -0.7, 0);
    check_level("inverted, softer by 3 dB", 2, -14, -11);
    for (size_t i = 0; i < FRAMES; i++) samples[2 * i] = (int16_t)(samples[2 * i] + 900);
    check_level("inverted, with an offset", 2, -14, -11);
    for (size_t c = 0; c < 6; c++) put(6, c, 0, c % 2 == 0 ? 1 : -1, 0);
    check_level("three pairs", 6, -200, -60);
}

/* ---- what is used ---- */

static void check_same(const char *what, const struct decode_settings *settings) {
    const char *path = test_path(test_folder, what);
    decode(path, settings, &decoded);
    assert_true(channel_mix_cancels(decoded.facts.sound.channels_cancel));
    assert_int_equal(decoded.channels, 1);
    assert_int_equal(decoded.rate, reference.rate);
    assert_int_equal(decoded.frames, reference.frames);
    const float *wide = decoded.samples;
    const int16_t *small = reference.samples;
    if (decoded.format == reference.format)
        assert_memory_equal(decoded.samples, reference.samples, reference.bytes);
    else /* more than two channels are never int16 */
        for (size_t i = 0; i < decoded.frames; i++)
            assert_true(wide[i] == (float)small[i] / 32768.0F);
    if (decoded.format == reference.format)
        assert_memory_equal(decoded.facts.hash, reference.facts.hash, sizeof decoded.facts.hash);
}

/* The second channel is the loudest, and the first one in the segment. */
static void write_pair(int format, int rate, size_t channels) {
    const double loud = rate == 16000 ? 0.99 : 1; /* not only powers of two */
    for (size_t c = 0; c < channels; c++) put(channels, c, 0, c % 2 == 0 ? 0.8 : -loud, 0);
    for (size_t i = 0; i < FRAMES; i++) mono[i] = samples[i * channels + 1];
    test_sound_int16(test_path(test_folder, "pair"), format, rate, (int)channels, samples, FRAMES);
    test_sound_int16(test_path(test_folder, "one"), format, rate, 1, mono, FRAMES);
}

static void the_loudest_is_used(void **state) {
    (void)state;
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_FLOAT,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_24,
                                  SF_FORMAT_AIFF | SF_FORMAT_PCM_32};
    static const int rates[] = {16000, 8000, 44100, 13579};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
            for (size_t channels = 2; channels <= 4; channels += 2)
                for (int part = 0; part < 2; part++) {
                    struct decode_settings settings = usual;
                    if (part == 1) settings.start_seconds = 0.1;
                    if (part == 1) settings.end_seconds = 0.4;
                    write_pair(formats[f], rates[r], channels);
                    decode(test_path(test_folder, "one"), &settings, &reference);
                    check_same("pair", &settings);
                }
}

/* Decoders that cannot go back begin anew. */
static void coders_with_loss(void **state) {
    (void)state;
    static float wide[2 * FRAMES];
    static const int formats[] = {SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                                  SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (int part = 0; part < 2; part++) {
            struct decode_settings settings = usual;
            SF_INFO info = {0};
            if (part == 1) settings.start_seconds = 0.1;
            write_pair(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2);
            for (size_t k = 0; k < 2 * FRAMES; k++) wide[k] = (float)samples[k] / 32768.0F;
            /* As float: libsndfile makes another sound of int16 with MP3. */
            test_sound_float(test_path(test_folder, "pair"), formats[f], 44100, 2, wide, FRAMES);
            decode(test_path(test_folder, "pair"), &settings, &decoded);
            SNDFILE *file = sf_open(test_path(test_folder, "pair"), SFM_READ, &info);
            assert_non_null(file);
            float frame[2];
            for (size_t i = 0; i < (part == 1 ? 4410U : 0U); i++) sf_readf_float(file, frame, 1);
            assert_int_equal(decoded.channels, 1);
            for (size_t i = 0; i < decoded.frames; i++) {
                assert_int_equal(sf_readf_float(file, frame, 1), 1);
                assert_true(((const float *)decoded.samples)[i] == frame[1]);
            }
            sf_close(file);
        }
}

/* Only the segment counts. */
static void segments_are_judged_alone(void **state) {
    (void)state;
    struct decode_settings settings = usual;
    put(2, 0, 0, 1, 0);
    put(2, 1, 0, 1, 0);
    for (size_t i = FRAMES / 2; i < FRAMES; i++) samples[2 * i + 1] = (int16_t)-samples[2 * i];
    const char *path = test_path(test_folder, "half.wav");
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 2, samples, FRAMES);
    decode(path, &settings, &decoded);
    assert_int_equal(decoded.channels, 2);
    settings.start_seconds = 0.75;
    decode(path, &settings, &decoded);
    assert_int_equal(decoded.channels, 1);
    settings = usual;
    settings.end_seconds = 0.75;
    decode(path, &settings, &decoded);
    assert_int_equal(decoded.channels, 2);
}

/* What a decoder answers of such a clip is believed. */
static void by_a_decoder(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                  SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    for (size_t f = 0; f < 2; f++)
        for (size_t channels = 2; channels <= 4; channels += 2) {
            write_pair(formats[f], 16000, channels);
            decode(test_path(test_folder, "pair"), &usual, &reference);
            if (decoders_decode_path(test_decoders, 0, test_path(test_folder, "pair"), &usual,
                                     &decoded, &error) != ERROR_NONE)
                fail_msg("%s", error.message);
            if (decoded.verdict.status != CLIP_OK) fail_msg("%s", decoded.verdict.reason);
            assert_int_equal(decoded.channels, 1);
            assert_int_equal(decoded.bytes, reference.bytes);
            assert_memory_equal(decoded.samples, reference.samples, reference.bytes);
            assert_memory_equal(&decoded.facts.sound, &reference.facts.sound,
                                sizeof decoded.facts.sound);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_that_differ),      cmocka_unit_test(channels_that_cancel),
        cmocka_unit_test(the_loudest_is_used),       cmocka_unit_test(coders_with_loss),
        cmocka_unit_test(segments_are_judged_alone), cmocka_unit_test(by_a_decoder),
    };
    return cmocka_run_group_tests_name("channels cancel", tests, begin, end);
}
