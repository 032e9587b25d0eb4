/* Selection tables of Raven and BirdNET and label tracks of Audacity: which sound they belong to,
 * one clip a selection, and folders of them. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct input_options plain = {0};

static void write_file(const char *name, const char *content) {
    test_text_write(test_path(test_folder, name), content);
}

/* The clips as "path start end label status", and the warnings. */
static void expect(const char *name, const struct input_options *options, const char *expected) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text found = TEXT_INITIAL;
    text_string(&found, "");
    if (input_open(test_path(test_folder, name), options, &input, &error) != ERROR_NONE)
        text_format(&found, "!%s\n", error.message);
    for (size_t i = 0; error.code == ERROR_NONE && i < input.clips.count; i++) {
        const struct clip *clip = &input.clips.clips[i];
        const char *label = clip_label(&input.clips, i);
        text_format(&found, "%s %.9g %.9g %s %s\n", clip_path(&input.clips, i), clip->start,
                    clip->end, label == NULL ? "-" : label, clip_status_name(clip->status));
    }
    for (size_t i = 0; i < input.warnings.count; i++)
        text_format(&found, "~%s\n", input.warnings.sentences[i]);
    assert_string_equal(found.data, expected);
    text_free(&found);
    collection_close(&input);
}

static void expect_reading(const char *name, const char *words) {
    seen_expect_reading(test_folder, name, &plain, words);
}

#define HEADER                                                                                     \
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"

static void raven_views(void **state) {
    (void)state;
    write_file("r/XC1.wav", "");
    write_file("r/XC1.Table.1.selections.txt",
               HEADER "\tDelta Time (s)\tSpecies\r\n"
                      "1\tWaveform 1\t1\t0.5\t1.25\t0\t22050\t0.75\tcow \"bird\"\r\n"
                      "1\tSpectrogram 1\t1\t0.5\t1.25\t100\t900\t0.75\tcow \"bird\"\r\n"
                      "2\tWaveform 1\t1\t2\t3.5\t0\t22050\t1.5\t\"owl\r\n"
                      "2\tSpectrogram 1\t1\t2\t3.5\t100\t900\t1.5\t\"owl\r\n"
                      "3\tSpectrogram 1\t2\t4\t5\t100\t900\t1\t\r\n");
    static const char clips[] = "XC1.wav 0.5 1.25 cow \"bird\" ok\nXC1.wav 2 3.5 \"owl ok\n"
                                "XC1.wav 4 5 - no_label\n"
                                "~selections of other channels than the first: 1; the channels of "
                                "a file are mixed\n";
    expect("r/XC1.Table.1.selections.txt", &plain, clips);
    expect_reading("r/XC1.Table.1.selections.txt",
                   "is read as a Raven selection table: each selection is a clip, its label from "
                   "'Species'");
    expect("r", &plain, clips);
    expect_reading("r", "r is read by its selection tables beside the sounds, 1 in number");
    /* All rows of one view, then all of the other; one that differs; tables put together. */
    write_file("r/XC1.Table.1.selections.txt",
               HEADER "\tAnnotation\n"
                      "1\tWaveform 1\t1\t0\t1\t0\t1\tx\n2\tWaveform 1\t1\t1\t2\t0\t1\ty\n"
                      "1\tSpectrogram 1\t1\t0\t1\t0\t1\tx\n2\tSpectrogram 1\t1\t1\t2\t0\t1\tz\n"
                      "1\tWaveform 1\t1\t3\t4\t0\t1\tz\n1\tSpectrogram 1\t1\t3\t4\t0\t1\tz\n");
    expect("r/XC1.Table.1.selections.txt", &plain,
           "XC1.wav 0 1 x ok\nXC1.wav 1 2 y ok\nXC1.wav 3 4 z ok\n"
           "~views of one selection that differ in its times or label: 1, the first at line 5; the "
           "first view of a selection counts\n");
    /* Without views each row is a selection. */
    write_file("r/XC1.txt", "Begin Time (s)\tEnd Time (s)\tCall\n0\t1\tx\n0.25\t1\ty\n");
    expect("r/XC1.txt", &plain, "XC1.wav 0 1 x ok\nXC1.wav 0.25 1 y ok\n");
}

static void raven_sounds(void **state) {
    (void)state;
    write_file("s/one.WAV", "");
    write_file("s/sub/two.flac", "");
    write_file("s/all.txt",
               HEADER "\tBegin Path\tFile Offset (s)\tCommon Name\tSpecies Code\tConfidence\n"
                      "1\tSpectrogram 1\t1\t10\t13\t0\t1\tC:\\rec\\one.WAV\t1.5\tOwl\town\t0.9\n"
                      "2\tSpectrogram 1\t1\t20\t23.5\t0\t1\tsub/two.flac\t0\tJay\tjay\t0.8\n"
                      "3\tSpectrogram 1\t1\t30\t33\t0\t1\t/home/ann/none.wav\t6\tJay\tjay\t0.8\n");
    expect("s/all.txt", &plain,
           "one.WAV 1.5 4.5 Owl ok\nsub/two.flac 0 3.5 Jay ok\nnone.wav 6 9 Jay ok\n");
    struct input_options options = {.label_column = "Species Code", .group_field = "Begin Path"};
    expect("s/all.txt", &options,
           "one.WAV 1.5 4.5 own ok\nsub/two.flac 0 3.5 jay ok\nnone.wav 6 9 jay ok\n");
    options.label_column = "Call";
    seen_expect_words(test_folder, "s/all.txt", &options,
                      "no column 'Call' for --label-column; there are: Selection, View, ");
    options = (struct input_options){.start_column = "Begin Time (s)"};
    seen_expect_words(test_folder, "s/all.txt", &options, "are known; leave out");
    write_file("s/files.txt",
               "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tEnd File\tTag\n"
               "1\t0\t1\tone.WAV\tone.WAV\tx\n2\t9\t11\tone.WAV\tthree.wav\tx\n3\t\t2\t\t\ty\n"
               "4\t2\t1\tone.WAV\tone.WAV\ty\n5\tone\t1\tone.WAV\tone.WAV\ty\n6\t1\t2\n");
    expect(
        "s/files.txt", &plain,
        "one.WAV 0 1 x ok\none.WAV 0 0 x bad_segment\n 0 0 y bad_row\none.WAV 0 0 y bad_segment\n"
        "one.WAV 0 0 y bad_segment\n 0 0 - bad_row\n");
    write_file("s/alone.selections.txt", HEADER "\tTag\n1\tSpectrogram 1\t1\t0\t1\t0\t1\tx\n");
    seen_expect_words(test_folder, "s/alone.selections.txt", &plain,
                      "can be used (1); the first, line 2: there is no sound file with the name of "
                      "its table; put it beside the table");
    write_file("s/bare.txt", HEADER "\n1\tSpectrogram 1\t1\t0\t1\t0\t1\n");
    seen_expect_words(test_folder, "s/bare.txt", &plain,
                      "no column with the label; there are: Sel");
}

static void sounds_by_name(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"a.wav", "a.Table.1.selections.txt"},
        {"b.WAV", "b.selections.txt"},
        {"c.1.wav", "c.1.Table.12.txt"},
        {"d.mp3", "d.BirdNET.selection.table.txt"},
        {"e.flac", "e.flac.Table.2.selections.txt"},
        {"f.ogg", "f.txt"},
        {"g.wav", "g.labels.txt"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64], clips[64];
        snprintf(path, sizeof path, "n/%s", names[i][0]);
        write_file(path, "");
        snprintf(path, sizeof path, "n/%s", names[i][1]);
        write_file(path, "0\t1\tx\n");
        snprintf(clips, sizeof clips, "%s 0 1 x ok\n", names[i][0]);
        expect(path, &plain, clips);
    }
    /* 12 is no part of a name that programs add. */
    write_file("n/2020.wav", "");
    write_file("n/2020.12.txt", "0\t1\tx\n");
    seen_expect_words(test_folder, "n/2020.12.txt", &plain, "no sound file with the name");
}

static void audacity(void **state) {
    (void)state;
    write_file("a/one.wav", "");
    write_file("a/one.txt",
               "0.000000\t1.500000\tdog\n\\\t100.000000\t900.000000\n"
               "1.500000\t2.250000\t\"cat\n2.5\t2.5\tpoint\n3\t4\n5\t4\tback\n6\tx\ty\n"
               "7\t8\ta\tb\n0\t0\tstart\n");
    static const char clips[] =
        "one.wav 0 1.5 dog ok\none.wav 1.5 2.25 \"cat ok\none.wav 0 0 point bad_segment\n"
        "one.wav 3 4 - no_label\none.wav 0 0 back bad_segment\none.wav 0 0 y bad_segment\n"
        "one.wav 0 0 a bad_row\none.wav 0 0 start bad_segment\n";
    expect("a/one.txt", &plain, clips);
    expect_reading("a/one.txt",
                   "is read as an Audacity label track of one.wav: each label is a clip");
    struct input_options options = {.label_column = "label"};
    seen_expect_words(test_folder, "a/one.txt", &options, "has no columns");
    options = (struct input_options){.group_field = "who"};
    seen_expect_words(test_folder, "a/one.txt", &options, "name the field in --label-pattern");
    /* A folder: each beside its sound, in order; other text is no label track. */
    write_file("a/README.txt", "0\t1\n# no, this is one");
    write_file("a/README.txt", "Labels of May.\n");
    write_file("a/two.flac", "");
    write_file("a/two.txt", "0\t1\towl\n");
    write_file("a/three.txt", "0\t1\towl\n");
    struct seen seen;
    seen_read(test_folder, "a", &plain, &seen);
    assert_non_null(strstr(seen.clips.data, "one.wav|start|||bad_segment\n|owl|||bad_row\n"
                                            "two.flac|owl|||ok\n"));
    seen_end(&seen);
    write_file("a/more/four.wav", "");
    seen_expect_words(test_folder, "a", &plain,
                      "1 sound files in the folder are not listed in a table, for example "
                      "'more/four.wav'; they are not in this run");
    /* A list of numbers and files, and class folders with notes beside them, are none. */
    write_file("t/a.wav", "");
    write_file("t/m.txt", "0\t1\ta.wav\n");
    options = (struct input_options){.label_column = "1"};
    expect("t/m.txt", &options, "a.wav 0 0 0 ok\n");
    write_file("c/x/a.wav", "");
    write_file("c/notes.txt", "0\t1\tx\n");
    seen_expect_words(test_folder, "c", &plain, "x/a.wav|x|||ok\n");
}

/* Folders of sounds, each with its table, are classes, but not without a word. */
static void tables_below(void **state) {
    (void)state;
    struct input_options pattern = {.label_pattern = "{label}/{take}"};
    static const char warning[] =
        "~labels come from the names of folders, not from tables beside the sounds, for example "
        "'two/b.txt' (audacity); to read these, put the sounds and their tables into one folder\n";
    char expected[400];
    write_file("b/one/a.wav", "");
    write_file("b/one/a.txt", "no times\n");
    write_file("b/two/b.wav", "");
    expect("b", &plain, "one/a.wav 0 0 one ok\ntwo/b.wav 0 0 two ok\n");
    write_file("b/two/b.txt", "0.5\t1.25\tx\n");
    snprintf(expected, sizeof expected, "one/a.wav 0 0 one ok\ntwo/b.wav 0 0 two ok\n%s", warning);
    expect("b", &plain, expected);
    expect("b", &pattern, "one/a.wav 0 0 one ok\ntwo/b.wav 0 0 two ok\n");
    write_file("b/two/b.Table.1.selections.txt", HEADER "\tSpecies\n1\tS\t1\t0\t1\t0\t1\tx\n");
    seen_expect_words(test_folder, "b", &plain, "'two/b.Table.1.selections.txt' (raven)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raven_views),    cmocka_unit_test(raven_sounds),
        cmocka_unit_test(sounds_by_name), cmocka_unit_test(audacity),
        cmocka_unit_test(tables_below),
    };
    return cmocka_run_group_tests_name("label tables", tests, test_folder_begin, test_folder_end);
}
