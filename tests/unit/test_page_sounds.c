/* The sounds in the page: which part of a clip, at which rate, in which format. */
#include "host/report/page_media.h"
#include "host/report/page_sound.h"
#include "host/report/sound_encode.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"
#include "tests/support/sound_bytes.h"
#include "tests/support/test_decoders.h"

#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void write_tone(const char *path, int rate, int channels, double seconds, double pitch) {
    SF_INFO info = {
        .samplerate = rate, .channels = channels, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    size_t frames = (size_t)(seconds * rate);
    short *samples = calloc(frames * (size_t)channels, sizeof *samples);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    assert_non_null(samples);
    for (size_t n = 0; n < frames; n++)
        for (int c = 0; c < channels; c++)
            samples[n * (size_t)channels + (size_t)c] =
                (short)(16000.0 * sin(6.283185307179586 * pitch * (double)n / rate));
    assert_int_equal(sf_writef_short(file, samples, (sf_count_t)frames), (sf_count_t)frames);
    sf_close(file);
    free(samples);
}

/* Largest sample in the middle half of the sound in the page. */
static double peak_in_page(const struct sound *sound) {
    struct sound_bytes bytes = {sound->data, sound->size, 0};
    size_t frames = 0;
    int rate = 0;
    short *samples = sound_bytes_decode(&bytes, &frames, &rate);
    double peak = 0.0;
    for (size_t i = frames / 4; i < frames * 3 / 4; i++)
        if (abs(samples[i]) > peak) peak = abs(samples[i]);
    free(samples);
    assert_int_equal(rate, sound->rate);
    return peak;
}

/* sound_load() of a file by its absolute path. */
static struct sound load(int index, const char *path, double start, double duration, int most) {
    struct sound sound;
    struct error error = ERROR_INITIAL;
    struct root_folder root;
    struct clip_sources *sources = NULL;
    assert_int_equal(root_folder_open("/", false, &root, &error), ERROR_NONE);
    assert_int_equal(clip_sources_new(&root, &sources, &error), ERROR_NONE);
    sound_load(test_decoders, index, sources, path, start, duration, most, &sound, &error);
    assert_no_error(&error);
    clip_sources_free(sources);
    root_folder_close(&root);
    return sound;
}

/* A tone as it is in the page: `duration` seconds from `start` on. */
static struct sound load_tone(const struct made_run *made, int rate, int channels, double seconds,
                              double pitch, double start, double duration) {
    const char *path = made_run_path(made, "tone.wav");
    write_tone(path, rate, channels, seconds, pitch);
    struct sound sound = load(0, path, start, duration, SOUND_MAXIMUM_SECONDS);
    assert_true(sound.readable);
    return sound;
}

/* Audible tones keep their level; tones above the lower rate's limit vanish without aliasing. */
static void test_reduced_rate(void **state) {
    (void)state;
    static const struct {
        int rate;
        int reduced;
        double pitch;
        double level; /* of 16000 */
    } cases[] = {
        {16000, 16000, 7000.0, 1.0},  {22050, 22050, 9000.0, 1.0},  {32000, 16000, 1000.0, 1.0},
        {44100, 22050, 6000.0, 1.0},  {48000, 16000, 1000.0, 1.0},  {48000, 16000, 6000.0, 1.0},
        {48000, 16000, 9500.0, 0.0},  {48000, 16000, 15000.0, 0.0}, {96000, 16000, 5000.0, 1.0},
        {96000, 16000, 40000.0, 0.0}, {44100, 22050, 13500.0, 0.0},
    };
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 1, .issues = 0, .classes = 2});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sound sound =
            load_tone(&made, cases[i].rate, 1 + (int)i % 2, 0.5, cases[i].pitch, 0.0, -1.0);
        assert_int_equal(sound.rate, cases[i].reduced);
        double level = peak_in_page(&sound) / 16000.0;
        if (!(fabs(level - cases[i].level) <= 0.012))
            fail_msg("%d Hz, %.0f Hz tone: level %.4f", cases[i].rate, cases[i].pitch, level);
        sound_free(&sound);
    }
    made_run_free(&made);
}

static void test_long_clips(void **state) {
    (void)state;
    static const struct {
        int rate;
        double seconds;
        double start;
        double duration;
        double whole; /* seconds of the clip */
        double kept;  /* seconds in the page */
    } cases[] = {
        {16000, 20.0, 0.0, -1.0, 20.0, 15.0},
        {8000, 40.0, 0.0, 40.0, 40.0, 30.0},
        {8000, 40.0, 0.0, -1.0, (double)INFINITY, 30.0},
        {8000, 30.5, 0.0, -1.0, 30.5, 30.0},
        {8000, 90.0, 80.0, 5.0, 5.0, 5.0},
        {16000, 10.0, 0.0, -1.0, 10.0, 10.0},
        {16000, 10.0, 2.5, 1.5, 1.5, 1.5},
        {16000, 10.0, 9.0, 5.0, 1.0, 1.0},
        {44100, 12.0, 0.0, -1.0, 12.0, 240000.0 / 22050.0},
    };
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 1, .issues = 0, .classes = 2});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sound sound = load_tone(&made, cases[i].rate, 1, cases[i].seconds, 500.0,
                                       cases[i].start, cases[i].duration);
        assert_true(sound.seconds == cases[i].whole || fabs(sound.seconds - cases[i].whole) < 1e-9);
        assert_true(fabs(sound.kept - cases[i].kept) < 1e-9);
        struct sound_bytes bytes = {sound.data, sound.size, 0};
        size_t frames = 0;
        int rate = 0;
        free(sound_bytes_decode(&bytes, &frames, &rate));
        assert_int_equal(frames, (size_t)(cases[i].kept * rate + 0.5));
        sound_free(&sound);
    }
    /* A part after the end. */
    struct sound sound =
        load(1, made_run_path(&made, "tone.wav"), 100.0, 1.0, SOUND_MAXIMUM_SECONDS);
    assert_false(sound.readable);
    assert_non_null(strstr(sound.reason, "begins at 100 s, but the file is only "));
    sound_free(&sound);
    /* One that is cut to a few seconds. */
    sound = load(1, made_run_path(&made, "tone.wav"), 0.0, 12.0, 4);
    assert_true(sound.readable && sound.seconds == 12.0 && sound.kept == 4.0);
    sound_free(&sound);
    made_run_free(&made);
}

/* Clips of 15 s, 240,000 bytes each, with pictures of 6,000; as base64 and with words 332,096. */
static void test_seconds(void **state) {
    (void)state;
    struct sound sounds[32], none[2] = {{.readable = false}, {.readable = false}};
    for (size_t i = 0; i < 32; i++)
        sounds[i] =
            (struct sound){.readable = i != 5, .size = 240000, .picture_size = 6000, .kept = 15.0};
    const size_t whole = (size_t)31 * 332096, later = 168 * (12096 + 64000) / 10 * 11;
    assert_int_equal(page_media_seconds(sounds, 32, 30, 0, 0.0, whole), 30);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 0, 0.0, whole - 1), 14);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 168, 3.0 * 168, whole + later + 99), 30);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 168, 3.0 * 168, whole + later - 99), 14);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 168, 3.0 * 168, whole / 2 + later), 7);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 168, 3.0 * 168, later), 3);
    assert_int_equal(page_media_seconds(sounds, 32, 30, 168, 3.0 * 168, 0), 3);
    assert_int_equal(page_media_seconds(sounds, 32, 20, 0, 0.0, whole), 20);
    assert_int_equal(page_media_seconds(none, 2, 30, 0, 0.0, 0), 30);
}

/* The smaller of FLAC and WAV, both exact. */
static void test_encoding(void **state) {
    (void)state;
    static const size_t lengths[] = {1, 7, 200, 16000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        short samples[16000];
        struct error error = ERROR_INITIAL;
        struct sound_bytes bytes = {NULL, 0, 0};
        const char *type = NULL;
        size_t frames = 0;
        int rate = 0;
        for (size_t n = 0; n < lengths[i]; n++) samples[n] = (short)(n * n * 31 % 4001);
        samples[0] = -32768;
        sound_encode(samples, lengths[i], 14700, &bytes.data, &bytes.size, &type, &error);
        assert_no_error(&error);
        assert_true(bytes.size <= 44 + 2 * lengths[i]);
        assert_string_equal(type, bytes.data[0] == 'f' ? "audio/flac" : "audio/wav");
        short *decoded = sound_bytes_decode(&bytes, &frames, &rate);
        assert_int_equal(rate, 14700);
        assert_int_equal(frames, lengths[i]);
        assert_memory_equal(decoded, samples, frames * sizeof *decoded);
        free(decoded);
        free(bytes.data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduced_rate),
        cmocka_unit_test(test_long_clips),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_encoding),
    };
    return cmocka_run_group_tests_name("page sounds", tests, test_decoders_begin,
                                       test_decoders_end);
}
