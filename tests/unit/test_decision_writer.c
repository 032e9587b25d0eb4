/* A reviewer's file, written while disks fail, processes are killed, and others touch it. */
#include "host/review/decision_writer.h"
#include "tests/support/compare.h"
#include "tests/support/injected_failures.h"
#include "tests/support/out_folder.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void put(const char *name, const char *text) {
    test_text_write(test_path(out_folder.path, name), text);
}

/* A line, with what matters of it here. */
#define LINE(path, at, decision, by)                                                               \
    "{\"v\":1,\"path\":\"" path "\",\"end\":1,\"given\":\"6\",\"at\":\"" at "\",\"decision\":"     \
    "\"" decision "\",\"label\":\"8\",\"by\":\"" by "\"}"

static const struct decision two[] = {
    {.row = 1,
     .path = "a",
     .end = 1,
     .given = "6",
     .kind = DECISION_RELABEL,
     .label = "8",
     .by = "anna",
     .at = "2026-11-29T19:02:11Z"},
    {.row = 2,
     .path = "b",
     .end = 1,
     .given = "6",
     .kind = DECISION_KEEP,
     .by = "anna",
     .at = "2026-11-29T19:02:12Z"},
};

static size_t lines_in(const char *name, char **text) {
    size_t size = 0;
    size_t count = 0;
    unsigned char *bytes = test_file_read(test_path(out_folder.path, name), &size);
    for (size_t i = 0; i < size; i++) count += bytes[i] == '\n';
    assert_true(size == 0 || bytes[size - 1] == '\n');
    if (text != NULL)
        *text = (char *)bytes;
    else
        free(bytes);
    return count;
}

static void test_writing(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct error locked = ERROR_INITIAL;
    struct decision_writer writer;
    struct decision_writer other;
    struct decisions decisions = {0};
    struct stat status;
    decision_writer_open(&out_folder, "anna", &writer, &error);
    decision_writer_append(&writer, two, 2, &error);
    decision_writer_append(&writer, two, 1, &error);
    assert_no_error(&error);
    assert_int_equal(lines_in("decisions-anna.jsonl", NULL), 3);
    assert_int_equal(stat(test_path(out_folder.path, "decisions-anna.jsonl"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    decision_writer_open(&out_folder, "anna", &other, &locked);
    assert_error(&locked, ERROR_FILE, "another earmark is writing there");
    decision_writer_close(&other);
    decision_writer_close(&writer);
    decisions_read(&decisions, &out_folder, "anna", &error);
    assert_no_error(&error);
    assert_int_equal(decisions.count, 2);
    decisions_free(&decisions);
}

/* What was torn is cut off; a line that lacks only its end gets it. */
static void test_opening_a_torn_file(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct decision_writer writer;
    put("decisions-anna.jsonl", LINE("a", "", "keep", "anna") "\n{\"v\":1,\"path");
    decision_writer_open(&out_folder, "anna", &writer, &error);
    assert_true(writer.tail_cut);
    decision_writer_append(&writer, two, 2, &error);
    decision_writer_close(&writer);
    assert_no_error(&error);
    assert_int_equal(lines_in("decisions-anna.jsonl", NULL), 3);
    put("decisions-anna.jsonl", LINE("a", "", "keep", "anna"));
    decision_writer_open(&out_folder, "anna", &writer, &error);
    assert_false(writer.tail_cut);
    decision_writer_append(&writer, two, 1, &error);
    decision_writer_close(&writer);
    assert_no_error(&error);
    assert_int_equal(lines_in("decisions-anna.jsonl", NULL), 2);
}

static void refuse(const char *reviewer, const char *message) {
    struct error error = ERROR_INITIAL;
    struct decision_writer writer;
    decision_writer_open(&out_folder, reviewer, &writer, &error);
    decision_writer_close(&writer);
    if (error.code == ERROR_NONE) fail_msg("'%s' was opened", reviewer);
    if (strstr(error.message, message) == NULL) fail_msg("'%s'", error.message);
}

static void test_what_is_not_opened(void **state) {
    (void)state;
    const char *path = test_path(out_folder.path, "decisions-anna.jsonl");
    refuse("../anna", "letters of A-Z");
    refuse("", "letters of A-Z");
    test_text_write(test_path(test_folder, "victim"), "words");
    assert_int_equal(symlink("../victim", path), 0);
    refuse("anna", "is a symbolic link");
    unlink(path);
    assert_int_equal(link(test_path(test_folder, "victim"), path), 0);
    refuse("anna", "a hard link");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse("anna", "not a regular file");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuse("anna", "cannot open");
    rmdir(path);
    size_t size = 0;
    free(test_file_read(test_path(test_folder, "victim"), &size));
    assert_int_equal(size, 5);
}

/* The file is removed, replaced or written by another while it is open. */
static void test_files_that_change(void **state) {
    (void)state;
    static const char *const words[] = {"cannot find", "another file", "something else",
                                        "hard link"};
    const char *path = test_path(out_folder.path, "decisions-anna.jsonl");
    for (int i = 0; i < 4; i++) {
        struct error error = ERROR_INITIAL;
        struct error refused = ERROR_INITIAL;
        struct decision_writer writer;
        decision_writer_open(&out_folder, "anna", &writer, &error);
        decision_writer_append(&writer, two, 1, &error);
        assert_no_error(&error);
        if (i < 2) unlink(path);
        if (i == 1 || i == 2) test_text_write(path, "words");
        if (i == 3) assert_int_equal(link(path, test_path(out_folder.path, "more")), 0);
        decision_writer_append(&writer, two, 1, &refused);
        assert_error(&refused, ERROR_FILE, words[i]);
        assert_false(writer.no_room);
        decision_writer_close(&writer);
        unlink(path);
    }
}

/* A file with one decision; calls on it are counted from here on. */
static void open_counted(struct decision_writer *writer) {
    struct error error = ERROR_INITIAL;
    const struct failure_plan counting = {.under = out_folder.path, .calls = FAIL_OPEN};
    unlink(test_path(out_folder.path, "decisions-anna.jsonl"));
    failures_arm(&counting);
    decision_writer_open(&out_folder, "anna", writer, &error);
    decision_writer_append(writer, two, 1, &error);
    assert_no_error(&error);
}

/* Whatever call fails, the file holds whole lines, and those that were answered. */
static void fail_each(unsigned calls, int kind, bool no_room, int expected) {
    bool overlooked = false;
    int at = 1;
    for (; !overlooked; at++) {
        struct error error = ERROR_INITIAL;
        struct error again = ERROR_INITIAL;
        struct decision_writer writer;
        const struct failure_plan plan = {
            .under = out_folder.path, .calls = calls, .kind = kind, .at = at};
        open_counted(&writer);
        failures_arm(&plan);
        decision_writer_append(&writer, two, 2, &error);
        failures_arm(NULL);
        overlooked = error.code == ERROR_NONE;
        assert_int_equal(writer.no_room, !overlooked && no_room);
        assert_false(writer.broken);
        assert_int_equal(lines_in("decisions-anna.jsonl", NULL), overlooked ? 3 : 1);
        decision_writer_append(&writer, two, 2, &again);
        assert_no_error(&again);
        assert_int_equal(lines_in("decisions-anna.jsonl", NULL), overlooked ? 5 : 3);
        decision_writer_close(&writer);
    }
    assert_int_equal(at - 2, expected);
}

/* What cannot be taken back is said, and nothing is added after it. */
static void test_a_failure_that_stays(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct error again = ERROR_INITIAL;
    struct decision_writer writer;
    const struct failure_plan plan = {
        .under = out_folder.path, .calls = FAIL_FSYNC, .kind = EIO, .at = 1, .sticky = true};
    open_counted(&writer);
    failures_arm(&plan);
    decision_writer_append(&writer, two, 2, &error);
    failures_arm(NULL);
    assert_error(&error, ERROR_FILE, "cannot write");
    assert_true(writer.broken);
    decision_writer_append(&writer, two, 2, &again);
    assert_error(&again, ERROR_FILE, "an earlier write failed");
    decision_writer_close(&writer);
}

static void test_failures(void **state) {
    (void)state;
    fail_each(FAIL_WRITE, ENOSPC, true, 2);
    fail_each(FAIL_WRITE, EIO, false, 2);
    fail_each(FAIL_WRITE, FAIL_SHORT_WRITE, true, 2);
    fail_each(FAIL_FSYNC, ENOSPC, true, 1);
    fail_each(FAIL_FSYNC, EIO, false, 1);
}

/* Killed in the middle of a line: what was answered is there, and the rest is cut off. */
static void test_kills(void **state) {
    (void)state;
    for (int at = 1; at <= 3; at++) {
        struct error error = ERROR_INITIAL;
        struct decision_writer writer;
        int status = 0;
        open_counted(&writer);
        const pid_t child = fork();
        if (child == 0) {
            const struct failure_plan plan = {.under = out_folder.path,
                                              .calls = FAIL_WRITE | FAIL_FSYNC,
                                              .kind = FAIL_KILL,
                                              .at = at};
            failures_arm(&plan);
            decision_writer_append(&writer, two, 2, &error);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        failures_arm(NULL);
        assert_true(WIFSIGNALED(status));
        decision_writer_close(&writer);
        decision_writer_open(&out_folder, "anna", &writer, &error);
        assert_no_error(&error);
        assert_int_equal(writer.tail_cut, at < 3);
        decision_writer_close(&writer);
        const size_t whole = lines_in("decisions-anna.jsonl", NULL);
        assert_int_equal(whole, at);
    }
}

#define WRITERS 4
#define TURNS 50

/* Opens the file when no other process has it, adds a line, and closes it, over and over; false:
 * something else than the lock was in the way. */
static bool write_in_turn(const char *name) {
    struct decision own = two[0];
    own.note = name;
    for (int done = 0; done < TURNS;) {
        struct error error = ERROR_INITIAL;
        struct decision_writer writer;
        if (decision_writer_open(&out_folder, "anna", &writer, &error) == ERROR_NONE)
            decision_writer_append(&writer, &own, 1, &error);
        decision_writer_close(&writer);
        if (error.code == ERROR_NONE) done++;
        if (error.code != ERROR_NONE && strstr(error.message, "another earmark") == NULL)
            return false;
    }
    return true;
}

/* Several processes that want the same file: each waits for the lock, and no line is lost, torn or
 * cut off by another's look at the end of the file. */
static void test_several_processes(void **state) {
    static const char *const names[WRITERS] = {"first", "second", "third", "fourth"};
    pid_t children[WRITERS];
    char *text = NULL;
    (void)state;
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(write_in_turn(names[i]) ? 0 : 1);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(lines_in("decisions-anna.jsonl", &text), WRITERS * TURNS);
    for (size_t i = 0; i < WRITERS; i++) {
        char note[32];
        size_t found = 0;
        snprintf(note, sizeof note, "\"note\":\"%s\"}\n", names[i]);
        for (const char *at = text; (at = strstr(at, note)) != NULL; at++) found++;
        assert_int_equal(found, TURNS);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writing, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_opening_a_torn_file, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_what_is_not_opened, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_files_that_change, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_failures, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_a_failure_that_stays, out_folder_begin,
                                        out_folder_end),
        cmocka_unit_test_setup_teardown(test_kills, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_several_processes, out_folder_begin, out_folder_end),
    };
    return cmocka_run_group_tests_name("decision writer", tests, NULL, NULL);
}
