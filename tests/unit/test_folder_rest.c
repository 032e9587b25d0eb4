/* A folder as INPUT: what of it is not read, and what is said about that. */
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

/* Copies a name to a file that begins with these bytes. */
static void plant(const char *folder, const char *name, const char *bytes, size_t count) {
    test_touch(folder, name);
    FILE *file = fopen(test_path(folder, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static const char wav_bytes[] = "RIFF\x24\0\0\0WAVEfmt ";

/* Sounds that are not read are rows with a reason, whatever else says that they are sounds. */
static void sounds_not_read_are_rows(void **state) {
    const char *folder = *state;
    const char *const names[] = {"a/1.wav", "a/2.aax", "a/4.WAV.1",  "a/5.zip",
                                 "b/3",     "c/1.RaM", "c/x.wav.gz", "old.tar.gz"};
    const enum clip_status statuses[] = {CLIP_OK,         CLIP_UNREADABLE, CLIP_UNREADABLE,
                                         CLIP_UNREADABLE, CLIP_OK,         CLIP_UNREADABLE,
                                         CLIP_UNREADABLE, CLIP_UNREADABLE};
    for (size_t i = 0; i < 8; i++) test_touch(folder, names[i]);
    plant(folder, "a/4.WAV.1", wav_bytes, sizeof wav_bytes);
    plant(folder, "b/3", wav_bytes, sizeof wav_bytes);
    plant(folder, "c/1.RaM", ".RMF\0\0\0\x12\0\0\0\0", 12);
    test_touch(folder, "b/notes");
    test_touch(folder, "b/notes.txt");
    test_touch(folder, "c/notes.txt");
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(clip_path(&input.clips, i), names[i]);
        assert_int_equal(input.clips.clips[i].status, statuses[i]);
    }
    assert_non_null(strstr(clip_reason(&input.clips, 1), "kind .aax are not read"));
    assert_non_null(strstr(clip_reason(&input.clips, 2), "WAV by its first bytes"));
    assert_non_null(strstr(clip_reason(&input.clips, 3), "unpack it"));
    assert_string_equal(clip_label(&input.clips, 5), "c");
    assert_null(clip_label(&input.clips, 7));
    assert_int_equal(input.other_files, 3);
    assert_string_equal(input.not_read.data,
                        "9 files: 2 .gz in ./ and 1 other folder, 1 .1 in a/, 1 .aax in a/, 1 .ram "
                        "in c/, 1 .zip in a/, 2 .txt in b/ and 1 other folder, 1 without an ending "
                        "in b/");
    assert_non_null(strstr(input.not_read_json.data,
                           "{\"ending\": \".txt\", \"files\": 2, \"sound\": false, \"folders\": "
                           "2, \"folder\": \"b/\"}"));
    seen_expect_warning(&input, "not read, each a row of clips.csv: 6 files: 2 .gz in ./");
    assert_string_equal(input.reading.data, "files without an ending that are read as sounds, by "
                                            "their first bytes: 1, for example b/3");
    collection_close(&input);
}

/* Folders that look like classes and give no clip are named; hidden sounds are counted. */
static void folders_without_clips(void **state) {
    const char *folder = *state;
    test_touch(folder, "a/1.wav");
    test_touch(folder, "a/._1.wav");
    test_touch(folder, "b/1.txt");
    test_touch(folder, "c/.keep/1.flac");
    test_touch(folder, "d/e/1.wav");
    test_touch(folder, "__MACOSX/a/._1.wav");
    test_touch(folder, "_background_noise_/1.wav");
    assert_int_equal(mkdir(test_path(folder, "empty"), 0700), 0);
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.clips.count, 2);
    assert_int_equal(input.bad_clips, 0);
    seen_expect_warning(&input,
                        "folders without a sound, of which no clip comes: 3: 'b/', 'c/', 'empty/'");
    seen_expect_warning(&input, "hidden sound files skipped: 3, for example '__MACOSX/a/._1.wav'");
    assert_string_equal(input.not_read.data, "1 file: 1 .txt in b/");
    collection_close(&input);
}

/* Names with more endings than are kept apart. */
static void many_endings(void **state) {
    const char *folder = *state;
    char name[32];
    test_touch(folder, "a/1.wav");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "a/x.e%d", i);
        test_touch(folder, name);
    }
    struct input_options options = {0};
    struct collection input;
    seen_open(folder, &options, &input);
    assert_int_equal(input.other_files, 300);
    assert_int_equal(strncmp(input.not_read.data, "300 files: 45 without an ending in a/, ", 38),
                     0);
    collection_close(&input);
}

#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_folder_set_up, test_folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(sounds_not_read_are_rows),
        WITH_FOLDER(folders_without_clips),
        WITH_FOLDER(many_endings),
    };
    return cmocka_run_group_tests_name("folder rest", tests, NULL, NULL);
}
