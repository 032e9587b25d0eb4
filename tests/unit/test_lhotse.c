/* Lhotse recording and supervision sets, and compressed lists. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct input_options plain = {0};

static void expect(const char *name, const struct input_options *options, const char *clips) {
    seen_expect(test_folder, name, options, clips);
}

static void expect_reading(const char *name, const struct input_options *options,
                           const char *words) {
    seen_expect_reading(test_folder, name, options, words);
}

static void expect_words(const char *name, const struct input_options *options, const char *words) {
    seen_expect_words(test_folder, name, options, words);
}

static const char recordings[] =
    "{\"id\": \"r1\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": "
    "\"a/b c.flac\"}], \"sampling_rate\": 16000, \"num_samples\": 64000, \"duration\": 4.0}\n"
    "{\"id\": \"r2\", \"sources\": [{\"type\": \"command\", \"channels\": [0], \"source\": "
    "\"touch evil\"}]}\n"
    "{\"id\": \"r3\", \"sources\": [{\"type\": \"url\", \"channels\": [0], \"source\": "
    "\"https://example.org/x.wav\"}]}\n"
    "{\"id\": \"r4\", \"sources\": [{\"type\": \"file\", \"channels\": [0, 1], \"source\": "
    "\"two.wav\"}]}\n"
    "{\"id\": \"r5\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": "
    "\"left.wav\"}, {\"type\": \"file\", \"channels\": [1], \"source\": \"right.wav\"}]}\n"
    "{\"id\": \"r6\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": "
    "\"/far/away.wav\"}]}\n"
    "{\"id\": \"r7\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": "
    "\"x.wav\"}], \"transforms\": [{\"name\": \"Speed\"}]}\n"
    "{\"id\": \"r1\", \"sources\": [{\"type\": \"file\", \"channels\": [0], \"source\": "
    "\"again.wav\"}]}\n"
    "{\"id\": \"r8\", \"sources\": [{\"type\": \"memory\", \"channels\": [0], \"source\": "
    "\"AAAA\"}]}\n"
    "{\"id\": \"empty\", \"sources\": []}\nno JSON\n";

/* A supervision: its id, recording, times and channel, and the rest of its members. */
static void put_supervision(struct text *lines, const char *id, const char *recording,
                            const char *place, const char *rest) {
    text_format(lines, "{\"id\": \"%s\", \"recording_id\": \"%s\", %s%s}\n", id, recording, place,
                rest);
}

static void put_supervisions(struct text *lines) {
    static const char rest[] = ", \"channel\": 0, \"speaker\": \"ann\", \"text\": \"\\u00e4h\", "
                               "\"custom\": {\"label\": \"x\", \"mood\": 7, \"list\": [1]}";
    put_supervision(lines, "u2", "r1", "\"start\": 1.5, \"duration\": 0.75",
                    ", \"channel\": [0], \"speaker\": \"bob\", \"custom\": {\"label\": \"y\"}");
    put_supervision(lines, "u1", "r1", "\"start\": 0, \"duration\": 1.5", rest);
    put_supervision(lines, "u3", "r2", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u4", "r3", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u5", "r4", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u6", "r5", "\"start\": 0, \"duration\": 1",
                    ", \"channel\": 1, \"speaker\": \"cy\", \"custom\": {\"label\": \"x\"}");
    put_supervision(lines, "u7", "r5", "\"start\": 0, \"duration\": 1",
                    ", \"channel\": 2, \"speaker\": \"cy\", \"custom\": {\"label\": \"x\"}");
    put_supervision(lines, "u8", "r6", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u9", "r7", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u10", "r8", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u11", "none", "\"start\": 0, \"duration\": 1", rest);
    put_supervision(lines, "u12", "r1", "\"start\": -1, \"duration\": 1", rest);
    put_supervision(lines, "u13", "r1", "\"start\": 0, \"duration\": 0", rest);
    put_supervision(lines, "u14", "r1", "\"start\": 0", rest);
    put_supervision(lines, "u15", "r1", "\"start\": 2, \"duration\": 1",
                    ", \"channel\": 0, \"speaker\": \"ann\"");
    put_supervision(lines, "u16", "r1", "\"start\": 3, \"duration\": 1",
                    ", \"channel\": 1, \"custom\": {\"label\": \"x\"}");
    text_string(lines, "{\"recording_id\": 5}\n[]\n");
}

static const char lhotse_clips[] =
    "a/b c.flac|y|||ok\na/b c.flac|x|||ok\n|x|||bad_row\n|x|||bad_row\ntwo.wav|x|||ok\n"
    "right.wav|x|||ok\n|x|||bad_row\n/far/away.wav|x|||outside\n|x|||bad_row\n|x|||bad_row\n"
    "|x|||bad_row\na/b c.flac|x|||bad_segment\na/b c.flac|x|||bad_segment\n|x|||bad_row\n"
    "a/b c.flac||||no_label\n|x|||bad_row\n||||bad_row\n||||bad_row\n"
    "~lines of %s/%s that are not recordings: 2; clips that refer to them have a reason\n"
    "~sources in %s/%s that repeat a recording: 1; its first line counts\n"
    "~clips that are one channel of a file with several: 1; all its channels are mixed down\n";

static void expect_lhotse(const char *name, const char *recordings_name) {
    struct text expected = TEXT_INITIAL;
    char clips[2048];
    snprintf(clips, sizeof clips, lhotse_clips, test_folder, recordings_name, test_folder,
             recordings_name);
    expect(name, &plain, clips);
    text_format(&expected,
                "is read as a supervision set of Lhotse: sounds from %s/%s, labels from "
                "custom.label",
                test_folder, recordings_name);
    expect_reading(name, &plain, expected.data);
    text_free(&expected);
}

static void write_gzip(const char *path, const char *text) {
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

static void lhotse_sets(void **state) {
    (void)state;
    struct text lines = TEXT_INITIAL;
    put_supervisions(&lines);
    test_text_write(test_path(test_folder, "l/recordings.jsonl"), recordings);
    test_text_write(test_path(test_folder, "l/supervisions.jsonl"), lines.data);
    expect_lhotse("l", "l/recordings.jsonl");
    expect_lhotse("l/supervisions.jsonl", "l/recordings.jsonl");
    /* Named and compressed as by Lhotse's recipes. */
    test_text_write(test_path(test_folder, "lz/README"), "");
    write_gzip(test_path(test_folder, "lz/corpus_recordings_dev.jsonl.gz"), recordings);
    write_gzip(test_path(test_folder, "lz/corpus_supervisions_dev.jsonl.gz"), lines.data);
    expect_lhotse("lz/corpus_supervisions_dev.jsonl.gz", "lz/corpus_recordings_dev.jsonl.gz");
    /* One compressed, the other not. */
    test_text_write(test_path(test_folder, "lm/recordings.jsonl"), recordings);
    write_gzip(test_path(test_folder, "lm/supervisions.jsonl.gz"), lines.data);
    expect_lhotse("lm", "lm/recordings.jsonl");
    text_free(&lines);
}

static void lhotse_details(void **state) {
    (void)state;
    static const struct {
        size_t clip;
        const char *words;
    } reasons[] = {{2, "line 3: its recording is a shell command, which is never run"},
                   {3, "its recording is an address, which is never fetched"},
                   {6, "several files, and none of them is only its channel"},
                   {8, "transforms, which are not applied"},
                   {9, "neither a file nor a known kind of source"},
                   {10, "not in the recording set"},
                   {11, "the position in the file is negative"},
                   {12, "its duration is 0 s"},
                   {13, "no duration"},
                   {15, "does not have its channel"},
                   {16, "no recording_id"},
                   {17, "not a JSON object"}};
    struct collection input;
    struct error error = ERROR_INITIAL;
    assert_int_equal(input_open(test_path(test_folder, "l"), &plain, &input, &error), ERROR_NONE);
    const struct clip_list *clips = &input.clips;
    assert_string_equal(input.format, "lhotse");
    assert_string_equal(clip_id(clips, 0, NULL), "u2");
    assert_true(clips->clips[0].start == 1.5 && clips->clips[0].end == 2.25);
    assert_true(clips->clips[1].start == 0 && clips->clips[1].end == 1.5);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strstr(clip_reason(clips, reasons[i].clip), reasons[i].words) == NULL)
            fail_msg("'%s' lacks '%s'", clip_reason(clips, reasons[i].clip), reasons[i].words);
    collection_close(&input);
    assert_int_not_equal(access("evil", F_OK), 0);
}

static void lhotse_fields(void **state) {
    (void)state;
    struct input_options options = {.label_column = "speaker", .group_field = "custom.mood"};
    expect_words("l", &options, "a/b c.flac|bob|||no_group\na/b c.flac|ann|7||ok\n");
    options = (struct input_options){.label_column = "mood", .group_field = "speaker"};
    expect_words("l", &options, "a/b c.flac||bob||no_label\na/b c.flac|7|ann||ok\n");
    options = (struct input_options){.label_column = "text", .fold_column = "speaker"};
    expect_words("l", &options, "a/b c.flac|\xc3\xa4h||ann|ok\n");
    options = (struct input_options){.label_column = "gender"};
    expect_words("l", &options, "!usage: ");
    expect_words("l", &options,
                 "no supervision has the field 'gender' for --label-column; there are: speaker, "
                 "custom.label");
    options = (struct input_options){.start_column = "start"};
    expect_words("l", &options, "not for Lhotse's supervisions");
    test_text_write(test_path(test_folder, "ln/recordings.jsonl"), recordings);
    test_text_write(test_path(test_folder, "ln/supervisions.jsonl"),
                    "{\"id\": \"u\", \"recording_id\": \"r1\", \"start\": 0, \"duration\": 1, "
                    "\"language\": \"de\"}\n");
    expect_words("ln", &plain,
                 "no supervision has a custom.label; name the field with the label with "
                 "--label-column; there are: language");
    options = (struct input_options){.label_column = "language"};
    expect_words("ln", &options, "a/b c.flac|de|||ok\n");
    /* The name alone means nothing. */
    test_text_write(test_path(test_folder, "lo/supervisions.jsonl"),
                    "{\"path\": \"a.wav\", \"label\": \"x\"}\n");
    expect("lo/supervisions.jsonl", &plain, "a.wav|x|||ok\n");
}

/* Arrays are sets of labels where a clip may have several. */
static void lhotse_labels(void **state) {
    (void)state;
    static const char *const labels[] = {"[\"y\", \"x\"]", "\"x;z\"", "[]", "[[]]", "[\"a;b\"]"};
    const struct input_options sets = {.label_separator = ";"};
    struct text lines = TEXT_INITIAL;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        text_format(&lines,
                    "{\"id\": \"u%zu\", \"recording_id\": \"r1\", \"start\": %zu, "
                    "\"duration\": 1, \"custom\": {\"label\": %s}}\n",
                    i, i, labels[i]);
    test_text_write(test_path(test_folder, "ls/recordings.jsonl"), recordings);
    test_text_write(test_path(test_folder, "ls/supervisions.jsonl"), lines.data);
    expect_words("ls", &sets,
                 "a/b c.flac|x|y|||ok\na/b c.flac|x|z|||ok\na/b c.flac||||ok\n"
                 "||||bad_row\na/b c.flac|a;b|||ok\n");
    expect_words("ls", &plain, "||||bad_row\na/b c.flac|x;z|||ok\n");
    text_free(&lines);
}

/* Any list may be compressed; a damaged one is an error, not a shorter list. */
static void gzip_lists(void **state) {
    (void)state;
    struct text lines = TEXT_INITIAL;
    text_string(&lines, "path,label\n");
    for (unsigned i = 0; i < 2000; i++) text_format(&lines, "%u.wav,%u\n", i * 7919 % 2003, i % 2);
    const char *path = test_path(test_folder, "packed.csv.gz");
    write_gzip(path, lines.data);
    expect_words("packed.csv.gz", &plain, "0.wav|0|||ok\n1910.wav|1|||ok");
    size_t size = 0;
    free(test_file_read(path, &size));
    test_file_cut(path, size / 2);
    expect_words("packed.csv.gz", &plain, "!file: ");
    write_gzip(path, lines.data);
    test_file_patch(path, size / 2, "\xff\xff\xff\xff", 4);
    expect_words("packed.csv.gz", &plain, "!file: ");
    path = test_path(test_folder, "packed.jsonl.gz");
    write_gzip(path, "{\"path\": \"a.wav\", \"label\": \"x\"}\n");
    expect("packed.jsonl.gz", &plain, "a.wav|x|||ok\n");
    text_free(&lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lhotse_sets),   cmocka_unit_test(lhotse_details),
        cmocka_unit_test(lhotse_fields), cmocka_unit_test(lhotse_labels),
        cmocka_unit_test(gzip_lists),
    };
    return cmocka_run_group_tests_name("lhotse", tests, test_folder_begin, test_folder_end);
}
