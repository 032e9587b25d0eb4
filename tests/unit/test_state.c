/* --state: an embedding whose clip has other samples now, though nothing of its file shows it; and
 * verdicts that are not the file's fault, which are not kept. */
#include "host/commands/commands.h"
#include "host/embedding/shard.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Where a shard's header has its key. */
#define SETTINGS_AT 24
#define COLUMNS_AT 40

/* EARMARK_EVERY_STEP (make test-failures) tries every step; otherwise one in STEP_STRIDE. */
#define STEP_STRIDE 11
#define TICK 0.6 /* see test_resume.c */

static struct corpus corpus;
static char expected[512], state_folder[512], out[512];

static struct child_result audit_with(const struct failure_plan *plan, const char *folder,
                                      const char *option, const char *value, const char *more) {
    const char *arguments[] = {"audit",   corpus.clips, "-o",   folder, "--model", corpus.model,
                               "--folds", "4",          option, value,  more,      NULL};
    return child_run(command_audit, arguments, plan);
}

static struct child_result audit(const char *folder, const char *option, const char *value,
                                 const char *more) {
    return audit_with(NULL, folder, option, value, more);
}

static int make_corpus(void **state) {
    (void)state;
    corpus_make(&corpus);
    snprintf(expected, sizeof expected, "%s", corpus_path(&corpus, "expected"));
    snprintf(state_folder, sizeof state_folder, "%s", corpus_path(&corpus, "state"));
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "out"));
    return audit(expected, NULL, NULL, NULL).code == EXIT_UNREADABLE_CLIPS ? 0 : -1;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

/* The first shard's first clip as it would be had other samples been embedded. */
static void change_a_clip(void) {
    char pattern[600];
    glob_t found;
    struct error error = ERROR_INITIAL;
    struct folder folder;
    struct shard shard;
    struct shard_key key = {.statistics = 0};
    unsigned char header[COLUMNS_AT + 8];
    bool fits = false;
    snprintf(pattern, sizeof pattern, "%s/*/*.shard", state_folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    FILE *file = fopen(found.gl_pathv[0], "rb");
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    fclose(file);
    memcpy(key.settings, header + SETTINGS_AT, sizeof key.settings);
    memcpy(&key.columns, header + COLUMNS_AT, sizeof key.columns);
    char *name = strrchr(found.gl_pathv[0], '/');
    *name++ = '\0';
    folder_open(found.gl_pathv[0], false, &folder, &error);
    shard_open(&folder, name, &key, &shard, &fits, &error);
    assert_no_error(&error);
    assert_true(fits);
    struct clip_facts *clips = malloc(shard.count * sizeof *clips);
    float *rows = malloc(shard.count * key.columns * sizeof *rows);
    memcpy(clips, shard.clips, shard.count * sizeof *clips);
    memcpy(rows, shard.rows, shard.count * key.columns * sizeof *rows);
    clips[0].hash[0] ^= 1;
    for (size_t i = 0; i < key.columns; i++) rows[i] = 1;
    shard_write(&folder, name, &key, shard.device, shard.count, clips, rows, &error);
    assert_no_error(&error);
    shard_close(&shard);
    folder_close(&folder);
    free(clips);
    free(rows);
    globfree(&found);
}

static void test_verify_finds_other_samples(void **state) {
    (void)state;
    struct child_result result = audit(out, "--state", state_folder, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(expected, out);
    change_a_clip();
    corpus_remove_folder(out);
    result = audit(out, "--state", state_folder, "--verify");
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_said(&result, "warning: 1 clip had other samples");
    assert_same_run(expected, out);
    /* What was embedded again has taken its place. */
    corpus_remove_folder(out);
    result = audit(out, "--state", state_folder, "--verify");
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_null(strstr(result.said, "other samples"));
    assert_same_run(expected, out);
}

/* A night on which every read of one clip from the one of this number on fails like this; on the
 * next one the results are those of a fresh run. */
static void a_bad_night(const char *clip, int kind, int at) {
    char path[600];
    snprintf(path, sizeof path, "%s", corpus_path(&corpus, clip));
    const struct failure_plan plan = {
        .under = path, .calls = FAIL_READ, .kind = kind, .at = at, .sticky = true};
    corpus_remove_folder(state_folder);
    corpus_remove_folder(out);
    struct child_result result = audit_with(&plan, out, "--state", state_folder, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    corpus_remove_folder(out);
    result = audit(out, "--state", state_folder, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(expected, out);
}

static void what_failed_is_tried_again(void **state) {
    static const char *const clips[] = {"clips/class1/clip03.wav", "clips/class1/short.wav",
                                        "clips/class1/truncated.wav", "clips/class2/text.wav",
                                        "clips/class1/clip02.flac"};
    (void)state;
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++)
        for (int at = 1; at <= 3; at++) a_bad_night(clips[i], EIO, at);
    a_bad_night(clips[0], FAIL_CRASH, 1);
    a_bad_night(clips[0], FAIL_CRASH, 2);
}

/* Killed at any call on the folder, or refused it: the next run gives the results of a fresh one.
 */
static void a_run_that_ends_at_any_step(void **state) {
    int stride = getenv("EARMARK_EVERY_STEP") != NULL ? 1 : STEP_STRIDE, steps = 0;
    (void)state;
    corpus_remove_folder(state_folder);
    for (int at = 1; at < 10000; at += stride, steps++) {
        const struct failure_plan plan = {.under = state_folder,
                                          .calls = FAIL_ALL,
                                          .kind = steps % 2 == 0 ? FAIL_KILL : EIO,
                                          .at = at,
                                          .tick = TICK};
        corpus_remove_folder(state_folder);
        corpus_remove_folder(out);
        struct child_result result = audit_with(&plan, out, "--state", state_folder, NULL);
        if (result.signal != SIGKILL && result.calls < at) break; /* it ended before */
        corpus_remove_folder(out);
        result = audit(out, "--state", state_folder, NULL);
        assert_code(&result, EXIT_UNREADABLE_CLIPS);
        assert_same_run(expected, out);
    }
    assert_true(steps > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verify_finds_other_samples),
                                       cmocka_unit_test(what_failed_is_tried_again),
                                       cmocka_unit_test(a_run_that_ends_at_any_step)};
    return cmocka_run_group_tests_name("state", tests, make_corpus, drop_corpus);
}
