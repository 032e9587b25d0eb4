/* CSV, TSV and JSONL manifests: columns, bad rows, paths outside the folder, warnings. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Writes `content` to folder/name, reads it, and lists the clips, one a line:
 * "path|id|label|group|fold|status". */
static void list_clips(const char *name, const char *content, size_t size,
                       const struct input_options *options, struct text *found) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    const char *path = test_path(test_folder, name);
    test_file_write(path, content, size);
    text_clear(found);
    text_string(found, "");
    if (input_open(path, options, &input, &error) != ERROR_NONE) {
        text_format(found, "!%s: %s", error_name(error.code), error.message);
        collection_close(&input);
        return;
    }
    const struct clip_list *clips = &input.clips;
    struct text id = TEXT_INITIAL;
    for (size_t i = 0; i < clips->count; i++) {
        const char *label = clip_label(clips, i);
        const char *group = clip_group(clips, i);
        int32_t fold = clips->clips[i].fold;
        text_format(found, "%s|%s|%s|%s|%s|%s\n", clip_path(clips, i), clip_id(clips, i, &id),
                    label == NULL ? "" : label, group == NULL ? "" : group,
                    fold < 0 ? "" : clips->fold_names[fold],
                    clip_status_name(clips->clips[i].status));
    }
    text_free(&id);
    for (size_t i = 0; i < input.warnings.count; i++)
        text_format(found, "~%s\n", input.warnings.sentences[i]);
    collection_close(&input);
}

static void expect_clips(const char *name, const char *content, const struct input_options *options,
                         const char *expected) {
    struct text found = TEXT_INITIAL;
    list_clips(name, content, strlen(content), options, &found);
    assert_string_equal(found.data, expected);
    text_free(&found);
}

static void expect_words(const char *name, const char *content, const struct input_options *options,
                         const char *words) {
    struct text found = TEXT_INITIAL;
    list_clips(name, content, strlen(content), options, &found);
    if (strstr(found.data, words) == NULL) fail_msg("'%s' lacks '%s'", found.data, words);
    text_free(&found);
}

static const struct input_options plain = {0};

static void usual_columns(void **state) {
    (void)state;
    expect_clips("m.csv", "path,label\na.wav,x\nb/c.wav,y\n", &plain,
                 "a.wav|a.wav|x|||ok\nb/c.wav|b/c.wav|y|||ok\n");
    expect_clips("m.csv", "filename,fold,category,esc10\n1-2.wav,1,dog,True\n", &plain,
                 "1-2.wav|1-2.wav|dog|||ok\n");
    expect_clips("m.csv", "slice_file_name,fsID,fold,classID,class\nq.wav,1,5,3,dog\n", &plain,
                 "q.wav|q.wav|dog|||ok\n");
    expect_clips("m.tsv", "Label\tFile_Name\nx\ta,b.wav\n", &plain, "a,b.wav|a,b.wav|x|||ok\n");
    expect_clips("M.CSV",
                 "\xef\xbb\xbf"
                 "id, path ,Class\r\n7,a.wav,x\r\n,b.wav,x\r\n",
                 &plain, "a.wav|7|x|||ok\nb.wav|b.wav|x|||ok\n");
    expect_clips("m.csv", "path,label\n\"a,\n\"\"b.wav\",\" x\"\n", &plain,
                 "a,\n\"b.wav|a,\n\"b.wav| x|||ok\n");
    expect_clips("m.jsonl",
                 "{\"path\": \"a.wav\", \"label\": \"x\"}\n\n{\"path\":\"b\",\"label\":3}", &plain,
                 "a.wav|a.wav|x|||ok\nb|b|3|||ok\n");
    expect_clips(
        "m.json",
        "{\"audio_filepath\": \"a.wav\", \"duration\": 1.5, \"label\": true, \"offset\": 0}",
        &plain, "a.wav|a.wav#t=0,1.5|true|||ok\n");
}

static void named_columns(void **state) {
    (void)state;
    struct input_options options = {
        .path_column = "p", .label_column = "Label", .group_field = "who", .fold_column = "part"};
    expect_clips("m.csv",
                 "label,Label,p,path,who,part\nno,x,a.wav,no,ann,10\nno,y,b.wav,no,bob,9\n",
                 &options, "a.wav|a.wav|x|ann|10|ok\nb.wav|b.wav|y|bob|9|ok\n");
    expect_clips("m.jsonl", "{\"p\":\"a\",\"Label\":\"x\",\"who\":5,\"part\":2,\"path\":\"no\"}",
                 &options, "a|a|x|5|2|ok\n");
    expect_words("m.csv", "label,p,who,part\nx,a,b,1\n", &options, "!usage: ");
    expect_words("m.csv", "label,p,who,part\nx,a,b,1\n", &options,
                 "no column 'Label' for --label-column; there are: label, p, who, part");
    expect_words("m.jsonl", "{\"p\":\"a\",\"Label\":\"x\",\"part\":1}\n", &options,
                 "no column 'who' for --group; there are: p, Label, part");
    expect_words("m.csv", "a,b\n1,2\n", &plain, "no column with the path of the sound file");
    expect_words("m.csv", "path,b\n1,2\n", &plain, "no column with the label; there are: path, b");
    expect_words("m.jsonl", "{\"a\":1}\n", &plain, "no column with the path of the sound file");
    options.label_pattern = "{label}";
    expect_words("m.csv", "path,b\n1,2\n", &options, "not both");
}

static void pattern_and_columns(void **state) {
    (void)state;
    struct input_options options = {
        .label_pattern = "{label}_{who}.wav", .group_field = "who", .fold_column = "part"};
    expect_clips("m.csv", "path,label,part\nd/x_ann.wav,no,1\ny_bob.wav,no,2\nz.wav,no,2\n",
                 &options,
                 "d/x_ann.wav|d/x_ann.wav|x|ann|1|ok\ny_bob.wav|y_bob.wav|y|bob|2|ok\n"
                 "z.wav|z.wav|||2|no_label\n");
}

static void rows_with_reasons(void **state) {
    (void)state;
    expect_clips("m.csv",
                 "path,label,extra\nok.wav,x,1\nshort.wav,x\nlong.wav,x,1,2\n,x,1\nempty.wav,,1\n"
                 "spaces.wav,  ,1\n",
                 &plain,
                 "ok.wav|ok.wav|x|||ok\nshort.wav|short.wav|x|||bad_row\n"
                 "long.wav|long.wav|x|||bad_row\n|line 5|x|||bad_row\n"
                 "empty.wav|empty.wav||||no_label\nspaces.wav|spaces.wav||||no_label\n");
    expect_clips(
        "m.jsonl",
        "{\"path\":\"ok\",\"label\":\"x\"}\n{\"path\":\"a\"}\n{\"path\":1,\"label\":\"x\"}\n"
        "[1]\n{\"path\n{\"path\":\"n\",\"label\":null}\n{\"path\":\"o\",\"label\":[\"x\"]}\n"
        "{\"path\":\"d\",\"path\":\"e\"}\n{\"label\":\"x\"}\n\"x\"\n",
        &plain,
        "ok|ok|x|||ok\na|a||||no_label\n|line 3|x|||bad_row\n|line 4||||bad_row\n"
        "|line 5||||bad_row\nn|n||||no_label\no|o||||bad_row\n|line 8||||bad_row\n"
        "|line 9|x|||bad_row\n|line 10||||bad_row\n");
    struct input_options options = {.group_field = "g", .fold_column = "f"};
    expect_clips("m.csv", "path,label,g,f\na,x,1,1\nb,x,,1\nc,x,1,\nd,,,\n", &options,
                 "a|a|x|1|1|ok\nb|b|x||1|no_group\nc|c|x|1||no_fold\nd|d||||no_label\n");
    expect_clips("m.jsonl",
                 "{\"path\":\"a\",\"label\":\"x\",\"offset\":0.0}\n"
                 "{\"path\":\"b\",\"label\":\"x\",\"offset\":1.5,\"duration\":2}\n",
                 &plain, "a|a|x|||ok\nb|b#t=1.5,3.5|x|||ok\n");
}

/* "path start end status" of every clip, with times to six digits. */
static void expect_segments(const char *name, const char *content,
                            const struct input_options *options, const char *expected) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text found = TEXT_INITIAL;
    const char *path = test_path(test_folder, name);
    test_text_write(path, content);
    if (input_open(path, options, &input, &error) != ERROR_NONE) fail_msg("%s", error.message);
    for (size_t i = 0; i < input.clips.count; i++) {
        const struct clip *clip = &input.clips.clips[i];
        text_format(&found, "%s %.6g %.6g %s\n", clip_path(&input.clips, i), clip->start, clip->end,
                    clip_status_name(clip->status));
    }
    if (input.reading.length > 0)
        text_format(
            &found, "^%s\n",
            strchr(input.reading.data, ' ') == NULL ? "" : strstr(input.reading.data, "segments"));
    for (size_t i = 0; i < input.warnings.count; i++) {
        const char *sentence = input.warnings.sentences[i];
        if (strncmp(sentence, path, strlen(path)) == 0) sentence += strlen(path) + strlen(": ");
        text_format(&found, "~%s\n", sentence);
    }
    assert_string_equal(found.data, expected);
    text_free(&found);
    collection_close(&input);
}

static void parts_of_files(void **state) {
    (void)state;
    struct input_options options = {.start_column = "from", .end_column = "to"};
    const char *rows = "path,label,from,to\na,x,0,1.5\na,x,1.5, 2.25 \na,x,2.25,\nb,y,,\n"
                       "b,y,,3\nb,y,-1,3\nb,y,nan,3\nb,y,1,inf\nb,y,3,1\nb,y,1,1\nb,y,1s,2\n"
                       "b,y,1e-1,2\na,x,1.5,2.25\n";
    expect_segments("m.csv", rows, &options,
                    "a 0 1.5 ok\na 1.5 2.25 ok\na 2.25 0 ok\nb 0 0 ok\nb 0 0 bad_segment\n"
                    "b 0 0 bad_segment\nb 0 0 bad_segment\nb 0 0 bad_segment\nb 0 0 bad_segment\n"
                    "b 0 0 bad_segment\nb 0 0 bad_segment\nb 0.1 2 ok\na 1.5 2.25 ok\n"
                    "^segments of files, from 'from' and 'to'\n"
                    "~rows that repeat the path of an earlier row: 1, for example 'a'\n");
    expect_segments("m.csv", "path,label,from,duration\na,x,1,9\nb,x,0,9\n",
                    &(struct input_options){.start_column = "from"},
                    "a 1 0 ok\nb 0 0 ok\n^segments of files, from 'from' to the end of the file\n");
    expect_segments("m.csv", "path,label,to\na,x,1\n", &(struct input_options){.end_column = "to"},
                    "a 0 1 ok\n^segments of files, from 'offset' and 'to'\n");
    expect_words("m.csv", "path,label,to\na,x,1\n", &options,
                 "no column 'from' for --start-column");
    /* In CSV, a duration alone describes the file; with an offset it ends a segment, as in NeMo. */
    expect_segments("m.csv", "path,label,duration\na,x,3\n", &plain, "a 0 0 ok\n");
    expect_segments("m.csv", "path,label,offset,duration\na,x,2,3\nb,x,,3\n", &plain,
                    "a 2 5 ok\nb 0 0 ok\n^segments of files, from 'offset' and 'duration'\n");
    expect_segments(
        "m.csv", "path,label,start,end\na,x,2,3\n", &plain,
        "a 0 0 ok\n~its columns 'start' and 'end' are not used, each clip is a whole file; "
        "if clips are segments, give --start-column start --end-column end\n");
}

/* Usual names of times that no option names; an offset beside an onset is no start. */
static void times_that_are_not_used(void **state) {
    (void)state;
    struct input_options options = {.start_column = "onset", .end_column = "offset"};
    const char *events = "filename\tonset\toffset\tevent_label\na\t0.5\t2\tx\n";
    expect_segments(
        "m.tsv", events, &plain,
        "a 0 0 ok\n~its columns 'onset' and 'offset' are not used, each clip is a whole file; "
        "if clips are segments, give --start-column onset --end-column offset\n");
    expect_segments("m.tsv", events, &options,
                    "a 0.5 2 ok\n^segments of files, from 'onset' and 'offset'\n");
    expect_segments(
        "m.jsonl", "{\"path\":\"a\",\"onset\":1,\"offset\":2,\"label\":\"x\"}\n", &plain,
        "a 0 0 ok\n~its columns 'onset' and 'offset' are not used, each clip is a whole file; "
        "if clips are segments, give --start-column onset --end-column offset\n");
    expect_segments(
        "m.csv", "File, Start (s) ,End (s),Label\na,0,3,x\n", &plain,
        "a 0 0 ok\n~its columns 'Start (s)' and 'End (s)' are not used, each clip is a whole file; "
        "if clips are segments, give --start-column 'Start (s)' --end-column 'End (s)'\n");
    expect_segments("m.csv", "path,label,start_time\na,x,3\n", &plain, "a 0 0 ok\n");
    expect_segments("m.csv", "path,label,start_time,end_time,offset\na,x,1,2,3\n", &plain,
                    "a 3 0 ok\n^segments of files, from 'offset' and 'duration'\n");
}

static void nemo_lines(void **state) {
    (void)state;
    struct input_options options = {.start_column = "start", .end_column = "end"};
    expect_segments(
        "m.jsonl",
        "{\"audio_filepath\":\"a\",\"offset\":1.5,\"duration\":2,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"duration\":2,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"offset\":\"3\",\"duration\":null,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"offset\":null,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"offset\":0,\"duration\":0,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"offset\":1,\"duration\":-1,\"label\":\"x\"}\n"
        "{\"audio_filepath\":\"a\",\"offset\":true,\"label\":\"x\"}\n",
        &plain,
        "a 1.5 3.5 ok\na 0 2 ok\na 3 0 ok\na 0 0 ok\na 0 0 bad_segment\na 0 0 bad_segment\n"
        "a 0 0 bad_segment\n^segments of files, from 'offset' and 'duration'\n");
    expect_segments("m.jsonl",
                    "{\"path\":\"a\",\"start\":1,\"end\":2,\"duration\":7,\"label\":\"x\"}\n"
                    "{\"path\":\"a\",\"end\":2,\"label\":\"x\"}\n",
                    &options,
                    "a 1 2 ok\na 0 0 bad_segment\n^segments of files, from 'start' and 'end'\n");
    expect_segments(
        "m.jsonl", "{\"path\":\"a\",\"start\":1,\"end\":2,\"label\":\"x\"}\n", &plain,
        "a 0 0 ok\n~its columns 'start' and 'end' are not used, each clip is a whole file; "
        "if clips are segments, give --start-column start --end-column end\n");
}

static void reason_of(const char *name, const char *content, size_t clip, const char *words) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    const char *path = test_path(test_folder, name);
    test_text_write(path, content);
    assert_int_equal(input_open(path, &plain, &input, &error), ERROR_NONE);
    const char *reason = clip_reason(&input.clips, clip);
    if (strstr(reason, words) == NULL) fail_msg("'%s' lacks '%s'", reason, words);
    collection_close(&input);
}

static void reasons_say_where_and_why(void **state) {
    (void)state;
    reason_of("m.csv", "path,label\na,x\n\"b\nb\"\n", 1,
              "line 3: its number of cells is 1, the header's is 2");
    reason_of("m.csv", "path,label\na,x\n,x\n", 1, "line 3: no path");
    reason_of("m.csv", "path,label\na,x\n../b,x\n", 1, "--allow-outside");
    reason_of("m.csv", "path,label,offset,duration\na,x,,\nb,x,-2,1\n", 1,
              "line 3: the position in the file is negative (start '-2', end '', duration '1')");
    reason_of("m.jsonl", "{\"path\":\"a\",\"label\":\"x\"}\n{a\n", 1, "line 2: not JSON");
    reason_of("m.jsonl", "{\"path\":\"a\",\"label\":\"x\"}\n{\"path\":3}\n", 1,
              "line 2: the value of 'path'");
    reason_of("m.jsonl", "{\"path\":\"a\",\"label\":\"x\"}\n\n7\n", 1, "line 3: not a JSON object");
}

static void paths_that_leave(void **state) {
    (void)state;
    const char *rows = "path,label\na/../b.wav,x\n../b.wav,x\n/etc/passwd,x\na/../../b.wav,x\n"
                       "./a.wav,x\n..,x\n...,x\n..a/b,x\na//../..//b,x\n";
    expect_clips("m.csv", rows, &plain,
                 "a/../b.wav|a/../b.wav|x|||ok\n../b.wav|../b.wav|x|||outside\n"
                 "/etc/passwd|/etc/passwd|x|||outside\n"
                 "a/../../b.wav|a/../../b.wav|x|||outside\n./a.wav|./a.wav|x|||ok\n"
                 "..|..|x|||outside\n...|...|x|||ok\n..a/b|..a/b|x|||ok\n"
                 "a//../..//b|a//../..//b|x|||outside\n");
    struct input_options options = {.allow_outside = true};
    struct text found = TEXT_INITIAL;
    list_clips("m.csv", rows, strlen(rows), &options, &found);
    assert_null(strstr(found.data, "outside"));
    /* An absolute path below the manifest's folder stays inside. */
    struct text inside = TEXT_INITIAL;
    text_format(&inside, "path,label\n%s/a.wav,x\n%s/../a.wav,x\n%sx/a.wav,x\n", test_folder,
                test_folder, test_folder);
    list_clips("m.csv", inside.data, inside.length, &plain, &found);
    struct text expected = TEXT_INITIAL;
    text_format(&expected,
                "%s/a.wav|%s/a.wav|x|||ok\n%s/../a.wav|%s/../a.wav|x|||outside\n"
                "%sx/a.wav|%sx/a.wav|x|||outside\n",
                test_folder, test_folder, test_folder, test_folder, test_folder, test_folder);
    assert_string_equal(found.data, expected.data);
    text_free(&found);
    text_free(&inside);
    text_free(&expected);
}

/* Relative paths start at the manifest's folder, not at the working directory. */
static void paths_start_at_the_manifest(void **state) {
    (void)state;
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text path = TEXT_INITIAL;
    char place[512];
    test_text_write(test_path(test_folder, "sub/m.csv"), "path,label\nx.wav,a\n");
    test_text_write(test_path(test_folder, "sub/x.wav"), "");
    assert_int_equal(input_open(test_path(test_folder, "sub/m.csv"), &plain, &input, &error),
                     ERROR_NONE);
    seen_path(&input.clips, 0, &path);
    assert_string_equal(path.data, test_path(test_folder, "sub/x.wav"));
    collection_close(&input);
    assert_non_null(getcwd(place, sizeof place));
    assert_int_equal(chdir(test_path(test_folder, "sub")), 0);
    assert_int_equal(input_open("m.csv", &plain, &input, &error), ERROR_NONE);
    seen_path(&input.clips, 0, &path);
    int readable = access(path.data, R_OK);
    collection_close(&input);
    assert_int_equal(chdir(place), 0);
    assert_int_equal(readable, 0);
    text_free(&path);
}

/* Python writes bytes that are not UTF-8 as lone surrogates; CSV has them unchanged. */
static void names_that_are_no_text(void **state) {
    (void)state;
    expect_clips("m.jsonl", "{\"path\":\"caf\\udce9.wav\",\"label\":\"\\u00e9\\ud83c\\udfb5\"}",
                 &plain, "caf\xe9.wav|caf\xe9.wav|\xc3\xa9\xf0\x9f\x8e\xb5|||ok\n");
    expect_clips("m.csv", "path,label\ncaf\xe9.wav,=x\n'=a,%41\n", &plain,
                 "caf\xe9.wav|caf\xe9.wav|=x|||ok\n'=a|'=a|%41|||ok\n");
    expect_clips("m.jsonl",
                 "{\"path\":\"ok\",\"label\":\"x\"}\n{\"path\":\"a\\u0000b\",\"label\":\"x\"}",
                 &plain, "ok|ok|x|||ok\n|line 2||||bad_row\n");
}

static void warnings(void **state) {
    (void)state;
    expect_clips("m.csv", "path,label,id\na,x,1\nb,x,2\na,y,2\na,x,3\n", &plain,
                 "a|1|x|||ok\nb|2|x|||ok\na|2|y|||ok\na|3|x|||ok\n"
                 "~rows that repeat the path of an earlier row: 2, for example 'a'\n"
                 "~rows that repeat the id of an earlier row: 1, for example '2'\n");
    expect_words("m.csv", "path,label\na,Dog\nb,dog \nc,DOG\n", &plain,
                 "~the labels 'DOG' and 'Dog' differ only in case");
    /* A hundred and fifty pairs: twenty warnings, and a count. */
    struct text many = TEXT_INITIAL;
    text_string(&many, "path,label\n");
    for (int i = 0; i < 150; i++) text_format(&many, "a%d,x%d\nb%d,X%d\n", i, i, i, i);
    expect_words("m.csv", many.data, &plain, "~130 more pairs of labels differ only in");
    text_free(&many);
}

/* Several labels in a cell are hardly meant as one class. */
static void labels_that_are_lists(void **state) {
    (void)state;
    static const char words[] = "labels look like lists, for example 'guitar,music': each "
                                "combination is a separate class";
    expect_words("m.csv",
                 "path,label\na.wav,\"guitar,music\"\nb.wav,\"bass , music\"\nc.wav,"
                 "guitar\n",
                 &plain, words);
    expect_words("m.csv", "path,label\na.wav,b; a\nb.wav,a\nc.wav,c;b\n", &plain,
                 "labels look like lists, for example 'b; a'");
    expect_clips("m.csv", "path,label\na.wav,\"Bach, J. S.\"\nb.wav,\"Mozart, W. A.\"\n", &plain,
                 "a.wav|a.wav|Bach, J. S.|||ok\nb.wav|b.wav|Mozart, W. A.|||ok\n");
    expect_clips("m.csv", "path,label\na.wav,;\nb.wav,a;\nc.wav,a\n", &plain,
                 "a.wav|a.wav|;|||ok\nb.wav|b.wav|a;|||ok\nc.wav|c.wav|a|||ok\n");
    expect_words("m.jsonl", "{\"path\":\"a.wav\",\"label\":[\"x\",\"y\"]}\n", &plain,
                 "line 1: 'label' is a list; for several labels a clip give --label-separator");
}

static void whole_files(void **state) {
    (void)state;
    expect_words("m.csv", "", &plain, "!bad data: ");
    expect_words("m.csv", "", &plain, "empty; the first row must name the columns");
    expect_words("m.csv", "path,label\n", &plain, ": no clips in it");
    expect_words("m.csv", "path,label\n\"a,x\n", &plain, "\"a|\"a|x|||ok");
    expect_words("m.csv", "path,label\n../a,x\n", &plain, "none of its clips can be used (1)");
    expect_words("m.jsonl", "", &plain, "the file is empty");
    expect_words("m.jsonl", "path,label\n", &plain, "no line is a JSON object; line 1: not JSON");
    expect_words("m.doc", "path,label\na,b\n", &plain, ".jsonl");
    struct text found = TEXT_INITIAL;
    list_clips("m.csv", "path,label\na\0b,x\n", 17, &plain, &found);
    assert_non_null(strstr(found.data, "line 2: it holds a NUL byte"));
    list_clips("m.jsonl", "{\"path\":\"a\",\"label\":\"x\"}\n\0\n", 27, &plain, &found);
    assert_string_equal(found.data, "a|a|x|||ok\n|line 2||||bad_row\n");
    struct text endless = TEXT_INITIAL;
    text_string(&endless, "{\"path\":\"a\",\"label\":\"x\"}\n");
    text_format(&endless, "%2000000s\n{}", "");
    list_clips("m.jsonl", endless.data, endless.length, &plain, &found);
    assert_string_equal(found.data, "a|a|x|||ok\n|line 2||||bad_row\n|line 3||||bad_row\n");
    text_free(&endless);
    text_free(&found);
}

/* Deeply nested objects give a row with a reason, not a stack overflow. */
static void deep_nesting(void **state) {
    (void)state;
    struct text deep = TEXT_INITIAL;
    text_string(&deep, "{\"path\":\"a\",\"label\":\"x\"}\n");
    for (int i = 0; i < 200000; i++) text_append(&deep, "[", 1);
    expect_clips("m.jsonl", deep.data, &plain, "a|a|x|||ok\n|line 2||||bad_row\n");
    text_free(&deep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_columns),
        cmocka_unit_test(named_columns),
        cmocka_unit_test(pattern_and_columns),
        cmocka_unit_test(rows_with_reasons),
        cmocka_unit_test(parts_of_files),
        cmocka_unit_test(times_that_are_not_used),
        cmocka_unit_test(nemo_lines),
        cmocka_unit_test(reasons_say_where_and_why),
        cmocka_unit_test(paths_that_leave),
        cmocka_unit_test(paths_start_at_the_manifest),
        cmocka_unit_test(names_that_are_no_text),
        cmocka_unit_test(warnings),
        cmocka_unit_test(labels_that_are_lists),
        cmocka_unit_test(whole_files),
        cmocka_unit_test(deep_nesting),
    };
    return cmocka_run_group_tests_name("manifest", tests, test_folder_begin, test_folder_end);
}
