/* Label Studio's exports: tasks, flat rows, CSV; where their sounds are. */
#include "host/lists/input.h"
#include "host/lists/label_studio_paths.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* "id|path|label|group|status" a clip, "=" and how it was read, "~" and warnings, "!" and the
 * error; the list's path is given as LIST. */
static void expect(const char *name, const char *content, const struct input_options *options,
                   const char *expected) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text id = TEXT_INITIAL, found = TEXT_INITIAL, shown = TEXT_INITIAL;
    const char *path = test_path(test_folder, name);
    test_text_write(path, content);
    text_string(&found, "");
    if (input_open(path, options, &input, &error) != ERROR_NONE)
        text_format(&found, "!%s\n", error.message);
    for (size_t i = 0; error.code == ERROR_NONE && i < input.clips.count; i++) {
        const char *label = clip_label(&input.clips, i), *group = clip_group(&input.clips, i);
        text_format(&found, "%s|%s|%s|%s\n", clip_id(&input.clips, i, &id),
                    label == NULL ? "-" : label, group == NULL ? "" : group,
                    clip_status_name(input.clips.clips[i].status));
    }
    if (error.code == ERROR_NONE) text_format(&found, "=%s\n", input.reading.data);
    for (size_t i = 0; i < input.warnings.count; i++)
        text_format(&found, "~%s\n", input.warnings.sentences[i]);
    for (const char *at = found.data; *at != '\0';) {
        bool is_path = strncmp(at, path, strlen(path)) == 0;
        text_append(&shown, is_path ? "LIST" : at, is_path ? 4 : 1);
        at += is_path ? strlen(path) : 1;
    }
    assert_string_equal(shown.data, expected);
    collection_close(&input);
    text_free(&id);
    text_free(&found);
    text_free(&shown);
}

static const struct input_options plain = {0};

static int make_sounds(void **state) {
    static const char *const names[] = {"a.wav", "0a1b2c3d-b.wav", "dir/c d.wav", "e.wav"};
    test_folder_begin(state);
    for (size_t i = 0; i < 4; i++) test_text_write(test_path(test_folder, names[i]), "sound");
    return 0;
}

#define RESULT(tag, type, label)                                                                   \
    "{\"value\":{\"" type "\":[" label "]},\"id\":\"x\",\"from_name\":\"" tag                      \
    "\",\"to_name\":\"audio\",\"type\":\"" type "\",\"origin\":\"manual\"}"
#define REGION(tag, from, to, label)                                                               \
    "{\"original_length\":9.5,\"value\":{\"start\":" from ",\"end\":" to                           \
    ",\"channel\":0,\"labels\":[" label "]},\"id\":\"x\",\"from_name\":\"" tag                     \
    "\",\"to_name\":\"audio\",\"type\":\"labels\"}"
#define TASK(audio, annotations)                                                                   \
    "{\"id\":1,\"annotations\":[" annotations "],\"file_upload\":\"x.wav\",\"drafts\":[],"         \
    "\"predictions\":[],\"data\":{\"audio\":\"" audio "\",\"who\":\"w\"},\"meta\":{}}"
#define ANNOTATION(more, results)                                                                  \
    "{\"id\":7,\"completed_by\":1,\"result\":[" results "]," more "\"lead_time\":2.5}"

static void choices(void **state) {
    (void)state;
    const struct input_options group = {.group_field = "who"};
    expect(
        "t.json",
        "[" TASK("/data/upload/1/5f0e11aa-a.wav", ANNOTATION("", RESULT("sentiment", "choices", "\"x\""))) ",\n" TASK(
            "/data/upload/1/0a1b2c3d-b.wav",
            ANNOTATION(
                "",
                RESULT(
                    "sentiment", "choices",
                    "\"y\""))) ",\n" TASK("/data/local-files/?d=data/dir/c%20d.wav",
                                          ANNOTATION(
                                              "",
                                              RESULT(
                                                  "sentiment", "choices",
                                                  "\"x\""))) ",\n" TASK("http://localhost:8080/"
                                                                        "data/upload/3/e.wav",
                                                                        ANNOTATION(
                                                                            "",
                                                                            RESULT(
                                                                                "sentiment",
                                                                                "choices",
                                                                                "\"x\""))) ","
                                                                                           "\n" TASK("dir/c d.wav", ANNOTATION("", RESULT("sentiment", "choices", "\"y\""))) ",\n" TASK(
                                                                                               "s3:"
                                                                                               "//"
                                                                                               "buc"
                                                                                               "ket"
                                                                                               "/a."
                                                                                               "wa"
                                                                                               "v",
                                                                                               ANNOTATION(
                                                                                                   "",
                                                                                                   RESULT(
                                                                                                       "sentiment",
                                                                                                       "choices",
                                                                                                       "\"y\""))) ",\n" TASK("/data/upload/1/11111111-gone.wav",
                                                                                                                             ANNOTATION(
                                                                                                                                 "",
                                                                                                                                 "")) "]",
        &group,
        "a.wav|x|w|ok\n0a1b2c3d-b.wav|y|w|ok\ndir/c d.wav|x|w|ok\ne.wav|x|w|ok\n"
        "dir/c d.wav|y|w|ok\nline 6, entry 6|y|w|bad_row\n11111111-gone.wav|-|w|no_label\n"
        "=LIST is read as an export of Label Studio: label from 'sentiment'; 4 of 7 files are "
        "found in the folder of the list by a part of their path\n"
        "~rows that repeat the path of an earlier row: 1, for example 'dir/c d.wav'\n");
}

static void regions(void **state) {
    (void)state;
    expect(
        "t.json",
        "[" TASK("/data/upload/1/a.wav",
                 ANNOTATION("", REGION("label", "0.5", "1.25", "\"x\"") "," REGION(
                                    "label", "2", "3",
                                    "\"y\"") ","
                                             "{\"value\":{\"start\":2,\"end\":3,\"text\":["
                                             "\"hello\"]},\"from_name\":\"t\","
                                             "\"type\":\"textarea\"}")) "]",
        &plain,
        "a.wav#t=0.5,1.25|x||ok\na.wav#t=2,3|y||ok\n"
        "=LIST is read as an export of Label Studio: label from 'label'; 1 of 1 files are found "
        "in the folder of the list by a part of their path; 2 of 2 clips are regions of files\n");
    expect("t.json",
           "[" TASK("a.wav", ANNOTATION("", REGION("label", "0", "1", "\"x\"") "," RESULT(
                                                "quality", "choices", "\"good\""))) "]",
           &plain,
           "!LIST: its tags 'label' and 'quality' both have labels; choose one with "
           "--label-column\n");
    const struct input_options quality = {.label_column = "quality"};
    expect("t.json",
           "[" TASK("a.wav", ANNOTATION("", REGION("label", "0", "1", "\"x\"") "," RESULT(
                                                "quality", "choices", "\"good\""))) "]",
           &quality,
           "a.wav|good||ok\n=LIST is read as an export of Label Studio: label from 'quality'\n");
    const struct input_options none = {.label_column = "nothing"};
    expect("t.json", "[" TASK("a.wav", ANNOTATION("", RESULT("q", "choices", "\"good\""))) "]",
           &none, "!LIST: no tag 'nothing' for --label-column has a label\n");
}

/* Several annotations of a task, cancelled ones, predictions, several labels. */
static void annotations(void **state) {
    (void)state;
#define AT(time) "\"updated_at\":\"2021-03-09T22:" time ".728378Z\","
    expect(
        "t.json",
        "[" TASK("a.wav", ANNOTATION(AT("16:08"), RESULT("s", "choices", "\"x\"")) "," ANNOTATION(AT("15:00"), RESULT("s", "choices", "\"y\""))) "," TASK(
            "e.wav",
            ANNOTATION("\"ground_truth\":true," AT("10:00"), RESULT("s", "choices", "\"x\"")) "," ANNOTATION(
                AT("15:00"),
                RESULT(
                    "s", "choices",
                    "\"y\""))) "," TASK("a.wav",
                                        ANNOTATION("\"was_cancelled\":true," AT("16:08"), RESULT("s", "choices", "\"y\"")) "," ANNOTATION(
                                            AT("15:00"),
                                            RESULT(
                                                "s", "choices",
                                                "\"y\""))) "," TASK("a.wav",
                                                                    ANNOTATION(
                                                                        "\"was_cancelled\":true,",
                                                                        RESULT(
                                                                            "s", "choices",
                                                                            "\"y\""))) ",{\"id\":3,"
                                                                                       "\"annotatio"
                                                                                       "ns\":[],"
                                                                                       "\"predictio"
                                                                                       "ns\":"
                                                                                       "[" ANNOTATION(
                                                                                           "",
                                                                                           RESULT(
                                                                                               "s",
                                                                                               "cho"
                                                                                               "ice"
                                                                                               "s",
                                                                                               "\"y"
                                                                                               "\"")) "],\"data\":{\"audio\":\"e.wav\"}}]",
        &plain,
        "a.wav|x||ok\ne.wav|x||ok\na.wav|y||ok\ne.wav|-||no_label\n"
        "=LIST is read as an export of Label Studio: label from 's'\n"
        "~tasks of LIST left out, because each of their annotations was cancelled: 1 of 5\n"
        "~tasks of LIST without annotations, whose predictions are not labels: 1 of 5\n"
        "~tasks of LIST with annotations that disagree, of which the ground truth counts, else "
        "the one changed last: 2 of 5\n"
        "~rows that repeat the path of an earlier row: 2, for example 'a.wav'\n");
    expect("t.json",
           "[" TASK("a.wav", ANNOTATION("", RESULT("s", "choices", "\"x\",\"y\""))) "," TASK(
               "e.wav", ANNOTATION("", RESULT("s", "choices", "\"x\""))) "]",
           &plain,
           "a.wav|-||bad_row\ne.wav|x||ok\n=LIST is read as an export of Label Studio: "
           "label from 's'\n");
    const struct input_options sets = {.label_separator = ";"};
    expect("t.json",
           "[" TASK("a.wav", ANNOTATION("", RESULT("s", "choices", "\"y\",\"x\""))) "," TASK(
               "e.wav", ANNOTATION("", RESULT("s", "choices", "\"x\""))) "]",
           &sets,
           "a.wav|x;y||ok\ne.wav|x||ok\n=LIST is read as an export of Label Studio: "
           "label from 's'\n");
}

/* Tasks that nobody has annotated, such as those that were made for Label Studio. */
static void no_labels(void **state) {
    (void)state;
    expect(
        "t.json",
        "[{\"predictions\":[{\"result\":[]}],\"data\":{\"audio\":\"a.wav\"}},{\"annotations\":[],"
        "\"data\":{\"audio\":\"e.wav\"}}]",
        &plain,
        "!LIST: none of its 2 tasks has a label (only predictions: 1, only cancelled "
        "annotations: 0); annotate them in Label Studio, and export them again\n");
    const struct input_options pattern = {.label_pattern = "{label}.wav"};
    expect("t.json", "[{\"predictions\":[],\"data\":{\"audio\":\"a.wav\"}}]", &pattern,
           "a.wav|a||ok\n=LIST is read as an export of Label Studio\n");
}

static void flat(void **state) {
    (void)state;
#define OWN "\"id\":1,\"annotator\":1,\"annotation_id\":5,\"created_at\":\"c\",\"lead_time\":2.5"
    static const char read[] = "=LIST is read as an export of Label Studio: label from ";
    struct text expected = TEXT_INITIAL;
    const struct input_options sets = {.label_separator = ","};
    expect("m.json", "[{\"audio\":\"/data/upload/1/a.wav\",\"mood\":\"x\"," OWN "}]", &plain,
           "a.wav|x||ok\n=LIST is read as an export of Label Studio: label from 'mood'; 1 of 1 "
           "files are found in the folder of the list by a part of their path\n");
    text_format(&expected, "a.wav|x,y||ok\ne.wav|y||ok\n%s'mood'\n", read);
    expect("m.json",
           "[{\"audio\":\"a.wav\",\"note\":\"n\",\"mood\":{\"choices\":[\"x\",\"y\"]}," OWN
           "},{\"audio\":\"e.wav\",\"mood\":\"y\"," OWN "}]",
           &sets, expected.data);
    text_clear(&expected);
    text_format(&expected,
                "a.wav#t=0,1|x||ok\na.wav#t=1,2.5|y||ok\ne.wav|-||no_label\n%s'label'; 2 of "
                "3 clips are regions of files\n",
                read);
    expect("m.json",
           "[{\"audio\":\"a.wav\",\"label\":[{\"start\":0,\"end\":1,\"channel\":0,\"labels\":"
           "[\"x\"]},{\"start\":1,\"end\":2.5,\"labels\":[\"y\"]}]," OWN
           "},{\"audio\":\"e.wav\"," OWN "}]",
           &plain, expected.data);
    expect("m.json", "[{\"audio\":\"a.wav\",\"mood\":\"x\",\"note\":\"y\"," OWN "}]", &plain,
           "!LIST: both 'mood' and 'note' may be the labels; choose one with --label-column\n");
    text_clear(&expected);
    text_format(&expected,
                "a.wav#t=0,1|x||ok\n0a1b2c3d-b.wav|y||ok\n%s'mood'; 1 of 2 clips are regions "
                "of files\n",
                read);
    expect("m.csv",
           "annotation_id,annotator,audio,id,lead_time,mood\n"
           "1,1,a.wav,1,2.5,\"[{\"\"start\"\": 0, \"\"end\"\": 1, \"\"labels\"\": "
           "[\"\"x\"\"]}]\"\n2,1,0a1b2c3d-b.wav,2,1,y\n",
           &plain, expected.data);
    text_clear(&expected);
    text_format(&expected, "a.wav|x,y||ok\ne.wav|x||ok\n%s'mood'\n", read);
    expect("m.csv",
           "annotation_id,annotator,audio,id,lead_time,mood\n"
           "1,1,a.wav,1,2.5,\"{\"\"choices\"\": [\"\"y\"\", \"\"x\"\"]}\"\n2,1,e.wav,2,1,x\n",
           &sets, expected.data);
    text_free(&expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices), cmocka_unit_test(regions),   cmocka_unit_test(annotations),
        cmocka_unit_test(flat),    cmocka_unit_test(no_labels),
    };
    return cmocka_run_group_tests_name("Label Studio", tests, make_sounds, test_folder_end);
}
