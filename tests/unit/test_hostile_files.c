/* A folder and a manifest with many kinds of bad files, through the program as users run it:
 * each file has a row with its status and reason, and its name can be read back from the
 * output by a strict, independent reader. */
#include "host/clips/clips.h"
#include "tests/support/program.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"
#include "tests/support/strict_csv.h"
#include "tests/support/strict_json.h"

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define RATE 16000
#define WAV_16 (SF_FORMAT_WAV | SF_FORMAT_PCM_16)
#define FRAMES ((size_t)4000)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static char *folder;
static int16_t noise[FRAMES];

static int make_folder(void **state) {
    (void)state;
    folder = test_folder_make();
    signal_noise(noise, FRAMES, 3);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* ---- files ---- */

static void some_samples(const char *path, long frames) {
    test_sound_int16(path, WAV_16, RATE, 1, noise, (size_t)frames);
}

static void silence(const char *path, long frames) {
    static int16_t still[FRAMES];
    test_sound_int16(path, WAV_16, RATE, 1, still, (size_t)frames);
}

static void click_at_the_end(const char *path, long frames) {
    static int16_t click[FRAMES];
    click[frames - 1] = INT16_MAX;
    test_sound_int16(path, WAV_16, RATE, 1, click, (size_t)frames);
}

static void full_square(const char *path, long frames) {
    static int16_t square[FRAMES];
    for (size_t i = 0; i < FRAMES; i++) square[i] = i / 20 % 2 == 0 ? INT16_MAX : INT16_MIN;
    test_sound_int16(path, WAV_16, RATE, 1, square, (size_t)frames);
}

static void float_with(const char *path, float odd) {
    float values[1000];
    for (size_t i = 0; i < 1000; i++) values[i] = (float)noise[i] / 32768.0F;
    values[700] = odd;
    test_sound_float(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, RATE, 1, values, 1000);
}

static void float_with_nan(const char *path, long unused) {
    (void)unused;
    float_with(path, NAN);
}

static void float_with_infinity(const char *path, long unused) {
    (void)unused;
    float_with(path, -INFINITY);
}

static void cut_flac(const char *path, long percent) {
    size_t size = 0;
    test_sound_int16(path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE, 1, noise, FRAMES);
    free(test_file_read(path, &size));
    test_file_cut(path, size * (size_t)percent / 100);
}

/* Offsets of fields in a WAV header. */
static void lie(const char *path, size_t place, const void *value, size_t size) {
    some_samples(path, (long)FRAMES);
    test_file_patch(path, place, value, size);
}

static void lying_length(const char *path, long bytes) {
    const uint32_t length = (uint32_t)bytes;
    lie(path, 40, &length, sizeof length);
}

static void lying_channels(const char *path, long channels) {
    const uint16_t count = (uint16_t)channels;
    lie(path, 22, &count, sizeof count);
}

static void lying_rate(const char *path, long rate) {
    const uint32_t hertz = (uint32_t)rate;
    lie(path, 24, &hertz, sizeof hertz);
}

static void words(const char *path, long unused) {
    (void)unused;
    test_text_write(path, "These are words, and not a sound at all.\n");
}

static void nothing(const char *path, long unused) {
    (void)unused;
    test_text_write(path, "");
}

static void fifo(const char *path, long mode) {
    assert_int_equal(mkfifo(path, (mode_t)mode), 0);
}

static void device(const char *path, long unused) {
    (void)unused;
    assert_int_equal(symlink("/dev/zero", path), 0);
}

static void link_loop(const char *path, long unused) {
    (void)unused;
    const char *name = strrchr(path, '/') + 1;
    assert_int_equal(symlink(name, path), 0);
}

static void link_to_nothing(const char *path, long unused) {
    (void)unused;
    assert_int_equal(symlink("nowhere", path), 0);
}

static void locked(const char *path, long mode) {
    some_samples(path, 1000);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void locked_folder(const char *path, long mode) {
    char inside[1024];
    snprintf(inside, sizeof inside, "%s/1.wav", path);
    some_samples(inside, 1000);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

struct hostile {
    const char *name; /* in the class's folder */
    void (*make)(const char *path, long number);
    long number;
    const char *status;
    const char *reason; /* must contain this; "": there must be none */
};

static const struct hostile files[] = {
    {"samples-0.wav", some_samples, 0, "too_short", "0 samples at the model's rate, which needs"},
    {"samples-1.wav", some_samples, 1, "too_short", "1 samples at the model's rate, which needs"},
    {"samples-100.wav", some_samples, 100, "too_short", "at least 480; leave the clip out"},
    {"samples-479.wav", some_samples, 479, "too_short", "at least 480; leave the clip out"},
    {"samples-480.wav", some_samples, 480, "ok", ""},
    {"samples-481.wav", some_samples, 481, "ok", ""},
    {"samples-639.wav", some_samples, 639, "ok", ""},
    {"samples-640.wav", some_samples, 640, "ok", ""},
    {"silence.wav", silence, 4000, "silent", "no sample is louder than half a step"},
    {"click.wav", click_at_the_end, 4000, "ok", ""},
    {"square.wav", full_square, 4000, "ok", ""},
    {"nan.wav", float_with_nan, 0, "unreadable", "holds NaN or infinite samples"},
    {"infinite.wav", float_with_infinity, 0, "unreadable", "holds NaN or infinite samples"},
    {"cut-80.flac", cut_flac, 80, "truncated", "the header promises 4000 samples"},
    {"cut-1.flac", cut_flac, 1, "unreadable", "cannot decode"},
    {"length.wav", lying_length, 1 << 30, "truncated", "promises 1073741824 bytes of samples"},
    {"channels-0.wav", lying_channels, 0, "unreadable", "cannot decode"},
    {"channels-65.wav", lying_channels, 65, "unreadable", "65 channels; 1 to 64 are read"},
    {"channels-65535.wav", lying_channels, 65535, "unreadable", "cannot decode"},
    {"rate-0.wav", lying_rate, 0, "unreadable", ""},
    {"rate-999.wav", lying_rate, 999, "unreadable", "a rate of 999 Hz; 1000 to 768000 are read"},
    {"rate-2147483647.wav", lying_rate, INT32_MAX, "unreadable", "a rate of 2147483647 Hz"},
    {"text.wav", words, 0, "unreadable", "not a known sound file"},
    {"empty.wav", nothing, 0, "unreadable", "the file is empty"},
    {"fifo.wav", fifo, 0600, "unreadable", "not a regular file"},
    {"device.wav", device, 0, "outside", "leads out of the folder"},
    {"loop.wav", link_loop, 0, "unreadable", "Too many levels of symbolic links"},
    {"gone.wav", link_to_nothing, 0, "unreadable", "No such file"},
    {"secret.wav", locked, 0, "unreadable", "Permission denied"},
    {"secrets/", locked_folder, 0, "unreadable", "cannot read the folder: Permission denied"},
    {"with space.wav", some_samples, 1000, "ok", ""},
    {" space first.wav", some_samples, 1000, "ok", ""},
    {"a,b,,c.wav", some_samples, 1000, "ok", ""},
    {"'single' and \"double\".wav", some_samples, 1000, "ok", ""},
    {"\"\".wav", some_samples, 1000, "ok", ""},
    {"line\nbreak\r\n.wav", some_samples, 1000, "ok", ""},
    {"tab\tand\x1b[31mcolour.wav", some_samples, 1000, "ok", ""},
    {"%41%ff.wav", some_samples, 1000, "ok", ""},
    {"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac.wav", some_samples, 1000, "ok", ""},
    {"\xff\xfe and \xc3.wav", some_samples, 1000, "ok", ""},
    {"back\\slash\\u0041.wav", some_samples, 1000, "ok", ""},
};

/* ---- the output ---- */

/* The name in a cell, unescaped as README describes, to be freed. */
static char *name_of(const char *cell) {
    char *name = strdup(cell);
    char *to = name;
    assert_non_null(name);
    size_t marks = strspn(cell, "'");
    if (marks > 0 && cell[marks] != '\0' && strchr("=+-@\t\r", cell[marks]) != NULL) cell++;
    while (*cell != '\0') {
        char digits[3] = "";
        if (*cell != '%') {
            *to++ = *cell++;
            continue;
        }
        memcpy(digits, cell + 1, 2);
        *to++ = (char)strtoul(digits, NULL, 16);
        cell += 3;
    }
    *to = '\0';
    return name;
}

/* The row whose `column` is this name, or the number of rows. */
static size_t find_row(const struct strict_csv *csv, const char *column, const char *wanted) {
    for (size_t row = 0; row + 1 < csv->rows; row++) {
        char *name = name_of(strict_csv_cell(csv, row, column));
        bool same = strcmp(name, wanted) == 0;
        free(name);
        if (same) return row;
    }
    return csv->rows;
}

static void expect_row(const struct strict_csv *csv, const char *path, const char *status,
                       const char *reason) {
    size_t row = find_row(csv, "path", path);
    if (row == csv->rows) fail_msg("no row for '%s'", path);
    const char *found = strict_csv_cell(csv, row, "status");
    const char *said = strict_csv_cell(csv, row, "reason");
    bool right = strcmp(found, status) == 0 && strstr(said, reason) != NULL;
    if (strcmp(status, "ok") == 0) right = right && said[0] == '\0';
    if (!right) fail_msg("'%s': %s: '%s' instead of %s: '%s'", path, found, said, status, reason);
    /* Only embedded clips have a row in the arrays. */
    bool embedded = strcmp(status, "ok") == 0 || strcmp(status, "silent") == 0;
    assert_int_equal(strict_csv_cell(csv, row, "array_row")[0] != '\0', embedded);
}

static void run(const char *const *arguments, int exit_code) {
    struct program_run done;
    if (!program_run(arguments, false, &done)) fail();
    if (done.exit_code != exit_code) fail_msg("exit code %d: %s", done.exit_code, done.said);
    free(done.said);
}

/* ---- the tests ---- */

static void every_file_has_its_row(void **state) {
    (void)state;
    char clips[64];
    snprintf(clips, sizeof clips, "%s/clips", folder); /* test_path's buffers are few */
    size_t count = sizeof files / sizeof files[0];
    some_samples(test_path(clips, "other/1.wav"), 1000);
    test_text_write(test_path(clips, "class/notes.txt"), "no clip");
    for (size_t i = 0; i < count; i++) {
        char name[256];
        snprintf(name, sizeof name, "class/%s", files[i].name);
        size_t length = strlen(name);
        if (name[length - 1] == '/') name[length - 1] = '\0';
        files[i].make(test_path(clips, name), files[i].number);
    }
    assert_int_equal(symlink("..", test_path(clips, "class/again")), 0);
    const char *const arguments[] = {"embed", clips, "-o", test_path(folder, "out"), NULL};
    struct program_run done;
    if (!program_run(arguments, true, &done)) {
        print_message("root's rights to files cannot be given up here\n");
        skip();
    }
    if (done.exit_code != 3) fail_msg("exit code %d: %s", done.exit_code, done.said);
    assert_non_null(strstr(done.said, "not followed: 1, for example"));
    assert_non_null(strstr(done.said, "folders that cannot be read: 1;"));
    free(done.said);
    struct strict_csv csv;
    strict_csv_read(&csv, test_path(folder, "out/clips.csv"));
    assert_int_equal(csv.rows, 1 + 1 + count);
    for (size_t i = 0; i < count; i++) {
        char path[256];
        snprintf(path, sizeof path, "class/%s", files[i].name);
        expect_row(&csv, path, files[i].status, files[i].reason);
    }
    strict_csv_free(&csv);
}

static void append_cell(FILE *stream, const char *text) {
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* Names that a manifest can hold and a folder of classes cannot. */
static void every_row_of_a_manifest(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *status;
        const char *reason;
    } rows[] = {{"=cmd.wav", "ok", ""},
                {"+1.wav", "ok", ""},
                {"-1.wav", "ok", ""},
                {"@sum.wav", "ok", ""},
                {"'=quoted.wav", "ok", ""},
                {"\ttab.wav", "ok", ""},
                {"line\nbreak.wav", "ok", ""},
                {"a,b\"c\".wav", "ok", ""},
                {"\xff\xfe.wav", "ok", ""},
                {"below/../=cmd.wav", "ok", ""},
                {"../outside.wav", "outside", "line 13: the path leaves the folder of the list"},
                {"below/../../outside.wav", "outside", "leaves the folder of the list"},
                {"/etc/passwd", "outside", "--allow-outside"},
                {"not there.wav", "unreadable", "No such file"}};
    size_t count = sizeof rows / sizeof rows[0];
    some_samples(test_path(folder, "outside.wav"), 1000);
    some_samples(test_path(folder, "list/below/1.wav"), 1000);
    FILE *list = fopen(test_path(folder, "list/list.csv"), "w");
    assert_non_null(list);
    fputs("path,label\n", list);
    for (size_t i = 0; i < count; i++) {
        append_cell(list, rows[i].path);
        fputs(",=label\n", list);
        if (strcmp(rows[i].status, "ok") != 0) continue;
        char name[64];
        snprintf(name, sizeof name, "list/%s", rows[i].path);
        some_samples(test_path(folder, name), 1000);
    }
    assert_int_equal(fclose(list), 0);
    const char *const arguments[] = {"embed", test_path(folder, "list/list.csv"), "-o",
                                     test_path(folder, "list-out"), NULL};
    run(arguments, 3);
    struct strict_csv csv;
    strict_csv_read(&csv, test_path(folder, "list-out/clips.csv"));
    assert_int_equal(csv.rows, 1 + count);
    for (size_t i = 0; i < count; i++) {
        expect_row(&csv, rows[i].path, rows[i].status, rows[i].reason);
        char *label = name_of(strict_csv_cell(&csv, i, "label"));
        assert_string_equal(label, "=label");
        free(label);
    }
    strict_csv_free(&csv);
}

static const char *const odd_classes[] = {"=low,\"\n", "h\xffigh"};

static void square(const char *path, size_t half, size_t frames) {
    int16_t samples[FRAMES];
    for (size_t i = 0; i < FRAMES; i++) samples[i] = i / half % 2 == 0 ? 4000 : -4000;
    test_sound_int16(path, WAV_16, RATE, 1, samples, frames);
}

/* Every line of issues.jsonl is an object with the name and label of its row of issues.csv. */
static void compare_issues(const struct strict_csv *csv, char *lines) {
    char *rest = lines;
    for (size_t row = 0; row + 1 < csv->rows; row++) {
        const char *line = strsep(&rest, "\n");
        assert_non_null(line);
        static const char *const members[] = {"id", "path", "given_label", "suggested_label"};
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            char *value = strict_json_string(line, members[i]);
            char *name = name_of(strict_csv_cell(csv, row, members[i]));
            assert_string_equal(value, name);
            free(value);
            free(name);
        }
    }
    assert_string_equal(rest, "");
}

/* Clip `index` in the folder of the audit. */
static void odd_path(size_t index, char *path, size_t size) {
    static const char *const names[] = {"=1+1,\"a\"\n", "\xff\xc3 %41", "'-x\t", "caf\xc3\xa9"};
    snprintf(path, size, "%s/%s%zu.wav", odd_classes[index % 2], names[index / 2 % 4], index);
}

/* Wrong labels in a collection whose names and classes have odd bytes. */
static void names_in_an_audit(void **state) {
    (void)state;
    enum { COUNT = 32 };
    for (size_t i = 0; i < COUNT; i++) {
        char path[64];
        char name[80];
        size_t half = i % 2 == 0 && i > 5 ? 40 : 8; /* the first three of one class are wrong */
        odd_path(i, path, sizeof path);
        snprintf(name, sizeof name, "audit/%s", path);
        square(test_path(folder, name), half + i / 2 % 5, FRAMES - 10 * i);
    }
    const char *const arguments[] = {"audit", test_path(folder, "audit"), "-o",
                                     test_path(folder, "audit-out"), NULL};
    run(arguments, 0);
    struct strict_csv csv;
    strict_csv_read(&csv, test_path(folder, "audit-out/issues.csv"));
    assert_true(csv.rows > 1);
    size_t found = 0;
    for (size_t i = 0; i < COUNT; i++) {
        char path[64];
        odd_path(i, path, sizeof path);
        size_t row = find_row(&csv, "path", path);
        if (row == csv.rows) continue;
        char *given = name_of(strict_csv_cell(&csv, row, "given_label"));
        char *suggested = name_of(strict_csv_cell(&csv, row, "suggested_label"));
        assert_string_equal(given, odd_classes[i % 2]);
        assert_string_equal(suggested, odd_classes[1 - i % 2]);
        free(given);
        free(suggested);
        found++;
    }
    assert_int_equal(found, csv.rows - 1);
    size_t size = 0;
    char *lines = (char *)test_file_read(test_path(folder, "audit-out/issues.jsonl"), &size);
    lines[size] = '\0';
    compare_issues(&csv, lines);
    free(lines);
    strict_csv_free(&csv);
}

/* One clip of ten minutes: memory stays as for short clips. */
static void ten_minutes(void **state) {
    (void)state;
    const size_t frames = (size_t)600 * RATE;
    int16_t *samples = malloc(frames * sizeof *samples);
    assert_non_null(samples);
    signal_noise(samples, frames, 8);
    test_sound_int16(test_path(folder, "long/class/1.wav"), WAV_16, RATE, 1, samples, frames);
    free(samples);
    const char *const arguments[] = {
        "embed", test_path(folder, "long"), "-o", test_path(folder, "long-out"), "--device", "cpu",
        NULL};
    struct program_run done;
    assert_true(program_run(arguments, false, &done));
    if (done.exit_code != 0) fail_msg("exit code %d: %s", done.exit_code, done.said);
    free(done.said);
    print_message("peak %ld MiB\n", done.peak_kilobytes / 1024);
    if (!SANITIZED) assert_in_range(done.peak_kilobytes, 1, 400 * 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_has_its_row),
        cmocka_unit_test(every_row_of_a_manifest),
        cmocka_unit_test(names_in_an_audit),
        cmocka_unit_test(ten_minutes),
    };
    return cmocka_run_group_tests_name("hostile files", tests, make_folder, remove_folder);
}
