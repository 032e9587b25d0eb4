/* Decoding damaged or unusable files: each has a status and a reason; no crash, and no more
 * memory than the file's size justifies. */
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/injected_failures.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <float.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)8000)

/* libsndfile 1.2.0 leaks a structure of libvorbis when an Ogg file is malformed. */
const char *__lsan_default_suppressions(void);  /* NOLINT: the name is LeakSanitizer's */
const char *__lsan_default_suppressions(void) { /* NOLINT */
    return "leak:vorbis_info_init\n";
}

static char *folder;
static int16_t noise[FRAMES];
static float samples[FRAMES * 2];
static size_t reserved; /* the largest size that the last clip requested */

static bool note_reserve(void *context, size_t bytes) {
    (void)context;
    if (bytes > reserved) reserved = bytes;
    return true;
}

static const struct decode_settings usual = {
    .model_rate = 16000, .minimum_samples = 480, .reserve = note_reserve};

static int make_folder(void **state) {
    (void)state;
    folder = test_folder_make();
    signal_noise(noise, FRAMES, 9);
    for (size_t i = 0; i < FRAMES; i++) samples[i] = (float)noise[i] / 32768.0F;
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void expect(const char *name, enum clip_status status, const char *words) {
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    reserved = 0;
    assert_int_equal(decode_path(test_path(folder, name), &usual, &decoded, &error), ERROR_NONE);
    if (decoded.verdict.status != status || strstr(decoded.verdict.reason, words) == NULL)
        fail_msg("%s: %s: '%s' instead of %s: '%s'", name, clip_status_name(decoded.verdict.status),
                 decoded.verdict.reason, clip_status_name(status), words);
    if (status == CLIP_OK) assert_string_equal(decoded.verdict.reason, "");
    decoded_free(&decoded);
}

static void write_int16(const char *name, int format, size_t frames) {
    test_sound_int16(test_path(folder, name), format | SF_FORMAT_PCM_16, 16000, 1, noise, frames);
}

static void what_is_no_sound(void **state) {
    (void)state;
    test_text_write(test_path(folder, "text.wav"), "These are words, and not a sound at all.");
    test_text_write(test_path(folder, "empty.wav"), "");
    test_text_write(test_path(folder, "short.wav"), "RIFF");
    test_text_write(test_path(folder, "lfs.wav"),
                    "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    test_text_write(test_path(folder, "avi.wav"), "RIFF\1\1\1\1AVI LIST and so on and so on");
    test_text_write(test_path(folder, "head.wav"), "RIFF\44\1\1\1WAVEfmt ");
    test_text_write(test_path(folder, "tag.mp3"), "ID3\3\1\1\1\1\1\1 and no music after the tag");
    assert_int_equal(mkfifo(test_path(folder, "pipe.wav"), 0600), 0);
    assert_int_equal(mkdir(test_path(folder, "folder.wav"), 0700), 0);
    assert_int_equal(symlink("loop.wav", test_path(folder, "loop.wav")), 0);
    assert_int_equal(symlink("/dev/zero", test_path(folder, "device.wav")), 0);
    expect("text.wav", CLIP_UNREADABLE, "not a known sound file");
    expect("empty.wav", CLIP_UNREADABLE, "empty");
    expect("short.wav", CLIP_UNREADABLE, "not a known sound file");
    expect("lfs.wav", CLIP_UNREADABLE, "git lfs pull");
    expect("avi.wav", CLIP_TRUNCATED, "truncated: the header promises 16843017 bytes");
    expect("head.wav", CLIP_UNREADABLE, "cannot decode");
    expect("tag.mp3", CLIP_UNREADABLE, "not a known sound file");
    expect("pipe.wav", CLIP_UNREADABLE, "not a regular file");
    expect("folder.wav", CLIP_UNREADABLE, "not a regular file");
    expect("device.wav", CLIP_UNREADABLE, "not a regular file");
    expect("loop.wav", CLIP_UNREADABLE, "cannot open: Too many levels");
    expect("nothing.wav", CLIP_UNREADABLE, "cannot open: No such file");
}

/* Well-formed files of formats that libsndfile reads and earmark does not. */
static void formats_not_allowed(void **state) {
    (void)state;
    const int formats[] = {SF_FORMAT_SVX, SF_FORMAT_MAT5, SF_FORMAT_MPC2K};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        write_int16("other.wav", formats[i], FRAMES);
        expect("other.wav", CLIP_UNREADABLE, "not a known sound file");
    }
    test_sound_int16(test_path(folder, "nms.wav"), SF_FORMAT_WAV | SF_FORMAT_NMS_ADPCM_32, 8000, 1,
                     noise, FRAMES);
    expect("nms.wav", CLIP_UNREADABLE, "WAV needs FFmpeg's libraries");
}

static void lengths(void **state) {
    (void)state;
    const struct {
        size_t frames;
        enum clip_status status;
    } at_16_kHz[] = {{0, CLIP_TOO_SHORT},   {1, CLIP_TOO_SHORT}, {100, CLIP_TOO_SHORT},
                     {479, CLIP_TOO_SHORT}, {480, CLIP_OK},      {481, CLIP_OK},
                     {640, CLIP_OK}};
    const int formats[] = {SF_FORMAT_WAV, SF_FORMAT_FLAC, SF_FORMAT_AIFF, SF_FORMAT_AU};
    for (size_t f = 0; f < 4; f++)
        for (size_t i = 0; i < 7; i++) {
            /* libsndfile cannot write a FLAC file without samples. */
            if (formats[f] == SF_FORMAT_FLAC && at_16_kHz[i].frames == 0) continue;
            write_int16("length", formats[f], at_16_kHz[i].frames);
            expect("length", at_16_kHz[i].status, at_16_kHz[i].status == CLIP_OK ? "" : "480");
        }
    /* At the model's rate: 239 samples of 8 kHz are 478, 240 are 480; 1323 of 44.1 kHz are 480. */
    const struct {
        int rate;
        size_t enough;
    } rates[] = {{8000, 240}, {44100, 1321}, {37800, 1132}};
    for (size_t i = 0; i < 3; i++) {
        const char *path = test_path(folder, "rate.wav");
        test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, rates[i].rate, 1, noise,
                         rates[i].enough - 1);
        expect("rate.wav", CLIP_TOO_SHORT, "at least 480");
        test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, rates[i].rate, 1, noise,
                         rates[i].enough);
        expect("rate.wav", CLIP_OK, "");
    }
}

static void silence(void **state) {
    (void)state;
    static int16_t still[2000];
    static float faint[2000];
    const char *path = test_path(folder, "silent.wav");
    memset(still, 0, sizeof still);
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, still, 2000);
    expect("silent.wav", CLIP_SILENT, "silent");
    test_sound_int16(path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 37800, 1, still, 2000);
    expect("silent.wav", CLIP_SILENT, "silent");
    /* Two channels that cancel each other are not silent: one of them is used. */
    for (size_t i = 0; i < 1000; i++) {
        still[2 * i] = (int16_t)(i * 13);
        still[2 * i + 1] = (int16_t)-still[2 * i];
    }
    test_sound_int16(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 2, still, 1000);
    expect("silent.wav", CLIP_OK, "");
    for (size_t i = 0; i < 2000; i++) faint[i] = 1.5e-5F;
    test_sound_float(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, faint, 2000);
    expect("silent.wav", CLIP_SILENT, "silent");
    faint[1999] = -1.6e-5F;
    test_sound_float(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, faint, 2000);
    expect("silent.wav", CLIP_OK, "");
}

static void samples_that_are_no_numbers(void **state) {
    (void)state;
    const float wrong[] = {NAN, INFINITY, -INFINITY, FLT_MAX, -2e9F};
    const size_t places[] = {0, 4000, FRAMES - 1};
    const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_AIFF | SF_FORMAT_DOUBLE,
                           SF_FORMAT_AU | SF_FORMAT_FLOAT};
    for (size_t i = 0; i < 5; i++)
        for (size_t p = 0; p < 3; p++)
            for (int channels = 1; channels <= 2; channels++)
                for (size_t f = 0; f < 3; f++) {
                    float kept = samples[places[p]];
                    const char *path = test_path(folder, "wrong");
                    samples[places[p]] = wrong[i];
                    test_sound_float(path, formats[f], f == 0 ? 37800 : 16000, channels, samples,
                                     FRAMES / (size_t)channels);
                    expect("wrong", CLIP_UNREADABLE, i < 3 ? "NaN" : "samples up to");
                    samples[places[p]] = kept;
                }
    /* Float samples in units of 16-bit steps are loud, not invalid. */
    for (size_t i = 0; i < FRAMES; i++) samples[i] *= 32768.0F;
    test_sound_float(test_path(folder, "loud"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples,
                     FRAMES);
    for (size_t i = 0; i < FRAMES; i++) samples[i] /= 32768.0F;
    expect("loud", CLIP_OK, "");
}

static void cut_files(void **state) {
    (void)state;
    const int formats[] = {SF_FORMAT_WAV, SF_FORMAT_RF64, SF_FORMAT_AIFF,
                           SF_FORMAT_AU,  SF_FORMAT_FLAC, SF_FORMAT_WAV | SF_ENDIAN_BIG};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (size_t quarter = 1; quarter < 4; quarter++) {
            struct stat status;
            const char *path = test_path(folder, "cut");
            write_int16("cut", formats[f], FRAMES);
            assert_int_equal(stat(path, &status), 0);
            test_file_cut(path, (size_t)status.st_size * quarter / 4);
            expect("cut", CLIP_TRUNCATED, "truncated: the header promises");
        }
    write_int16("cut", SF_FORMAT_WAV, FRAMES);
    test_file_cut(test_path(folder, "cut"), 44 + FRAMES * 2 - 1);
    expect("cut", CLIP_TRUNCATED, "promises 16000 bytes of samples, 15999 are there");
    const char *path = test_path(folder, "cut.mp3");
    test_sound_float(path, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, 1, samples, FRAMES);
    size_t size = 0;
    free(test_file_read(path, &size));
    test_file_cut(path, size / 2);
    expect("cut.mp3", CLIP_TRUNCATED, "truncated: the header promises 8000 samples");
    assert_true(clip_status_is_unreadable(CLIP_TRUNCATED));
}

/* Programs that write to a pipe do not know the length and leave a placeholder. */
static void lengths_of_streams(void **state) {
    (void)state;
    const uint32_t placeholders[] = {0xffffffffU, 0x7ffff000U, 0x7fffffffU, 0xfffff000U};
    for (size_t i = 0; i < 4; i++) {
        write_int16("stream.wav", SF_FORMAT_WAV, FRAMES);
        test_file_patch(test_path(folder, "stream.wav"), 40, &placeholders[i], 4);
        expect("stream.wav", CLIP_OK, "");
    }
    /* A program that was killed leaves the initial header. */
    const uint32_t unfinished[] = {8, 0};
    write_int16("stream.wav", SF_FORMAT_WAV, FRAMES);
    test_file_patch(test_path(folder, "stream.wav"), 4, &unfinished[0], 4);
    test_file_patch(test_path(folder, "stream.wav"), 40, &unfinished[1], 4);
    expect("stream.wav", CLIP_OK, "");
}

/* The header claims a huge size; the file has a few thousand bytes. */
static void false_headers(void **state) {
    (void)state;
    write_int16("lie.wav", SF_FORMAT_WAV, FRAMES);
    const uint16_t channels = 65;
    test_file_patch(test_path(folder, "lie.wav"), 22, &channels, 2);
    expect("lie.wav", CLIP_UNREADABLE, "");
    const uint32_t rates[] = {0, 999, 768001, 0x7fffffff, 0xffffffffU};
    for (size_t i = 0; i < 5; i++) {
        write_int16("lie.wav", SF_FORMAT_WAV, FRAMES);
        test_file_patch(test_path(folder, "lie.wav"), 24, &rates[i], 4);
        expect("lie.wav", CLIP_UNREADABLE, "");
    }
    assert_int_equal(failures_closed_twice(), 0);
    /* FLAC's number of samples has 36 bits, the last 32 of them at byte 22. */
    const unsigned char many[4] = {0x0d, 0x00, 0x00, 0x00}; /* 3.8 hours */
    write_int16("lie.flac", SF_FORMAT_FLAC, FRAMES);
    test_file_patch(test_path(folder, "lie.flac"), 22, many, 4);
    expect("lie.flac", CLIP_TRUNCATED, "promises 218103808 samples, 8000 could be decoded");
    assert_true(reserved > 0 && reserved < 1000000);
    const unsigned char more[4] = {0xff, 0xff, 0xff, 0xff};
    test_file_patch(test_path(folder, "lie.flac"), 22, more, 4);
    expect("lie.flac", CLIP_UNREADABLE, "at most 14400 s");
    assert_int_equal(reserved, 0);
    const unsigned char none[4] = {0, 0, 0, 0};
    test_file_patch(test_path(folder, "lie.flac"), 22, none, 4);
    expect("lie.flac", CLIP_OK, "");
}

/* Random damage, many times: any status and reason, but no crash. */
static void random_damage(void **state) {
    (void)state;
    const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16,         SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
        SF_FORMAT_FLAC | SF_FORMAT_PCM_16,        SF_FORMAT_OGG | SF_FORMAT_VORBIS,
        SF_FORMAT_OGG | SF_FORMAT_OPUS,           SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
        SF_FORMAT_AU | SF_FORMAT_FLOAT,           SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
        SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    struct decoded decoded = {0};
    const char *path = test_path(folder, "damaged");
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        size_t size = 0;
        test_sound_float(path, formats[f], 16000, 1, samples, FRAMES);
        unsigned char *bytes = test_file_read(path, &size);
        for (uint32_t round = 0; round < 40; round++) {
            unsigned char kept[8];
            size_t places[8];
            size_t within = round % 2 == 0 && size > 64 ? 64 : size;
            for (uint32_t i = 0; i < 8; i++) {
                places[i] = signal_hash((uint32_t)f, round, i) % within;
                kept[i] = bytes[places[i]];
                bytes[places[i]] = (unsigned char)signal_hash((uint32_t)f + 100, round, i);
            }
            test_file_write(path, bytes, size - (round % 5 == 0 ? size / 3 : 0));
            for (size_t i = 8; i-- > 0;) bytes[places[i]] = kept[i];
            struct error error = ERROR_INITIAL;
            assert_int_equal(decode_path(path, &usual, &decoded, &error), ERROR_NONE);
            assert_in_range(decoded.verdict.status, CLIP_OK, CLIP_TOO_SHORT);
            assert_int_equal(decoded.verdict.reason[0] == '\0', decoded.verdict.status == CLIP_OK);
        }
        free(bytes);
    }
    decoded_free(&decoded);
}

static bool refuse_reserve(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return false;
}

static bool never_goes_on(void *context, size_t frames) {
    (void)frames;
    (void)context;
    return false;
}

static void giving_up(void **state) {
    (void)state;
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = usual;
    write_int16("fine.wav", SF_FORMAT_WAV, FRAMES);
    settings.reserve = refuse_reserve;
    const char *path = test_path(folder, "fine.wav");
    assert_int_equal(decode_path(path, &settings, &decoded, &error), ERROR_STOPPED);
    assert_null(decoded.buffer);
    settings = usual;
    settings.goes_on = never_goes_on;
    error.code = ERROR_NONE;
    assert_int_equal(decode_path(path, &settings, &decoded, &error), ERROR_STOPPED);
    decoded_free(&decoded);
}

/* The caller's memory is used in place of the buffer; a clip that does not fit is refused. */
static void targets(void **state) {
    (void)state;
    static int16_t target[FRAMES];
    struct error error = ERROR_INITIAL;
    write_int16("fine.wav", SF_FORMAT_WAV, FRAMES);
    const char *path = test_path(folder, "fine.wav");
    struct decoded decoded = {.target = target, .target_capacity = sizeof target};
    assert_int_equal(decode_path(path, &usual, &decoded, &error), ERROR_NONE);
    assert_ptr_equal(decoded.samples, target);
    assert_null(decoded.buffer);
    assert_memory_equal(target, noise, sizeof noise);
    target[FRAMES - 1] = 77;
    decoded.target_capacity = sizeof target - 1;
    assert_int_equal(decode_path(path, &usual, &decoded, &error), ERROR_NONE);
    assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
    assert_non_null(strstr(decoded.verdict.reason, "more than 0 MiB of samples"));
    assert_null(decoded.buffer);
    assert_int_equal(target[FRAMES - 1], 77);
    /* Without a length in the header this is noticed while decoding. */
    static float large[FRAMES * 2];
    test_sound_int16(path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1, noise, FRAMES);
    const unsigned char none[4] = {0, 0, 0, 0}; /* FLAC's number of samples, its last 32 bits */
    test_file_patch(path, 22, none, 4);
    decoded = (struct decoded){.target = large, .target_capacity = sizeof large};
    assert_int_equal(decode_path(path, &usual, &decoded, &error), ERROR_NONE);
    assert_int_equal(decoded.verdict.status, CLIP_OK);
    assert_memory_equal(large, noise, sizeof noise);
    decoded.target_capacity = sizeof noise / 2;
    assert_int_equal(decode_path(path, &usual, &decoded, &error), ERROR_NONE);
    assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
    assert_non_null(strstr(decoded.verdict.reason, "of samples; cut it into clips"));
}

static void first_seconds(void **state) {
    (void)state;
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = usual;
    settings.first_seconds = 0.25;
    const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                           SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    for (size_t i = 0; i < 3; i++) {
        const char *path = test_path(folder, "long");
        test_sound_float(path, formats[i], 16000, 1, samples, FRAMES);
        assert_int_equal(decode_path(path, &settings, &decoded, &error), ERROR_NONE);
        assert_int_equal(decoded.verdict.status, CLIP_OK);
        assert_int_equal(decoded.frames, 4001);
    }
    settings.first_seconds = 0.6; /* more than the file has */
    assert_int_equal(decode_path(test_path(folder, "long"), &settings, &decoded, &error),
                     ERROR_NONE);
    assert_int_equal(decoded.frames, FRAMES);
    assert_int_equal(decoded.verdict.status, CLIP_OK);
    decoded_free(&decoded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_sound),
        cmocka_unit_test(formats_not_allowed),
        cmocka_unit_test(lengths),
        cmocka_unit_test(silence),
        cmocka_unit_test(samples_that_are_no_numbers),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(lengths_of_streams),
        cmocka_unit_test(false_headers),
        cmocka_unit_test(random_damage),
        cmocka_unit_test(giving_up),
        cmocka_unit_test(targets),
        cmocka_unit_test(first_seconds),
    };
    return cmocka_run_group_tests_name("decode_faults", tests, make_folder, remove_folder);
}
