/* Names of several files: braces, globs, and folders of containers. */
#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/lists/shards.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* The root and the names, joined by spaces; "!" and the message if it fails. */
static void expand_to(const char *pattern, const char *expected) {
    struct error error = ERROR_INITIAL;
    struct shards shards;
    struct text seen = TEXT_INITIAL;
    if (shards_expand(pattern, &shards, &error) == ERROR_NONE) {
        text_format(&seen, "%s:", shards.root);
        for (size_t i = 0; i < shards.count; i++) text_format(&seen, " %s", shards.names[i]);
    } else {
        text_format(&seen, "!%s", error.message);
    }
    if (expected[0] == '!' && expected[1] == '\0')
        assert_int_equal(seen.data[0], '!');
    else
        assert_string_equal(seen.data, expected);
    shards_free(&shards);
    text_free(&seen);
}

/* As bash and the package braceexpand expand them. */
static void braces(void **state) {
    (void)state;
    expand_to("a/s-{008..011}.tar", "a: s-008.tar s-009.tar s-010.tar s-011.tar");
    expand_to("s-{8..10}.tar", ".: s-8.tar s-9.tar s-10.tar");
    expand_to("s-{2..0}.tar", ".: s-2.tar s-1.tar s-0.tar");
    expand_to("s-{0..10..4}.tar", ".: s-0.tar s-4.tar s-8.tar");
    expand_to("{a,b}/{1..2}.tar", ".: a/1.tar a/2.tar b/1.tar b/2.tar");
    expand_to("/d/x{a,b{1,2},}.tar", "/d: xa.tar xb1.tar xb2.tar x.tar");
    expand_to("/{a,b}.tar", "/: a.tar b.tar");
    expand_to("d/audio__OP_0..1_CL_.tar", "d: audio_0.tar audio_1.tar");
    expand_to("{one}-{1,2}.tar", ".: {one}-1.tar {one}-2.tar");
    expand_to("{-1..01}.t", ".: -1.t 00.t 01.t");
    expand_to("s-{a..c}.tar", ".: s-a.tar s-b.tar s-c.tar");
    expand_to("s-{F..B..2}.tar", ".: s-F.tar s-D.tar s-B.tar");
    expand_to("s-{a..C}{ab..c}{a..c..}.tar", ".: s-{a..C}{ab..c}{a..c..}.tar");
    expand_to("{x.t", ".: {x.t");
    expand_to("{0..99999999}.tar", "!");
    expand_to("{0..9}{0..9}{0..9}{0..9}{0..9}{0..9}{0..9}.tar", "!");
    assert_true(shards_is_pattern("a{1,2}") && shards_is_pattern("a*") &&
                !shards_is_pattern("a/b.tar"));
}

static void globs(void **state) {
    (void)state;
    char pattern[256], expected[512];
    test_text_write(test_path(test_folder, "g/b1.tar"), "");
    test_text_write(test_path(test_folder, "g/a2.tar"), "");
    test_text_write(test_path(test_folder, "g/a1.tar"), "");
    snprintf(pattern, sizeof pattern, "%s/g/{b,a}*.tar", test_folder);
    snprintf(expected, sizeof expected, "%s/g: b1.tar a1.tar a2.tar", test_folder);
    expand_to(pattern, expected);
    snprintf(pattern, sizeof pattern, "%s/g/c*.tar", test_folder);
    snprintf(expected, sizeof expected,
             "!%s: no file has such a name; check it, and quote it in a shell", pattern);
    expand_to(pattern, expected);
}

static bool is_tar(const char *name) {
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".tar") == 0;
}

static void find_in(const char *folder, const char *expected) {
    struct error error = ERROR_INITIAL;
    struct root_folder root;
    struct shards shards;
    struct text seen = TEXT_INITIAL;
    root_folder_open(test_path(test_folder, folder), false, &root, &error);
    assert_int_equal(shards_in_folder(&root, is_tar, &shards, &error), ERROR_NONE);
    text_string(&seen, "");
    for (size_t i = 0; i < shards.count; i++) text_format(&seen, "%s ", shards.names[i]);
    assert_string_equal(seen.data, expected);
    shards_free(&shards);
    root_folder_close(&root);
    text_free(&seen);
}

static void folders(void **state) {
    (void)state;
    test_text_write(test_path(test_folder, "f/README"), "");
    test_text_write(test_path(test_folder, "f/train/2.tar"), "");
    test_text_write(test_path(test_folder, "f/train/10.tar"), "");
    test_text_write(test_path(test_folder, "f/dev/1.tar"), "");
    test_text_write(test_path(test_folder, "f/.cache/1.tar"), "");
    find_in("f", "dev/1.tar train/10.tar train/2.tar ");
    test_text_write(test_path(test_folder, "f/train/yes/a.wav"), "");
    find_in("f", "");
    find_in("none", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(braces),
        cmocka_unit_test(globs),
        cmocka_unit_test(folders),
    };
    return cmocka_run_group_tests_name("shards", tests, test_folder_begin, test_folder_end);
}
