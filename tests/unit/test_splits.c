/* Parts of a data set, train and test: a column of clips.csv and no labels. */
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

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

static void expect_split(const struct collection *input, size_t index, const char *split,
                         const char *label) {
    const char *found = clip_split(&input->clips, index);
    const char *found_label = clip_label(&input->clips, index);
    assert_string_equal(found == NULL ? "" : found, split);
    assert_string_equal(found_label == NULL ? "" : found_label, label);
}

/* A column of a list, which may also be text that is no text. */
static void columns_of_lists(void **state) {
    const char *folder = *state;
    struct input_options options = {0};
    struct collection input;
    test_text_write(test_path(folder, "m.csv"),
                    "path,Split,label\na.wav,train,x\nb.wav,,x\nc.wav,test,y\n");
    seen_open(test_path(folder, "m.csv"), &options, &input);
    expect_split(&input, 0, "train", "x");
    expect_split(&input, 1, "", "x");
    expect_split(&input, 2, "test", "y");
    collection_close(&input);
    test_text_write(test_path(folder, "m.jsonl"),
                    "{\"path\": \"a.wav\", \"split\": \"dev\", \"label\": \"x\"}\n"
                    "{\"path\": \"b.wav\", \"split\": [1], \"label\": \"x\"}\n");
    seen_open(test_path(folder, "m.jsonl"), &options, &input);
    expect_split(&input, 0, "dev", "x");
    expect_split(&input, 1, "", "x");
    assert_int_equal(input.bad_clips, 0);
    collection_close(&input);
}

static void field_of_a_pattern(void **state) {
    const char *folder = *state;
    test_touch(folder, "train/x/1.wav");
    test_touch(folder, "test/y/1.wav");
    struct input_options options = {.label_pattern = "{split}/{label}/{_}.wav"};
    struct collection input;
    seen_open(folder, &options, &input);
    expect_split(&input, 0, "test", "y");
    expect_split(&input, 1, "train", "x");
    collection_close(&input);
}

/* A folder with these files, its clips as "split|label " in order, "!" and the message for an
 * error, and the sentence how it was read. */
static void expect_read(const char *folder, const char *const *names, const char *clips,
                        const char *reading) {
    char root[64];
    struct input_options options = {0};
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text found = TEXT_INITIAL;
    static int number = 0;
    snprintf(root, sizeof root, "%s/%d", folder, number++);
    for (; *names != NULL; names++) test_touch(root, *names);
    if (input_open(root, &options, &input, &error) != ERROR_NONE)
        text_format(&found, "!%s", error.message);
    for (size_t i = 0; error.code == ERROR_NONE && i < input.clips.count; i++) {
        const char *split = clip_split(&input.clips, i), *label = clip_label(&input.clips, i);
        text_format(&found, "%s|%s ", split == NULL ? "" : split, label == NULL ? "" : label);
    }
    if (clips[0] == '!' ? strstr(found.data, clips + 1) == NULL : strcmp(found.data, clips) != 0)
        fail_msg("'%s' is not '%s'", found.data, clips);
    const char *said = input.reading.data == NULL ? "" : input.reading.data;
    if (clips[0] != '!' && strncmp(said, reading, strlen(reading)) != 0)
        fail_msg("'%s' is not '%s'", said, reading);
    if (reading[0] == '\0') assert_string_equal(said, "");
    text_free(&found);
    collection_close(&input);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void folders_that_are_parts(void **state) {
    expect_read(*state, NAMES("train/a/1.wav", "train/b/1.wav", "test/a/2.wav"),
                "test|a train|a train|b ",
                "test/, train/ are taken as parts of the data set, the column split, not as "
                "labels; labels are the folders in them (--label-pattern '{label}/{_}/{_}' if the "
                "parts are the labels)");
    expect_read(*state, NAMES("Training/a/s1/1.wav", "VAL_2/b/s2/1.wav", "eval/b/3.wav"),
                "Training|a VAL_2|b eval|b ", "Training/, VAL_2/, eval/ are taken");
    expect_read(*state, NAMES("set/dev/a/1.wav", "set/dev/b/1.wav"), "dev|a dev|b ", "dev/ are");
    expect_read(*state, NAMES("train/audio/a/1.wav", "train/audio/b/1.wav", "test/audio/1.wav"),
                "test| train|a train|b ",
                "test/, train/ are taken as parts of the data set, the column split, not as "
                "labels; labels are the folders in audio/ in them (--label");
    expect_read(*state, NAMES("train/a/1.wav", "train/b/1.wav", "test/1.wav"),
                "test| train|a train|b ", "test/, train/ are");
    expect_read(*state, NAMES("a/train/1.wav", "a/test/2.wav", "b/train/1.wav"),
                "test|a train|a train|b ", "folders below the labels are taken as parts");
    expect_read(*state, NAMES("train-1/a/1.wav", "train-1/b/1.wav", "train-2/b/1.wav"),
                "train-1|a train-1|b train-2|b ", "train-1/, train-2/ are");
}

static void folders_that_are_labels(void **state) {
    expect_read(*state, NAMES("train/1.wav", "car/1.wav", "bus/1.wav"), "|bus |car |train ", "");
    expect_read(*state, NAMES("train/s1/1.wav", "car/s2/1.wav"), "|car |train ", "");
    expect_read(*state, NAMES("valid/1.wav", "invalid/1.wav"), "|invalid |valid ", "");
    expect_read(*state, NAMES("trained/a/1.wav", "untrained/a/1.wav"), "|trained |untrained ", "");
    expect_read(*state, NAMES("test_tube/1.wav", "test_drill/1.wav"), "|test_drill |test_tube ",
                "");
    expect_read(*state, NAMES("steam_train/1.wav", "fast_train/1.wav", "train_horn/1.wav"),
                "|fast_train |steam_train |train_horn ", "");
    expect_read(*state, NAMES("crash_test/1.wav", "contest/1.wav", "train_horn/1.wav"),
                "|contest |crash_test |train_horn ", "");
    expect_read(*state, NAMES("steam_train/s1/1.wav", "crash_test/s2/1.wav"),
                "|crash_test |steam_train ", "");
    expect_read(*state, NAMES("train/a/1.wav", "b/c/1.wav", "c/1.wav"), "|b |c |train ", "");
    expect_read(*state, NAMES("a/x/1.wav", "b/test/1.wav"), "|a |b ", "");
}

static void folders_that_may_be_either(void **state) {
    expect_read(*state, NAMES("train/1.wav", "test/1.wav"), "!'{label}_{take}', or '{label}/{_}'",
                "");
    expect_read(*state, NAMES("train/a/1.wav", "test/a/1.wav", "extra/a/1.wav"),
                "!give --label-pattern '{split}/{label}/{_}' if they are parts, or "
                "'{label}/{_}/{_}' if they are labels",
                "");
    expect_read(*state, NAMES("train-clean/19/1/1.wav", "dev-clean/20/1/1.wav"),
                "!give --label-pattern '{split}/{label}/{_}/{_}'", "");
    expect_read(*state, NAMES("a/1.wav", "b/x/1.wav", "train/a/1.wav"),
                "!give --label-pattern '{split}/{label}/{_}' if they are parts, or ", "");
    expect_read(*state, NAMES("train_clips/1.wav", "test_clips/1.wav"), "!or '{label}/{_}'", "");
    expect_read(*state, NAMES("train/1.wav", "my-test/1.wav"), "!or '{label}/{_}'", "");
    expect_read(*state, NAMES("FSD50K.dev_audio/1.wav", "FSD50K.eval_audio/2.wav"),
                "!folders like FSD50K.dev_audio/ have names of parts", "");
    expect_read(*state, NAMES("set_train/a/1.wav", "set_test/a/1.wav"),
                "!give --label-pattern '{split}/{label}/{_}' if they are parts", "");
}

/* Empty classes of a part are named; its name can be the group or the fold. */
static void parts_as_groups(void **state) {
    const char *folder = *state;
    struct input_options options = {.group_field = "split"};
    struct collection input;
    test_touch(folder, "train/a/1.wav");
    test_touch(folder, "test/a/1.wav");
    test_touch(folder, "val/a/1.txt");
    seen_open(folder, &options, &input);
    assert_string_equal(clip_group(&input.clips, 0), "test");
    seen_expect_warning(&input,
                        "folders without a sound, of which no clip comes: 2: 'val/', 'val/a/'");
    collection_close(&input);
    options = (struct input_options){.fold_column = "split"};
    seen_open(folder, &options, &input);
    assert_string_equal(input.clips.fold_names[1], "train");
    assert_int_equal(input.clips.clips[0].fold, 0);
    collection_close(&input);
}

/* A list in each part: paths start in the folder of the part. */
static void lists_of_parts(void **state) {
    const char *folder = *state;
    struct input_options options = {0};
    struct collection input;
    struct error error = ERROR_INITIAL;
    char root[64];
    snprintf(root, sizeof root, "%s/set", folder);
    test_text_write(test_path(root, "data/train/metadata.csv"),
                    "file_name,label\na.wav,x\nsub/b.wav,y\n,y\n../../c.wav,y\n");
    test_text_write(test_path(root, "data/test/metadata.jsonl"),
                    "{\"file_name\": \"a.wav\", \"label\": \"x\"}\n"
                    "{\"file_name\": \"c.wav\", \"label\": \"x\", \"split\": \"hard\"}\n");
    test_touch(root, "data/train/a.wav");
    test_touch(root, "data/train/sub/b.wav");
    test_touch(root, "data/test/a.wav");
    test_touch(root, "data/test/c.wav");
    test_touch(root, "data/test/unlisted.wav");
    seen_open(root, &options, &input);
    assert_int_equal(input.clips.count, 6);
    assert_string_equal(clip_path(&input.clips, 0), "data/test/a.wav");
    expect_split(&input, 0, "test", "x");
    expect_split(&input, 1, "hard", "x");
    expect_split(&input, 2, "train", "x");
    assert_string_equal(clip_path(&input.clips, 3), "data/train/sub/b.wav");
    expect_split(&input, 3, "train", "y");
    assert_int_equal(input.clips.clips[4].status, CLIP_BAD_ROW);
    assert_non_null(strstr(clip_reason(&input.clips, 4), "data/train, line 4"));
    assert_non_null(strstr(input.reading.data, "/set is read as an audiofolder: clips and labels "
                                               "from data/test/metadata.jsonl, "
                                               "data/train/metadata.csv; their folders are parts"));
    seen_expect_warning(&input,
                        "1 sound files in the folder are not listed in these lists, for example "
                        "'data/test/unlisted.wav'");
    collection_close(&input);
    test_text_write(test_path(root, "data/test/metadata.csv"), "file_name,label\na.wav,x\n");
    assert_int_equal(input_open(root, &options, &input, &error), ERROR_USAGE);
    collection_close(&input);
}

/* More than are read: refused, not left out. */
static void too_many_lists_of_parts(void **state) {
    const char *folder = *state;
    const struct input_options options = {0};
    struct collection input;
    struct error error = ERROR_INITIAL;
    for (int i = 0; i < 101; i++) {
        char name[64];
        snprintf(name, sizeof name, "train_%03d/metadata.csv", i);
        test_text_write(test_path(folder, name), "file_name,label\na.wav,x\n");
    }
    assert_int_equal(input_open(folder, &options, &input, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "more than 100 of its folders"));
    collection_close(&input);
}

#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_folder_set_up, test_folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(too_many_lists_of_parts), WITH_FOLDER(columns_of_lists),
        WITH_FOLDER(field_of_a_pattern),      WITH_FOLDER(folders_that_are_parts),
        WITH_FOLDER(folders_that_are_labels), WITH_FOLDER(folders_that_may_be_either),
        WITH_FOLDER(parts_as_groups),         WITH_FOLDER(lists_of_parts),
    };
    return cmocka_run_group_tests_name("splits", tests, NULL, NULL);
}
