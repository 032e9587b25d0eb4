/* Lhotse cut sets: those that Lhotse wrote and read back (tests/golden/lhotse), and others
 * that it would never write. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/lhotse"

static const struct input_options plain = {0};

static void expect(const char *name, const struct input_options *options, const char *clips) {
    seen_expect(test_folder, name, options, clips);
}

static void expect_words(const char *name, const struct input_options *options, const char *words) {
    seen_expect_words(test_folder, name, options, words);
}

/* ---- sets that Lhotse wrote ---- */

enum { SET, ID, PATH, START, DURATION, LABEL, SPEAKER, STATUS, COLUMNS };

/* Lhotse rounds up to three times to a step of 48 kHz; earmark does not round. */
static const double slack = 1.5 / 48000 + 1e-9;

static const char *status_of(char *const *columns) {
    if (strcmp(columns[STATUS], "refused") == 0) return "bad_row";
    if (strcmp(columns[STATUS], "outside") == 0) return "bad_segment";
    if (strcmp(columns[LABEL], "-") == 0) return "no_label";
    return strcmp(columns[SPEAKER], "-") == 0 ? "no_group" : "ok";
}

static void expect_text(const char *seen, const char *expected) {
    assert_string_equal(seen == NULL ? "-" : seen, expected);
}

static void expect_clip(const struct clip_list *clips, size_t index, char *const *columns) {
    const struct clip *clip = &clips->clips[index];
    bool refused = strcmp(columns[STATUS], "refused") == 0;
    struct text id = TEXT_INITIAL;
    expect_text(clip_id(clips, index, &id), columns[ID]);
    text_free(&id);
    expect_text(clip_path(clips, index), refused ? "" : columns[PATH]);
    expect_text(clip_label(clips, index), columns[LABEL]);
    expect_text(clip_group(clips, index), columns[SPEAKER]);
    expect_text(clip_status_name(clip->status), status_of(columns));
    if (strcmp(columns[STATUS], "clip") != 0) return;
    double start = strtod(columns[START], NULL);
    double duration = strtod(columns[DURATION], NULL);
    if (!(fabs(clip->start - start) <= 1e-9) ||
        !(fabs(clip->end - clip->start - duration) <= slack))
        fail_msg("%s %s: from %.9f to %.9f, not %.9f for %.9f", columns[SET], columns[ID],
                 clip->start, clip->end, start, duration);
}

/* Compares one set with the rows at `table`; returns their number. */
static size_t expect_set(const char *name, char **table) {
    static const struct input_options options = {.group_field = "speaker"};
    struct collection input;
    struct error error = ERROR_INITIAL;
    size_t rows = 0;
    assert_int_equal(input_open(test_path(GOLDEN, name), &options, &input, &error), ERROR_NONE);
    assert_string_equal(input.format, "lhotse-cuts");
    for (; strncmp(*table, name, strlen(name)) == 0; rows++) {
        char *line = strsep(table, "\n");
        char *columns[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++) assert_non_null(columns[i] = strsep(&line, "\t"));
        assert_true(rows < input.clips.count);
        expect_clip(&input.clips, rows, columns);
    }
    assert_int_equal(rows, input.clips.count);
    collection_close(&input);
    return rows;
}

static void golden_sets(void **state) {
    (void)state;
    size_t size = 0;
    char *table = (char *)test_file_read(test_path(GOLDEN, "expected.tsv"), &size);
    table = realloc(table, size + 1);
    assert_non_null(table);
    table[size] = '\0';
    char *at = table;
    assert_int_equal(expect_set("plain.jsonl", &at), 35);
    assert_int_equal(expect_set("trimmed.jsonl.gz", &at), 35);
    assert_int_equal(expect_set("windows.jsonl", &at), 77);
    assert_int_equal(expect_set("odd.jsonl", &at), 23);
    assert_string_equal(at, "");
    assert_int_not_equal(access("evil", F_OK), 0);
    free(table);
}

/* ---- sets that Lhotse does not write ---- */

#define FILE_SOURCE(path) "[{\"type\": \"file\", \"channels\": [0], \"source\": \"" path "\"}]"

/* A line with a cut, of 2 s from 1 s on unless `place` gives other times. */
static void put_cut(struct text *lines, const char *place, const char *sources,
                    const char *supervisions) {
    text_format(lines,
                "{\"id\": \"c%zu\", %s, \"channel\": 0, \"recording\": {\"id\": \"r\", "
                "\"sources\": %s}, \"supervisions\": [%s], \"type\": \"MonoCut\"}\n",
                lines->length, place == NULL ? "\"start\": 1, \"duration\": 2" : place, sources,
                supervisions);
}

static void put_supervision(struct text *lines, const char *place) {
    char supervision[256];
    snprintf(supervision, sizeof supervision, "{\"id\": \"u\", %s, \"custom\": {\"label\": \"x\"}}",
             place);
    put_cut(lines, NULL, FILE_SOURCE("a.wav"), supervision);
}

static void write_set(const char *name, struct text *lines) {
    test_text_write(test_path(test_folder, name), lines->data);
    text_clear(lines);
}

/* Checks the reason of each row, from the first on: it contains the words ("": it is a clip). */
static void expect_reasons(const char *name, const char *const *words, size_t count) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    assert_int_equal(input_open(test_path(test_folder, name), &plain, &input, &error), ERROR_NONE);
    const struct clip_list *clips = &input.clips;
    assert_int_equal(clips->count, count);
    for (size_t i = 0; i < count; i++) {
        const char *reason = clip_reason(clips, i);
        if (strstr(reason, words[i]) == NULL || (words[i][0] == '\0') != (reason[0] == '\0'))
            fail_msg("row %zu: '%s' lacks '%s'", i, reason, words[i]);
        if (words[i][0] != '\0') continue;
        assert_true(clips->clips[i].start >= 1 && clips->clips[i].end <= 3);
    }
    collection_close(&input);
}

static void places(void **state) {
    (void)state;
    static const char *const supervisions[][2] = {
        {"\"start\": 0, \"duration\": 2", ""},
        {"\"start\": -1, \"duration\": 1e300", ""},
        {"\"start\": -1e300, \"duration\": 1e300", "it is outside its cut (start '-1"},
        {"\"start\": 2, \"duration\": 1", "line 4: it is outside its cut (start '2', end '', "
                                          "duration '1')"},
        {"\"start\": -1, \"duration\": 1", "it is outside its cut"},
        {"\"start\": 1, \"duration\": 0", "it has no length"},
        {"\"start\": 1, \"duration\": -0.5", "it has no length"},
        {"\"start\": 1e999, \"duration\": 1", "not JSON"},
        {"\"start\": NaN, \"duration\": 1", "without start or duration"},
        {"\"start\": 1.7e308, \"duration\": 1.7e308", "it is outside its cut"},
        {"\"start\": \"0\", \"duration\": 1", "a supervision without start or duration"},
        {"\"start\": 0, \"duration\": null", "a supervision without start or duration"},
        {"\"start\": 0", "a supervision without start or duration"}};
    static const char *const cuts[][2] = {
        {"\"start\": -1, \"duration\": 2", "its cut begins before its recording"},
        {"\"start\": 1, \"duration\": 0", "its cut has no length"},
        {"\"start\": 1, \"duration\": -3", "its cut has no length"},
        {"\"start\": 1", "its cut has no start or no duration"},
        {"\"start\": true, \"duration\": 2", "its cut has no start or no duration"},
        {"\"start\": 1.7e308, \"duration\": 1.7e308", "the position in the file is not a number"},
        {"\"start\": 1e300, \"duration\": 1", "its end equals its start"}};
    const char *words[32];
    size_t count = 0;
    struct text lines = TEXT_INITIAL;
    for (size_t i = 0; i < sizeof supervisions / sizeof supervisions[0]; i++) {
        put_supervision(&lines, supervisions[i][0]);
        words[count++] = supervisions[i][1];
    }
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        put_cut(&lines, cuts[i][0], FILE_SOURCE("a.wav"), "");
        words[count++] = cuts[i][1];
    }
    write_set("places.jsonl", &lines);
    expect_reasons("places.jsonl", words, count);
    text_free(&lines);
}

static void refusals(void **state) {
    (void)state;
    static const char *const words[] = {"",
                                        "neither a file nor a known kind of source",
                                        "without id or sources",
                                        "without id or sources",
                                        "its cut has no recording; features alone",
                                        "supervisions that are not a list",
                                        "a supervision without start",
                                        "a mixed cut, whose sound is not in one file",
                                        "a cut of padding",
                                        "not a cut of a known type",
                                        "not a cut of a known type",
                                        "not a JSON object",
                                        "not JSON",
                                        "longer than 1 MiB"};
    struct text lines = TEXT_INITIAL;
    put_supervision(&lines, "\"start\": 0, \"duration\": 1");
    put_cut(&lines, NULL, "[{\"type\": \"memory\", \"channels\": [0], \"source\": \"AAAA\"}]", "");
    put_cut(&lines, NULL, "[]", "");
    text_string(&lines,
                "{\"start\": 1, \"duration\": 2, \"recording\": 7, \"type\": \"MonoCut\"}\n"
                "{\"start\": 1, \"duration\": 2, \"recording\": null, \"type\": \"MonoCut\"}\n"
                "{\"start\": 1, \"duration\": 2, \"supervisions\": {}, \"type\": \"MonoCut\"}\n");
    put_cut(&lines, NULL, FILE_SOURCE("a.wav"), "null");
    text_string(&lines, "{\"id\": \"m\", \"tracks\": [], \"type\": \"MixedCut\"}\n"
                        "{\"id\": \"p\", \"duration\": 1, \"type\": \"PaddingCut\"}\n"
                        "{\"id\": \"x\", \"type\": \"TripleCut\"}\n{\"type\": 5}\n[]\n");
    for (int i = 0; i < 100000; i++) text_string(&lines, "{\"a\":[");
    text_string(&lines, "\n");
    for (int i = 0; i < 200000; i++) text_string(&lines, "[{}],  ");
    write_set("refusals.jsonl", &lines);
    expect_reasons("refusals.jsonl", words, sizeof words / sizeof words[0]);
    text_free(&lines);
}

static void channels(void **state) {
    (void)state;
    static const char stereo[] =
        "[{\"type\": \"file\", \"channels\": [0, 1], \"source\": \"two.wav\"}]";
    static const char pair[] = "[{\"type\": \"file\", \"channels\": [0], \"source\": \"l.wav\"}, "
                               "{\"type\": \"file\", \"channels\": [1], \"source\": \"r.wav\"}]";
    static const char *const supervisions[] = {"\"channel\": [0]", "\"channel\": 1",
                                               "\"channel\": [0, 1]", "\"channel\": 2"};
    const struct input_options options = {.label_column = "speaker"};
    struct text lines = TEXT_INITIAL;
    for (size_t i = 0; i < 2; i++) {
        /* The cut's channel is used if the supervision has none. */
        put_cut(&lines, NULL, i == 0 ? stereo : pair,
                "{\"start\": 0, \"duration\": 1, \"speaker\": \"a\"}");
        for (size_t s = 0; s < sizeof supervisions / sizeof supervisions[0]; s++) {
            char supervision[128];
            snprintf(supervision, sizeof supervision,
                     "{\"start\": %zu, \"duration\": 0.125, \"speaker\": \"a\", %s}", s % 2,
                     supervisions[s]);
            put_cut(&lines, NULL, i == 0 ? stereo : pair, supervision);
        }
    }
    write_set("channels.jsonl", &lines);
    expect("channels.jsonl", &options,
           "two.wav|a|||ok\ntwo.wav|a|||ok\ntwo.wav|a|||ok\ntwo.wav|a|||ok\ntwo.wav|a|||ok\n"
           "l.wav|a|||ok\nl.wav|a|||ok\nr.wav|a|||ok\n|a|||bad_row\n|a|||bad_row\n"
           "~clips that are one channel of a file with several: 4; all its channels are mixed "
           "down\n"
           "~rows that repeat the path of an earlier row: 2, for example 'two.wav'\n");
    text_free(&lines);
}

static void fields(void **state) {
    (void)state;
    static const char rest[] = "\"recording\": {\"id\": \"r\", \"sources\": " FILE_SOURCE(
        "a.wav") "}, \"channel\": 0, \"type\": \"MonoCut\"}\n";
    struct input_options options = {0};
    struct text lines = TEXT_INITIAL;
    text_format(&lines,
                "{\"id\": \"c\", \"start\": 0, \"duration\": 4, \"supervisions\": [{\"id\": "
                "\"u\", \"start\": 0, \"duration\": 1, \"speaker\": null, \"language\": \"de\", "
                "\"custom\": {\"mood\": 1, \"label\": null}}, {\"id\": \"v\", \"start\": 1, "
                "\"duration\": 1, \"speaker\": \"ann\", \"custom\": {\"label\": \"y\"}}], "
                "\"custom\": {\"label\": \"x\", \"speaker\": \"all\", \"mood\": [2]}, %s"
                "{\"id\": \"d\", \"start\": 5, \"duration\": 1, %s",
                rest, rest);
    write_set("fields.jsonl", &lines);
    expect("fields.jsonl", &plain, "a.wav|x|||ok\na.wav|y|||ok\na.wav||||no_label\n");
    options = (struct input_options){.label_column = "speaker", .group_field = "custom.label"};
    expect_words("fields.jsonl", &options, "a.wav|all|x||ok\na.wav|ann|y||ok\n");
    options = (struct input_options){.label_column = "language", .fold_column = "mood"};
    expect_words("fields.jsonl", &options, "a.wav|de||1|ok\n||||bad_row\n");
    options = (struct input_options){.label_column = "gender"};
    expect_words("fields.jsonl", &options, "!usage: ");
    expect_words("fields.jsonl", &options,
                 "no cut has the field 'gender' for --label-column; there are: language, "
                 "custom.mood, custom.label, custom.speaker");
    options = (struct input_options){.end_column = "end"};
    expect_words("fields.jsonl", &options, "not for Lhotse's cuts");
    options = (struct input_options){.label_pattern = "{label}.wav"};
    expect_words("fields.jsonl", &options, "a.wav|a|||ok\na.wav|a|||ok\na.wav|a|||ok\n");
    seen_expect_reading(test_folder, "fields.jsonl", &options, "labels from the pattern");
    text_free(&lines);
}

/* A file is a cut set by its contents, whatever its name. */
static void recognition(void **state) {
    (void)state;
    static const char mixed[] = "{\"id\": \"m\", \"tracks\": [], \"type\": \"MixedCut\"}\n";
    struct text lines = TEXT_INITIAL;
    for (int i = 0; i < 2; i++) {
        text_string(&lines, i == 0 ? "no JSON\n[]\n" : mixed);
        put_supervision(&lines, "\"start\": 0, \"duration\": 1");
        write_set(i == 0 ? "list.jsonl" : "k/cuts.jsonl", &lines);
    }
    expect("list.jsonl", &plain, "||||bad_row\n||||bad_row\na.wav|x|||ok\n");
    expect("k", &plain, "||||bad_row\na.wav|x|||ok\n");
    expect("k/cuts.jsonl", &plain, "||||bad_row\na.wav|x|||ok\n");
    seen_expect_reading(test_folder, "k", &plain,
                        "k/cuts.jsonl is read as a cut set of Lhotse: labels from custom.label");
    test_text_write(test_path(test_folder, "old.jsonl"),
                    "{\"id\": \"c\", \"start\": 0, \"duration\": 1, \"channel\": 0, "
                    "\"custom\": {\"label\": \"x\"}, \"supervisions\": [], \"recording\": {\"id\": "
                    "\"r\", \"sources\": " FILE_SOURCE("b/a.wav") "}, \"type\": \"Cut\"}\n");
    expect("old.jsonl", &plain, "b/a.wav|x|||ok\n");
    /* Neither the name nor the word "cut" makes a file a cut set. */
    test_text_write(test_path(test_folder, "cuts.jsonl"),
                    "{\"path\": \"a.wav\", \"label\": \"x\", \"type\": \"Cut\"}\n");
    expect("cuts.jsonl", &plain, "a.wav|x|||ok\n");
    /* If all cuts are mixed, the message says so; if a folder has two sets, it asks which one. */
    test_text_write(test_path(test_folder, "mixed.jsonl"), mixed);
    expect_words("mixed.jsonl", &plain, "a mixed cut, whose sound is not in one file");
    test_text_write(test_path(test_folder, "k/recordings.jsonl"), "{}\n");
    test_text_write(test_path(test_folder, "k/supervisions.jsonl"), "{}\n");
    expect_words("k", &plain, "holds cuts.jsonl and supervisions.jsonl; give the one to read");
    text_free(&lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_sets), cmocka_unit_test(places), cmocka_unit_test(refusals),
        cmocka_unit_test(channels),    cmocka_unit_test(fields), cmocka_unit_test(recognition),
    };
    return cmocka_run_group_tests_name("lhotse_cuts", tests, test_folder_begin, test_folder_end);
}
