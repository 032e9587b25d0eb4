/* What a list may ask for: strings that are too long, paths that are shared, labels that look like
 * lists, compressed text that expands. */
#include "host/base/gzip.h"
#include "host/lists/builder.h"
#include "host/lists/input.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void read_list(const char *name, const struct text *content,
                      const struct input_options *options, struct collection *input) {
    struct error error = ERROR_INITIAL;
    const char *path = test_path(test_folder, name);
    test_file_write(path, content->data, content->length);
    if (input_open(path, options, input, &error) != ERROR_NONE) fail_msg("%s", error.message);
}

static void repeat(struct text *text, char byte, size_t count) {
    for (size_t i = 0; i < count; i++) text_append(text, &byte, 1);
}

/* A cell of each column with as many bytes as may be, and with one more. */
static void strings_that_are_too_long(void **state) {
    (void)state;
    static const char *const columns[] = {"path", "id", "label", "speaker", "fold"};
    struct text list = TEXT_INITIAL, id = TEXT_INITIAL;
    struct input_options options = {.group_field = "speaker", .fold_column = "fold"};
    struct collection input;
    text_string(&list, "path,id,label,speaker,fold\n");
    for (size_t row = 0; row < 10; row++)
        for (size_t c = 0; c < 5; c++) {
            if (c == row / 2)
                repeat(&list, 'x', BUILDER_MAXIMUM_NAME + row % 2);
            else
                text_format(&list, "%zu", row);
            text_string(&list, c < 4 ? "," : "\n");
        }
    read_list("long.csv", &list, &options, &input);
    assert_int_equal(input.clips.count, 10);
    for (size_t row = 0; row < 10; row++) {
        char words[256];
        const struct clip *clip = &input.clips.clips[row];
        assert_int_equal(clip->status, row % 2 == 0 ? CLIP_OK : CLIP_BAD_ROW);
        if (row % 2 == 0) continue;
        snprintf(words, sizeof words, "line %zu: its %s is longer than 4095 bytes (4096): 'x",
                 row + 2, row / 2 == 3 ? "group" : columns[row / 2]);
        const char *reason = clip_reason(&input.clips, row);
        assert_memory_equal(reason, words, strlen(words));
        assert_non_null(strstr(reason, "xxx...'; shorten it"));
        assert_int_equal(strspn(strchr(reason, '\'') + 1, "x"), 60);
    }
    assert_string_equal(clip_path(&input.clips, 1), "");
    assert_string_equal(clip_id(&input.clips, 1, &id), "1");
    assert_string_equal(clip_id(&input.clips, 3, &id), "line 5");
    assert_null(clip_label(&input.clips, 5));
    assert_null(clip_group(&input.clips, 7));
    assert_int_equal(input.clips.clips[9].fold, -1);
    collection_close(&input);
    text_free(&list);
    text_free(&id);
}

static void long_paths_without_ids(void **state) {
    (void)state;
    struct text list = TEXT_INITIAL, id = TEXT_INITIAL;
    struct input_options options = {.label_separator = ";"};
    struct collection input;
    text_string(&list, "path,label\na,l\n");
    repeat(&list, 'p', 1000000);
    text_string(&list, ",l\nb,");
    for (size_t i = 0; i < BUILDER_MAXIMUM_LABELS / 2; i++) text_string(&list, "l;");
    text_string(&list, "\nc,");
    for (size_t i = 0; i < BUILDER_MAXIMUM_LABELS / 2; i++) text_string(&list, "l;");
    /* The cut is not in the middle of a character, and what is not text is visible. */
    text_string(&list, ";\n\x1b");
    repeat(&list, 'p', 57);
    text_string(&list, "\xe2\x82\xac");
    repeat(&list, 'p', 5000);
    text_string(&list, ",l\n");
    read_list("long_paths.csv", &list, &options, &input);
    assert_int_equal(input.clips.count, 5);
    assert_string_equal(clip_id(&input.clips, 1, &id), "line 3");
    assert_string_equal(clip_path(&input.clips, 1), "");
    assert_non_null(strstr(clip_reason(&input.clips, 1), "(1000000): 'ppp"));
    assert_string_equal(clip_label(&input.clips, 2), "l");
    assert_int_equal(input.clips.clips[3].status, CLIP_BAD_ROW);
    assert_non_null(strstr(clip_reason(&input.clips, 3), "its label is longer than 65536 bytes"));
    assert_non_null(strstr(clip_reason(&input.clips, 4), ": '\\x1bppp"));
    assert_non_null(strstr(clip_reason(&input.clips, 4), "p...'; shorten it"));
    assert_true(input.clips.strings.block_count == 1);
    collection_close(&input);
    text_free(&list);
    text_free(&id);
}

/* Many segments of one file: its path and their ids cost one path. */
static void segments_share_their_path(void **state) {
    (void)state;
    enum { CLIPS = 20000 };
    struct text recordings = TEXT_INITIAL, list = TEXT_INITIAL, id = TEXT_INITIAL;
    struct input_options options = {0};
    struct collection input;
    text_string(&recordings,
                "{\"id\": \"r\", \"sources\": [{\"type\": \"file\", \"channels\": [0], "
                "\"source\": \"");
    repeat(&recordings, 'p', BUILDER_MAXIMUM_NAME);
    text_string(&recordings, "\"}]}\n");
    test_file_write(test_path(test_folder, "s/recordings.jsonl"), recordings.data,
                    recordings.length);
    for (size_t i = 0; i < CLIPS; i++)
        text_format(&list,
                    "{\"recording_id\": \"r\", \"start\": %zu, \"duration\": 1, \"custom\": "
                    "{\"label\": \"x\"}}\n",
                    i);
    read_list("s/supervisions.jsonl", &list, &options, &input);
    assert_int_equal(input.clips.count, CLIPS);
    assert_true(input.clips.strings.block_count == 1);
    const char *last = clip_id(&input.clips, CLIPS - 1, &id);
    assert_int_equal(strspn(last, "p"), BUILDER_MAXIMUM_NAME);
    assert_string_equal(last + BUILDER_MAXIMUM_NAME, "#t=19999,20000");
    collection_close(&input);
    text_free(&recordings);
    text_free(&list);
    text_free(&id);
}

static void expect_list_warning(const char *const *labels, size_t count, const char *expected) {
    struct text list = TEXT_INITIAL;
    struct input_options options = {0};
    struct collection input;
    const char *found = "";
    text_string(&list, "path\tlabel\n");
    for (size_t i = 0; i < count; i++) text_format(&list, "%zu.wav\t%s\n", i, labels[i]);
    read_list("lists.tsv", &list, &options, &input);
    for (size_t i = 0; i < input.warnings.count; i++)
        if (strncmp(input.warnings.sentences[i], "labels look like lists", 22) == 0)
            found = input.warnings.sentences[i];
    if (expected == NULL && found[0] != '\0') fail_msg("%s", found);
    if (expected != NULL && strstr(found, expected) == NULL)
        fail_msg("'%s' does not say %s", found, expected);
    collection_close(&input);
    text_free(&list);
}

static void labels_that_look_like_lists(void **state) {
    (void)state;
    expect_list_warning((const char *[]){"a;b", "c; a", "d"}, 3, "'a;b'");
    expect_list_warning((const char *[]){"b;c", "a;b", "a;c"}, 3, "'a;b'");
    expect_list_warning((const char *[]){"a;b", "c ; a ;"}, 2, "'a;b'");
    expect_list_warning((const char *[]){"a;b", "c;b", "d"}, 3, NULL); /* no first piece twice */
    expect_list_warning((const char *[]){"a;a", "c"}, 2, NULL);        /* in itself only */
    expect_list_warning((const char *[]){"a;", ";a", "a"}, 3, NULL);
    expect_list_warning((const char *[]){"x|y", "x|z", "q;x"}, 3, "'x|y'");
    expect_list_warning((const char *[]){"rock, hard", "rock"}, 2, "'rock, hard'");
    expect_list_warning((const char *[]){"a ;b", "a"}, 2, NULL); /* "a " is not "a" */
}

/* Real lists, as measured, and files made to expand. */
static void compressed_text(void **state) {
    (void)state;
    const size_t mib = (size_t)1 << 20;
    assert_false(gzip_is_too_much(35359265, 200000, 1146176));           /* NeMo, gzip -9 */
    assert_false(gzip_is_too_much(40 * 20625560, 1600000, 40 * 618639)); /* Lhotse's cuts */
    assert_false(gzip_is_too_much(10 * 2488894, 2000000, 10 * 472600));  /* "123456.wav,a" */
    assert_false(gzip_is_too_much(GZIP_FREE_BYTES, GZIP_FREE_LINES, 100));
    assert_true(gzip_is_too_much(GZIP_FREE_BYTES + 50, 1, 100));
    assert_true(gzip_is_too_much(mib, GZIP_FREE_LINES + 1, 100));
    assert_true(gzip_is_too_much(1000 * mib, 1000, 19 * mib));
    assert_false(gzip_is_too_much(1000 * mib, 1000, 21 * mib));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_that_are_too_long), cmocka_unit_test(long_paths_without_ids),
        cmocka_unit_test(segments_share_their_path), cmocka_unit_test(labels_that_look_like_lists),
        cmocka_unit_test(compressed_text),
    };
    return cmocka_run_group_tests_name("bounds", tests, test_folder_begin, test_folder_end);
}
