/* Every system call fails in turn: the run reports what failed and where, exits with the right
 * code and loses nothing; run again, it ends with the same bytes as an undisturbed run. */
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

/* EARMARK_EVERY_STEP=1 (make test-failures) tries every call, =3 (make test-long) one in three;
 * otherwise one in STEP_STRIDE. */
#ifdef __SANITIZE_ADDRESS__ /* slow; the release build tries more */
#define STEP_STRIDE 97
#else
#define STEP_STRIDE 11
#endif
#define TICK 0.06

static struct corpus corpus;
static char expected[512];
static char out[512];

static struct child_result audit(const char *folder, const struct failure_plan *plan) {
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

/* Distance between the calls that are tried, out of `count`; at least three are tried. */
static int stride(int count) {
    const char *setting = getenv("EARMARK_EVERY_STEP");
    const int step = setting == NULL ? STEP_STRIDE : atoi(setting);
    if (step < 1 || count < 3) return 1;
    return count / 3 < step ? count / 3 : step;
}

/* Without failures the run ends with the expected bytes. */
static void finish(void) {
    struct child_result result = audit(out, NULL);
    bool done = strstr(result.said, "holds the files of a finished run") != NULL;
    if (!(result.code == EXIT_UNREADABLE_CLIPS || (result.code == EXIT_FATAL && done)))
        fail_msg("exit code %d, signal %d: %s", result.code, result.signal, result.said);
    assert_same_run(expected, out);
    corpus_remove_folder(out);
}

static int count_calls(const char *under, unsigned calls) {
    struct failure_plan plan = {.under = under, .calls = calls, .tick = TICK};
    struct child_result result = audit(out, &plan);
    assert_int_equal(result.code, EXIT_UNREADABLE_CLIPS);
    corpus_remove_folder(out);
    assert_true(result.calls > 0);
    return result.calls;
}

/* One run with an injected failure. True when the run failed; its message must then name the
 * error and the folder. */
static bool fails_well(const struct failure_plan *plan) {
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

/* Every call of these kinds fails in turn; `must_fail`: the run must report each of them. */
static void refuse_each(unsigned calls, int kind, bool sticky, bool must_fail) {
    int count = count_calls(out, calls), failed = 0;
    for (int at = 1; at <= count; at += stride(count)) {
        const struct failure_plan plan = {
            .under = out, .calls = calls, .kind = kind, .at = at, .sticky = sticky, .tick = TICK};
        bool bad = fails_well(&plan);
        /* The last calls may never happen: the number of shards depends on time. */
        if (must_fail && !bad && at + 16 < count)
            fail_msg("'%s' at call %d of %d was overlooked", strerror(kind), at, count);
        failed += bad;
        finish();
    }
    assert_true(failed > 0);
}

static void test_full_disk(void **state) {
    (void)state;
    refuse_each(FAIL_WRITE, ENOSPC, false, true);
    refuse_each(FAIL_WRITE, ENOSPC, true, true);
}

static void test_disk_errors(void **state) {
    (void)state;
    refuse_each(FAIL_WRITE, EIO, false, true);
    refuse_each(FAIL_FSYNC, EIO, false, true);
    refuse_each(FAIL_RENAME, EIO, false, true);
    refuse_each(FAIL_CLOSE, EIO, false, false);
    refuse_each(FAIL_LIST, ESTALE, false, true);
}

static void test_folder_without_permission(void **state) {
    (void)state;
    refuse_each(FAIL_MKDIR, EROFS, false, true);
    refuse_each(FAIL_OPEN, EACCES, false, true);
    refuse_each(FAIL_OPEN, EMFILE, true, true);
}

/* Files that are only tidied up may stay: reported, or left for the next run. */
static void test_files_that_cannot_be_removed(void **state) {
    (void)state;
    refuse_each(FAIL_UNLINK, EACCES, false, false);
}

/* Failures that must have no effect on the run. */
static void run_through(int kind, bool sticky) {
    int count =
        sticky ? 1 : count_calls(out, FAIL_ALL & ~(unsigned)(FAIL_UNLINK | FAIL_MKDIR | FAIL_LIST));
    for (int at = 1; at <= count; at += stride(count)) {
        const struct failure_plan plan = {
            .under = out,
            .calls = FAIL_ALL & ~(unsigned)(FAIL_UNLINK | FAIL_MKDIR | FAIL_LIST),
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
    run_through(FAIL_SHORT_WRITE, true);
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

/* A file that cannot be read gives its clip a row with the system's reason, or is read at the
 * second attempt; its samples are never wrong. True if there is a reason. */
static bool reports_sound(const struct failure_plan *plan) {
    struct child_result result = audit(out, plan);
    if (result.code == EXIT_FATAL && strstr(result.said, "clips: cannot open the folder")) {
        corpus_remove_folder(out); /* INPUT itself */
        return false;
    }
    if (result.code != EXIT_UNREADABLE_CLIPS)
        fail_msg("call %d: exit code %d: %s", plan->at, result.code, result.said);
    /* The page decodes the clips that it plays a second time. */
    bool reported = file_says("clips.csv", strerror(plan->kind)) ||
                    file_says("report.html", strerror(plan->kind));
    if (!reported) assert_same_run(expected, out);
    corpus_remove_folder(out);
    return reported;
}

/* Of a clip's few calls some are repeated: if those at a distance were, all are tried until one is
 * reported. */
static void refuse_sounds(unsigned calls, int kind) {
    struct failure_plan plan = {.under = corpus.clips, .calls = calls, .kind = kind};
    int count = count_calls(corpus.clips, calls), reported = 0;
    for (plan.at = 1; plan.at <= count; plan.at += stride(count)) reported += reports_sound(&plan);
    for (plan.at = 2; plan.at <= count && reported == 0; plan.at++)
        reported += reports_sound(&plan);
    assert_true(reported > 0);
}

static void test_sounds_that_cannot_be_read(void **state) {
    (void)state;
    refuse_sounds(FAIL_READ, EIO);
    refuse_sounds(FAIL_OPEN, ESTALE);
}

static void test_no_sound_can_be_read(void **state) {
    (void)state;
    const struct failure_plan plan = {
        .under = corpus.clips, .calls = FAIL_READ, .kind = EIO, .at = 1, .sticky = true};
    struct child_result result = audit(out, &plan);
    assert_int_equal(result.code, EXIT_FATAL);
    assert_non_null(strstr(result.said, "none of the"));
    assert_non_null(strstr(result.said, strerror(EIO)));
    finish();
}

/* Too many open files is not a property of a clip: the run ends, and a later one resumes. */
static void test_too_many_open_files(void **state) {
    (void)state;
    int count = count_calls(corpus.clips, FAIL_OPEN);
    for (int at = 1; at <= count; at += stride(count)) {
        const struct failure_plan plan = {.under = corpus.clips,
                                          .calls = FAIL_OPEN,
                                          .kind = EMFILE,
                                          .at = at,
                                          .sticky = true,
                                          .tick = TICK};
        struct child_result result = audit(out, &plan);
        assert_int_equal(result.code, EXIT_FATAL);
        assert_non_null(strstr(result.said, strerror(EMFILE)));
        assert_non_null(strstr(result.said, "ulimit -n"));
        assert_non_null(strstr(result.said, ": cannot open")); /* the folder, or a file in it */
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
    return cmocka_run_group_tests_name("injected failures", tests, make_corpus, drop_corpus);
}
