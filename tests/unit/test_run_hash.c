/* The hash of a run: XXH3 of issues.jsonl, for files of any size and kind. */
#include "host/base/file_replace.h"
#include "host/report/run_hash.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void check_hash(const struct made_run *made, const char *bytes, size_t size,
                       const char *expected) {
    struct error error = ERROR_INITIAL;
    char hash[RUN_HASH_SIZE];
    file_write(&made->out_folder, "issues.jsonl", bytes, size, &error);
    assert_no_error(&error);
    assert_int_equal(review_run_hash(&made->out_folder, hash, &error), ERROR_NONE);
    assert_string_equal(hash, expected);
}

/* The first two as xxHash's own program gives them. */
static void test_hash(void **state) {
    (void)state;
    struct made_run made;
    char expected[RUN_HASH_SIZE];
    made_run_make(&made, &(struct made_settings){.clips = 10, .issues = 2, .classes = 2});
    check_hash(&made, "", 0, "2d06800538d394c2");
    check_hash(&made, "abc", 3, "78af5f94892f3950");
    for (size_t size = (64 << 10) - 1; size <= (192 << 10) + 1; size += 64 << 10) {
        char *bytes = malloc(size);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 2654435761U >> 13);
        snprintf(expected, sizeof expected, "%016llx",
                 (unsigned long long)XXH3_64bits(bytes, size));
        check_hash(&made, bytes, size, expected);
        free(bytes);
    }
    made_run_free(&made);
}

static void check_refused(const struct made_run *made) {
    struct error error = ERROR_INITIAL;
    char hash[RUN_HASH_SIZE];
    assert_int_equal(review_run_hash(&made->out_folder, hash, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "issues.jsonl"));
}

/* Nothing to hash, a link and a folder are refused by name. */
static void test_no_file(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 10, .issues = 2, .classes = 2});
    const char *path = made_run_path(&made, "issues.jsonl");
    check_refused(&made);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    check_refused(&made);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused(&made);
    assert_int_equal(rmdir(path), 0);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
