/* Clips in tar files: WebDataset's samples, packed folders, several files, and the lists beside
 * them of NeMo and Lhotse. tests/golden/tar/make_tar.py makes those of other programs. */
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

static const char golden[] = "tests/golden/tar";
static const struct input_options plain = {0};

static void webdataset(void **state) {
    (void)state;
    const struct input_options by_json = {.label_column = "label", .group_field = "speaker"};
    const struct input_options by_text = {.label_column = "txt"};
    const struct input_options unknown = {.label_column = "mood"};
    seen_expect(golden, "webdataset.tar", &plain,
                "webdataset.tar/k/000.wav|yes|||ok\nwebdataset.tar/k/001.wav|no|||ok\n"
                "webdataset.tar/k/002.wav|yes|||ok\n");
    seen_expect_reading(golden, "webdataset.tar", &plain,
                        "webdataset.tar is read as a shard of WebDataset: 3 sounds, labels from "
                        "the members .cls (--label-column label takes those of .json)");
    seen_expect(golden, "webdataset.tar", &by_json,
                "webdataset.tar/k/000.wav|YES|s0||ok\nwebdataset.tar/k/001.wav|NO|s1||ok\n"
                "webdataset.tar/k/002.wav|YES|s2||ok\n");
    seen_expect(golden, "webdataset.tar", &by_text,
                "webdataset.tar/k/000.wav|words|||ok\nwebdataset.tar/k/001.wav|words|||ok\n"
                "webdataset.tar/k/002.wav|words|||ok\n");
    seen_expect_words(golden, "webdataset.tar", &unknown,
                      "no member ends in .mood and no .json has 'mood' for --label-column");
}

static void packed_folders(void **state) {
    (void)state;
    static const char *const files[] = {"tar-ustar.tar", "tar-dot.tar", "tar-compressed.tar.gz"};
    static const char *const tops[] = {"c/", "", "c/"};
    for (size_t i = 0; i < 3; i++) {
        char expected[512];
        snprintf(expected, sizeof expected,
                 "%s/%sno/b.wav|no|||ok\n%s/%syes/a.wav|yes|||ok\n%s/%syes/link.wav|yes|||"
                 "unreadable\n%s/%syes/z.wav|yes|||ok\n",
                 files[i], tops[i], files[i], tops[i], files[i], tops[i], files[i], tops[i]);
        seen_expect(golden, files[i], &plain, expected);
    }
    seen_expect_reading(golden, "tar-ustar.tar", &plain,
                        "tar-ustar.tar is read as a tar file: 4 sounds, labels from folders");
    seen_expect_words(golden, "python-gnu.tar", &plain, "link.wav: has no label");
    const struct input_options pattern = {.label_pattern = "{label}.tar/{_}.wav"};
    seen_expect(golden, "tar-sparse-1.0.tar", &pattern,
                "tar-sparse-1.0.tar/holes.wav||||unreadable\n"
                "tar-sparse-1.0.tar/whole.wav|tar-sparse-1.0|||ok\n");
}

static void joined(void **state) {
    (void)state;
    seen_expect(golden, "tar-appended.tar", &plain,
                "tar-appended.tar/c/yes/a.wav|yes|||ok\ntar-appended.tar/c/no/b.wav|no|||ok\n"
                "~members whose name occurs again later in their tar file: 1, for example "
                "'c/no/b.wav'; the last one counts, as when the file is unpacked\n");
    seen_expect_words(golden, "tar-joined.tar", &plain,
                      "~tar files that hold several, one after the other: 1, for example "
                      "'tar-joined.tar'; all are read, but tar and webdataset stop after the "
                      "first; join with tar --concatenate");
}

/* ---- tar files by hand ---- */

static void put_member(struct text *tar, const char *name, const char *bytes) {
    unsigned char block[512] = {0};
    unsigned total = 0;
    size_t length = strlen(bytes);
    memcpy(block, name, strnlen(name, 100));
    snprintf((char *)block + 124, 12, "%011o", (unsigned)(length & 0xffff));
    memset(block + 148, ' ', 8);
    block[156] = '0';
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof block; i++) total += block[i];
    snprintf((char *)block + 148, 8, "%06o", total);
    text_append(tar, (const char *)block, sizeof block);
    memset(block, 0, sizeof block);
    text_append(tar, bytes, length);
    if (length % 512 > 0) text_append(tar, (const char *)block, 512 - length % 512);
}

static void write_tar(const char *name, struct text *tar, bool end) {
    static const char zeros[1024];
    if (end) text_append(tar, zeros, sizeof zeros);
    test_file_write(test_path(test_folder, name), tar->data, tar->length);
    text_free(tar);
}

static void several(void **state) {
    (void)state;
    struct text tar = TEXT_INITIAL;
    put_member(&tar, "set/train/yes/a.wav", "x");
    put_member(&tar, "set/test/no/b.wav", "x");
    put_member(&tar, "set/LICENSE", "x");
    put_member(&tar, "set/train/yes/._a.wav", "x");
    write_tar("s/0.tar", &tar, true);
    put_member(&tar, "set/train/no/c.wav", "x");
    write_tar("s/1.tar", &tar, false);
    seen_expect(test_folder, "s", &plain,
                "0.tar/set/train/yes/a.wav|yes|||ok\n0.tar/set/test/no/b.wav|no|||ok\n"
                "1.tar/set/train/no/c.wav|no|||ok\n"
                "~hidden sound files skipped: 1, for example 'set/train/yes/._a.wav'; a Mac leaves "
                "such files, which are no sounds; if they are clips, rename them\n"
                "~tar files without the mark of their end: 1, for example '1.tar'; whatever wrote "
                "them may have been stopped before the last member\n");
    seen_expect_reading(test_folder, "s", &plain,
                        "is read as 2 tar files: 3 sounds, labels from folders below those of the "
                        "parts (column split)");
    seen_expect(test_folder, "s/{0..2}.tar", &plain,
                "0.tar/set/train/yes/a.wav|yes|||ok\n0.tar/set/test/no/b.wav|no|||ok\n"
                "1.tar/set/train/no/c.wav|no|||ok\n2.tar||||unreadable\n"
                "~tar files that do not exist: 1, for example '2.tar'; each is a row of clips.csv; "
                "copy them, or leave them out of the input\n"
                "~hidden sound files skipped: 1, for example 'set/train/yes/._a.wav'; a Mac leaves "
                "such files, which are no sounds; if they are clips, rename them\n"
                "~tar files without the mark of their end: 1, for example '1.tar'; whatever wrote "
                "them may have been stopped before the last member\n");
    seen_expect_words(test_folder, "s/x*.tar", &plain, "no file has such a name");
    put_member(&tar, "Development/yes/a.wav", "x"); /* the names of parts that a folder knows */
    put_member(&tar, "holdout/no/b.wav", "x");
    write_tar("parts.tar", &tar, true);
    seen_expect(test_folder, "parts.tar", &plain,
                "parts.tar/Development/yes/a.wav|yes|||ok\nparts.tar/holdout/no/b.wav|no|||ok\n");
}

/* Samples with several sounds, members apart, without a sound, and broken JSON. */
static void samples(void **state) {
    (void)state;
    struct text tar = TEXT_INITIAL;
    const struct input_options nested = {.label_column = "m.lab"};
    const struct input_options lists = {.label_separator = ";"};
    put_member(&tar, "a.left.wav", "x");
    put_member(&tar, "a.right.wav", "x");
    put_member(&tar, "a.json", "{\"label\": [\"u\", \"v\"], \"m\": {\"lab\": \"w\"}}");
    put_member(&tar, "b.c.wav", "x");
    put_member(&tar, "b.c.json", "{\"label\": 7, \"m\": {\"lab\": \"z\"}}");
    put_member(&tar, "c.json", "{\"label\": \"lost\", \"m\": {\"lab\": \"lost\"}}");
    put_member(&tar, "d.wav", "x");
    put_member(&tar, "d.json", "{\"label\": ");
    write_tar("w.tar", &tar, true);
    seen_expect(test_folder, "w.tar", &nested,
                "w.tar/a.left.wav|w|||ok\nw.tar/a.right.wav|w|||ok\nw.tar/b.c.wav|z|||ok\n"
                "w.tar/d.wav||||bad_row\n"
                "~members .json, .cls or .txt with no sound of their name: 1\n");
    seen_expect(test_folder, "w.tar", &lists,
                "w.tar/a.left.wav|u;v|||ok\nw.tar/a.right.wav|u;v|||ok\nw.tar/b.c.wav|7|||ok\n"
                "w.tar/d.wav||||bad_row\n"
                "~members .json, .cls or .txt with no sound of their name: 1\n");
    put_member(&tar, "a.py", "x");
    write_tar("none.tar", &tar, true);
    seen_expect_words(test_folder, "none.tar", &plain, "found 1 file: 1 .py");
    put_member(&tar, "a.wav", "x");
    put_member(&tar, "b.wav", "x");
    put_member(&tar, "a.cls", "1\n");
    put_member(&tar, "b.cls", "2");
    tar.length -= 512 + 200; /* cut off in b.cls' header */
    write_tar("cut.tar", &tar, false);
    seen_expect(test_folder, "cut.tar", &plain,
                "cut.tar/a.wav|1|||ok\ncut.tar/b.wav||||no_label\ncut.tar||||unreadable\n"
                "~sounds whose labels are not beside them in their tar file: 1, for example "
                "'a.wav'; webdataset takes such members for different samples; pack with "
                "tar --sort=name\n");
}

/* Names that begin with dots and are not hidden; endings of labels that no sound has. */
static void odd_names(void **state) {
    (void)state;
    struct text tar = TEXT_INITIAL;
    put_member(&tar, "../yes/a.wav", "x");
    put_member(&tar, "/yes/b.wav", "x");
    put_member(&tar, "yes/../no/c.wav", "x");
    put_member(&tar, "yes/./d.wav", "x");
    write_tar("dots.tar", &tar, true);
    const struct input_options pattern = {.label_pattern = "{label}.wav"};
    seen_expect(test_folder, "dots.tar", &pattern,
                "dots.tar/../yes/a.wav||||unreadable\ndots.tar//yes/b.wav|b|||ok\n"
                "dots.tar/yes/../no/c.wav||||unreadable\ndots.tar/yes/./d.wav|d|||ok\n");
    put_member(&tar, "a.wav", "x");
    put_member(&tar, "a.meta.cls", "1");
    put_member(&tar, "a.json", "{\"label\": \"yes\"}");
    write_tar("ends.tar", &tar, true);
    seen_expect(test_folder, "ends.tar", &plain,
                "ends.tar/a.wav|yes|||ok\n"
                "~members .json, .cls or .txt with no sound of their name: 1\n");
}

static void lists_beside(void **state) {
    (void)state;
    static const char shar[] = "recording.000000.tar/cut.0.wav|yes|||ok\n"
                               "recording.000000.tar/cut.1.wav|no|||ok\n"
                               "recording.000001.tar/cut.2.wav|yes|||ok\n";
    static const char nemo[] =
        "audio_0.tar/data_00.wav|yes|||ok\naudio_0.tar/data_01.wav|yes|||ok\n"
        "audio_0.tar/data_01.wav|no|||ok\naudio_1.tar/data_10.wav|yes|||ok\n"
        "audio_1.tar/data_11.wav|yes|||ok\naudio_1.tar/data_11.wav|no|||ok\n";
    seen_expect(golden, "shar", &plain, shar);
    seen_expect_reading(golden, "shar", &plain, "(Lhotse Shar)");
    test_text_write(
        test_path(test_folder, "shar/cuts.000000.jsonl"),
        "{\"id\": \"a\", \"start\": 0, \"duration\": 1, \"channel\": 0, \"type\": "
        "\"MonoCut\", \"supervisions\": [{\"id\": \"a\", \"start\": 0, \"duration\": 1, "
        "\"custom\": {\"label\": \"yes\"}}], \"recording\": {\"id\": \"a\", "
        "\"sources\": [{\"type\": \"shar\", \"channels\": [0], \"source\": \"\"}], "
        "\"sampling_rate\": 8000, \"num_samples\": 8000, \"duration\": 1}}\n");
    struct text tar = TEXT_INITIAL;
    put_member(&tar, "a.wav", "x");
    put_member(&tar, "a.json", "{}");
    write_tar("shar/recording.000000.tar", &tar, true);
    put_member(&tar, "b.wav", "x");
    write_tar("shar/recording.000001.tar", &tar, true);
    seen_expect(test_folder, "shar", &plain,
                "recording.000000.tar/a.wav|yes|||ok\nrecording.000001.tar||||unreadable\n");
    seen_expect(golden, "shar/cuts.000001.jsonl.gz", &plain,
                "recording.000001.tar/cut.2.wav|yes|||ok\n");
    rename(test_path(test_folder, "shar/cuts.000000.jsonl"),
           test_path(test_folder, "shar/cuts.jsonl"));
    rename(test_path(test_folder, "shar/recording.000000.tar"),
           test_path(test_folder, "shar/recording.tar"));
    seen_expect(test_folder, "shar/cuts.jsonl", &plain, "recording.tar/a.wav|yes|||ok\n");
    seen_expect(test_folder, "shar", &plain,
                "recording.tar/a.wav|yes|||ok\nrecording.000001.tar||||unreadable\n");
    seen_expect(golden, "nemo", &plain, nemo);
    seen_expect(golden, "nemo/tarred_audio_manifest.json", &plain, nemo);
    seen_expect_reading(golden, "nemo", &plain,
                        "is read as a tarred manifest of NeMo: sounds from 2 tar files beside it");
}

/* A manifest for each tar file, in the folder below them, with members of the same names. */
static void sharded_manifests(void **state) {
    (void)state;
    static const char all[] = "audio_0.tar/a.wav|yes|||ok\naudio_1.tar/a.wav|no|||ok\n"
                              "audio_1.tar/b.wav|no|||ok\naudio_0.tar/b.wav|yes|||ok\n";
    static const char *const inputs[] = {"n", "n/sharded_manifests",
                                         "n/sharded_manifests/manifest_*.json",
                                         "n/sharded_manifests/manifest__OP_0..1_CL_.json"};
    struct text tar = TEXT_INITIAL;
    put_member(&tar, "a.wav", "x");
    put_member(&tar, "b.wav", "x");
    write_tar("n/audio_0.tar", &tar, true);
    put_member(&tar, "a.wav", "xx");
    put_member(&tar, "b.wav", "xx");
    write_tar("n/audio_1.tar", &tar, true);
    test_text_write(test_path(test_folder, "n/sharded_manifests/manifest_0.json"),
                    "{\"audio_filepath\": \"a.wav\", \"label\": \"yes\"}\n");
    test_text_write(test_path(test_folder, "n/sharded_manifests/manifest_1.json"),
                    "{\"audio_filepath\": \"a.wav\", \"label\": \"no\"}\n"
                    "{\"audio_filepath\": \"b.wav\", \"label\": \"no\", \"shard_id\": 1}\n"
                    "{\"audio_filepath\": \"b.wav\", \"label\": \"yes\", \"shard_id\": 0}\n");
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        seen_expect(test_folder, inputs[i], &plain, all);
    seen_expect_reading(test_folder, "n", &plain,
                        "is read as a tarred manifest of NeMo in 2 files: sounds from 2 tar files");
    seen_expect(test_folder, "n/sharded_manifests/manifest_0.json", &plain,
                "audio_0.tar/a.wav|yes|||ok\n");
    seen_expect(test_folder, "n/sharded_manifests/manifest_{0,2}.json", &plain,
                "audio_0.tar/a.wav|yes|||ok\nsharded_manifests/manifest_2.json||||unreadable\n");
    put_member(&tar, "c.wav", "x");
    write_tar("n/audio_2.tar", &tar, true);
    test_text_write(test_path(test_folder, "n/sharded_manifests/manifest_3.json"),
                    "{\"audio_filepath\": \"a.wav\", \"label\": \"no\"}\n7\n");
    seen_expect(test_folder, "n", &plain,
                "audio_0.tar/a.wav|yes|||ok\naudio_1.tar/a.wav|no|||ok\n"
                "audio_1.tar/b.wav|no|||ok\naudio_0.tar/b.wav|yes|||ok\na.wav|no|||unreadable\n"
                "||||bad_row\naudio_2.tar||||unreadable\n");
    test_text_write(test_path(test_folder, "n/sharded_manifests/manifest_3.json"), "");
    seen_expect_words(test_folder, "n/sharded_manifests/manifest_{3,4}.json", &plain,
                      "are read several at a time");
    seen_expect_words(test_folder, "n/sharded_manifests/manifest_{5..6}.json", &plain,
                      "names 'sharded_manifests/manifest_5.json', which does not exist");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webdataset),   cmocka_unit_test(packed_folders),
        cmocka_unit_test(joined),       cmocka_unit_test(several),
        cmocka_unit_test(samples),      cmocka_unit_test(odd_names),
        cmocka_unit_test(lists_beside), cmocka_unit_test(sharded_manifests),
    };
    return cmocka_run_group_tests_name("tar lists", tests, test_folder_begin, test_folder_end);
}
