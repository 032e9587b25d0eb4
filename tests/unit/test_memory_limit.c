/* How much memory a process may use: files as of control groups of both versions. */
#include "host/base/memory_limit.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static uint64_t limit(const char *folder, const char *groups) {
    return memory_limit_of_groups(groups, folder);
}

static void version_2(void **state) {
    const char *folder = *state;
    assert_true(limit(folder, "0::/job/step\n") == UINT64_MAX);
    test_text_write(test_path(folder, "job/step/memory.max"), "max\n");
    test_text_write(test_path(folder, "job/memory.max"), "4000000000\n");
    assert_true(limit(folder, "0::/job/step\n") == 4000000000);
    test_text_write(test_path(folder, "job/step/memory.max"), "3000000000\n");
    assert_true(limit(folder, "0::/job/step\n") == 3000000000);
    assert_true(limit(folder, "0::/job\n") == 4000000000);
    assert_true(limit(folder, "0::/jo\n") == UINT64_MAX);
    /* In a container, whose root the mount is, whatever the path says. */
    test_text_write(test_path(folder, "memory.max"), "2000000000\n");
    assert_true(limit(folder, "0::/\n") == 2000000000);
    assert_true(limit(folder, "0::/../../elsewhere\n") == 2000000000);
    assert_true(limit(folder, "0::/job/step") == 2000000000);
}

static void version_1(void **state) {
    const char *folder = *state;
    const char *groups = "7:cpu,cpuacct:/cpu\n4:memory:/docker/ab12\n1:name=systemd:/\n0::/\n";
    assert_true(limit(folder, groups) == UINT64_MAX);
    test_text_write(test_path(folder, "memory/memory.limit_in_bytes"), "9223372036854771712\n");
    assert_true(limit(folder, groups) == 9223372036854771712U);
    test_text_write(test_path(folder, "memory/docker/ab12/memory.limit_in_bytes"), "123456789\n");
    assert_true(limit(folder, groups) == 123456789);
    assert_true(limit(folder, "4:hugetlb,memory:/docker/ab12\n") == 123456789);
    assert_true(limit(folder, "4:memory2:/docker/ab12\n") == UINT64_MAX);
    assert_true(limit(folder, "4:cpu:/docker/ab12\n") == UINT64_MAX);
}

static void texts_of_any_kind(void **state) {
    static const char *const texts[] = {
        "",    "\n",     ":",        "::",        "0",        "0:",
        "0::", "memory", "4:memory", "4:memory:", "::\n::\n", "0::/a/b/c/d/e/f\n\n\n0:"};
    char text[9000];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(limit(*state, texts[i]) == UINT64_MAX);
    memset(text, '/', sizeof text - 1); /* a path that is too long */
    text[sizeof text - 1] = '\0';
    memcpy(text, "0::", 3);
    assert_true(limit(*state, text) == UINT64_MAX);
    test_text_write(test_path(*state, "memory.max"), "no number\n");
    assert_true(limit(*state, "0::/\n") == UINT64_MAX);
}

static void this_process(void **state) {
    const uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    (void)state;
    assert_true(memory_limit() > 0 && memory_limit() <= machine);
}

#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_folder_set_up, test_folder_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FOLDER(version_2), WITH_FOLDER(version_1),
                                       WITH_FOLDER(texts_of_any_kind),
                                       cmocka_unit_test(this_process)};
    return cmocka_run_group_tests_name("memory limit", tests, NULL, NULL);
}
