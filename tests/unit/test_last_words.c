/* What signal handlers say before they end the process, with --progress json: one object. */
#include "host/base/file.h"
#include "host/base/progress.h"
#include "host/base/stop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stddef.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define NAME "a \"b\" \\ \n\x01"

/* Does not end in time when it is told to stop. */
static void wait_for_ever(void) {
    stop_install();
    stop_note("3 of 20 clips are safe in " NAME);
    raise(SIGTERM);
    for (;;) pause();
}

/* Reads a mapped file that was truncated meanwhile. */
static void read_lost_page(void) {
    struct file_mapping mapping;
    struct error error = ERROR_INITIAL;
    char folder[] = "/tmp/earmark-test.XXXXXX";
    static const char page[8192];
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) _exit(99);
    int file = open(NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, page, sizeof page) != (ssize_t)sizeof page) _exit(99);
    if (file_map(NAME, &mapping, &error) != ERROR_NONE || ftruncate(file, 0) != 0) _exit(99);
    unlink(NAME);
    rmdir(folder);
    const volatile unsigned char *byte = (const volatile unsigned char *)mapping.data;
    _exit(byte[4096] == 0 ? 98 : 97);
}

static int run(void (*child)(void), enum progress_style style, char *text, size_t size) {
    int ends[2], status;
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGBUS, SIG_DFL); /* cmocka has a handler of its own */
        progress_choose(style);
        child();
        _exit(99);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define MESSAGE(text) "{\"event\": \"message\", \"level\": \"error\", \"message\": \"" text "\"}\n"
#define SHOWN "a \\\"b\\\" \\\\ \\\\n\\\\x01" /* as it is shown, in a string of JSON */

static void test_stop(void **state) {
    (void)state;
    char text[1024];
    assert_int_equal(run(wait_for_ever, PROGRESS_JSON, text, sizeof text), STOP_EXIT_CODE);
    assert_string_equal(text, MESSAGE("stopped by SIGTERM; 3 of 20 clips are safe in " SHOWN));
}

static void test_lost_page(void **state) {
    (void)state;
    char text[1024];
    static const char rest[] =
        ": cannot be read any more: it was truncated, or its disk or mount failed; fix that, then "
        "give the same command again";
    char expected[1024];
    assert_int_equal(run(read_lost_page, PROGRESS_JSON, text, sizeof text), 1);
    snprintf(expected, sizeof expected, MESSAGE("a \\\"b\\\" \\\\ \\n\\u0001%s"), rest);
    assert_string_equal(text, expected);
    assert_int_equal(run(read_lost_page, PROGRESS_LINES, text, sizeof text), 1);
    snprintf(expected, sizeof expected, "earmark: a \"b\" \\ \\n\\x01%s\n", rest);
    assert_string_equal(text, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stop),
                                       cmocka_unit_test(test_lost_page)};
    return cmocka_run_group_tests_name("last words", tests, NULL, NULL);
}
