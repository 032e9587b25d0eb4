/* Every read of every kind of sound file fails in turn: the clip has all its samples, or a
 * status with the system's message; never wrong samples, and never a reason that does not apply
 * to the file. */
#include "host/sound/decode.h"
#include "tests/support/compare.h"
#include "tests/support/decode_path.h"
#include "tests/support/injected_failures.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)24000)

/* libsndfile leaks memory of libvorbis if the headers of a stream cannot be read to their end.
 * Other leaks are still reported. */
const char *__lsan_default_suppressions(void);  /* NOLINT(bugprone-reserved-identifier) */
const char *__lsan_default_suppressions(void) { /* NOLINT(bugprone-reserved-identifier) */
    return "leak:vorbis_info_init\n";
}

static const struct decode_settings usual = {.model_rate = 16000, .minimum_samples = 480};

static const struct {
    const char *name;
    int format;
    size_t cut; /* bytes taken from the end */
} files[] = {
    {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0},
    {"wav, cut short", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 20000},
    {"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 0},
    {"rf64, cut short", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 20000},
    {"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 0},
    {"aiff, cut short", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 20000},
    {"au", SF_FORMAT_AU | SF_FORMAT_FLOAT, 0},
    {"au, cut short", SF_FORMAT_AU | SF_FORMAT_FLOAT, 20000},
    {"adpcm", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 0},
    {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0},
    {"vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0},
    {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 0},
    {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0},
};

/* Returns the number of reads. */
static int decode(const char *path, const struct failure_plan *plan, struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    failures_arm(plan);
    decode_path(path, &usual, decoded, &error);
    int count = failures_count();
    failures_arm(NULL);
    assert_no_error(&error);
    return count;
}

/* Returns how many of them left the clip unchanged. */
static int refuse_each(const char *name, const char *path, bool sticky, int count,
                       const struct decoded *whole, struct failure_plan plan) {
    struct decoded decoded = {0};
    int unharmed = 0;
    plan.kind = EIO;
    plan.sticky = sticky;
    for (plan.at = 1; plan.at <= count; plan.at++) {
        decode(path, &plan, &decoded);
        bool same = decoded.verdict.status == whole->verdict.status &&
                    strcmp(decoded.verdict.reason, whole->verdict.reason) == 0 &&
                    memcmp(decoded.facts.hash, whole->facts.hash, sizeof decoded.facts.hash) == 0;
        bool reported = decoded.verdict.status == CLIP_UNREADABLE &&
                        strstr(decoded.verdict.reason, strerror(EIO)) != NULL;
        if (!same && !reported)
            fail_msg("%s, read %d of %d%s: %s: '%s'", name, plan.at, count,
                     sticky ? " and all after it" : "", clip_status_name(decoded.verdict.status),
                     decoded.verdict.reason);
        unharmed += same;
    }
    decoded_free(&decoded);
    return unharmed;
}

static void test_every_read(void **state) {
    (void)state;
    static int16_t noise[FRAMES];
    static float samples[FRAMES];
    signal_noise(noise, FRAMES, 9);
    for (size_t i = 0; i < FRAMES; i++) samples[i] = (float)noise[i] / 32768.0F;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        const char *path = test_path(test_folder, "sound");
        struct decoded whole = {0};
        struct failure_plan plan = {.under = test_folder, .calls = FAIL_READ};
        size_t size = 0;
        test_sound_float(path, files[f].format, 16000, 1, samples, FRAMES);
        free(test_file_read(path, &size));
        if (files[f].cut > 0) test_file_cut(path, size - files[f].cut);
        int count = decode(path, &plan, &whole);
        assert_int_equal(whole.verdict.status, files[f].cut > 0 ? CLIP_TRUNCATED : CLIP_OK);
        assert_true(count > (files[f].cut == 0)); /* the first read shows that it is cut */
        refuse_each(files[f].name, path, false, count, &whole, plan);
        /* One failure at the beginning may be overcome, but not if all reads fail. */
        int unharmed = refuse_each(files[f].name, path, true, count, &whole, plan);
        if (unharmed == count) fail_msg("%s: no refused read was noticed", files[f].name);
        decoded_free(&whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_read)};
    return cmocka_run_group_tests_name("read errors", tests, test_folder_begin, test_folder_end);
}
