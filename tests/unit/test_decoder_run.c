/* Whole runs with a codec that breaks on one file: the other files are embedded as if it did
 * not exist, its row has the reason, and signals end the run as usual. */
#include "host/base/file.h"
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define VICTIM "class1/clip03.wav" /* its label is wrong, so that the page plays it */

static struct corpus corpus;
static char victim[512], without[512], whole[512], out[512];

static const char *const *arguments_for(const char *command, const char *folder) {
    static const char *arguments[12];
    const char *const words[] = {command,      corpus.clips, "-o", folder,   "--model",
                                 corpus.model, "--threads",  "2",  "--quiet"};
    memset(arguments, 0, sizeof arguments);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) arguments[i] = words[i];
    if (strcmp(command, "audit") == 0) arguments[9] = "--folds", arguments[10] = "4";
    return arguments;
}

static struct child_result embed(const char *folder, const struct failure_plan *plan) {
    return child_run(command_embed, arguments_for("embed", folder), plan);
}

static struct child_result audit(const char *folder, const struct failure_plan *plan) {
    return child_run(command_audit, arguments_for("audit", folder), plan);
}

static void expect_code(const struct child_result *result, int code) {
    if (result->signal != 0 || result->code != code)
        fail_msg("exit code %d, signal %d, instead of %d: %s", result->code, result->signal, code,
                 result->said);
}

static struct failure_plan breaks(int kind, int at) {
    return (struct failure_plan){
        .under = victim, .calls = FAIL_READ, .kind = kind, .at = at, .sticky = true};
}

/* Orphans of our children become our children, so that any process left over is found. After a
 * kill they may need a moment to end. */
static void assert_no_process_left(void) {
    pid_t ended = 0;
    for (int i = 0; i < 2000 && ended >= 0; i++) {
        ended = waitpid(-1, NULL, WNOHANG);
        if (ended == 0) usleep(1000);
    }
    assert_int_equal(ended, -1);
    assert_int_equal(errno, ECHILD);
}

/* The runs to compare with: with all clips, and with all but one. */
static int make_corpus(void **state) {
    (void)state;
    char aside[512];
    corpus_make(&corpus);
    snprintf(victim, sizeof victim, "%s", corpus_path(&corpus, "clips/" VICTIM));
    snprintf(aside, sizeof aside, "%s", corpus_path(&corpus, "aside"));
    snprintf(without, sizeof without, "%s", corpus_path(&corpus, "without"));
    snprintf(whole, sizeof whole, "%s", corpus_path(&corpus, "whole"));
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "out"));
    assert_int_equal(rename(victim, aside), 0);
    struct child_result result = embed(without, NULL);
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_int_equal(rename(aside, victim), 0);
    result = embed(whole, NULL);
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : -1;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

/* The contents of a file with a NUL appended. */
static void read_file(const char *folder, const char *name, char **data, size_t *size) {
    struct error error = ERROR_INITIAL;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file_read(path, SIZE_MAX / 4, data, size, &error);
    assert_no_error(&error);
}

static void assert_same_file(const char *name) {
    size_t size = 0, wanted_size = 0;
    char *found = NULL, *wanted = NULL;
    read_file(out, name, &found, &size);
    read_file(without, name, &wanted, &wanted_size);
    assert_int_equal(size, wanted_size);
    assert_memory_equal(found, wanted, size);
    free(found);
    free(wanted);
}

/* Whether the victim's row of clips.csv contains these words. */
static bool row_says(const char *words) {
    size_t size = 0;
    char *table = NULL;
    read_file(out, "clips.csv", &table, &size);
    char *row = strstr(table, VICTIM);
    assert_non_null(row);
    row[strcspn(row, "\n")] = '\0';
    bool says = strstr(row, words) != NULL;
    free(table);
    return says;
}

static void costs_only_its_file(int kind, int at, const char *words) {
    const struct failure_plan plan = breaks(kind, at);
    const char *const *arguments = arguments_for("embed", out);
    const char *loud[9] = {NULL}; /* all but --quiet */
    memcpy(loud, arguments, 8 * sizeof *loud);
    struct child_result result = child_run(command_embed, loud, &plan);
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    char summary[64];
    snprintf(summary, sizeof summary, "(%d unreadable, see clips.csv)", CORPUS_UNREADABLE + 1);
    assert_non_null(strstr(result.said, summary));
    assert_same_file("embeddings.npy");
    assert_same_file("labels.npy");
    assert_true(row_says(",unreadable,"));
    assert_true(row_says(words));
    corpus_remove_folder(out);
    assert_no_process_left();
}

static void crashes(void **state) {
    (void)state;
    costs_only_its_file(FAIL_CRASH, 1, "the decoder crashed (SIGSEGV)");
    costs_only_its_file(FAIL_CRASH, 2, "the decoder crashed (SIGSEGV)");
}

static void endless_loops(void **state) {
    (void)state;
    setenv("EARMARK_DECODER_SECONDS", "1", 1);
    costs_only_its_file(FAIL_LOOP, 2, "took more than 1 s of processor time");
    unsetenv("EARMARK_DECODER_SECONDS");
}

static void memory_eaters(void **state) {
    (void)state;
    costs_only_its_file(FAIL_MEMORY, 2, "needs more than 1024 MiB of memory");
}

/* The page decodes the clips that it plays a second time. */
static void crashes_of_the_page(void **state) {
    (void)state;
    struct failure_plan plan = {.under = victim, .calls = FAIL_READ};
    struct child_result result = embed(out, &plan);
    int at = result.calls + 1;
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    corpus_remove_folder(out);
    plan = breaks(FAIL_CRASH, at);
    result = audit(out, &plan);
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_true(row_says(",ok,"));
    size_t size = 0;
    char *page = NULL;
    read_file(out, "report.html", &page, &size);
    assert_non_null(strstr(page, "The sound is not in the page: the decoder crashed (SIGSEGV)"));
    free(page);
    corpus_remove_folder(out);
    assert_no_process_left();
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Stopped or killed while a codec loops: no process is left, and the run can be resumed. */
static void stopped_while_a_codec_loops(void **state) {
    (void)state;
    const int numbers[] = {SIGTERM, SIGINT, SIGKILL};
    const struct failure_plan plan = breaks(FAIL_LOOP, 2);
    for (size_t i = 0; i < 3; i++) {
        int output = -1;
        pid_t process = child_start(command_embed, arguments_for("embed", out), &plan, &output);
        usleep(1000000); /* an undisturbed run would be finished by now */
        assert_int_equal(waitpid(process, NULL, WNOHANG), 0);
        double before = now();
        kill(process, numbers[i]);
        struct child_result result = child_wait(process, output);
        double seconds = now() - before;
        if (numbers[i] == SIGKILL)
            assert_int_equal(result.signal, SIGKILL);
        else
            expect_code(&result, STOP_EXIT_CODE);
        if (!(seconds <= 2.0)) fail_msg("signal %d took %g s", numbers[i], seconds);
        assert_no_process_left();
    }
    struct child_result result = embed(out, NULL);
    expect_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(whole, out);
    corpus_remove_folder(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crashes),
        cmocka_unit_test(endless_loops),
        cmocka_unit_test(memory_eaters),
        cmocka_unit_test(crashes_of_the_page),
        cmocka_unit_test(stopped_while_a_codec_loops),
    };
    return cmocka_run_group_tests_name("decoder run", tests, make_corpus, drop_corpus);
}
