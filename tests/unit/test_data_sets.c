/* Data sets recognised by their columns or files: what is read from where, and the sentence that
 * reports it. */
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

static void see(const char *name, const struct input_options *options, struct seen *seen) {
    seen_read(test_folder, name, options, seen);
}

static void expect(const char *name, const struct input_options *options, const char *clips) {
    seen_expect(test_folder, name, options, clips);
}

static void expect_reading(const char *name, const struct input_options *options,
                           const char *words) {
    seen_expect_reading(test_folder, name, options, words);
}

static const char esc50[] = "filename,fold,target,category,esc10,src_file,take\n"
                            "1-1-A-0.wav,1,0,dog,True,1,A\n2-2-A-1.wav,2,1,cat,False,2,A\n"
                            "../../3.wav,2,1,cat,False,2,A\n";

static void esc50_beside_audio(void **state) {
    (void)state;
    struct seen seen;
    test_text_write(test_path(test_folder, "esc/meta/esc50.csv"), esc50);
    test_text_write(test_path(test_folder, "esc/audio/1-1-A-0.wav"), "");
    see("esc/meta/esc50.csv", &plain, &seen);
    assert_string_equal(seen.clips.data,
                        "audio/1-1-A-0.wav|dog||1|ok\naudio/2-2-A-1.wav|cat||2|ok\n"
                        "audio/../../3.wav|cat||2|outside\n");
    struct text expected = TEXT_INITIAL;
    text_format(&expected, "%s/esc/meta/../audio/1-1-A-0.wav\n", test_folder);
    assert_memory_equal(seen.opened.data, expected.data, expected.length);
    assert_non_null(
        strstr(seen.reading.data, "is read as ESC-50: sound files are ../audio/{filename}, "));
    assert_non_null(strstr(seen.reading.data, "label from 'category', folds from 'fold'"));
    text_free(&expected);
    seen_end(&seen);
}

static void esc50_with_options(void **state) {
    (void)state;
    struct input_options options = {.label_column = "target", .fold_column = "take"};
    expect(
        "esc/meta/esc50.csv", &options,
        "audio/1-1-A-0.wav|0||A|ok\naudio/2-2-A-1.wav|1||A|ok\naudio/../../3.wav|1||A|outside\n");
    options = (struct input_options){.fold_column = ""};
    expect("esc/meta/esc50.csv", &options,
           "audio/1-1-A-0.wav|dog|||ok\naudio/2-2-A-1.wav|cat|||ok\naudio/../../"
           "3.wav|cat|||outside\n");
    expect_reading("esc/meta/esc50.csv", &options, "its 'fold' is not used");
    /* A requested group takes precedence over folds that were not requested. */
    options = (struct input_options){.group_field = "src_file"};
    expect("esc/meta/esc50.csv", &options,
           "audio/1-1-A-0.wav|dog|1||ok\naudio/2-2-A-1.wav|cat|2||ok\n"
           "audio/../../3.wav|cat|2||outside\n");
    options = (struct input_options){.group_field = "src_file", .fold_column = "fold"};
    expect("esc/meta/esc50.csv", &options,
           "audio/1-1-A-0.wav|dog|1|1|ok\naudio/2-2-A-1.wav|cat|2|2|ok\n"
           "audio/../../3.wav|cat|2|2|outside\n");
    options = (struct input_options){.label_pattern = "{fold}-{a}-{b}-{label}.wav"};
    expect("esc/meta/esc50.csv", &options,
           "audio/1-1-A-0.wav|0||1|ok\naudio/2-2-A-1.wav|1||2|ok\naudio/../../3.wav|||2|outside\n");
    /* Paths of a column given by --path-column are not looked up in audio. */
    options = (struct input_options){.path_column = "src_file"};
    expect("esc/meta/esc50.csv", &options,
           "1|dog||1|ok\n2|cat||2|ok\n2|cat||2|ok\n~rows that repeat the path of an earlier "
           "row: 1, for example '2'\n");
}

static void esc50_elsewhere(void **state) {
    (void)state;
    test_text_write(test_path(test_folder, "flat/esc50.csv"), esc50);
    expect("flat/esc50.csv", &plain,
           "1-1-A-0.wav|dog||1|ok\n2-2-A-1.wav|cat||2|ok\n../../3.wav|cat||2|outside\n");
    test_text_write(test_path(test_folder, "root/esc50.csv"), esc50);
    test_text_write(test_path(test_folder, "root/audio/x"), "");
    expect("root/esc50.csv", &plain,
           "audio/1-1-A-0.wav|dog||1|ok\naudio/2-2-A-1.wav|cat||2|ok\n"
           "audio/../../3.wav|cat||2|outside\n");
    /* One column is missing: an ordinary manifest, without a sentence. */
    test_text_write(test_path(test_folder, "root/other.csv"),
                    "filename,fold,category\na.wav,1,dog\n");
    expect("root/other.csv", &plain, "a.wav|dog|||ok\n");
    expect_reading("root/other.csv", &plain, "");
}

static void urbansound(void **state) {
    (void)state;
    static const char rows[] = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
                               "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n"
                               "100263-2-0-117.wav,100263,58.5,62.5,1,10,2,children_playing\n"
                               "1-2.wav,1,0,1,1,../..,2,children_playing\n"
                               "1-3.wav,1,0,1,1,,2,children_playing\n";
    struct input_options options = {.group_field = "fsID"};
    test_text_write(test_path(test_folder, "us/metadata/UrbanSound8K.csv"), rows);
    test_text_write(test_path(test_folder, "us/audio/fold5/x"), "");
    expect("us/metadata/UrbanSound8K.csv", &plain,
           "audio/fold5/100032-3-0-0.wav|dog_bark||5|ok\n"
           "audio/fold10/100263-2-0-117.wav|children_playing||10|ok\n"
           "audio/fold../../1-2.wav|children_playing||../..|ok\n"
           "|children_playing|||bad_row\n");
    expect("us/metadata/UrbanSound8K.csv", &options,
           "audio/fold5/100032-3-0-0.wav|dog_bark|100032||ok\n"
           "audio/fold10/100263-2-0-117.wav|children_playing|100263||ok\n"
           "audio/fold../../1-2.wav|children_playing|1||ok\n"
           "|children_playing|1||bad_row\n");
    options = (struct input_options){.fold_column = "salience"};
    test_text_write(test_path(test_folder, "us/folds/fold1/x"), "");
    test_text_write(
        test_path(test_folder, "us/folds/UrbanSound8K.csv"),
        "slice_file_name,fsID,start,end,salience,fold,classID,class\nq.wav,1,0,4,1,5,3,dog\n");
    test_text_write(test_path(test_folder, "only/UrbanSound8K.tsv"),
                    "slice_file_name\tfsID\tstart\tend\tsalience\tfold\tclassID\tclass\n"
                    "q.wav\t1\t0\t4\t1\t5\t3\tdog\n");
    expect("us/folds/UrbanSound8K.csv", &options, "audio/fold5/q.wav|dog||1|ok\n");
    expect("only/UrbanSound8K.tsv", &plain, "q.wav|dog||5|ok\n");
    test_text_write(test_path(test_folder, "only/fold5/x"), "");
    expect("only/UrbanSound8K.tsv", &plain, "fold5/q.wav|dog||5|ok\n");
    expect_reading("only/UrbanSound8K.tsv", &plain, "sound files are fold{fold}/{slice_file_name}");
}

static void audiofolder(void **state) {
    (void)state;
    struct input_options options = {.label_column = "lang"};
    test_text_write(test_path(test_folder, "hf/metadata.csv"),
                    "file_name,label,lang\ndata/a.wav,x,en\nb.wav,y,de\n../c.wav,y,de\n");
    test_text_write(test_path(test_folder, "hf/data/a.wav"), "");
    expect("hf", &plain, "data/a.wav|x|||ok\nb.wav|y|||ok\n../c.wav|y|||outside\n");
    expect("hf/", &options, "data/a.wav|en|||ok\nb.wav|de|||ok\n../c.wav|de|||outside\n");
    /* Files that are not listed are reported, except OUT and hidden files. */
    test_text_write(test_path(test_folder, "hf/odd/never.wav"), "");
    test_text_write(test_path(test_folder, "hf/data/z.mp3"), "");
    test_text_write(test_path(test_folder, "hf/data/.b.wav"), "");
    test_text_write(test_path(test_folder, "hf/out/clip.wav"), "");
    options = (struct input_options){.exclude = {test_path(test_folder, "hf/out")}};
    expect("hf", &options,
           "data/a.wav|x|||ok\nb.wav|y|||ok\n../c.wav|y|||outside\n"
           "~2 sound files in the folder are not listed in metadata.csv, for example 'data/z.mp3'; "
           "they are not in this run\n");
    expect_reading("hf", &plain,
                   "hf is read as an audiofolder: clips and labels from metadata.csv");
    test_text_write(test_path(test_folder, "hf2/metadata.jsonl"),
                    "{\"file_name\":\"./a.wav\",\"label\":\"x\"}\n");
    test_text_write(test_path(test_folder, "hf2/a.wav"), "");
    expect("hf2", &plain, "./a.wav|x|||ok\n");
    struct seen seen;
    see("hf2", &plain, &seen);
    struct text opened = TEXT_INITIAL;
    text_format(&opened, "%s/hf2/./a.wav\n", test_folder);
    assert_string_equal(seen.opened.data, opened.data);
    text_free(&opened);
    seen_end(&seen);
    test_text_write(test_path(test_folder, "hf2/metadata.csv"), "file_name,label\na.wav,x\n");
    see("hf2", &plain, &seen);
    assert_non_null(strstr(seen.clips.data, "!usage: "));
    assert_non_null(strstr(seen.clips.data, "holds metadata.jsonl and metadata.csv"));
    seen_end(&seen);
    /* No column file_name: an unrelated table beside the folders of classes. In a class's
     * folder it may have been meant as metadata. */
    test_text_write(test_path(test_folder, "own/metadata.csv"), "speaker,age\nann,30\n");
    test_text_write(test_path(test_folder, "own/x/a.wav"), "");
    expect("own", &plain,
           "x/a.wav|x|||ok\n~metadata.csv was not read; if it has the labels, "
           "give it as the input\n");
    test_text_write(test_path(test_folder, "classes/dog/metadata.jsonl"),
                    "{\"file_name\":\"a.wav\"}\n");
    test_text_write(test_path(test_folder, "classes/dog/a.wav"), "");
    expect("classes", &plain,
           "dog/a.wav|dog|||ok\n~dog/metadata.jsonl was not read; if it "
           "has the labels, give it as the input\n");
}

static void kaldi_segments(void **state) {
    (void)state;
    test_text_write(test_path(test_folder, "k/wav.scp"),
                    "rec1 audio/a b.wav\r\nrec2\tsph2pipe -f wav x.sph |\nrec3  /etc/x.wav \n"
                    "rec4\nrec5 ../y.wav\n\nrec6 never.sh |  \n");
    test_text_write(test_path(test_folder, "k/segments"),
                    "u2 rec1 1.5 2.25\nu1 rec1 0 1.5\nu3 rec2 0 1\nu4 rec3 0 1\nu5 none 0 1\n"
                    "u6 rec1 3 2\nu7 rec1 nan 2\nu8 rec1 1\nu9 rec1 2 -1\nu10 rec1 1 2 3\n"
                    "u11 rec4 1 2\nu12 rec5 1 2\nu13 rec1 -2 1\nu14 rec6 1 2\nu15\nu16 rec2\n");
    test_text_write(test_path(test_folder, "k/utt2label"),
                    "u1 yes\nu2 no way\nu4 x\nu5 x\nu6 x\nu7 x\nu8 x\nu9 x\nu3 x\nu10 x\nu11 x\n"
                    "u12 x\nu13 x\nu14 x\nu1 other\n");
    test_text_write(test_path(test_folder, "k/utt2spk"), "u1 ann\nu2 bob\nu9 cy\n");
    expect("k", &plain,
           "audio/a b.wav|no way|||ok\naudio/a b.wav|yes|||ok\n|x|||bad_row\n"
           "/etc/x.wav|x|||outside\n|x|||bad_row\naudio/a b.wav|x|||bad_segment\n"
           "audio/a b.wav|x|||bad_segment\naudio/a b.wav|x|||bad_row\naudio/a b.wav|x|||ok\n"
           "audio/a b.wav|x|||bad_row\n|x|||bad_row\n../y.wav|x|||outside\naudio/a "
           "b.wav|x|||bad_segment\n|x|||bad_row\n||||bad_row\n||||bad_row\n"
           "~lines of utt2label that repeat an utterance: 1; its first line counts\n");
    struct input_options options = {.group_field = "speaker", .label_column = "spk"};
    struct seen seen;
    see("k", &options, &seen);
    static const char begin[] = "audio/a b.wav|bob|bob||ok\naudio/a b.wav|ann|ann||ok\n";
    assert_memory_equal(seen.clips.data, begin, sizeof begin - 1);
    assert_non_null(strstr(seen.reading.data, "k is read as a Kaldi data folder: paths from "
                                              "wav.scp, cut by segments, labels from utt2spk, "
                                              "groups from utt2spk"));
    seen_end(&seen);
}

static void kaldi_details(void **state) {
    (void)state;
    struct collection input;
    struct error error = ERROR_INITIAL;
    assert_int_equal(input_open(test_path(test_folder, "k"), &plain, &input, &error), ERROR_NONE);
    const struct clip_list *clips = &input.clips;
    assert_string_equal(input.format, "kaldi");
    assert_string_equal(clip_id(clips, 0, NULL), "u2");
    assert_true(clips->clips[0].start == 1.5 && clips->clips[0].end == 2.25);
    assert_true(clips->clips[8].start == 2 && clips->clips[8].end == 0);
    assert_non_null(strstr(clip_reason(clips, 2), "segments, line 3: wav.scp has a shell command"));
    assert_non_null(strstr(clip_reason(clips, 13), "which is never run"));
    assert_non_null(strstr(clip_reason(clips, 4), "segments, line 5: its recording is not in "));
    assert_non_null(strstr(clip_reason(clips, 5), "its end is before its start"));
    assert_non_null(strstr(clip_reason(clips, 7), "not four columns"));
    assert_non_null(strstr(clip_reason(clips, 9), "not four columns"));
    collection_close(&input);
}

static void kaldi_without_segments(void **state) {
    (void)state;
    struct input_options options = {.label_column = "text", .fold_column = "part"};
    test_text_write(test_path(test_folder, "w/wav.scp"), "b b.wav\na a.wav\na c.wav\nd x |\n");
    test_text_write(test_path(test_folder, "w/text"), "a hello you\nb good bye\nd x");
    test_text_write(test_path(test_folder, "w/utt2part"), "a 1\nb 2\nd 2\n");
    expect("w", &options,
           "b.wav|good bye||2|ok\na.wav|hello you||1|ok\nc.wav|hello you||1|ok\n|x||2|bad_row\n"
           "~rows that repeat the id of an earlier row: 1, for example 'a'\n");
    struct seen seen;
    see("w", &plain, &seen);
    assert_non_null(strstr(seen.clips.data, "!usage: "));
    assert_non_null(strstr(seen.clips.data, "there is no utt2label, which has the labels"));
    assert_non_null(strstr(seen.clips.data, "to read utt2NAME or NAME; there are: text"));
    seen_end(&seen);
    options = (struct input_options){.label_column = "../text"};
    see("w", &options, &seen);
    assert_non_null(strstr(seen.clips.data, "give the NAME of a file utt2NAME"));
    seen_end(&seen);
    options = (struct input_options){.label_pattern = "{label}.wav"};
    expect("w", &options,
           "b.wav|b|||ok\na.wav|a|||ok\nc.wav|c|||ok\n||||bad_row\n~rows that "
           "repeat the id of an earlier row: 1, for example 'a'\n");
    test_file_write(test_path(test_folder, "w/utt2label"), "a x\0y\n", 6);
    see("w", &plain, &seen);
    assert_non_null(strstr(seen.clips.data, "utt2label: holds a NUL byte"));
    seen_end(&seen);
}

static void speech_commands(void **state) {
    (void)state;
    test_text_write(test_path(test_folder, "sc/yes/a_nohash_0.wav"), "");
    test_text_write(test_path(test_folder, "sc/no/a_nohash_0.wav"), "");
    test_text_write(test_path(test_folder, "sc/_background_noise_/pink.wav"), "");
    test_text_write(test_path(test_folder, "sc/_background_noise_/more/white.wav"), "");
    test_text_write(test_path(test_folder, "sc/_background_noise_/README.md"), "");
    test_text_write(test_path(test_folder, "sc/_background_noise_x/a.wav"), "");
    expect("sc", &plain,
           "_background_noise_x/a.wav|_background_noise_x|||ok\nno/a_nohash_0.wav|no|||ok\n"
           "yes/a_nohash_0.wav|yes|||ok\n"
           "~sound files skipped in _background_noise_: 2 (it is not a class)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esc50_beside_audio), cmocka_unit_test(esc50_with_options),
        cmocka_unit_test(esc50_elsewhere),    cmocka_unit_test(urbansound),
        cmocka_unit_test(audiofolder),        cmocka_unit_test(kaldi_segments),
        cmocka_unit_test(kaldi_details),      cmocka_unit_test(kaldi_without_segments),
        cmocka_unit_test(speech_commands),
    };
    return cmocka_run_group_tests_name("data sets", tests, test_folder_begin, test_folder_end);
}
