/* False headers under a limit of memory: the channels, rate and length that a file of a few
 * kilobytes claims must not decide how much is allocated. Every file is decoded in a process
 * with a limit, which no allocation may exceed. */
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)2000)

/* What decoding may allocate beyond the memory of the process. libFLAC trusts the 24-bit length
 * of a metadata block, which gives 22 MiB for a seek table; a 32-bit length must not be trusted. */
#define ROOM ((rlim_t)32 << 20)

/* For samples of files of at most 32 kB: sixteen times that size, and memory for resampling. */
#define MOST_SAMPLES ((size_t)2 << 20)

static char *folder;
static float samples[FRAMES * 2];
static size_t reserved; /* the largest size that any clip requested */

static bool note_reserve(void *context, size_t bytes) {
    (void)context;
    if (bytes > reserved) reserved = bytes;
    return true;
}

static const struct decode_settings usual = {
    .model_rate = 16000, .minimum_samples = 480, .measure = true, .reserve = note_reserve};

static int make_folder(void **state) {
    (void)state;
    folder = test_folder_make();
    for (size_t i = 0; i < FRAMES * 2; i++)
        samples[i] = (float)(signal_hash(1, 2, (uint32_t)i) % 60000) / 32768.0F - 0.9F;
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* ---- a process with a limit ---- */

/* AddressSanitizer needs memory itself; it limits each allocation instead, which fails like others:
 * libsndfile asks for a table of ALAC's packets, as long as the header says, and goes on without.
 */
const char *__asan_default_options(void);  /* NOLINT: the name is AddressSanitizer's */
const char *__asan_default_options(void) { /* NOLINT */
    return "max_allocation_size_mb=32:allocator_may_return_null=1";
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static void limit_memory(void) {
    size_t pages = 0; /* of data: the sixth number; address space may be reserved but unused */
    FILE *self = fopen("/proc/self/statm", "r");
    if (self == NULL || fscanf(self, "%*u %*u %*u %*u %*u %zu", &pages) != 1) _exit(2);
    fclose(self);
    rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ROOM;
    const struct rlimit limit = {most, most};
    if (!SANITIZED && setrlimit(RLIMIT_DATA, &limit) != 0) _exit(2);
    /* libmpg123 prints warnings about each file. */
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(2);
}

/* Checks that the limit works. */
static void check_limit(void) {
    if (SANITIZED) return;
    void *volatile too_much = malloc((size_t)ROOM + ((size_t)1 << 20));
    if (too_much != NULL) _exit(6);
}

/* Decodes the file and returns its status; ends the process if memory ran out. */
static enum clip_status decode_limited(const char *path, struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    if (decode_path(path, &usual, decoded, &error) != ERROR_NONE) {
        printf("# %s: %s\n", path, error.message);
        fflush(stdout);
        _exit(3);
    }
    if (strstr(decoded->verdict.reason, "alloc") != NULL ||
        strstr(decoded->verdict.reason, "memory") != NULL || reserved > MOST_SAMPLES) {
        printf("# %s: %zu bytes of samples; %s\n", path, reserved, decoded->verdict.reason);
        fflush(stdout);
        _exit(4);
    }
    return decoded->verdict.status;
}

static void expect_success(pid_t child) {
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- false values at every position of every header ---- */

static const struct {
    const char *name;
    int format;
    int channels;
    size_t header; /* bytes at its start that are changed */
} kinds[] = {
    {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 64},
    {"extensible", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 2, 96},
    {"float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2, 96},
    {"ms", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 2, 112},
    {"ima", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 1, 80},
    {"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 1, 128},
    {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2, 128},
    {"vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 2, 160},
    {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 2, 128},
    {"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 1, 80},
    {"aifc", SF_FORMAT_AIFF | SF_FORMAT_FLOAT, 1, 128},
    {"au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 1, 32},
    {"gsm", SF_FORMAT_WAV | SF_FORMAT_GSM610, 1, 80},
    {"w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 2, 128},
    {"caf", SF_FORMAT_CAF | SF_FORMAT_PCM_24, 1, 96},
    {"alac", SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 2, 160},
    {"avr", SF_FORMAT_AVR | SF_FORMAT_PCM_16, 2, 64},
    {"sphere", SF_FORMAT_NIST | SF_FORMAT_PCM_16, 1, 160},
    {"ircam", SF_FORMAT_IRCAM | SF_FORMAT_PCM_16, 2, 32},
    {"paf", SF_FORMAT_PAF | SF_FORMAT_PCM_16, 2, 32},
    {"pvf", SF_FORMAT_PVF | SF_FORMAT_PCM_16, 1, 24},
    {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 1, 160},
};

static const struct {
    size_t size;
    unsigned char bytes[8];
} changes[] = {{1, {0x00}},
               {1, {0x7f}},
               {1, {0xff}},
               {2, {0x00, 0x00}},
               {2, {0xff, 0xff}},
               {2, {0x04, 0x00}},
               /* A block of FLAC: an application's, a seek table, comments, a picture. */
               {4, {0x02, 0xff, 0xff, 0xff}},
               {4, {0x03, 0xff, 0xff, 0xff}},
               {4, {0x04, 0xff, 0xff, 0xff}},
               {4, {0x06, 0xff, 0xff, 0xff}},
               {4, {0xff, 0xff, 0xff, 0xff}},
               {4, {0x7f, 0xff, 0xff, 0xff}},
               {4, {0xff, 0xff, 0xff, 0x7f}},
               {4, {0x00, 0x00, 0x00, 0x40}},
               {8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}}};

static void lie_everywhere(size_t kind, const unsigned char *bytes, size_t size, size_t *counts) {
    const char *path = test_path(folder, kinds[kind].name);
    unsigned char *spoiled = malloc(size);
    struct decoded decoded = {0};
    for (size_t place = 0; place < kinds[kind].header && place + 8 < size; place++)
        for (size_t changed = 0; changed < sizeof changes / sizeof changes[0]; changed++) {
            memcpy(spoiled, bytes, size);
            memcpy(spoiled + place, changes[changed].bytes, changes[changed].size);
            test_file_write(path, spoiled, size);
            counts[decode_limited(path, &decoded)]++;
        }
    decoded_free(&decoded);
    free(spoiled);
}

static void every_place(void **state) {
    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        size_t size = 0;
        const char *path = test_path(folder, kinds[kind].name);
        test_sound_float(path, kinds[kind].format, 16000, kinds[kind].channels, samples, FRAMES);
        unsigned char *bytes = test_file_read(path, &size);
        assert_in_range(size, 200, 32000);
        pid_t child = fork();
        if (child == 0) {
            size_t counts[CLIP_STATUS_COUNT] = {0};
            limit_memory();
            check_limit();
            lie_everywhere(kind, bytes, size, counts);
            /* Some changes must be detected; some bytes have no effect. */
            _exit(counts[CLIP_UNREADABLE] > 0 && counts[CLIP_OK] > 0 ? 0 : 5);
        }
        expect_success(child);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place),
    };
    return cmocka_run_group_tests_name("false headers", tests, make_folder, remove_folder);
}
