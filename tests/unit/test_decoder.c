/* Decoder processes: the same results as decoding in this process, for any file; a codec that
 * breaks its process loses only that file; no process is left at the end. */
#include "host/sound/decoder.h"
#include "tests/support/decode_path.h"
#include "tests/support/injected_failures.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define SHORT ((size_t)9000)
#define LONG ((size_t)3500000) /* 7 MB of int16: requested, and copied in pieces */

static char *folder;
static const struct decode_settings usual = {
    .model_rate = 16000, .measure = true, .minimum_samples = 480};

static int make_files(void **state) {
    (void)state;
    int16_t *noise = malloc(LONG * sizeof *noise);
    assert_non_null(noise);
    signal_noise(noise, LONG, 5);
    folder = test_folder_make();
    test_sound_int16(test_path(folder, "fine.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                     noise, SHORT);
    test_sound_int16(test_path(folder, "bad.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                     noise, SHORT);
    test_sound_int16(test_path(folder, "rate.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 37800, 2,
                     noise, SHORT / 2);
    test_sound_int16(test_path(folder, "lossy.ogg"), SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000, 1,
                     noise, SHORT);
    test_sound_int16(test_path(folder, "long.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1,
                     noise, LONG);
    test_sound_int16(test_path(folder, "cut.flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1,
                     noise, LONG);
    test_file_cut(test_path(folder, "cut.flac"), 3000000);
    memset(noise, 0, SHORT * sizeof *noise);
    test_sound_int16(test_path(folder, "silent.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                     noise, SHORT);
    test_text_write(test_path(folder, "text.wav"), "this is no sound\n");
    free(noise);
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : -1;
}

static int remove_files(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static struct decoders *open_decoders(int count) {
    struct error error = ERROR_INITIAL;
    struct decoders *decoders = NULL;
    if (decoders_open(count, &decoders, &error) != ERROR_NONE) fail_msg("%s", error.message);
    return decoders;
}

/* Orphans of our children become our children, so that any process left over is found. */
static void assert_no_process_left(void) {
    pid_t ended;
    do ended = waitpid(-1, NULL, WNOHANG);
    while (ended > 0);
    assert_int_equal(ended, -1);
    assert_int_equal(errno, ECHILD);
}

static void decode(struct decoders *decoders, int index, const char *name,
                   struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    decoders_decode_path(decoders, index, test_path(folder, name), &usual, decoded, &error);
    if (error.code != ERROR_NONE) fail_msg("%s: %s", name, error.message);
}

static void expect_reason(const struct decoded *decoded, const char *words) {
    if (decoded->verdict.status != CLIP_UNREADABLE ||
        strstr(decoded->verdict.reason, words) == NULL)
        fail_msg("status %d, '%s' instead of '%s'", decoded->verdict.status,
                 decoded->verdict.reason, words);
    assert_null(decoded->samples);
}

static void expect_fine(struct decoders *decoders, int index) {
    struct decoded decoded = {0};
    decode(decoders, index, "fine.wav", &decoded);
    assert_int_equal(decoded.verdict.status, CLIP_OK);
    assert_int_equal(decoded.frames, SHORT);
    decoded_free(&decoded);
}

/* ---- the same results as in this process ---- */

static void compare(const struct decoded *found, const struct decoded *wanted, const char *name) {
    if (found->verdict.status != wanted->verdict.status ||
        strcmp(found->verdict.reason, wanted->verdict.reason) != 0)
        fail_msg("%s: %d '%s' instead of %d '%s'", name, found->verdict.status,
                 found->verdict.reason, wanted->verdict.status, wanted->verdict.reason);
    assert_int_equal(found->facts.rate, wanted->facts.rate);
    assert_int_equal(found->facts.channels, wanted->facts.channels);
    assert_string_equal(found->source_kind, wanted->source_kind);
    assert_memory_equal(&found->facts.sound, &wanted->facts.sound, sizeof found->facts.sound);
    if (wanted->verdict.status != CLIP_OK && wanted->verdict.status != CLIP_SILENT) return;
    assert_int_equal(found->frames, wanted->frames);
    assert_int_equal(found->rate, wanted->rate);
    assert_int_equal(found->channels, wanted->channels);
    assert_int_equal(found->format, wanted->format);
    assert_int_equal(found->bytes, wanted->bytes);
    assert_memory_equal(found->facts.hash, wanted->facts.hash, sizeof found->facts.hash);
    assert_memory_equal(found->samples, wanted->samples, found->bytes);
}

static void same_as_here(void **state) {
    (void)state;
    static const char *const names[] = {"long.flac", "fine.wav",   "rate.wav", "lossy.ogg",
                                        "cut.flac",  "silent.wav", "text.wav", "missing.wav"};
    struct decoders *decoders = open_decoders(2);
    struct decoded found = {0}, here = {0};
    assert_int_equal(decoders_count(decoders), 2);
    for (size_t i = 0; i < 3 * sizeof names / sizeof names[0]; i++) {
        const char *name = names[i * 5 % (sizeof names / sizeof names[0])];
        struct error error = ERROR_INITIAL;
        decode(decoders, (int)i % 2, name, &found);
        assert_int_equal(decode_path(test_path(folder, name), &usual, &here, &error), ERROR_NONE);
        compare(&found, &here, name);
    }
    /* A path that is too long for the system. */
    struct error error = ERROR_INITIAL;
    char *path = malloc(PATH_MAX + 10);
    assert_non_null(path);
    memset(path, 'x', PATH_MAX + 9);
    path[PATH_MAX + 9] = '\0';
    assert_int_equal(decoders_decode_path(decoders, 0, path, &usual, &found, &error), ERROR_NONE);
    expect_reason(&found, strerror(ENAMETOOLONG));
    free(path);
    assert_int_equal(
        decoders_decode_path(decoders, 2, test_path(folder, "fine.wav"), &usual, &found, &error),
        ERROR_INTERNAL);
    decoded_free(&found);
    decoded_free(&here);
    decoders_close(decoders);
    assert_no_process_left();
}

/* ---- codecs that break their process ---- */

/* At the read of this number, or from it on. */
static void arm(const char *name, int kind, int at, bool sticky) {
    static char path[512];
    snprintf(path, sizeof path, "%s", test_path(folder, name));
    const struct failure_plan plan = {
        .under = path, .calls = FAIL_READ, .kind = kind, .at = at, .sticky = sticky};
    failures_arm(&plan);
}

static void costs_only_its_file(int kind, int at, int rounds, const char *words) {
    arm("bad.wav", kind, at, true);
    struct decoders *decoders = open_decoders(2);
    struct decoded decoded = {0};
    for (int round = 0; round < rounds; round++) { /* a new process, and a used one */
        decode(decoders, round, "bad.wav", &decoded);
        expect_reason(&decoded, words);
        assert_int_equal(decoded.verdict.lasts, 0);
        expect_fine(decoders, round);
        expect_fine(decoders, 1);
    }
    decoded_free(&decoded);
    decoders_close(decoders);
    failures_arm(NULL);
    assert_no_process_left();
}

static void crashes(void **state) {
    (void)state;
    costs_only_its_file(FAIL_CRASH, 1, 2, "the decoder crashed (SIGSEGV)");
    costs_only_its_file(FAIL_CRASH, 2, 2, "the decoder crashed (SIGSEGV)");
}

static void endless_loops(void **state) {
    (void)state;
    setenv("EARMARK_DECODER_SECONDS", "1", 1);
    costs_only_its_file(FAIL_LOOP, 2, 1, "took more than 1 s of processor time");
    unsetenv("EARMARK_DECODER_SECONDS");
}

static void memory_eaters(void **state) {
    (void)state;
    costs_only_its_file(FAIL_MEMORY, 2, 2, "needs more than 1024 MiB of memory");
}

/* An earlier file may have broken the process: with a new one the file is fine. */
static void tried_again_in_a_new_process(void **state) {
    (void)state;
    const int kinds[] = {FAIL_CRASH, FAIL_MEMORY};
    for (size_t i = 0; i < 2; i++) {
        arm("bad.wav", kinds[i], 2, false);
        struct decoders *decoders = open_decoders(1);
        struct decoded decoded = {0};
        expect_fine(decoders, 0);
        decode(decoders, 0, "bad.wav", &decoded);
        assert_int_equal(decoded.verdict.status, CLIP_OK);
        assert_int_equal(decoded.frames, SHORT);
        decoded_free(&decoded);
        decoders_close(decoders);
        failures_arm(NULL);
    }
    assert_no_process_left();
}

static void bounds_from_the_environment(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "0", "-1", "5s", "1000001"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = ERROR_INITIAL;
        struct decoders *decoders = NULL;
        setenv("EARMARK_DECODER_SECONDS", wrong[i], 1);
        assert_int_equal(decoders_open(1, &decoders, &error), ERROR_USAGE);
        assert_null(decoders);
    }
    unsetenv("EARMARK_DECODER_SECONDS");
    assert_no_process_left();
}

/* ---- giving up ---- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool refuse(void *context, size_t bytes) {
    *(size_t *)context = bytes;
    return false;
}

static bool until(void *context, size_t frames) {
    (void)frames;
    return now() < *(double *)context;
}

static void giving_up(void **state) {
    (void)state;
    arm("bad.wav", FAIL_LOOP, 2, true);
    struct decoders *decoders = open_decoders(1);
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = usual;
    size_t refused = 0;
    settings.reserve = refuse;
    settings.context = &refused;
    for (int round = 0; round < 2; round++) {
        const char *name = round == 0 ? "long.flac" : "fine.wav";
        error.code = ERROR_NONE;
        decoders_decode_path(decoders, 0, test_path(folder, name), &settings, &decoded, &error);
        assert_int_equal(error.code, ERROR_STOPPED);
        assert_true(refused >= SHORT * sizeof(int16_t));
        expect_fine(decoders, 0); /* it continues with others */
    }
    double end = now() + 0.2;
    settings = usual;
    settings.goes_on = until;
    settings.context = &end;
    error.code = ERROR_NONE;
    decoders_decode_path(decoders, 0, test_path(folder, "bad.wav"), &settings, &decoded, &error);
    assert_int_equal(error.code, ERROR_STOPPED);
    double before = now();
    decoders_close(decoders); /* while it loops */
    assert_true(now() - before < 1.0);
    decoded_free(&decoded);
    failures_arm(NULL);
    assert_no_process_left();
}

/* The result of a clip that was given up arrives later and must not be taken for the next one. */
static void late_answers(void **state) {
    (void)state;
    arm("bad.wav", FAIL_SLOW, 2, false);
    struct decoders *decoders = open_decoders(1);
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    struct decode_settings settings = usual;
    double end = now();
    settings.goes_on = until;
    settings.context = &end;
    decoders_decode_path(decoders, 0, test_path(folder, "bad.wav"), &settings, &decoded, &error);
    assert_int_equal(error.code, ERROR_STOPPED);
    decode(decoders, 0, "rate.wav", &decoded);
    assert_int_equal(decoded.source_frames, SHORT / 2);
    decoded_free(&decoded);
    decoders_close(decoders);
    failures_arm(NULL);
}

/* ---- ends and signals ---- */

/* Starts a process that reports when it has begun. */
static _Noreturn void loop_forever(int said) {
    setpgid(0, 0);
    struct decoders *decoders = open_decoders(3);
    struct decoded decoded = {0};
    for (int i = 0; i < 3; i++) expect_fine(decoders, i);
    if (write(said, "x", 1) != 1) _exit(1);
    decode(decoders, 1, "bad.wav", &decoded);
    _exit(1);
}

/* The program is killed while a decoder loops and others wait, or somebody stopped them all: they
 * end with it. */
static void expect_ends(bool stopped) {
    int said[2];
    char byte;
    assert_int_equal(pipe(said), 0);
    arm("bad.wav", FAIL_LOOP, 2, true);
    fflush(NULL);
    pid_t program = fork();
    assert_true(program >= 0);
    if (program == 0) loop_forever(said[1]);
    assert_int_equal(read(said[0], &byte, 1), 1);
    usleep(50000);
    if (stopped) kill(-program, SIGSTOP);
    kill(program, SIGKILL);
    /* The keepers, and the children of keepers that were killed before they could wait. */
    int ended = 0;
    for (double limit = now() + 5; now() < limit && (ended >= 0 || errno != ECHILD);) {
        ended = waitpid(-1, NULL, WNOHANG);
        if (ended == 0) usleep(1000);
    }
    failures_arm(NULL);
    close(said[0]);
    close(said[1]);
    assert_no_process_left();
}

static void end_with_the_program(void **state) {
    (void)state;
    expect_ends(false);
    expect_ends(true);
}

/* Decoders ignore signals that a terminal or a batch system sends to all processes. */
static void signals_to_the_group(void **state) {
    (void)state;
    const int numbers[] = {SIGINT, SIGTERM, SIGUSR1};
    fflush(NULL);
    pid_t program = fork();
    assert_true(program >= 0);
    if (program == 0) {
        setpgid(0, 0);
        struct decoders *decoders = open_decoders(2);
        for (int i = 0; i < 2; i++) expect_fine(decoders, i);
        for (size_t i = 0; i < 3; i++) {
            struct decoded decoded = {0};
            signal(numbers[i], SIG_IGN);
            kill(0, numbers[i]);
            for (int k = 0; k < 2; k++) decode(decoders, k, "fine.wav", &decoded);
            if (decoded.verdict.status != CLIP_OK) _exit(2);
            decoded_free(&decoded);
        }
        decoders_close(decoders);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(program, &status, 0), program);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_no_process_left();
}

int main(void) {
    alarm(300); /* a hang is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_here),
        cmocka_unit_test(crashes),
        cmocka_unit_test(endless_loops),
        cmocka_unit_test(memory_eaters),
        cmocka_unit_test(tried_again_in_a_new_process),
        cmocka_unit_test(bounds_from_the_environment),
        cmocka_unit_test(giving_up),
        cmocka_unit_test(late_answers),
        cmocka_unit_test(end_with_the_program),
        cmocka_unit_test(signals_to_the_group),
    };
    return cmocka_run_group_tests_name("decoder", tests, make_files, remove_files);
}
