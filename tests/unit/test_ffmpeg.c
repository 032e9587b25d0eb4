/* Sounds that FFmpeg's libraries read, by decoders in their sandbox, against what the program
 * ffmpeg makes of them (tests/golden/ffmpeg/): whole, in segments, cut, damaged, and files that
 * name others. Without earmark-ffmpeg.so only that their rows say so. */
#include "host/sound/ffmpeg_plugin.h"
#include "tests/support/decode_path.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/ffmpeg"
#define MOST_ROWS 64
#define STEP (1.0 / 32768.0) /* of 16 bits */
#define CUTS 12

static struct row {
    char name[64];
    int channels, rate;
} rows[MOST_ROWS];
static size_t row_count;
static struct decoders *decoders;
static const struct decode_settings as_they_come = {.model_rate = 16000, .no_resample = true};

static bool has_plugin(void) {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    assert_true(length > 0);
    path[length] = '\0';
    memcpy(strrchr(path, '/') + 1, FFMPEG_PLUGIN_FILE, sizeof FFMPEG_PLUGIN_FILE);
    return access(path, F_OK) == 0;
}

#define NEEDS_PLUGIN()                                                                             \
    if (!has_plugin()) {                                                                           \
        print_message("# no %s: FFmpeg's libraries were not found\n", FFMPEG_PLUGIN_FILE);         \
        skip();                                                                                    \
    }

static int begin(void **state) {
    struct error error = ERROR_INITIAL;
    FILE *table = fopen(GOLDEN "/table.tsv", "r");
    assert_non_null(table);
    while (row_count < MOST_ROWS && fscanf(table, "%63s %d %d", rows[row_count].name,
                                           &rows[row_count].channels, &rows[row_count].rate) == 3)
        row_count++;
    fclose(table);
    assert_true(row_count > 30 && row_count < MOST_ROWS);
    return test_folder_begin(state) | (int)decoders_open(1, &decoders, &error);
}

static int end(void **state) {
    decoders_close(decoders);
    return test_folder_end(state);
}

static void decode(const char *path, double start, double stop, struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = as_they_come;
    settings.start_seconds = start;
    settings.end_seconds = stop;
    if (decoders_decode_path(decoders, 0, path, &settings, decoded, &error) != ERROR_NONE)
        fail_msg("%s: %s", path, error.message);
}

/* The mean of the channels, full scale 1. */
static double mean(const struct decoded *decoded, size_t frame) {
    double sum = 0;
    const size_t channels = (size_t)decoded->channels;
    for (size_t c = 0; c < channels; c++) {
        const size_t i = frame * channels + c;
        sum += decoded->format == SAMPLES_INT16 ? ((const int16_t *)decoded->samples)[i] * STEP
                                                : (double)((const float *)decoded->samples)[i];
    }
    return sum / (double)channels;
}

/* ---- what ffmpeg makes of them ---- */

static void compare(const struct row *row) {
    char path[128];
    struct decoded decoded = {0};
    size_t size;
    snprintf(path, sizeof path, GOLDEN "/%s.s16", row->name);
    unsigned char *bytes = test_file_read(path, &size);
    const int16_t *wanted = (const int16_t *)(void *)bytes;
    const size_t channels = (size_t)row->channels;
    decode(test_path(GOLDEN, row->name), 0, 0, &decoded);
    if (decoded.verdict.status != CLIP_OK) fail_msg("%s: %s", row->name, decoded.verdict.reason);
    assert_int_equal(decoded.facts.channels, row->channels);
    assert_int_equal(decoded.facts.rate, row->rate);
    if (decoded.frames != size / 2 / channels)
        fail_msg("%s: %zu frames, ffmpeg has %zu", row->name, decoded.frames, size / 2 / channels);
    for (size_t i = 0; i < decoded.frames; i++) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) sum += wanted[i * channels + c] * STEP;
        const double by = fabs(mean(&decoded, i) - sum / (double)channels);
        if (!(by <= STEP)) fail_msg("%s: off by %g steps at %zu", row->name, by / STEP, i);
    }
    free(bytes);
    decoded_free(&decoded);
}

static void as_ffmpeg(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    for (size_t i = 0; i < row_count; i++) compare(&rows[i]);
}

/* ---- segments ---- */

static void segments(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    struct decoded whole = {0}, part = {0};
    for (size_t i = 0; i < row_count; i++) {
        const char *path = test_path(GOLDEN, rows[i].name);
        decode(path, 0, 0, &whole);
        /* The second begins before the first, the third goes on after it. */
        static const double bounds[][2] = {{0.1, 0.15}, {0.05, 0.2}, {0.2, 0}};
        for (size_t k = 0; k < 3; k++) {
            decode(path, bounds[k][0], bounds[k][1], &part);
            if (part.verdict.status != CLIP_OK)
                fail_msg("%s: %s", rows[i].name, part.verdict.reason);
            const size_t first = (size_t)(bounds[k][0] * rows[i].rate + 0.5);
            const size_t stop =
                bounds[k][1] > 0 ? (size_t)(bounds[k][1] * rows[i].rate + 0.5) : whole.frames;
            assert_int_equal(part.frames, stop - first);
            const size_t frame_bytes = whole.bytes / whole.frames;
            assert_memory_equal(part.samples,
                                (const unsigned char *)whole.samples + first * frame_bytes,
                                part.bytes);
        }
        decode(path, 100, 101, &part);
        assert_int_equal(part.verdict.status, CLIP_BAD_SEGMENT);
    }
    decoded_free(&whole);
    decoded_free(&part);
}

/* ---- damage ---- */

/* Without a length anywhere, a file that ends after a whole frame is a shorter one. */
static bool says_its_length(const char *name) {
    static const char *const streams[] = {".aac", ".ac3", ".eac3", ".amr", ".awb", ".ts", ".flv"};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        if (strcmp(strrchr(name, '.'), streams[i]) == 0) return false;
    return true;
}

/* Never a part of the sound as if it were all of it. */
static void cut_files(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    struct decoded decoded = {0};
    for (size_t i = 0; i < row_count; i++) {
        size_t size;
        unsigned char *bytes = test_file_read(test_path(GOLDEN, rows[i].name), &size);
        const char *path = test_path(test_folder, rows[i].name);
        decode(test_path(GOLDEN, rows[i].name), 0, 0, &decoded);
        const size_t frames = decoded.frames;
        for (size_t k = 1; k < CUTS; k++) {
            test_file_write(path, bytes, size * k / CUTS);
            decode(path, 0, 0, &decoded);
            if (decoded.verdict.status == CLIP_OK && says_its_length(rows[i].name) &&
                decoded.frames < frames)
                fail_msg("%s: %zu of %zu bytes are %zu of %zu frames", rows[i].name,
                         size * k / CUTS, size, decoded.frames, frames);
            if (decoded.verdict.status != CLIP_OK && decoded.verdict.status != CLIP_TRUNCATED)
                assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
        }
        free(bytes);
    }
    decoded_free(&decoded);
}

/* Whatever is in the file, the decoder answers, and reads the next file as before. */
static void flipped_bytes(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    struct decoded decoded = {0};
    uint32_t random = 1;
    for (size_t i = 0; i < row_count; i++) {
        size_t size;
        unsigned char *bytes = test_file_read(test_path(GOLDEN, rows[i].name), &size);
        const char *path = test_path(test_folder, rows[i].name);
        for (size_t k = 0; k < 8; k++) {
            /* Half of them in the header. */
            random = random * 1664525 + 1013904223;
            const size_t place = (random >> 8) % (k % 2 == 0 && size > 400 ? 400 : size);
            bytes[place] ^= (unsigned char)(1U << (random >> 5 & 7));
            test_file_write(path, bytes, size);
            decode(path, 0, 0, &decoded);
            if (strstr(decoded.verdict.reason, "SIGSYS") != NULL)
                fail_msg("%s: byte %zu: %s", rows[i].name, place, decoded.verdict.reason);
        }
        free(bytes);
    }
    decoded_free(&decoded);
    compare(&rows[0]);
}

/* ---- files that are no sounds, or name others ---- */

static void expect(const char *name, const char *reason) {
    struct decoded decoded = {0};
    decode(strchr(name, '/') == NULL ? test_path(test_folder, name) : name, 0, 0, &decoded);
    if (decoded.verdict.status != CLIP_UNREADABLE || strstr(decoded.verdict.reason, reason) == NULL)
        fail_msg("%s: '%s' instead of '%s'", name, decoded.verdict.reason, reason);
    decoded_free(&decoded);
}

static void what_is_no_sound(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *reason;
    } files[] = {
        {"hls.m4a", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "a playlist, not a sound"},
        {"concat.mp4", "ffconcat version 1.0\nfile /etc/passwd\n", "a list of files, not a sound"},
        {"sdp.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n", "(SDP)"},
        {"picture.m4a", "\x89PNG\r\n\x1a\n and so on", "an image, not a sound"},
        {"words.mkv", "WEBVTT\n\n00:00.000 --> 00:01.000\nwords\n", "subtitles, not a sound"},
        {"page.m4a", "<!doctype html><title>404</title>", "a web page, not a sound"},
        {"dash.mp4", "<?xml version=\"1.0\"?><MPD></MPD>", "an XML document, not a sound"},
        {"notes.mp4", "MThd and so on and so on", "notes (MIDI), not a sound"},
        {"unknown.m4a", "no such format is known here", "and with FFmpeg's libraries MP4, AAC"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        test_text_write(test_path(test_folder, files[i].name), files[i].text);
        expect(files[i].name, files[i].reason);
    }
}

static void no_sound_in_it(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    expect(GOLDEN "/no_sound.mp4", "there is no sound in it; leave it out");
}

/* Of which libsndfile reads the first. */
static void streams_one_after_the_other(void **state) {
    (void)state;
    NEEDS_PLUGIN();
    struct decoded decoded = {0};
    size_t size;
    unsigned char *bytes = test_file_read("tests/golden/formats/vorbis_8.ogg", &size);
    unsigned char *twice = malloc(2 * size);
    const char *path = test_path(test_folder, "twice.ogg");
    assert_non_null(twice);
    memcpy(twice, bytes, size);
    memcpy(twice + size, bytes, size);
    test_file_write(path, bytes, size);
    decode(path, 0, 0, &decoded);
    const size_t frames = decoded.frames;
    test_file_write(path, twice, 2 * size);
    decode(path, 0, 0, &decoded);
    assert_int_equal(decoded.verdict.status, CLIP_OK);
    assert_true(frames > 0 && decoded.frames > frames * 3 / 2);
    free(bytes);
    free(twice);
    decoded_free(&decoded);
}

/* In a program that loads it nowhere, as this one. */
static void without_the_plugin(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct decoded decoded = {0};
    decode_path(test_path(GOLDEN, "aac.m4a"), &as_they_come, &decoded, &error);
    assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
    assert_non_null(strstr(decoded.verdict.reason, "MP4 needs FFmpeg's libraries"));
    assert_non_null(strstr(decoded.verdict.reason, "libavformat-dev"));
    decoded_free(&decoded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_ffmpeg),          cmocka_unit_test(segments),
        cmocka_unit_test(cut_files),          cmocka_unit_test(flipped_bytes),
        cmocka_unit_test(what_is_no_sound),   cmocka_unit_test(no_sound_in_it),
        cmocka_unit_test(without_the_plugin), cmocka_unit_test(streams_one_after_the_other),
    };
    return cmocka_run_group_tests_name("ffmpeg", tests, begin, end);
}
