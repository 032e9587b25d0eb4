/* Segments of sound files: exactly the samples that decoding the whole file gives, in every
 * format, and a reason if a segment is outside the file. */
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

#define FRAMES ((size_t)80000) /* 5 s at 16 kHz */

static char *folder;
static float samples[FRAMES * 2];

static const struct decode_settings usual = {.model_rate = 16000, .minimum_samples = 480};

static int make_folder(void **state) {
    (void)state;
    static int16_t noise[FRAMES * 2];
    folder = test_folder_make();
    signal_noise(noise, FRAMES * 2, 11);
    for (size_t i = 0; i < FRAMES * 2; i++) {
        const size_t frame = i / 2;
        samples[i] = 0.4F * (float)noise[i] / 32768.0F + 0.4F * sinf(0.05F * (float)frame);
    }
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void decode_segment(const char *path, double start, double end, struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = usual;
    settings.start_seconds = start;
    settings.end_seconds = end;
    if (decode_path(path, &settings, decoded, &error) != ERROR_NONE) fail_msg("%s", error.message);
}

static const struct {
    int format;
    int rate;
} formats[] = {
    {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000},         {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 44100},
    {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000},           {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000},
    {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 16000},      {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 16000},
    {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000},        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 48000},        {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 16000},
    {SF_FORMAT_AU | SF_FORMAT_PCM_16, 16000},          {SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000},
    {SF_FORMAT_W64 | SF_FORMAT_MS_ADPCM, 16000},       {SF_FORMAT_CAF | SF_FORMAT_FLOAT, 16000},
    {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 16000},        {SF_FORMAT_NIST | SF_FORMAT_PCM_16, 16000},
    {SF_FORMAT_AVR | SF_FORMAT_PCM_16, 44100},         {SF_FORMAT_IRCAM | SF_FORMAT_FLOAT, 16000},
    {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000},         {SF_FORMAT_OGG | SF_FORMAT_OPUS, 16000},
    {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000}};

static void same_samples_as_the_whole(void **state) {
    (void)state;
    const double segments[][2] = {{0, 0.1}, {0.1, 0.25}, {0.5, 0.75}, {1.001, 1.2}, {1, 0}, {0, 0}};
    struct decoded whole = {0};
    struct decoded segment = {0};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        for (int channels = 1; channels <= 2; channels++) {
            const char *path = test_path(folder, "sound");
            size_t sample_bytes = 0;
            test_sound_float(path, formats[i].format, formats[i].rate, channels, samples, FRAMES);
            decode_segment(path, 0, 0, &whole);
            assert_int_equal(whole.verdict.status, CLIP_OK);
            sample_bytes = whole.bytes / whole.frames;
            for (size_t p = 0; p < sizeof segments / sizeof segments[0]; p++) {
                decode_segment(path, segments[p][0], segments[p][1], &segment);
                if (segment.verdict.status != CLIP_OK)
                    fail_msg("format %zu: %s", i, segment.verdict.reason);
                size_t first = (size_t)lround(segments[p][0] * formats[i].rate);
                size_t last = (size_t)lround(segments[p][1] * formats[i].rate);
                if (segments[p][1] == 0) last = whole.frames;
                assert_int_equal(segment.frames, last - first);
                assert_int_equal(segment.source_frames, last - first);
                const unsigned char *expected = whole.samples;
                if (memcmp(segment.samples, expected + first * sample_bytes, segment.bytes) != 0)
                    fail_msg("format %zu, %d channels, segment %zu: other samples", i, channels, p);
                assert_true(segment.bytes == segment.frames * sample_bytes);
                assert_true(fabs(segment.facts.seconds - (double)segment.frames / formats[i].rate) <
                            1e-12);
            }
        }
    decoded_free(&whole);
    decoded_free(&segment);
}

/* The hash is of the segment, so that equal segments are found and others not. */
static void hash_of_a_segment(void **state) {
    (void)state;
    static int16_t twice[16000];
    uint64_t first[2];
    struct decoded decoded = {0};
    signal_noise(twice, 8000, 3);
    memcpy(twice + 8000, twice, 8000 * sizeof *twice);
    test_sound_int16(test_path(folder, "twice.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                     twice, 16000);
    decode_segment(test_path(folder, "twice.wav"), 0, 0.5, &decoded);
    memcpy(first, decoded.facts.hash, sizeof first);
    decode_segment(test_path(folder, "twice.wav"), 0.5, 0, &decoded);
    assert_memory_equal(first, decoded.facts.hash, sizeof first);
    decode_segment(test_path(folder, "twice.wav"), 0.25, 0.75, &decoded);
    assert_memory_not_equal(first, decoded.facts.hash, sizeof first);
    decode_segment(test_path(folder, "twice.wav"), 0, 0, &decoded);
    assert_memory_not_equal(first, decoded.facts.hash, sizeof first);
    decoded_free(&decoded);
}

static void refused(const char *name, double start, double end, enum clip_status status,
                    const char *words) {
    struct decoded decoded = {0};
    decode_segment(test_path(folder, name), start, end, &decoded);
    if (decoded.verdict.status != status || strstr(decoded.verdict.reason, words) == NULL)
        fail_msg("%s %g %g: status %d, '%s'", name, start, end, (int)decoded.verdict.status,
                 decoded.verdict.reason);
    decoded_free(&decoded);
}

static void segments_outside_the_file(void **state) {
    (void)state;
    const char *names[] = {"a.wav", "a.flac", "a.ogg", "a.mp3"};
    const int kinds[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                         SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                         SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    for (size_t i = 0; i < 4; i++) {
        test_sound_float(test_path(folder, names[i]), kinds[i], 16000, 1, samples, 32000);
        refused(names[i], 9, 10, CLIP_BAD_SEGMENT, "begins at 9 s, but ");
        refused(names[i], 9, 0, CLIP_BAD_SEGMENT, "begins at 9 s, but ");
        refused(names[i], 1, 5, CLIP_BAD_SEGMENT, "ends at 5 s, but the file is only ");
        refused(names[i], 0, 1e300, CLIP_BAD_SEGMENT, "ends at 1e+300 s");
        refused(names[i], 1e300, 0, CLIP_BAD_SEGMENT, "begins at 1e+300 s");
        refused(names[i], -1, 1, CLIP_BAD_SEGMENT, "from -1 s to 1 s is not a segment");
        refused(names[i], (double)NAN, 1, CLIP_BAD_SEGMENT, "is not a segment");
        refused(names[i], 1, (double)NAN, CLIP_BAD_SEGMENT, "is not a segment");
        refused(names[i], 1, 1, CLIP_BAD_SEGMENT, "is not a segment");
        refused(names[i], 1, 1.01, CLIP_TOO_SHORT, "too short: 160 samples");
        refused(names[i], 1, 2.01, CLIP_OK, ""); /* rounding in the manifest */
    }
    refused("a.wav", 2, 0, CLIP_BAD_SEGMENT, "begins at 2 s, but the file is only 2 s long");
    refused("a.wav", 1, 2.06, CLIP_BAD_SEGMENT, "ends at 2.06 s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_samples_as_the_whole),
        cmocka_unit_test(hash_of_a_segment),
        cmocka_unit_test(segments_outside_the_file),
    };
    return cmocka_run_group_tests_name("segment", tests, make_folder, remove_folder);
}
