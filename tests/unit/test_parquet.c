/* Parquet files against what pyarrow reads in them (tests/golden/parquet), as lists of clips, and
 * damaged in many places. */
#include "host/containers/container.h"
#include "host/lists/input.h"
#include "tests/support/parquet_hash.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/parquet"

static const struct input_options plain = {0};

/* ---- values ---- */

/* Sounds are read from the first row to the last, and with steps between them, when pages are
 * opened again: then their hash is another one, but must not depend on what stays open. */
static void check_sounds(const struct parquet_file *file, size_t column, uint64_t expected) {
    struct error error = ERROR_INITIAL;
    uint64_t found = 0;
    if (parquet_hash_sounds(file, column, 1, &found, &error) != ERROR_NONE)
        fail_msg("%s: %s", file->path, error.message);
    if (found != expected) fail_msg("%s: other sounds", file->path);
    if (parquet_hash_sounds(file, column, 5, &found, &error) != ERROR_NONE)
        fail_msg("%s: %s", file->path, error.message);
}

static void check_column(const char *name, const char *column, uint64_t expected) {
    char path[256];
    struct parquet_file file;
    struct error error = ERROR_INITIAL;
    uint64_t found = 0;
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (parquet_open(descriptor, path, &file, &error) != ERROR_NONE)
        fail_msg("%s: %s", path, error.message);
    size_t index = parquet_column(&file, column);
    if (index == PARQUET_NONE) fail_msg("%s: no column %s", path, column);
    if (parquet_hash_column(&file, index, &found, &error) != ERROR_NONE)
        fail_msg("%s, %s: %s", path, column, error.message);
    if (found != expected) fail_msg("%s, %s: other values", path, column);
    if (strstr(column, "audio") != NULL && file.columns[index].type == PARQUET_BYTES)
        check_sounds(&file, index, expected);
    parquet_close(&file);
    close(descriptor);
}

static void every_value_is_that_of_pyarrow(void **state) {
    (void)state;
    FILE *expected = fopen(GOLDEN "/expected.tsv", "r");
    char name[64], column[64];
    uint64_t hash;
    size_t count = 0;
    assert_non_null(expected);
    for (; fscanf(expected, "%63[^\t]\t%63[^\t]\t%" SCNx64 "\n", name, column, &hash) == 3; count++)
        check_column(name, column, hash);
    fclose(expected);
    assert_true(count > 190);
}

/* ---- lists ---- */

static void copy_golden(const char *name, const char *to) {
    char path[256];
    size_t size;
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    unsigned char *bytes = test_file_read(path, &size);
    test_file_write(test_path(test_folder, to), bytes, size);
    free(bytes);
}

static void names_and_classes(void **state) {
    (void)state;
    copy_golden("hub.parquet", "hub/hub.parquet");
    seen_expect_words(test_folder, "hub/hub.parquet", &plain,
                      "hub.parquet/clip0.wav|dog|||ok\nhub.parquet/clip1.wav|cat|||ok\n"
                      "hub.parquet/clip2.wav|bird|||ok\nhub.parquet/row-4|cat|||ok\n"
                      "hub.parquet/beside.wav|dog|||bad_row\nhub.parquet/row-6||||bad_row\n");
    seen_expect_reading(test_folder, "hub/hub.parquet", &plain,
                        "is read as parquet: sounds from 'audio', labels from 'label', whose "
                        "numbers have 3 names in the file");
    const struct input_options cut = {.label_column = "text", .start_column = "score"};
    copy_golden("encodings.parquet", "cut/encodings.parquet");
    seen_expect_reading(test_folder, "cut/encodings.parquet", &cut,
                        "sounds from 'sound', segments from 'score', labels from 'text'");
    test_text_write(test_path(test_folder, "hub/beside.wav"), "RIFF");
    seen_expect_words(test_folder, "hub/hub.parquet", &plain, "\nbeside.wav|dog|||ok\n");
    /* Several files, found in a folder; a path is that of a file beside its parquet file. */
    copy_golden("hub.parquet", "hub/data/train-00001-of-00002.parquet");
    test_text_write(test_path(test_folder, "hub/data/beside.wav"), "RIFF");
    unlink(test_path(test_folder, "hub/beside.wav"));
    seen_expect_words(test_folder, "hub/data/*.parquet", &plain, "\nbeside.wav|dog|||ok\n");
    const struct input_options options = {.label_column = "speaker", .group_field = "label"};
    seen_expect_words(test_folder, "hub/hub.parquet", &options,
                      "hub.parquet/clip0.wav|a|dog||ok\nhub.parquet/clip1.wav|a|cat||ok\n");
}

static void columns(void **state) {
    (void)state;
    struct input_options options = {.label_column = "meta.speaker.id", .fold_column = "number"};
    copy_golden("flat-snappy-1-plain.parquet", "flat.parquet");
    seen_expect_words(test_folder, "flat.parquet", &options, "flat.parquet/clip1.wav|s1||");
    options = (struct input_options){.label_column = "tags", .label_separator = ";"};
    seen_expect_words(test_folder, "flat.parquet", &options, "flat.parquet/clip0.wav|t");
    options.label_separator = NULL;
    seen_expect_words(test_folder, "flat.parquet", &options,
                      "the column 'tags' holds lists; for several labels a clip give "
                      "--label-separator ';'");
    options = (struct input_options){.label_column = "flag"};
    seen_expect_words(test_folder, "flat.parquet", &options, "flat.parquet/clip0.wav|true|||ok\n");
    options.label_column = "nothing";
    seen_expect_words(test_folder, "flat.parquet", &options,
                      "no column 'nothing' for --label-column; there are: audio.bytes, audio.path, "
                      "label, number, score, flag, tags, meta.speaker.id, meta.take");
    options = (struct input_options){.path_column = "label"};
    seen_expect_words(test_folder, "flat.parquet", &options, "dog|dog|||ok\n");
    copy_golden("fast.parquet", "fast.parquet");
    seen_expect_words(test_folder, "fast.parquet", &plain,
                      "fast.parquet/clip0.wav|dog|||ok\nfast.parquet/clip1.wav|cat|||ok\n");
    options = (struct input_options){.path_column = "file_name", .fold_column = "fold"};
    seen_expect_words(test_folder, "fast.parquet", &options,
                      "clip0.wav|dog||0|ok\nclip1.wav|cat||1|ok\n");
    copy_golden("several.parquet", "several.parquet");
    options = (struct input_options){.label_separator = ";"};
    seen_expect_words(test_folder, "several.parquet", &options,
                      "several.parquet/clip0.wav|bird;dog|||ok\nseveral.parquet/clip1.wav||||ok\n"
                      "several.parquet/clip2.wav|cat|||ok\nseveral.parquet/row-4|bird;dog|||ok\n");
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *label, *words;
    } kinds[] = {{"price", "'price' holds decimals, which are not read as texts"},
                 {"day", "'day' holds dates"},
                 {"when", "'when' holds times"},
                 {"half", "'half' holds halves"},
                 {"nested", "'nested' holds lists of lists"},
                 {NULL, "no column with the label; there are: audio, price, day, when, half, "
                        "nested, regions.label, regions.end; name it with --label-column"}};
    struct input_options options = {0};
    size_t size;
    copy_golden("kinds.parquet", "kinds.parquet");
    unsigned char *bytes = test_file_read(test_path(test_folder, "kinds.parquet"), &size);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        options.label_column = kinds[i].label;
        /* Its 'category' is a usual name: another one of this length. */
        for (size_t at = 0; at + 8 < size && kinds[i].label == NULL; at++)
            if (memcmp(bytes + at, "category", 8) == 0) memcpy(bytes + at, "whatever", 8);
        test_file_write(test_path(test_folder, "kinds.parquet"), bytes, size);
        if (kinds[i].label == NULL) break;
        seen_expect_words(test_folder, "kinds.parquet", &options, kinds[i].words);
    }
    seen_expect_words(test_folder, "kinds.parquet", &options, "no column with the label; there");
    free(bytes);
    copy_golden("array.parquet", "array.parquet");
    seen_expect_words(test_folder, "array.parquet", &plain,
                      "'audio' holds decoded samples, not the bytes of sound files; write it again "
                      "after dataset.cast_column('audio', Audio(decode=False))");
    test_text_write(test_path(test_folder, "no.parquet"), "path,label\na.wav,b\n");
    seen_expect_words(test_folder, "no.parquet", &plain, "no.parquet: not a parquet file");
    test_text_write(test_path(test_folder, "lfs.parquet"),
                    "version https://git-lfs.github.com/spec/v1\n");
    seen_expect_words(test_folder, "lfs.parquet", &plain, "get the file with 'git lfs pull'");
    test_text_write(test_path(test_folder, "secret.parquet"), "PARE....PARE");
    seen_expect_words(test_folder, "secret.parquet", &plain, "encrypted; write it again");
    test_text_write(test_path(test_folder, "empty.parquet"), "");
    seen_expect_words(test_folder, "empty.parquet", &plain, "empty.parquet: empty");
}

/* ---- members by their names ---- */

static struct container *open_golden(const char *name) {
    char path[256];
    struct container *container = NULL;
    struct error error = ERROR_INITIAL;
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    container_open(open(path, O_RDONLY | O_CLOEXEC), path, &container, &error);
    if (error.code != ERROR_NONE) fail_msg("%s", error.message);
    return container;
}

static void found_by_name(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int row; /* -1: none */
    } names[] = {{"clip0.wav", 0},  {"clip1.wav", 1}, {"row-4", 3},        {"row-1", 0},
                 {"clip3.wav", -1}, {"row-7", -1},    {"row-0", -1},       {"", -1},
                 {"x/row-2", -1},   {"row-", -1},     {"row-4/row-4", -1}, {"audio/row-2", 1}};
    struct container *container = open_golden("hub.parquet");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct container_member member;
        struct container_bytes bytes;
        struct error error = ERROR_INITIAL;
        bool found = false;
        assert_int_equal(container_find(container, names[i].name, &member, &found, &error), 0);
        if (found != (names[i].row >= 0)) fail_msg("'%s'", names[i].name);
        if (!found) continue;
        assert_int_equal(member.place & UINT32_MAX, names[i].row);
        assert_int_equal(container_bytes(container, &member, &bytes, &error), ERROR_NONE);
        assert_int_equal(bytes.count, 44 + 30);
        close(bytes.descriptor);
    }
    container_close(container);
}

/* ---- damage ---- */

static void read_all(const unsigned char *bytes, size_t size) {
    struct parquet_file file;
    struct error error = ERROR_INITIAL;
    int memory = memfd_create("parquet", MFD_CLOEXEC);
    assert_true(memory >= 0 && write(memory, bytes, size) == (ssize_t)size);
    parquet_open(memory, "damaged.parquet", &file, &error);
    for (size_t i = 0; i < file.column_count && error.code == ERROR_NONE; i++) {
        struct error own = ERROR_INITIAL;
        uint64_t hash;
        parquet_hash_column(&file, i, &hash, &own);
        if (own.code != ERROR_NONE && own.code != ERROR_DATA && own.code != ERROR_INTERNAL)
            fail_msg("%s", own.message);
        own = (struct error)ERROR_INITIAL;
        if (file.columns[i].type == PARQUET_BYTES && file.columns[i].repetition == 0)
            parquet_hash_sounds(&file, i, 1, &hash, &own);
        if (own.code != ERROR_NONE && own.code != ERROR_DATA) fail_msg("%s", own.message);
    }
    if (error.code != ERROR_NONE && error.code != ERROR_DATA) fail_msg("%s", error.message);
    parquet_close(&file);
    close(memory);
}

static void damaged(void **state) {
    (void)state;
    static const char *const names[] = {
        "flat-none-2-plain.parquet", "flat-zstd-1-dictionary.parquet",
        "flat-snappy-2-plain.parquet", "encodings.parquet", "flat-gzip-1-dictionary.parquet"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t size;
        char path[256];
        snprintf(path, sizeof path, GOLDEN "/%s", names[n]);
        unsigned char *bytes = test_file_read(path, &size);
        for (size_t at = n; at < size; at += 83) {
            static const unsigned char flips[] = {1, 0x80, 0xff};
            for (size_t k = 0; k < sizeof flips; k++) {
                bytes[at] ^= flips[k];
                read_all(bytes, size);
                bytes[at] ^= flips[k];
            }
        }
        for (size_t end = 0; end < size; end += 193) read_all(bytes, end);
        free(bytes);
    }
}

/* Of several files one that is damaged costs its rows. */
static void damaged_shard(void **state) {
    (void)state;
    copy_golden("hub.parquet", "shards/a.parquet");
    copy_golden("hub.parquet", "shards/b.parquet");
    test_file_cut(test_path(test_folder, "shards/b.parquet"), 700);
    seen_expect_words(test_folder, "shards", &plain, "a.parquet/clip0.wav|dog|||ok\n");
    seen_expect_words(test_folder, "shards", &plain, "b.parquet||||bad_row\n");
    seen_expect_words(test_folder, "shards/b.parquet", &plain,
                      "b.parquet: damaged parquet: it does not end as one, so it is cut off; "
                      "export it again");
}

/* Splits are those of the Hugging Face Hub's names of files, unless a column has them. */
static void splits(void **state) {
    (void)state;
    static const char *const names[] = {"train-00000-of-00001.parquet", "default/test/0000.parquet",
                                        "validation.parquet", "trainer.parquet"};
    static const char *const expected[] = {"test", "train", NULL, "validation"};
    struct collection input;
    struct error error = ERROR_INITIAL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char to[128];
        snprintf(to, sizeof to, "splits/%s", names[i]);
        copy_golden("fast.parquet", to);
    }
    const char *path = test_path(test_folder, "splits");
    assert_int_equal(input_open(path, &plain, &input, &error), ERROR_NONE);
    assert_int_equal(input.clips.count, 80);
    for (size_t i = 0; i < 4; i++) {
        const char *split = clip_split(&input.clips, 20 * i);
        if (expected[i] == NULL)
            assert_null(split);
        else
            assert_string_equal(split, expected[i]);
    }
    assert_non_null(strstr(input.reading.data, ", splits from the names of files"));
    collection_close(&input);
    test_text_write(test_path(test_folder, "saved/state.json"),
                    "{\n  \"_data_files\": [{\"filename\": \"data-00000-of-00001.arrow\"}]}");
    seen_expect_words(test_folder, "saved", &plain,
                      "saved: written by save_to_disk() as Arrow files, which are not read; write "
                      "it with dataset.to_parquet()");
    copy_golden("fast.parquet", "folder/metadata.parquet");
    test_text_write(test_path(test_folder, "folder/clip0.wav"), "RIFF");
    const struct input_options paths = {.path_column = "file_name"};
    seen_expect_words(test_folder, "folder", &paths, "clip0.wav|dog|||ok\nclip1.wav|cat|||ok\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_that_of_pyarrow),
        cmocka_unit_test(names_and_classes),
        cmocka_unit_test(columns),
        cmocka_unit_test(refused),
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(damaged),
        cmocka_unit_test(damaged_shard),
        cmocka_unit_test(splits),
    };
    return cmocka_run_group_tests(tests, test_folder_begin, test_folder_end);
}
