/* --state: an embedding whose clip has other samples now, though nothing of its file shows it. */
#include "host/commands/commands.h"
#include "host/embedding/shard.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"

#include <glob.h>
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

static struct corpus corpus;
static char expected[512], state_folder[512], out[512];

static struct child_result audit(const char *folder, const char *option, const char *value,
                                 const char *more) {
    const char *arguments[] = {"audit",   corpus.clips, "-o",   folder, "--model", corpus.model,
                               "--folds", "4",          option, value,  more,      NULL};
    return child_run(command_audit, arguments, NULL);
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verify_finds_other_samples)};
    return cmocka_run_group_tests_name("state", tests, make_corpus, drop_corpus);
}
