#include "tests/support/same_run.h"

#include "host/base/file.h"
#include "tests/support/compare.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Times may differ; nothing else may. */
static bool is_compared(const char *name) {
    return name[0] != '.' && strcmp(name, "timing.json") != 0;
}

size_t count_run_files(const char *folder) {
    size_t count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += is_compared(entry->d_name);
    closedir(listing);
    return count;
}

static void assert_same_file(const char *left, const char *right, const char *name) {
    struct error error = ERROR_INITIAL;
    char *paths[2] = {file_join(left, name, &error), file_join(right, name, &error)};
    char *contents[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        file_read(paths[i], SIZE_MAX / 4, &contents[i], &sizes[i], &error);
        assert_no_error(&error);
    }
    if (sizes[0] != sizes[1] || memcmp(contents[0], contents[1], sizes[0]) != 0)
        fail_msg("%s differs between %s and %s", name, left, right);
    for (int i = 0; i < 2; i++) {
        free(contents[i]);
        free(paths[i]);
    }
}

void assert_same_run(const char *left, const char *right) {
    DIR *listing = opendir(left);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        if (is_compared(entry->d_name)) assert_same_file(left, right, entry->d_name);
    closedir(listing);
    assert_int_equal(count_run_files(left), count_run_files(right));
}
