/* The operating system refuses at every call in turn: the run says what and where,
 * exits with the right code, loses nothing, and goes on to the bytes of a run that
 * nothing disturbed. */
#include "host/base/file.h"
#include "host/commands/commands.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Every call is tried with EARMARK_EVERY_STEP set (make test-faults), else one in so many. */
#ifdef __SANITIZE_ADDRESS__ /* slow enough without doing all again */
#define STEP_STRIDE 37
#else
#define STEP_STRIDE 11
#endif
#define TICK 0.06

static struct corpus corpus;
static char expected[512];
static char out[512];

static struct child_result audit(const char *folder, const struct fault_plan *plan) {
    const char *arguments[] = {"audit",   corpus.clips, "-o",        folder,
                               "--model", corpus.model, "--threads", "2",
                               "--folds", "4",          NULL};
    return child_run(command_audit, arguments, plan);
}

static int make_corpus(void **state) {
    (void)state;
    corpus_make(&corpus);
    snprintf(expected, sizeof expected, "%s", corpus_path(&corpus, "expected"));
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "out"));
    return audit(expected, NULL).code == EXIT_UNREADABLE_CLIPS ? 0 : -1;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

/* From one call that is tried to the next, of so many; three are tried at least. */
static int stride(int count) {
    if (getenv("EARMARK_EVERY_STEP") != NULL || count < 3) return 1;
    return count / 3 < STEP_STRIDE ? count / 3 : STEP_STRIDE;
}

/* Without faults the run ends as if nothing had happened. */
static void finish(void) {
    struct child_result result = audit(out, NULL);
    bool done = strstr(result.said, "holds the files of a finished run") != NULL;
    if (!(result.code == EXIT_UNREADABLE_CLIPS || (result.code == EXIT_FATAL && done)))
        fail_msg("exit code %d, signal %d: %s", result.code, result.signal, result.said);
    assert_same_run(expected, out);
    corpus_remove_folder(out);
}

static int count_calls(const char *under, unsigned calls) {
    struct fault_plan plan = {.under = under, .calls = calls, .tick = TICK};
    struct child_result result = audit(out, &plan);
    assert_int_equal(result.code, EXIT_UNREADABLE_CLIPS);
    corpus_remove_folder(out);
    assert_true(result.calls > 0);
    return result.calls;
}

/* One run with a fault; true when it failed, and then it said why and where. */
static bool fails_well(const struct fault_plan *plan) {
    struct child_result result = audit(out, plan);
    if (result.signal != 0) fail_msg("call %d: signal %d", plan->at, result.signal);
    if (result.code == EXIT_UNREADABLE_CLIPS) {
        assert_same_run(expected, out);
        return false;
    }
    if (result.code != EXIT_FATAL || strstr(result.said, strerror(plan->kind)) == NULL ||
        strstr(result.said, plan->under) == NULL)
        fail_msg("call %d: exit code %d: %s", plan->at, result.code, result.said);
    return true;
}

/* Every call of these kinds in turn; `must_fail`: none of them may be overlooked. */
static void refuse_each(unsigned calls, int kind, bool sticky, bool must_fail) {
    int count = count_calls(out, calls), failed = 0;
    for (int at = 1; at <= count; at += stride(count)) {
        const struct fault_plan plan = {
            .under = out, .calls = calls, .kind = kind, .at = at, .sticky = sticky, .tick = TICK};
        bool bad = fails_well(&plan);
        /* The last calls may not come: the number of shards depends on time. */
        if (must_fail && !bad && at + 16 < count)
            fail_msg("'%s' at call %d of %d was overlooked", strerror(kind), at, count);
        failed += bad;
        finish();
    }
    assert_true(failed > 0);
}

static void test_full_disk(void **state) {
    (void)state;
    refuse_each(FAULT_WRITE, ENOSPC, false, true);
    refuse_each(FAULT_WRITE, ENOSPC, true, true);
}

static void test_disk_errors(void **state) {
    (void)state;
    refuse_each(FAULT_WRITE, EIO, false, true);
    refuse_each(FAULT_FSYNC, EIO, false, true);
    refuse_each(FAULT_RENAME, EIO, false, true);
    refuse_each(FAULT_CLOSE, EIO, false, false);
    refuse_each(FAULT_LIST, ESTALE, false, true);
}

static void test_folder_without_permission(void **state) {
    (void)state;
    refuse_each(FAULT_MKDIR, EROFS, false, true);
    refuse_each(FAULT_OPEN, EACCES, false, true);
    refuse_each(FAULT_OPEN, EMFILE, true, true);
}

/* What is only tidied up may stay: said, or left for the next run. */
static void test_files_that_cannot_be_removed(void **state) {
    (void)state;
    refuse_each(FAULT_UNLINK, EACCES, false, false);
}

/* Nothing that is to be noticed at all. */
static void run_through(int kind, bool sticky) {
    int count =
        sticky ? 1
               : count_calls(out, FAULT_ALL & ~(unsigned)(FAULT_UNLINK | FAULT_MKDIR | FAULT_LIST));
    for (int at = 1; at <= count; at += stride(count)) {
        const struct fault_plan plan = {
            .under = out,
            .calls = FAULT_ALL & ~(unsigned)(FAULT_UNLINK | FAULT_MKDIR | FAULT_LIST),
            .kind = kind,
            .at = at,
            .sticky = sticky,
            .tick = TICK};
        struct child_result result = audit(out, &plan);
        if (result.code != EXIT_UNREADABLE_CLIPS)
            fail_msg("call %d: exit code %d: %s", at, result.code, result.said);
        assert_same_run(expected, out);
        corpus_remove_folder(out);
    }
}

static void test_short_writes(void **state) {
    (void)state;
    run_through(FAULT_SHORT_WRITE, true);
}

static void test_interrupted_calls(void **state) {
    (void)state;
    run_through(EINTR, false);
}

static bool file_says(const char *name, const char *words) {
    struct error error = ERROR_INITIAL;
    char path[600], *data = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", out, name);
    assert_int_equal(file_read(path, SIZE_MAX / 4, &data, &size, &error), ERROR_NONE);
    bool says = strstr(data, words) != NULL;
    free(data);
    return says;
}

/* A sound that cannot be read is its clip's row, with the system's reason, or is read
 * at the second attempt; it is never another sound. */
static void refuse_sounds(unsigned calls, int kind) {
    int count = count_calls(corpus.clips, calls), told = 0;
    for (int at = 1; at <= count; at += stride(count)) {
        const struct fault_plan plan = {
            .under = corpus.clips, .calls = calls, .kind = kind, .at = at};
        struct child_result result = audit(out, &plan);
        if (result.code != EXIT_UNREADABLE_CLIPS)
            fail_msg("call %d: exit code %d: %s", at, result.code, result.said);
        /* The page decodes the clips that it plays once more. */
        if (file_says("clips.csv", strerror(kind)) || file_says("report.html", strerror(kind)))
            told++;
        else
            assert_same_run(expected, out);
        corpus_remove_folder(out);
    }
    assert_true(told > 0);
}

static void test_sounds_that_cannot_be_read(void **state) {
    (void)state;
    refuse_sounds(FAULT_READ, EIO);
    refuse_sounds(FAULT_OPEN, ESTALE);
}

static void test_no_sound_can_be_read(void **state) {
    (void)state;
    const struct fault_plan plan = {
        .under = corpus.clips, .calls = FAULT_READ, .kind = EIO, .at = 1, .sticky = true};
    struct child_result result = audit(out, &plan);
    assert_int_equal(result.code, EXIT_FATAL);
    assert_non_null(strstr(result.said, "none of the"));
    assert_non_null(strstr(result.said, strerror(EIO)));
    finish();
}

/* That too many files are open is no clip's fault: the run ends, and goes on later. */
static void test_too_many_open_files(void **state) {
    (void)state;
    int count = count_calls(corpus.clips, FAULT_OPEN);
    for (int at = 1; at <= count; at += stride(count)) {
        const struct fault_plan plan = {.under = corpus.clips,
                                        .calls = FAULT_OPEN,
                                        .kind = EMFILE,
                                        .at = at,
                                        .sticky = true,
                                        .tick = TICK};
        struct child_result result = audit(out, &plan);
        assert_int_equal(result.code, EXIT_FATAL);
        assert_non_null(strstr(result.said, strerror(EMFILE)));
        assert_non_null(strstr(result.said, "ulimit -n"));
        assert_non_null(strstr(result.said, corpus.clips));
        finish();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_disk_errors),
        cmocka_unit_test(test_folder_without_permission),
        cmocka_unit_test(test_files_that_cannot_be_removed),
        cmocka_unit_test(test_short_writes),
        cmocka_unit_test(test_interrupted_calls),
        cmocka_unit_test(test_sounds_that_cannot_be_read),
        cmocka_unit_test(test_no_sound_can_be_read),
        cmocka_unit_test(test_too_many_open_files),
    };
    return cmocka_run_group_tests_name("faults", tests, make_corpus, drop_corpus);
}
