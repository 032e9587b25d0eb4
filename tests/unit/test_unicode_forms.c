/* Names of files and labels that are one text in several Unicode forms, or nearly. */
#include "host/base/json.h"
#include "host/clips/fingerprint.h"
#include "host/lists/input.h"
#include "host/lists/similar_labels.h"
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

#define COMPOSED "Gr\xc3\xb6\xc3\x9f"
#define DECOMPOSED "Gro\xcc\x88\xc3\x9f"

static void touch(const char *name) {
    test_text_write(test_path(test_folder, name), "sound");
}

/* Lists are in one form, files and folders in the other, or in both. */
static void names(void **state) {
    (void)state;
    static const char list[] =
        "path,label\n" COMPOSED ".wav,x\n" COMPOSED "/" COMPOSED ".wav,x\ne/" DECOMPOSED
        "/1.wav,x\nd/" COMPOSED "/2.wav,x\n" COMPOSED "3.wav,x\n\xff\xfe.wav,x\n";
    struct collection input;
    struct error error = ERROR_INITIAL;
    const struct input_options options = {0};
    touch(DECOMPOSED ".wav");
    touch(DECOMPOSED "/" COMPOSED ".wav");
    touch("e/" COMPOSED "/1.wav");
    touch("d/" COMPOSED "/2.wav");
    const char *path = test_path(test_folder, "list.csv");
    test_text_write(path, list);
    assert_int_equal(input_open(path, &options, &input, &error), ERROR_NONE);
    static const char *const expected[] = {DECOMPOSED ".wav",      DECOMPOSED "/" COMPOSED ".wav",
                                           "e/" COMPOSED "/1.wav", "d/" COMPOSED "/2.wav",
                                           COMPOSED "3.wav",       "\xff\xfe.wav"};
    static const char *const ids[] = {COMPOSED ".wav",          COMPOSED "/" COMPOSED ".wav",
                                      "e/" DECOMPOSED "/1.wav", "d/" COMPOSED "/2.wav",
                                      COMPOSED "3.wav",         "\xff\xfe.wav"};
    struct text id = TEXT_INITIAL;
    struct clip_looks looks;
    clip_looks_begin(&input.clips, &looks);
    for (size_t i = 0; i < 6; i++) {
        uint64_t fingerprint[2];
        assert_string_equal(clip_path(&input.clips, i), expected[i]);
        assert_string_equal(clip_id(&input.clips, i, &id), ids[i]);
        clip_fingerprint_now(&looks, i, fingerprint);
        assert_int_equal(clip_fingerprint_is_known(fingerprint), i < 4);
    }
    clip_looks_end(&looks);
    text_free(&id);
    assert_string_equal(input.reading.data, "3 of 6 files are found under the same name in another "
                                            "Unicode form (NFC, NFD)");
    collection_close(&input);
}

/* A segment's id has the name that the list has. */
static void segments(void **state) {
    (void)state;
    touch("s/" DECOMPOSED ".wav");
    const struct input_options options = {0};
    test_text_write(test_path(test_folder, "s/list.jsonl"),
                    "{\"audio_filepath\":\"" COMPOSED
                    ".wav\",\"offset\":1,\"duration\":2.5,\"label\":\"x\"}\n");
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text id = TEXT_INITIAL;
    assert_int_equal(input_open(test_path(test_folder, "s/list.jsonl"), &options, &input, &error),
                     ERROR_NONE);
    assert_string_equal(clip_id(&input.clips, 0, &id), COMPOSED ".wav#t=1,3.5");
    assert_string_equal(clip_path(&input.clips, 0), DECOMPOSED ".wav");
    text_free(&id);
    collection_close(&input);
}

/* The warning about two labels, or "". */
static void warn(const char *const *names, size_t count, struct warnings *warnings) {
    struct error error = ERROR_INITIAL;
    struct label_sets sets = {.names = (const char **)(uintptr_t)names, .count = count};
    *warnings = (struct warnings){0};
    assert_int_equal(similar_labels_warn(&sets, warnings, &error), ERROR_NONE);
}

static void expect_pair(const char *a, const char *b, const char *expected) {
    struct warnings warnings;
    warn((const char *const[]){a, b}, 2, &warnings);
    assert_string_equal(warnings.count == 0 ? "" : warnings.sentences[0], expected);
    warnings_free(&warnings);
}

static void sentences(void **state) {
    (void)state;
#define KEPT "; they are kept as two classes"
    expect_pair(
        "Z\xc3\xa9ro", "Ze\xcc\x81ro",
        "the labels 'Ze\xcc\x81ro' (Ze<U+0301>ro) and 'Z\xc3\xa9ro' (Z<U+00E9>ro) differ only "
        "in Unicode form (how accents are encoded)" KEPT);
    expect_pair("dog", "Dog", "the labels 'Dog' and 'dog' differ only in case" KEPT);
    expect_pair("\xc3\xa9t\xc3\xa9", "\xc3\x89T\xc3\x89",
                "the labels '\xc3\x89T\xc3\x89' and '\xc3\xa9t\xc3\xa9' differ only in case" KEPT);
    expect_pair("dog bark",
                "dog\xc2\xa0"
                "bark",
                "the labels 'dog bark' and 'dog\xc2\xa0"
                "bark' (dog<U+00A0>bark) differ only in spaces or invisible characters" KEPT);
    expect_pair("dog bark", "dog  bark",
                "the labels 'dog  bark' and 'dog bark' differ only in spaces or invisible "
                "characters" KEPT);
    expect_pair("1", "1.0",
                "the labels '1' and '1.0' differ only in how the number is written" KEPT);
    expect_pair("Dog ", "dog", "the labels 'Dog ' and 'dog' differ only in spaces and case" KEPT);
    expect_pair("v1", "v1.0", "");
    expect_pair("12345678901234567", "12345678901234568", "");
    /* not UTF-8 */
    expect_pair("caf\xe9", "CAF\xe9", "");
}

/* Many pairs do not crowd out other warnings. */
static void many(void **state) {
    (void)state;
    static char bytes[200][8];
    const char *names[200];
    struct warnings warnings;
    for (size_t i = 0; i < 200; i++) {
        snprintf(bytes[i], sizeof bytes[i], "%c%zu", i % 2 == 0 ? 'a' : 'A', i / 2);
        names[i] = bytes[i];
    }
    warn(names, 200, &warnings);
    assert_int_equal(warnings.count, SIMILAR_LABELS_SHOWN + 1);
    assert_string_equal(warnings.sentences[SIMILAR_LABELS_SHOWN],
                        "80 more pairs of labels differ only in spaces, case, Unicode form, or how "
                        "a number is written");
    warnings_free(&warnings);
}

/* What Python's unicodedata finds to be one label. */
static void as_python(void **state) {
    (void)state;
    FILE *file = fopen("tests/golden/lists_json/labels.tsv", "r");
    char line[512];
    size_t count = 0;
    assert_non_null(file);
    for (; fgets(line, sizeof line, file) != NULL; count++) {
        struct error error = ERROR_INITIAL;
        struct warnings warnings;
        char *tab = strchr(line, '\t'), *second = strchr(tab + 1, '\t');
        json_t *left = json_parse(line, (size_t)(tab - line), "a", &error);
        json_t *right = json_parse(tab + 1, (size_t)(second - tab - 1), "b", &error);
        char *pair[2] = {json_bytes(left, &error), json_bytes(right, &error)};
        assert_int_equal(error.code, ERROR_NONE);
        warn((const char *const *)pair, 2, &warnings);
        if (warnings.count != (size_t)(second[1] - '0')) fail_msg("%s", line);
        warnings_free(&warnings);
        json_decref(left);
        json_decref(right);
        free(pair[0]);
        free(pair[1]);
    }
    assert_true(count > 400);
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), cmocka_unit_test(segments),  cmocka_unit_test(sentences),
        cmocka_unit_test(many),  cmocka_unit_test(as_python),
    };
    return cmocka_run_group_tests_name("Unicode forms", tests, test_folder_begin, test_folder_end);
}
