/* The bounded list of warnings: what it keeps, what it only counts, and joining two. */
#include "host/base/warnings.h"

#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void add(struct warnings *warnings, size_t count) {
    struct error error = ERROR_INITIAL;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(warnings_add(warnings, &error, "warning %zu", i), ERROR_NONE);
}

static void few(void **state) {
    (void)state;
    struct warnings warnings = {0};
    add(&warnings, 2);
    assert_int_equal(warnings.count, 2);
    assert_string_equal(warnings.sentences[0], "warning 0");
    assert_string_equal(warnings.sentences[1], "warning 1");
    warnings_free(&warnings);
    assert_int_equal(warnings.count, 0);
    warnings_free(&warnings);
}

static void bounded(void **state) {
    (void)state;
    struct warnings warnings = {0};
    add(&warnings, WARNINGS_MAXIMUM);
    assert_int_equal(warnings.count, WARNINGS_MAXIMUM);
    assert_string_equal(warnings.sentences[WARNINGS_MAXIMUM - 1], "warning 99");
    add(&warnings, 1);
    assert_int_equal(warnings.count, WARNINGS_MAXIMUM + 1);
    assert_string_equal(warnings.sentences[WARNINGS_MAXIMUM], "1 more warning is not shown");
    add(&warnings, 41);
    assert_int_equal(warnings.count, WARNINGS_MAXIMUM + 1);
    assert_string_equal(warnings.sentences[WARNINGS_MAXIMUM], "42 more warnings are not shown");
    warnings_free(&warnings);
}

/* A full list that is appended takes no room from what the other one may still add. */
static void appended(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct warnings warnings = {0}, full = {0};
    add(&warnings, 1);
    add(&full, WARNINGS_MAXIMUM + 2);
    assert_int_equal(warnings_append(&warnings, &full, &error), ERROR_NONE);
    add(&warnings, WARNINGS_MAXIMUM);
    add(&warnings, 1);
    assert_int_equal(warnings.count, 1 + full.count + WARNINGS_MAXIMUM);
    assert_string_equal(warnings.sentences[1], "warning 0");
    assert_string_equal(warnings.sentences[full.count], "2 more warnings are not shown");
    assert_string_equal(warnings.sentences[full.count + 1], "warning 0");
    assert_string_equal(warnings.sentences[warnings.count - 1], "2 more warnings are not shown");
    warnings_free(&warnings);
    warnings_free(&full);
}

static void long_sentence(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct warnings warnings = {0};
    char label[2 * WARNINGS_MAXIMUM_SIZE];
    memset(label, 'a', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    assert_int_equal(warnings_add(&warnings, &error, "%s", label), ERROR_NONE);
    assert_int_equal(strlen(warnings.sentences[0]), WARNINGS_MAXIMUM_SIZE - 1);
    warnings_free(&warnings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few),
        cmocka_unit_test(bounded),
        cmocka_unit_test(appended),
        cmocka_unit_test(long_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
