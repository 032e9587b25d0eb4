/* Arrays that somebody changes while they are read: what was checked is what is used, and the end
 * of a run notices it. */
#include "host/base/npy.h"
#include "host/confident/confident.h"
#include "host/confident/smallest.h"
#include "tests/support/made_data.h"
#include "tests/support/sound_files.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

enum { ROWS = 1000, DATA = 128 };

static const char *write_labels(const char *name) {
    int64_t labels[ROWS];
    const size_t rows = ROWS;
    struct error error = ERROR_INITIAL;
    const char *path = test_path(test_folder, name);
    for (size_t i = 0; i < ROWS; i++) labels[i] = (int64_t)(i % 3);
    struct folder folder = FOLDER_INITIAL;
    assert_int_equal(folder_open(test_folder, false, &folder, &error), ERROR_NONE);
    assert_int_equal(npy_write_in(&folder, name, NPY_INT64, 1, &rows, labels, &error), ERROR_NONE);
    folder_close(&folder);
    return path;
}

static void a_copy_does_not_change(void **state) {
    (void)state;
    const char *path = write_labels("copied.npy");
    const int64_t chosen = INT64_MAX;
    int64_t labels[ROWS];
    struct npy_array array;
    struct error error = ERROR_INITIAL;
    assert_int_equal(npy_read(path, ROWS, 1, &array, &error), ERROR_NONE);
    for (size_t i = 0; i < ROWS; i++) test_file_patch(path, DATA + i * 8, &chosen, sizeof chosen);
    assert_int_equal(npy_copy_int64(&array, 0, ROWS, labels, &error), ERROR_NONE);
    for (size_t i = 0; i < ROWS; i++) assert_int_equal(labels[i], i % 3);
    test_file_cut(path, 10);
    assert_int_equal(npy_copy_int64(&array, 0, ROWS, labels, &error), ERROR_NONE);
    assert_int_equal(npy_unchanged(&array, &error), ERROR_NONE); /* nothing of it is mapped */
    npy_close(&array);
    assert_int_equal(npy_read(path, ROWS, 1, &array, &error), ERROR_DATA);
    npy_close(&array);
}

static void expect_changed(const struct npy_array *array, const char *path, bool changed) {
    struct error error = ERROR_INITIAL;
    assert_int_equal(npy_unchanged(array, &error), changed ? ERROR_FILE : ERROR_NONE);
    if (!changed) return;
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "was changed while it was read"));
}

static void a_mapping_that_changes_is_noticed(void **state) {
    (void)state;
    const int64_t chosen = 7;
    struct error error = ERROR_INITIAL;
    for (int way = 0; way < 5; way++) {
        char other[4096];
        struct npy_array array;
        const char *path = write_labels("mapped.npy");
        snprintf(other, sizeof other, "%s", write_labels("other.npy"));
        assert_int_equal(npy_open(path, &array, &error), ERROR_NONE);
        npy_watch(&array);
        expect_changed(&array, path, false);
        if (way == 1) test_file_patch(path, DATA + 8, &chosen, sizeof chosen);
        if (way == 2) assert_int_equal(truncate(path, DATA + 9 * ROWS), 0);
        if (way == 3) assert_int_equal(rename(other, path), 0);
        if (way == 4) assert_int_equal(unlink(path), 0);
        expect_changed(&array, path, way > 0);
        npy_close(&array);
    }
    /* Times that are put back, or that do not change. */
    struct npy_array array;
    const char *path = write_labels("mapped.npy");
    assert_int_equal(npy_open(path, &array, &error), ERROR_NONE);
    npy_watch(&array);
    array.checksum ^= 2;
    expect_changed(&array, path, true);
    npy_close(&array);
    const int8_t memory[2] = {0, 1};
    struct npy_array view = npy_view(NPY_INT8, 2, 0, memory);
    expect_changed(&view, "", false);
}

/* A value that is offered where none is wanted. */
static void nothing_is_kept_where_none_is_wanted(void **state) {
    (void)state;
    struct smallest none = {.wanted = 0};
    smallest_offer(&none, -INFINITY, 0, 0);
    smallest_offer(&none, NAN, 0, 0);
    assert_int_equal(none.count, 0);
}

struct writer {
    _Atomic bool stop;
    volatile float *elements;
    size_t count;
};

static void *change(void *context) {
    struct writer *writer = context;
    for (unsigned round = 0; !writer->stop; round++)
        for (size_t i = 0; i < writer->count; i++)
            writer->elements[i] = (float)((i + round) % 4) * 0.25F;
    return NULL;
}

/* Searches in a row must end with the row. */
static void rows_may_change_at_any_time(void **state) {
    (void)state;
    struct made_case from = {11, 60, 5, 0, true, false, 0};
    struct made_data data = made_data(&from);
    struct writer writer = {.elements = data.elements, .count = from.rows * from.classes};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, change, &writer), 0);
    for (int round = 0; round < 4000; round++) {
        struct confident_input input = {data.label_view, data.probability_view, 1, false};
        struct confident_settings settings = CONFIDENT_DEFAULTS;
        struct confident_result result;
        struct error error = ERROR_INITIAL;
        settings.filter = (enum confident_filter)(round % FILTER_COUNT);
        assert_int_equal(confident_find(&input, &settings, &result, &error), ERROR_NONE);
        for (size_t i = 0; i < result.issue_count; i++)
            assert_in_range(result.issues[i].row, 0, from.rows - 1);
        confident_free(&result);
    }
    writer.stop = true;
    pthread_join(thread, NULL);
    made_data_free(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_does_not_change),
        cmocka_unit_test(a_mapping_that_changes_is_noticed),
        cmocka_unit_test(nothing_is_kept_where_none_is_wanted),
        cmocka_unit_test(rows_may_change_at_any_time),
    };
    return cmocka_run_group_tests_name("changing inputs", tests, test_folder_begin,
                                       test_folder_end);
}
