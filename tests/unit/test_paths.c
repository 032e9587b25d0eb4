/* Where the sound files of a list are: --audio-root, --path-template, and what is found where the
 * list does not say it. */
#include "host/lists/path_template.h"
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

static void write(const char *name, const char *text) {
    test_text_write(test_path(test_folder, name), text);
}

static void expect(const char *name, const struct input_options *options, const char *clips) {
    seen_expect(test_folder, name, options, clips);
}

static void expect_words(const char *name, const struct input_options *options, const char *words) {
    seen_expect_words(test_folder, name, options, words);
}

static void expect_reading(const char *name, const struct input_options *options,
                           const char *words) {
    seen_expect_reading(test_folder, name, options, words);
}

/* ---- templates ---- */

static void expect_path(const char *text, const char *expected) {
    static const char *const values[TEMPLATE_VALUES] = {"a/b.WAV", " 30.500", "x y", "",
                                                        "C:\\d\\e.wav"};
    struct template_columns columns = {0};
    struct path_template made;
    struct error error = ERROR_INITIAL;
    struct text path = TEXT_INITIAL;
    size_t missing;
    assert_int_equal(path_template_parse(text, &made, &error), ERROR_NONE);
    struct path_template order;
    assert_int_equal(path_template_parse("{start}{two}{none}{dos}", &order, &error), ERROR_NONE);
    assert_int_equal(path_template_bind(&order, &columns, &error), ERROR_NONE);
    assert_int_equal(path_template_bind(&made, &columns, &error), ERROR_NONE);
    assert_int_equal(path_template_fill(&made, values, &path, &missing, &error), ERROR_NONE);
    assert_string_equal(missing == SIZE_MAX ? path.data : "-", expected);
    text_free(&path);
    path_template_free(&order);
    path_template_free(&made);
    template_columns_free(&columns);
}

static void templates(void **state) {
    (void)state;
    expect_path("{path}", "a/b.WAV");
    expect_path("clips/{path}.mp3", "clips/a/b.WAV.mp3");
    expect_path("../x/{path:stem}.flac", "x/a/b.flac");
    expect_path("./../.././x/{path:name}", "x/b.WAV");
    expect_path("{two}_{start}.wav", "x y_30.500.wav");
    expect_path("{start:s}_{start:ms}.wav", "31_30500.wav");
    expect_path("{path:ms}.wav", "-");
    expect_path("{none}.wav", "-");
    expect_path("x/{dos:name}", "x/e.wav");
    expect_path("x/{dos:slashes}", "x/C:/d/e.wav");
    expect_path("{path:slashes}", "a/b.WAV");
    expect_path("{none:slashes}", "-");
    expect_path("{two:half}", "-"); /* a column of that name */
}

static void expect_refusal(const char *text, const char *words) {
    struct path_template made;
    struct error error = ERROR_INITIAL;
    assert_int_equal(path_template_parse(text, &made, &error), ERROR_USAGE);
    if (strstr(error.message, words) == NULL) fail_msg("'%s' lacks '%s'", error.message, words);
    path_template_free(&made);
}

static void refused_templates(void **state) {
    (void)state;
    expect_refusal("", "names no column");
    expect_refusal("a.wav", "names no column");
    expect_refusal("{}.wav", "no name");
    expect_refusal("{:stem}.wav", "no name");
    expect_refusal("{path.wav", "no pair");
    expect_refusal("path}.wav", "no pair");
    expect_refusal("{a{b}}.wav", "no pair");
    expect_refusal("{a}{b}{c}{d}{e}{f}{g}{h}{i}", "more than 8");
    char *endless = calloc(6001, 1);
    assert_non_null(endless);
    memset(endless, 'x', 6000);
    expect_refusal(endless, "longer");
    free(endless);
}

/* ---- the user's ---- */

static void given_template(void **state) {
    (void)state;
    struct input_options options = {.path_template = "sub/{id}/{take}.wav",
                                    .label_column = "label"};
    write("g/list.csv", "id,take,label\na,1,x\nb/c,2,y\n../..,3,x\n,4,x\n");
    expect("g/list.csv", &options,
           "sub/a/1.wav|x|||ok\nsub/b/c/2.wav|y|||ok\nsub/../../3.wav|x|||outside\n"
           "|x|||bad_row\n");
    expect_words("g/list.csv", &(struct input_options){.path_template = "{nope}.wav"},
                 "no column 'nope' for --path-template; there are: id, take, label");
    write("g/list.jsonl",
          "{\"path\":\"a\",\"n\":7,\"label\":\"x\"}\n{\"path\":\"b\",\"label\":\"y\"}\n");
    options = (struct input_options){.path_template = "s/{path}-{n}.wav"};
    expect("g/list.jsonl", &options, "s/a-7.wav|x|||ok\n|y|||bad_row\n");
    expect_words("g/list.jsonl", &(struct input_options){.path_template = "{m}.wav"},
                 "no column 'm' for --path-template; there are: ");
    /* Its own folder, above or elsewhere, is the user's word: the root of the list. */
    write("g/in/list.tsv", "path\tlabel\na\tx\n../b\ty\n");
    options = (struct input_options){.path_template = "../sounds/{path}.wav"};
    expect("g/in/list.tsv", &options, "sounds/a.wav|x|||ok\nsounds/../b.wav|y|||outside\n");
    char absolute[512];
    struct seen seen;
    snprintf(absolute, sizeof absolute, "%s/g/sounds/{path}.wav", test_folder);
    options = (struct input_options){.path_template = absolute};
    seen_read(test_folder, "g/in/list.tsv", &options, &seen);
    assert_string_equal(seen.clips.data, "a.wav|x|||ok\n../b.wav|y|||outside\n");
    snprintf(absolute, sizeof absolute, "%s/g/sounds/a.wav", test_folder);
    assert_non_null(strstr(seen.opened.data, "/g/sounds/"));
    seen_end(&seen);
}

static void given_root(void **state) {
    (void)state;
    char root[256];
    struct seen seen;
    write("r/lists/l.csv", "path,label\nd/a.wav,x\n../b.wav,y\n");
    write("r/sounds/d/a.wav", "");
    snprintf(root, sizeof root, "%s/r/sounds", test_folder);
    struct input_options options = {.audio_root = root};
    seen_read(test_folder, "r/lists/l.csv", &options, &seen);
    assert_string_equal(seen.clips.data, "d/a.wav|x|||ok\n../b.wav|y|||outside\n");
    assert_non_null(strstr(seen.opened.data, "/r/sounds/d/a.wav\n"));
    seen_end(&seen);
    options.path_template = "d/{path:name}";
    expect("r/lists/l.csv", &options, "d/a.wav|x|||ok\nd/b.wav|y|||ok\n");
    /* Other readers, whose own files stay where they are. */
    write("r/kaldi/wav.scp", "u d/a.wav\n");
    write("r/kaldi/utt2label", "u x\n");
    options.path_template = NULL;
    expect("r/kaldi", &options, "d/a.wav|x|||ok\n");
    write("r/hf/metadata.csv", "file_name,label\nd/a.wav,x\n");
    expect("r/hf", &options, "d/a.wav|x|||ok\n");
    expect_words("r/sounds", &options, "a folder of clips has no list");
    options.audio_root = "/nowhere/at/all";
    expect_words("r/lists/l.csv", &options, "--audio-root /nowhere/at/all: No such file");
    snprintf(root, sizeof root, "%s/r/lists/l.csv", test_folder);
    options.audio_root = root;
    expect_words("r/lists/l.csv", &options, "not a folder");
}

/* ---- found ---- */

static void found_elsewhere(void **state) {
    (void)state;
    static const char list[] = "path,label\na,x\nb,y\n";
    write("below/l.csv", list);
    write("below/clips/a.mp3", "");
    write("below/clips/b.mp3", "");
    expect("below/l.csv", &plain, "clips/a.mp3|x|||ok\nclips/b.mp3|y|||ok\n");
    expect_reading("below/l.csv", &plain,
                   "paths are read as clips/{path}.mp3 (none of the first 2");
    write("beside/meta/l.csv", list);
    write("beside/Dev Wavs 2/a.WAV", "");
    write("beside/Dev Wavs 2/a.wav", "");
    write("beside/Dev Wavs 2/b.wav", "");
    expect("beside/meta/l.csv", &plain, "Dev Wavs 2/a.wav|x|||ok\nDev Wavs 2/b.wav|y|||ok\n");
    write("other/meta/l.csv", list);
    write("other/private/a.wav", "");
    write("other/private/b.wav", "");
    expect("other/meta/l.csv", &plain, "a|x|||ok\nb|y|||ok\n");
    write("json/l.jsonl",
          "{\"path\":\"a.wav\",\"label\":\"x\"}\n{\"path\":\"b.wav\",\"label\":\"y\"}\n");
    write("json/wavs/a.flac", "");
    write("json/wavs/b.flac", "");
    expect("json/l.jsonl", &plain, "wavs/a.flac|x|||ok\nwavs/b.flac|y|||ok\n");
    expect_reading("json/l.jsonl", &plain, "paths are read as wavs/{path:stem}.flac");
    /* Paths of another machine. */
    write("moved/l.csv", "path,label\n/home/someone/data/a.wav,x\n/home/someone/data/b.wav,y\n");
    write("moved/data/a.wav", "");
    write("moved/data/b.wav", "");
    expect("moved/l.csv", &plain, "data/a.wav|x|||ok\ndata/b.wav|y|||ok\n");
    /* As Windows writes them. */
    write("moved/dos.csv", "path,label\ndata\\a.wav,x\ndata\\b.wav,y\n");
    expect("moved/dos.csv", &plain, "data/a.wav|x|||ok\ndata/b.wav|y|||ok\n");
    expect_reading("moved/dos.csv", &plain,
                   "paths are read as {path:slashes} (none of the first 2");
    write("moved/drive.csv", "path,label\nC:\\my\\data\\a.wav,x\nC:\\my\\data\\b.wav,y\n");
    expect("moved/drive.csv", &plain, "data/a.wav|x|||ok\ndata/b.wav|y|||ok\n");
    expect_reading("moved/drive.csv", &plain, "paths are read as data/{path:name}");
    write("moved/up.csv", "path,label\ndata\\a.wav,x\n..\\..\\b.wav,y\n");
    expect("moved/up.csv", &(struct input_options){.path_template = "{path:slashes}"},
           "data/a.wav|x|||ok\n../../b.wav|y|||outside\n");
}

static void found_in_part(void **state) {
    (void)state;
    static const char list[] = "path,label\na,x\nb,y\nc,x\n";
    write("two/l.csv", list);
    write("two/clips/a.wav", "");
    write("two/clips/b.wav", "");
    expect("two/l.csv", &plain,
           "a|x|||ok\nb|y|||ok\nc|x|||ok\n~of its first 3 sound files none is where the list says, "
           "but 2 are there as 'clips/{path}.wav'; if that is right, give --path-template "
           "'clips/{path}.wav'\n");
    write("two/clips/c.wav", "");
    write("two/wavs/a.wav", "");
    write("two/wavs/b.wav", "");
    write("two/wavs/c.wav", "");
    expect_words("two/l.csv", &plain,
                 "3 are there as 'clips/{path}.wav', and as many as "
                 "'wavs/{path}.wav'; if that is right");
    /* What is where the list says is not looked for elsewhere. */
    write("two/c", "");
    expect("two/l.csv", &plain, "a|x|||ok\nb|y|||ok\nc|x|||ok\n");
    /* A folder INPUT stays in it. */
    write("member/in/metadata.csv", "file_name,label\na.wav,x\n");
    write("member/audio/a.wav", "");
    expect("member/in", &plain, "a.wav|x|||ok\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates),       cmocka_unit_test(refused_templates),
        cmocka_unit_test(given_template),  cmocka_unit_test(given_root),
        cmocka_unit_test(found_elsewhere), cmocka_unit_test(found_in_part),
    };
    return cmocka_run_group_tests_name("paths", tests, test_folder_begin, test_folder_end);
}
