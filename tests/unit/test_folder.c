/* A folder as INPUT: which files are clips, their order, their labels, and other files. */
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

#define NOBODY 65534

static void expect_failure(const char *path, const struct input_options *options,
                           enum error_code code, const char *words) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    assert_int_equal(input_open(path, options, &input, &error), code);
    if (strstr(error.message, words) == NULL) fail_msg("'%s' lacks '%s'", error.message, words);
    collection_close(&input);
}

static void classes_and_order(void **state) {
    const char *folder = *state;
    const char *const names[] = {"b/2.wav",          "b/10.wav",  "a-b/1.FLAC", "a/z.mp3",
                                 "a/sub/deep/1.ogg", "a/sub.wav", "Z/x.opus",   "a/q.aif",
                                 "a/r.AU",           "b/t.oga",   "b/u.aiff"};
    const char *const sorted[] = {"Z/x.opus",  "a-b/1.FLAC",       "a/q.aif", "a/r.AU",
                                  "a/sub.wav", "a/sub/deep/1.ogg", "a/z.mp3", "b/10.wav",
                                  "b/2.wav",   "b/t.oga",          "b/u.aiff"};
    for (size_t i = 0; i < 11; i++) test_touch(folder, names[i]);
    test_touch(folder, "README.txt");
    test_touch(folder, "a/notes.txt");
    test_touch(folder, "a/.hidden.wav");
    test_touch(folder, ".git/x.wav");
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_string_equal(input.format, "folder");
    assert_int_equal(input.clips.count, 11);
    assert_int_equal(input.other_files, 2);
    assert_int_equal(input.hidden_files, 2);
    assert_int_equal(input.bad_clips, 0);
    assert_int_equal(input.clips.class_count, 4);
    const char *const classes[] = {"Z", "a", "a-b", "b"};
    for (size_t i = 0; i < 4; i++) assert_string_equal(input.clips.class_names[i], classes[i]);
    struct text path = TEXT_INITIAL;
    for (size_t i = 0; i < 11; i++) {
        assert_string_equal(clip_path(&input.clips, i), sorted[i]);
        assert_string_equal(clip_id(&input.clips, i, &path), sorted[i]);
        assert_int_equal(strncmp(clip_label(&input.clips, i), sorted[i], strcspn(sorted[i], "/")),
                         0);
        assert_int_equal(strlen(clip_label(&input.clips, i)), strcspn(sorted[i], "/"));
        assert_null(clip_group(&input.clips, i));
        assert_int_equal(input.clips.clips[i].fold, -1);
        seen_path(&input.clips, i, &path);
        assert_int_equal(access(path.data, R_OK), 0);
    }
    text_free(&path);
    collection_close(&input);
}

/* Names with odd bytes, in bytewise order. */
static void names_of_any_bytes(void **state) {
    const char *folder = *state;
    const char *const names[] = {"=c/-.wav", "c \n,\"'/a,b\n\".wav", "c%41/%.wav",
                                 "\xc3\xa9/\xff\xfe.wav", "\xff/@.wav"};
    for (size_t i = 0; i < 5; i++) test_touch(folder, names[i]);
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(clip_path(&input.clips, i), names[i]);
    assert_string_equal(input.clips.class_names[4], "\xff");
    collection_close(&input);
}

static void sound_outside_classes(void **state) {
    const char *folder = *state;
    test_touch(folder, "a/1.wav");
    test_touch(folder, "dog_2.wav");
    struct input_options options = {0};
    expect_failure(folder, &options, ERROR_DATA, "/dog_2.wav is in no class folder");
    options.label_pattern = "{label}_{take}.wav";
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 2);
    assert_int_equal(input.bad_clips, 1);
    assert_int_equal(input.clips.clips[0].status, CLIP_NO_LABEL);
    assert_null(clip_label(&input.clips, 0));
    assert_non_null(strstr(clip_reason(&input.clips, 0), "{label}_{take}.wav"));
    assert_int_equal(input.clips.clips[1].status, CLIP_OK);
    assert_string_equal(clip_label(&input.clips, 1), "dog");
    assert_string_equal(clip_reason(&input.clips, 1), "");
    collection_close(&input);
}

static void pattern_with_groups_and_folds(void **state) {
    const char *folder = *state;
    test_touch(folder, "7_theo_10.wav");
    test_touch(folder, "3_ann_9.wav");
    test_touch(folder, "3_theo_2.wav");
    struct input_options options = {.label_pattern = "{label}_{speaker}_{fold}.wav",
                                    .group_field = "speaker",
                                    .fold_column = "fold"};
    struct collection input;
    seen_open(folder, &options, &input);
    const struct clip_list *clips = &input.clips;
    assert_int_equal(clips->class_count, 2);
    assert_int_equal(clips->group_count, 2);
    assert_string_equal(clips->group_names[0], "ann");
    assert_string_equal(clip_group(clips, 2), "theo");
    assert_int_equal(clips->fold_count, 3);
    const char *const folds[] = {"2", "9", "10"}; /* by number */
    for (size_t i = 0; i < 3; i++) assert_string_equal(clips->fold_names[i], folds[i]);
    assert_int_equal(clips->clips[0].fold, 1);
    assert_int_equal(clips->clips[1].fold, 0);
    assert_int_equal(clips->clips[2].fold, 2);
    collection_close(&input);
    options.group_field = "speakers";
    expect_failure(folder, &options, ERROR_USAGE, "--group speakers");
    options.group_field = NULL;
    options.fold_column = "nope";
    expect_failure(folder, &options, ERROR_USAGE, "--fold-column nope");
    options.fold_column = NULL;
    options.label_pattern = "{label";
    expect_failure(folder, &options, ERROR_USAGE, "--label-pattern");
    options.label_pattern = NULL;
    options.group_field = "speaker";
    expect_failure(folder, &options, ERROR_USAGE, "--label-pattern");
    options.group_field = NULL;
    options.label_column = "label";
    expect_failure(folder, &options, ERROR_USAGE, "has no columns");
}

static void ambiguous_names_are_told(void **state) {
    const char *folder = *state;
    test_touch(folder, "left_right_1.wav");
    test_touch(folder, "up_1.wav");
    struct input_options options = {.label_pattern = "{label}_{take}.wav"};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_string_equal(clip_label(&input.clips, 0), "left");
    assert_int_equal(input.warnings.count, 1);
    seen_expect_warning(&input, "in more than one way: 1, for example");
    seen_expect_warning(&input, "left_right_1.wav");
    collection_close(&input);
}

static void similar_labels_are_told(void **state) {
    const char *folder = *state;
    test_touch(folder, "Dog/1.wav");
    test_touch(folder, "dog /1.wav");
    test_touch(folder, "cat/1.wav");
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.class_count, 3);
    assert_int_equal(input.warnings.count, 1);
    seen_expect_warning(&input, "'Dog' and 'dog '");
    collection_close(&input);
}

static void out_is_left_out(void **state) {
    const char *folder = *state;
    test_touch(folder, "a/1.wav");
    test_touch(folder, "out/b/2.wav");
    assert_int_equal(symlink("../out", test_path(folder, "a/link")), 0);
    struct input_options options = {.exclude = {test_path(folder, "out")}};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 1);
    collection_close(&input);
    options.exclude[0] = test_path(folder, "not-there-yet");
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 2); /* a/link is out/, which counts by its own path */
    collection_close(&input);
    options.exclude[0] = folder;
    expect_failure(folder, &options, ERROR_USAGE, "also the folder for the results");
}

static void links_and_special_files(void **state) {
    const char *folder = *state;
    test_touch(folder, "real/1.wav");
    assert_int_equal(symlink("real", test_path(folder, "linked")), 0);
    assert_int_equal(symlink("..", test_path(folder, "real/loop")), 0);
    assert_int_equal(symlink("self.wav", test_path(folder, "real/self.wav")), 0);
    assert_int_equal(symlink("self", test_path(folder, "real/self")), 0);
    assert_int_equal(symlink("nowhere", test_path(folder, "real/gone.wav")), 0);
    assert_int_equal(symlink("../real/1.wav", test_path(folder, "real/alias.wav")), 0);
    assert_int_equal(mkfifo(test_path(folder, "real/pipe.wav"), 0600), 0);
    assert_int_equal(mkdir(test_path(folder, "real/folder.wav"), 0700), 0);
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    const char *const names[] = {"1.wav", "alias.wav", "gone.wav", "pipe.wav", "self.wav"};
    assert_int_equal(input.clips.count, 5);
    for (size_t i = 0; i < 5; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "real/%s", names[i]);
        assert_string_equal(clip_path(&input.clips, i), expected);
        assert_int_equal(input.clips.clips[i].status, i == 3 ? CLIP_UNREADABLE : CLIP_OK);
    }
    assert_non_null(strstr(clip_reason(&input.clips, 3), "not a regular file"));
    assert_int_equal(input.other_files, 1);
    seen_expect_warning(&input, "'linked/' and 'real/' are one folder");
    seen_expect_warning(&input, "not followed: 1, for example 'real/loop/', which is './'");
    collection_close(&input);
}

/* Links that lead out are rows; the class folder among them has no clips in the run. */
static void links_out(void **state) {
    char root[64];
    snprintf(root, sizeof root, "%s/in", (const char *)*state);
    test_touch(*state, "out/secret.wav");
    test_touch(*state, "out/README");
    test_touch(root, "a/1.wav");
    assert_int_equal(symlink("../../out/secret.wav", test_path(root, "a/2.wav")), 0);
    assert_int_equal(symlink("/dev/zero", test_path(root, "a/3.wav")), 0);
    assert_int_equal(symlink("../../out/README", test_path(root, "a/README")), 0);
    assert_int_equal(symlink("../out", test_path(root, "b")), 0);
    assert_int_equal(symlink("/proc/self/root", test_path(root, "c")), 0);
    assert_int_equal(symlink(test_path(root, "a"), test_path(root, "d")), 0);
    struct input_options options = {0};
    struct collection input;
    seen_open(root, &options, &input);
    const char *const paths[] = {"a/1.wav", "a/2.wav", "a/3.wav", "b/", "c/"};
    assert_int_equal(input.clips.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(clip_path(&input.clips, i), paths[i]);
        assert_int_equal(input.clips.clips[i].status, i == 0 ? CLIP_OK : CLIP_OUTSIDE);
        if (i > 0) assert_non_null(strstr(clip_reason(&input.clips, i), "--allow-outside"));
    }
    assert_int_equal(input.other_files, 1);
    seen_expect_warning(&input, "links that lead out of the folder: 4, for example 'a/2.wav'");
    seen_expect_warning(&input, "'d/' and 'a/' are one folder");
    collection_close(&input);
    options.allow_outside = true;
    assert_int_equal(unlink(test_path(root, "c")), 0);
    seen_open(root, &options, &input);
    assert_int_equal(input.clips.count, 4);
    assert_int_equal(input.clips.clips[1].status, CLIP_OK);
    assert_int_equal(input.clips.clips[2].status, CLIP_UNREADABLE); /* a device */
    assert_string_equal(clip_path(&input.clips, 3), "b/secret.wav");
    collection_close(&input);
}

/* Two classes that are links to one folder: the first in the order of names counts. */
static void one_folder_twice(void **state) {
    char root[64];
    snprintf(root, sizeof root, "%s/in", (const char *)*state);
    test_touch(*state, "out/1.wav");
    test_touch(root, "c/2.wav");
    assert_int_equal(symlink("../out", test_path(root, "b")), 0);
    assert_int_equal(symlink("../out", test_path(root, "a")), 0);
    struct input_options options = {.allow_outside = true};
    struct collection input;
    seen_open(root, &options, &input);
    assert_int_equal(input.clips.count, 2);
    assert_string_equal(clip_path(&input.clips, 0), "a/1.wav");
    seen_expect_warning(&input, "'b/' and 'a/' are one folder");
    collection_close(&input);
}

/* Two links in each folder to the next level: 2^40 paths. */
static void many_paths(void **state) {
    const char *folder = *state;
    char name[32];
    char target[32];
    test_touch(folder, "l0/x.wav");
    for (int i = 0; i < 40; i++) {
        snprintf(target, sizeof target, "../l%d", i + 1);
        for (int j = 0; j < 2; j++) {
            snprintf(name, sizeof name, "l%d/%c", i, "ab"[j]);
            mkdir(test_path(folder, target + 3), 0700);
            assert_int_equal(symlink(target, test_path(folder, name)), 0);
        }
        snprintf(name, sizeof name, "l%d/x.wav", i + 1);
        test_touch(folder, name);
    }
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 41);
    seen_expect_warning(&input, "not followed: 80, for example 'l0/a/', which is 'l1/'");
    collection_close(&input);
}

static void folder_without_permission(void **state) {
    const char *folder = *state;
    test_touch(folder, "a/1.wav");
    test_touch(folder, "a/locked/2.wav");
    test_touch(folder, "b/1.wav");
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(test_path(folder, "a/locked"), 0), 0);
    bool root = geteuid() == 0;
    if (root && seteuid(NOBODY) != 0) {
        print_message("no other user to become\n");
        skip();
    }
    struct input_options options = {0};
    struct collection input;
    struct error error = ERROR_INITIAL;
    input_open(folder, &options, &input, &error);
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(error.code, ERROR_NONE);
    assert_int_equal(input.clips.count, 3);
    assert_string_equal(clip_path(&input.clips, 1), "a/locked/");
    assert_int_equal(input.clips.clips[1].status, CLIP_UNREADABLE);
    assert_true(clip_status_is_unreadable(CLIP_UNREADABLE));
    assert_non_null(strstr(clip_reason(&input.clips, 1), "Permission denied"));
    assert_null(clip_label(&input.clips, 1));
    assert_int_equal(input.bad_clips, 1);
    assert_int_equal(input.clips.class_count, 2);
    seen_expect_warning(&input, "folders that cannot be read: 1;");
    collection_close(&input);
}

static void nothing_usable(void **state) {
    const char *folder = *state;
    struct input_options options = {0};
    expect_failure(folder, &options, ERROR_DATA, "no sound files");
    test_touch(folder, "a/x.txt");
    expect_failure(folder, &options, ERROR_DATA, "found 1 file: 1 .txt in a/, 0 hidden files");
    expect_failure(test_path(folder, "nope"), &options, ERROR_FILE, "No such file");
    test_touch(folder, "a/x.pdf");
    expect_failure(test_path(folder, "a/x.pdf"), &options, ERROR_USAGE, ".jsonl");
    test_touch(folder, "a/x.wav");
    options.label_pattern = "{label}_1.wav";
    expect_failure(folder, &options, ERROR_DATA, "does not match the pattern");
}

/* Twenty thousand clips in two hundred classes: the tables grow and stay right. */
static void many_clips(void **state) {
    (void)state;
    struct clip_list list;
    struct error error = ERROR_INITIAL;
    char path[64];
    char label[16];
    assert_int_equal(clip_list_init(&list, "root/", false, &error), ERROR_NONE);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(label, sizeof label, "c%u", i * 7919U % 200U);
        snprintf(path, sizeof path, "%s/%u.wav", label, i);
        struct clip_entry entry = {.path = path, .label = label, .fold = i % 2 == 0 ? "1" : "0"};
        assert_int_equal(clip_list_add(&list, &entry, &error), ERROR_NONE);
    }
    assert_int_equal(clip_list_finish(&list, &error), ERROR_NONE);
    assert_int_equal(list.class_count, 200);
    for (size_t i = 1; i < 200; i++)
        assert_true(strcmp(list.class_names[i - 1], list.class_names[i]) < 0);
    struct text open_path = TEXT_INITIAL;
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(label, sizeof label, "c%u", i * 7919U % 200U);
        snprintf(path, sizeof path, "root/%s/%u.wav", label, i);
        assert_string_equal(clip_label(&list, i), label);
        assert_int_equal(list.clips[i].fold, i % 2 == 0 ? 1 : 0);
        seen_path(&list, i, &open_path);
        assert_string_equal(open_path.data, path);
    }
    text_free(&open_path);
    assert_int_equal(clip_list_set_status(&list, 3, CLIP_TOO_SHORT, "why", &error), ERROR_NONE);
    assert_string_equal(clip_reason(&list, 3), "why");
    assert_string_equal(clip_status_name(list.clips[3].status), "too_short");
    assert_string_equal(list.class_names[0], "c0");
    size_t bytes = list.capacity * sizeof *list.clips +
                   list.strings.block_count * STRING_TABLE_BLOCK +
                   list.strings.slot_count * sizeof *list.strings.slots;
    assert_true(bytes < (size_t)20000 * 150);
    clip_list_free(&list);
    clip_list_free(NULL);
}

#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_folder_set_up, test_folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(classes_and_order),
        WITH_FOLDER(names_of_any_bytes),
        WITH_FOLDER(sound_outside_classes),
        WITH_FOLDER(pattern_with_groups_and_folds),
        WITH_FOLDER(ambiguous_names_are_told),
        WITH_FOLDER(similar_labels_are_told),
        WITH_FOLDER(out_is_left_out),
        WITH_FOLDER(links_and_special_files),
        WITH_FOLDER(links_out),
        WITH_FOLDER(one_folder_twice),
        WITH_FOLDER(many_paths),
        WITH_FOLDER(folder_without_permission),
        WITH_FOLDER(nothing_usable),
        cmocka_unit_test(many_clips),
    };
    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
