/* What is beneath a folder: the same table of paths with openat2, with a filter that forbids it,
 * and on a kernel that lacks it. */
#include "host/base/root_folder.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static int refusal; /* errno of openat2; 0: the kernel answers */
static int asked;   /* calls of openat2 */

/* The C library's, for openat2 only. */
long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    int folder = va_arg(arguments, int);
    const char *path = va_arg(arguments, const char *);
    const void *how = va_arg(arguments, const void *);
    size_t size = va_arg(arguments, size_t);
    va_end(arguments);
    if (number != SYS_openat2) abort();
    asked++;
    if (refusal != 0) {
        errno = refusal;
        return -1;
    }
    register long fourth __asm__("r10") = (long)size;
    long result = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"((long)folder), "S"(path), "d"(how), "r"(fourth)
                     : "rcx", "r11", "memory");
    if (result >= 0) return result;
    errno = (int)-result;
    return -1;
}

static char *root;
static char *outside;

static void link_to(const char *target, const char *name) {
    assert_int_equal(symlink(target, test_path(root, name)), 0);
}

static void make_links_inside(void) {
    link_to("a.wav", "relative");
    link_to("../a.wav", "sub/up");
    link_to("sub/../sub/./b.wav", "winding");
    link_to("relative", "link_to_link");
    link_to(test_path(root, "a.wav"), "absolute");
    link_to("absolute", "link_to_absolute");
    link_to("sub", "folder");
    link_to(test_path(root, "sub"), "absolute_folder");
    link_to(".", "self");
    link_to("../root/a.wav", "out_and_back");
    link_to("gone", "dangling");
    link_to("loop_b", "loop_a");
    link_to("loop_a", "loop_b");
}

static void make_links_outside(void) {
    link_to("../outside/secret.wav", "out");
    link_to(test_path(outside, "secret.wav"), "absolute_out");
    link_to("out", "link_to_out");
    link_to("../outside", "folder_out");
    link_to(outside, "absolute_folder_out");
    link_to("/proc/self/root", "proc_root");
    link_to("/proc/self/cwd", "proc_cwd");
    link_to("/dev/fd/0", "standard_input");
    link_to("/dev/zero", "device");
    link_to("/nowhere/at/all", "absolute_dangling");
    link_to("..", "parent");
    link_to("/", "slash");
    char beside[PATH_MAX]; /* begins like the root */
    snprintf(beside, sizeof beside, "%s-beside/secret.wav", root);
    test_text_write(beside, "secret");
    link_to(beside, "beside");
}

static int make_tree(void **state) {
    (void)state;
    char *folder = test_folder_make();
    root = strdup(test_path(folder, "root"));
    outside = strdup(test_path(folder, "outside"));
    free(folder);
    test_text_write(test_path(root, "a.wav"), "a");
    test_text_write(test_path(root, "sub/b.wav"), "b");
    test_text_write(test_path(root, "sub/deep/c.wav"), "c");
    test_text_write(test_path(outside, "secret.wav"), "secret");
    test_text_write(test_path(outside, "sub/other.wav"), "other");
    make_links_inside();
    make_links_outside();
    return 0;
}

static int remove_tree(void **state) {
    (void)state;
    char *slash = strrchr(root, '/');
    *slash = '\0';
    test_folder_remove(root);
    free(outside);
    return 0;
}

struct path_case {
    const char *path; /* @: the root, absolute */
    const char *text; /* of the file; NULL: refused */
    int failure;
};

static const struct path_case path_cases[] = {
    {"a.wav", "a", 0},
    {"./a.wav", "a", 0},
    {"sub//b.wav", "b", 0},
    {"sub/../a.wav", "a", 0},
    {"sub/deep/../../a.wav", "a", 0},
    {"sub/deep/./c.wav", "c", 0},
    {"relative", "a", 0},
    {"sub/up", "a", 0},
    {"winding", "b", 0},
    {"link_to_link", "a", 0},
    {"absolute", "a", 0},
    {"link_to_absolute", "a", 0},
    {"folder/b.wav", "b", 0},
    {"folder/../a.wav", "a", 0},
    {"absolute_folder/deep/c.wav", "c", 0},
    {"absolute_folder/../a.wav", "a", 0},
    {"self/self/self/a.wav", "a", 0},
    {"out_and_back", "a", 0},
    {"../root/a.wav", "a", 0},
    {"@/a.wav", "a", 0},
    {"@//sub/b.wav", "b", 0},
    {"@/relative", "a", 0},
    {"@/absolute_folder/b.wav", "b", 0},
    {"", NULL, ENOENT},
    {"gone.wav", NULL, ENOENT},
    {"gone/a.wav", NULL, ENOENT},
    {"dangling", NULL, ENOENT},
    {"a.wav/", NULL, ENOTDIR},
    {"a.wav/x", NULL, ENOTDIR},
    {"a.wav/../a.wav", NULL, ENOTDIR},
    {"relative/x", NULL, ENOTDIR},
    {"loop_a", NULL, ELOOP},
    {"loop_a/x.wav", NULL, ELOOP},
    {"../outside/secret.wav", NULL, EXDEV},
    {"sub/../../outside/secret.wav", NULL, EXDEV},
    {"out", NULL, EXDEV},
    {"absolute_out", NULL, EXDEV},
    {"link_to_out", NULL, EXDEV},
    {"folder_out/secret.wav", NULL, EXDEV},
    {"folder_out/gone.wav", NULL, EXDEV},
    {"folder_out/../outside/secret.wav", NULL, EXDEV},
    {"absolute_folder_out/secret.wav", NULL, EXDEV},
    {"absolute_folder_out/sub/../secret.wav", NULL, EXDEV},
    {"parent/outside/secret.wav", NULL, EXDEV},
    {"slash/etc/passwd", NULL, EXDEV},
    {"proc_root/etc/passwd", NULL, EXDEV},
    {"proc_cwd/gone.wav", NULL, EXDEV},
    {"standard_input", NULL, EXDEV},
    {"device", NULL, EXDEV},
    {"absolute_dangling", NULL, EXDEV},
    {"beside", NULL, EXDEV},
    {"/etc/passwd", NULL, EXDEV},
    {"/proc/self/root/etc/passwd", NULL, EXDEV},
    {"/proc/self/root@/a.wav", NULL, EXDEV},
    {"@-beside/secret.wav", NULL, EXDEV},
    {"@/../outside/secret.wav", NULL, EXDEV},
    {"@/out", NULL, EXDEV},
};

enum { PATH_CASES = sizeof path_cases / sizeof path_cases[0] };

/* The text of the file, or "" with errno. */
static const char *text_of(const struct root_folder *folder, const char *path) {
    static char text[32];
    text[0] = '\0';
    int file = root_folder_file(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return text;
    assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
    ssize_t got = read(file, text, sizeof text - 1);
    assert_true(got > 0);
    text[got] = '\0';
    assert_int_equal(close(file), 0);
    return text;
}

static void full_path(const char *path, char *full, size_t size) {
    const char *at = strchr(path, '@');
    if (at == NULL)
        snprintf(full, size, "%s", path);
    else
        snprintf(full, size, "%.*s%s%s", (int)(at - path), path, root, at + 1);
}

static int open_descriptors(void) {
    int count = 0;
    for (int i = 0; i < 256; i++) count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void expect_table(const char *folder_path) {
    struct root_folder folder;
    struct error error = ERROR_INITIAL;
    assert_int_equal(root_folder_open(folder_path, false, &folder, &error), ERROR_NONE);
    int before = open_descriptors();
    for (size_t i = 0; i < PATH_CASES; i++) {
        const struct path_case *expected = &path_cases[i];
        char path[PATH_MAX];
        full_path(expected->path, path, sizeof path);
        errno = 0;
        const char *text = text_of(&folder, path);
        int failure = text[0] == '\0' ? errno : 0;
        if (failure != expected->failure ||
            (expected->text != NULL && strcmp(text, expected->text) != 0))
            fail_msg("%s: '%s', %s", path, text, strerror(failure));
        int found = root_folder_file(&folder, path, O_PATH);
        if ((found >= 0) != (expected->text != NULL)) fail_msg("%s with O_PATH", path);
        if (found >= 0) close(found);
    }
    assert_int_equal(open_descriptors(), before);
    root_folder_close(&folder);
}

/* Forty and forty-one links, names and paths that are too long. */
static void expect_bounds(void) {
    struct root_folder folder;
    struct error error = ERROR_INITIAL;
    char name[32] = "a.wav";
    char long_path[PATH_MAX + 8] = "";
    assert_int_equal(root_folder_open(root, false, &folder, &error), ERROR_NONE);
    for (int i = 1; i <= 41; i++) {
        char next[32];
        snprintf(next, sizeof next, "chain%d", i);
        unlink(test_path(root, next));
        link_to(name, next);
        memcpy(name, next, sizeof name);
    }
    assert_string_equal(text_of(&folder, "chain40"), "a");
    assert_string_equal(text_of(&folder, "chain41"), "");
    assert_int_equal(errno, ELOOP);
    memset(long_path, 'x', NAME_MAX + 1);
    assert_string_equal(text_of(&folder, long_path), "");
    assert_int_equal(errno, ENAMETOOLONG);
    for (size_t i = 0; i + 5 < PATH_MAX - 5; i += 4) memcpy(long_path + i, "sub/", 5);
    assert_string_equal(text_of(&folder, long_path), "");
    assert_int_equal(errno, ENOENT);
    for (size_t i = 0; i < PATH_MAX; i += 2) memcpy(long_path + i, "./", 3);
    assert_string_equal(text_of(&folder, long_path), "");
    assert_int_equal(errno, ENAMETOOLONG);
    root_folder_close(&folder);
}

/* Through a link, relative, and with slashes after it. */
static void expect_all_roots(void) {
    char path[PATH_MAX];
    expect_table(root);
    snprintf(path, sizeof path, "%s//", root);
    expect_table(path);
    assert_int_equal(chdir(root), 0);
    expect_table(".");
    expect_table("sub/..");
    assert_int_equal(chdir("/"), 0);
    snprintf(path, sizeof path, "%s/linked_root", outside);
    unlink(path);
    assert_int_equal(symlink(root, path), 0);
    expect_table(path);
    expect_bounds();
}

static void by_openat2(void **state) {
    (void)state;
    asked = 0;
    expect_all_roots();
    assert_true(asked > 0);
}

static void where_openat2_is_forbidden(void **state) {
    (void)state;
    refusal = EPERM;
    expect_all_roots();
    refusal = EAGAIN; /* somebody renames without end */
    expect_all_roots();
    refusal = 0;
}

/* It is asked for once. */
static void where_openat2_is_missing(void **state) {
    (void)state;
    asked = 0;
    refusal = ENOSYS;
    expect_all_roots();
    assert_int_equal(asked, 1);
    refusal = 0;
}

/* One system call for a file that is where its path says. */
static void one_call(void **state) {
    (void)state;
    struct root_folder folder;
    struct error error = ERROR_INITIAL;
    assert_int_equal(root_folder_open(root, false, &folder, &error), ERROR_NONE);
    asked = 0;
    for (int i = 0; i < 3; i++) assert_string_equal(text_of(&folder, "folder/b.wav"), "b");
    assert_int_equal(asked, 3);
    root_folder_close(&folder);
}

static void outside_is_allowed(void **state) {
    (void)state;
    struct root_folder folder;
    struct error error = ERROR_INITIAL;
    assert_int_equal(root_folder_open(root, true, &folder, &error), ERROR_NONE);
    assert_string_equal(text_of(&folder, "a.wav"), "a");
    assert_string_equal(text_of(&folder, "out"), "secret");
    assert_string_equal(text_of(&folder, "folder_out/secret.wav"), "secret");
    assert_string_equal(text_of(&folder, "../outside/secret.wav"), "secret");
    assert_string_equal(text_of(&folder, test_path(outside, "secret.wav")), "secret");
    root_folder_close(&folder);
}

static void folder_is_missing(void **state) {
    (void)state;
    for (int allowed = 0; allowed < 2; allowed++) {
        struct root_folder folder;
        struct error error = ERROR_INITIAL;
        const char *path = test_path(root, "gone");
        assert_int_equal(root_folder_open(path, allowed == 1, &folder, &error), ERROR_NONE);
        assert_int_equal(folder.descriptor, -1);
        assert_string_equal(text_of(&folder, "a.wav"), "");
        assert_int_equal(errno, ENOENT);
        root_folder_close(&folder);
    }
    struct root_folder none = {0};
    root_folder_close(&none);
    assert_true(fcntl(0, F_GETFD) >= 0 || errno == EBADF);
}

/* Paths stay what they were when the folder was opened, and a folder that takes the place of one
 * that was moved away is not entered. */
static void folder_is_moved(void **state) {
    (void)state;
    struct root_folder folder;
    struct error error = ERROR_INITIAL;
    char moved[PATH_MAX];
    snprintf(moved, sizeof moved, "%s-moved", root);
    assert_int_equal(root_folder_open(root, false, &folder, &error), ERROR_NONE);
    assert_int_equal(rename(root, moved), 0);
    assert_int_equal(symlink(outside, root), 0);
    assert_string_equal(text_of(&folder, "a.wav"), "a");
    assert_string_equal(text_of(&folder, "absolute_out"), "");
    assert_int_equal(errno, EXDEV);
    assert_int_equal(unlink(root), 0);
    assert_int_equal(rename(moved, root), 0);
    root_folder_close(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_openat2),
        cmocka_unit_test(one_call),
        cmocka_unit_test(where_openat2_is_forbidden),
        cmocka_unit_test(outside_is_allowed),
        cmocka_unit_test(folder_is_missing),
        cmocka_unit_test(folder_is_moved),
        cmocka_unit_test(where_openat2_is_missing),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
