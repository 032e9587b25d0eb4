/* Progress on a terminal, in a file, and switched off; with a simulated clock. */
#include "host/base/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stddef.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static double now;

static double made_clock(void) {
    return now;
}

/* The output of a stage, written to a temporary file. */
struct written {
    FILE *file;
    char text[8192];
};

static void begin(struct written *written, struct progress *progress, enum progress_style style,
                  uint64_t total) {
    written->file = tmpfile();
    assert_non_null(written->file);
    now = 1000.0;
    *progress = (struct progress){.stream = written->file, .clock = made_clock};
    progress_start(progress, style, "network", "clips", total);
}

static const char *all(struct written *written) {
    fflush(written->file);
    rewind(written->file);
    size_t length = fread(written->text, 1, sizeof written->text - 1, written->file);
    written->text[length] = '\0';
    fclose(written->file);
    return written->text;
}

static void test_lines(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_LINES, 12000);
    for (uint64_t done = 1; done <= 12000; done++) {
        now = 1000.0 + (double)done / 1000.0;
        progress_audio(&progress, (double)done * 0.5);
        progress_update(&progress, done);
    }
    progress_finish(&progress);
    progress_finish(&progress);
    assert_string_equal(all(&written),
                        "network: 5,000 of 12,000 clips (42%), 1,000 clips/s, 500 x real time, "
                        "7.0 s left\n"
                        "network: 10,000 of 12,000 clips (83%), 1,000 clips/s, 500 x real time, "
                        "2.0 s left\n"
                        "network: 12,000 clips in 12 s, 1,000 clips/s, 500 x real time\n");
}

/* No total: no share and no time left; hours and minutes; a slow stage. */
static void test_slow(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_LINES, 0);
    now += 100.0;
    progress_update(&progress, 25);
    now += 7400.0;
    progress_finish(&progress);
    assert_string_equal(all(&written), "network: 25 clips, 0.25 clips/s\n"
                                       "network: 25 clips in 2 h 05 min, 0.0033 clips/s\n");
    begin(&written, &progress, PROGRESS_LINES, 1000);
    now += 65.0;
    progress_update(&progress, 100);
    progress_finish(&progress);
    assert_string_equal(all(&written),
                        "network: 100 of 1,000 clips (10%), 1.5 clips/s, 9 min 45 s left\n"
                        "network: ended at 100 of 1,000 clips in 1 min 05 s, 1.5 clips/s\n");
}

/* What an earlier run did is done, but takes no part in speed and time left. */
static void test_kept(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_LINES, 1000);
    progress_keep(&progress, 700);
    now += 20.0;
    progress_update(&progress, 700);
    now += 20.0;
    progress_update(&progress, 800);
    now += 40.0;
    progress_update(&progress, 1000);
    progress_finish(&progress);
    assert_string_equal(all(&written),
                        "network: 700 of 1,000 clips (70%)\n"
                        "network: 800 of 1,000 clips (80%), 2.5 clips/s, 1 min 20 s left\n"
                        "network: 1,000 of 1,000 clips (100%), 3.8 clips/s\n"
                        "network: 300 more clips in 1 min 20 s, 3.8 clips/s\n");
}

/* A message from a signal handler must know whether a bar is on the line of standard error. */
static void test_bar_is_shown(void **state) {
    (void)state;
    struct progress progress = {.columns = 60};
    fflush(stderr);
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    assert_true(kept >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
    assert_false(progress_bar_is_shown());
    progress_start(&progress, PROGRESS_BAR, "network", "clips", 10);
    assert_true(progress_bar_is_shown());
    progress_message("a message");
    assert_true(progress_bar_is_shown());
    progress_finish(&progress);
    assert_false(progress_bar_is_shown());
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(null);
}

static void test_quiet(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_QUIET, 10);
    now += 60.0;
    progress_update(&progress, 5);
    progress_message("a warning about %d clips", 3);
    progress_finish(&progress);
    assert_string_equal(all(&written), "a warning about 3 clips\n");
}

/* Arguments of messages are bytes of an input. */
static void test_message_of_input(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_QUIET, 10);
    progress_message("column '%s'", "a\nwarning: \x1b[2J\x07\r\xc2\x9b\xff\xe2\x80\xae\\");
    progress_finish(&progress);
    assert_string_equal(all(&written),
                        "column 'a\\nwarning: \\x1b[2J\\x07\\r\\u{9b}\\xff\\u{202e}\\'\n");
}

/* Not a terminal: AUTO gives lines; a stage of no length gives none. */
static void test_auto(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_AUTO, 10);
    assert_int_equal(progress.style, PROGRESS_LINES);
    progress_update(&progress, 10);
    progress_finish(&progress);
    assert_string_equal(all(&written), "");
    struct progress unused = {.running = false};
    progress_update(&unused, 3);
    progress_finish(&unused);
}

/* The last line of a terminal after this output. */
static void show(const char *text, char *line, size_t size) {
    size_t column = 0;
    memset(line, ' ', size);
    line[size - 1] = '\0';
    for (; *text != '\0'; text++) {
        if (*text == '\r') {
            column = 0;
        } else if (*text == '\n') {
            column = 0;
            memset(line, ' ', size - 1);
        } else {
            assert_true(column < size - 1);
            line[column++] = *text;
        }
    }
    for (size_t i = size - 1; i-- > 0 && line[i] == ' ';) line[i] = '\0';
}

static void test_bar(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    char line[256];
    begin(&written, &progress, PROGRESS_BAR, 400);
    for (uint64_t done = 1; done <= 100; done++) {
        now += 0.04;
        progress_update(&progress, done);
    }
    progress_message("a warning");
    /* Not finished: the current line; at most ten updates a second. */
    show(all(&written), line, sizeof line);
    assert_string_equal(
        line, "network [=====                  ] 100 of 400 clips (25%), 25 clips/s, 12 s left");
    size_t drawn = 0;
    for (const char *at = written.text; *at != '\0'; at++) drawn += *at == '\r';
    assert_in_range(drawn, 30, 42);
    assert_non_null(strstr(written.text, "\ra warning\n"));
    begin(&written, &progress, PROGRESS_BAR, 400);
    now += 2.0;
    progress_update(&progress, 400);
    progress_finish(&progress);
    const char *text = all(&written);
    const char *last = strrchr(text, '\r');
    assert_string_equal(last, "\rnetwork: 400 clips in 2.0 s, 200 clips/s\n");
}

/* The bar's line in a terminal of this many columns, after `seconds` in steps. */
static void bar_in(int columns, double seconds, uint64_t steps, char *line, size_t size) {
    struct written written;
    struct progress progress;
    written.file = tmpfile();
    assert_non_null(written.file);
    now = 1000.0;
    progress = (struct progress){.stream = written.file, .clock = made_clock, .columns = columns};
    progress_start(&progress, PROGRESS_BAR, "embedding", "clips", 12345);
    for (uint64_t step = 1; step <= steps; step++) {
        now = 1000.0 + seconds * (double)step / (double)steps;
        progress_audio(&progress, 3703.5 * (double)step / (double)steps);
        progress_update(&progress, 2469 * step / steps);
    }
    show(all(&written), line, size);
    progress.style = PROGRESS_QUIET; /* the stream is closed */
    progress_finish(&progress);
}

/* Less is shown where there is less room, the time left last of all. */
static void test_narrow(void **state) {
    (void)state;
    char line[256];
    bar_in(120, 60.0, 10, line, sizeof line);
    assert_string_equal(line, "embedding [====                    ] 2,469 of 12,345 clips (20%), "
                              "41 clips/s, 62 x real time, 4 min 00 s left");
    bar_in(80, 60.0, 10, line, sizeof line);
    assert_string_equal(line, "embedding [==        ] 2,469 of 12,345 clips (20%), 41 clips/s, "
                              "4 min 00 s left");
    bar_in(40, 60.0, 10, line, sizeof line);
    assert_string_equal(line, "embedding [=     ] 20%, 4 min 00 s left");
    bar_in(20, 60.0, 10, line, sizeof line);
    assert_string_equal(line, "embedding 20%, 4 mi");
}

/* In how many of the lines drawn after the first one `part` is; *lines: how many these are. */
static int lines_with(const char *text, const char *part, int *lines) {
    int found = 0;
    *lines = 0;
    const char *line = strchr(strchr(text, '\r') + 1, '\r');
    for (; line != NULL; ++*lines) {
        const char *end = strchr(++line, '\r'), *at = strstr(line, part);
        found += at != NULL && (end == NULL || at < end);
        line = end;
    }
    return found;
}

/* A stage whose numbers grow and whose time left shrinks from minutes to seconds: nothing on the
 * line comes and goes but that time, for which the first seconds are too early. */
static void check_layout(int columns, uint64_t total, const char *shown, const char *left_out) {
    struct written written;
    struct progress progress;
    int lines;
    written.file = tmpfile();
    assert_non_null(written.file);
    now = 1000.0;
    progress = (struct progress){.stream = written.file, .clock = made_clock, .columns = columns};
    progress_start(&progress, PROGRESS_BAR, "embedding", "clips", total);
    for (uint64_t step = 1; step <= 60; step++) {
        double share = (double)step / 60.0;
        now = 1000.0 + 90.0 * share * (2.0 - share); /* slow at first */
        progress_audio(&progress, (double)total * 1.5 * share);
        progress_update(&progress, total * step / 60);
    }
    const char *text = all(&written);
    int found = lines_with(text, shown, &lines);
    if (found != lines || lines < 50) fail_msg("'%s' in %d lines of %d", shown, found, lines);
    found = lines_with(text, left_out, &lines);
    if (found > 0) fail_msg("'%s' in %d lines of %d", left_out, found, lines);
    progress.style = PROGRESS_QUIET; /* the stream is closed */
    progress_finish(&progress);
}

static void test_layout_is_stable(void **state) {
    (void)state;
    check_layout(80, 2831, " clips/s", "real time");
    check_layout(80, 9000, " clips/s", "real time");
    check_layout(80, 12345, " clips/s", "real time");
    check_layout(100, 12345, " x real time", "no such thing");
    check_layout(50, 12345, "%", "clips");
}

/* No estimate of the time left from the first batch, nor in the first seconds. */
static void test_time_left_waits(void **state) {
    (void)state;
    char line[256];
    bar_in(100, 10.0, 2, line, sizeof line);
    assert_null(strstr(line, "left"));
    bar_in(100, 2.9, 100, line, sizeof line);
    assert_null(strstr(line, "left"));
    bar_in(100, 3.1, 3, line, sizeof line);
    assert_non_null(strstr(line, "12 s left"));
    bar_in(100, 30.0, 1, line, sizeof line);
    assert_non_null(strstr(line, "2 min 00 s left"));
}

/* An object a line; test_open.sh reads whole commands. */
static void test_json(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_JSON, 400);
    progress_keep(&progress, 100);
    for (uint64_t done = 101; done <= 400; done++) { /* 50 a second: 6 s */
        now = 1000.0 + (double)(done - 100) / 50.0;
        progress_audio(&progress, (double)(done - 100) * 2.0);
        progress_update(&progress, done);
    }
    progress_choose(PROGRESS_JSON);
    progress_warning("a \"name\"\n%s", "\x1b[2J");
    progress_choose(PROGRESS_AUTO);
    progress_finish(&progress);
    const char *text = all(&written);
    const char *const lines[] = {
        "\"event\": \"begin\", \"stage\": \"network\", \"unit\": \"clips\", \"total\": 400}\n",
        "\"event\": \"progress\", \"stage\": \"network\", \"unit\": \"clips\", \"done\": 300, "
        "\"total\": 400, \"kept\": 100, \"elapsed_seconds\": 4, \"per_second\": 50, "
        "\"times_real_time\": 100, \"seconds_left\": 2}\n",
        "\"level\": \"warning\", \"message\": \"a \\\"name\\\"\\n\\u001b[2J\"}\n",
        "\"event\": \"end\", \"stage\": \"network\", \"unit\": \"clips\", \"done\": 400, "};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        text = strstr(text, lines[i]);
        if (text == NULL) fail_msg("no line with %s", lines[i]);
        assert_non_null(text);
        text += strlen(lines[i]);
    }
}

/* Messages above the level are counted, and not printed. */
static void test_levels(void **state) {
    (void)state;
    struct written written;
    struct progress progress;
    begin(&written, &progress, PROGRESS_LINES, 400);
    progress_choose_level(MESSAGE_WARNING);
    progress_message("one");
    progress_warning("two");
    progress_choose_level(MESSAGE_ERROR);
    progress_warning("three");
    progress_error("four");
    progress_choose_level(MESSAGE_INFO);
    progress_message("five");
    assert_string_equal(all(&written), "warning: two\nearmark: four\nfive\n");
    progress.style = PROGRESS_QUIET; /* the stream is closed */
    progress_finish(&progress);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_bar_is_shown),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_message_of_input),
        cmocka_unit_test(test_auto),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_layout_is_stable),
        cmocka_unit_test(test_time_left_waits),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
