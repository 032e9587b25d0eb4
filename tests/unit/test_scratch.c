/* A bound on memory: where arrays are, a full disk, sorting without memory; and confident learning
 * and the ensemble, whose results are the same bytes within any bound. */
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/classifier/ensemble.h"
#include "host/confident/confident.h"
#include "host/confident/multilabel.h"
#include "tests/support/compare.h"
#include "tests/support/made_data.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define KILOBYTE ((size_t)1024)

static struct folder folder;
static char path[64];

static int make_folder(void **state) {
    struct error error = ERROR_INITIAL;
    (void)state;
    snprintf(path, sizeof path, "/tmp/earmark-scratch-XXXXXX");
    if (mkdtemp(path) == NULL) return -1;
    return folder_open(path, false, &folder, &error) == ERROR_NONE ? 0 : -1;
}

static int drop_folder(void **state) {
    (void)state;
    scratch_set(NULL);
    folder_close(&folder);
    return rmdir(path); /* nothing may be left in it */
}

/* Every array of `least` bytes or more is bounded. */
static void bound(size_t bytes, size_t least) {
    scratch_set(&(struct scratch_bound){.bytes = bytes, .least = least, .folder = &folder});
}

static void test_places(void **state) {
    struct error error = ERROR_INITIAL;
    (void)state;
    bound(100 * KILOBYTE, KILOBYTE);
    unsigned char *small = scratch_array(1, 100, "small", &error);
    unsigned char *first = scratch_array(60, KILOBYTE, "first", &error);
    assert_int_equal(scratch_in_files(), 0);
    unsigned char *second = scratch_array(60, KILOBYTE, "second", &error);
    assert_int_equal(scratch_in_files(), 60 * KILOBYTE);
    assert_no_error(&error);
    assert_true(small != NULL && first != NULL && second != NULL);
    for (size_t i = 0; i < 60 * KILOBYTE; i++) {
        assert_int_equal(first[i] | second[i], 0);
        first[i] = (unsigned char)i;
        second[i] = (unsigned char)(i * 7);
    }
    for (size_t i = 0; i < 60 * KILOBYTE; i++) assert_int_equal(second[i], (unsigned char)(i * 7));
    scratch_free(first); /* makes room again */
    first = scratch_array(90, KILOBYTE, "first", &error);
    assert_int_equal(scratch_in_files(), 60 * KILOBYTE);
    scratch_free(first);
    scratch_free(second);
    scratch_free(small);
    scratch_free(NULL);
    assert_non_null(first = scratch_array(0, 8, "none", &error));
    scratch_free(first);
    scratch_set(NULL);
}

static void test_grown(void **state) {
    struct error error = ERROR_INITIAL;
    uint32_t *numbers = NULL;
    size_t capacity = 0;
    (void)state;
    bound(0, 1);
    for (uint32_t i = 0; i < 10000; i++) {
        scratch_grow(&numbers, &capacity, i + 1, sizeof *numbers, "numbers", &error);
        assert_no_error(&error);
        assert_int_equal(numbers[i], 0);
        numbers[i] = i;
    }
    for (uint32_t i = 0; i < 10000; i++) assert_int_equal(numbers[i], i);
    scratch_free(numbers);
    scratch_set(NULL);
}

/* What does not fit on the disk is an error at once, not the end of the process later. */
static void test_full_disk(void **state) {
    struct error error = ERROR_INITIAL;
    struct rlimit before, little = {64 * KILOBYTE, 64 * KILOBYTE};
    (void)state;
    bound(0, 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    void *array = scratch_array(65, KILOBYTE, "too much", &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_null(array);
    assert_int_equal(error.code, ERROR_FILE);
    assert_non_null(strstr(error.message, path));
    error = (struct error)ERROR_INITIAL;
    array = scratch_array(SIZE_MAX / 2, 8, "too much", &error);
    assert_null(array);
    assert_int_equal(error.code, ERROR_MEMORY);
    scratch_set(NULL);
}

/* An error that is there already neither hides nor leaks what comes after it. */
static void test_after_an_error(void **state) {
    struct error error = ERROR_INITIAL;
    (void)state;
    bound(0, 1);
    FAIL(&error, ERROR_DATA, "before");
    void *array = scratch_array(5, KILOBYTE, "array", &error);
    assert_non_null(array);
    assert_int_equal(error.code, ERROR_DATA);
    scratch_free(array);
    scratch_set(NULL);
}

static void test_least(void **state) {
    struct error error = ERROR_INITIAL;
    (void)state;
    assert_int_equal(scratch_check((size_t)8 << 20, (size_t)8 << 20, "issues", &error), ERROR_NONE);
    assert_int_equal(scratch_check(((size_t)8 << 20) - 1, (size_t)8 << 20, "issues", &error),
                     ERROR_USAGE);
    assert_non_null(strstr(error.message, "--memory 8M"));
}

/* ---- sorting ---- */

struct item {
    uint64_t key, place;
    char more[32];
};

static int compare_items(const void *left, const void *right) {
    const struct item *a = left, *b = right;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Orders that are hard for a quicksort: by number. */
static uint64_t key_of(int order, size_t i, size_t count) {
    switch (order) {
    case 0: return i;
    case 1: return count - i;
    case 2: return 7;
    case 3: return i < count / 2 ? i : count - i;
    case 4: return i % 2 == 0 ? i : count - i;
    case 5: return i % 10;
    default: return made_mix(5, 6, i);
    }
}

static void test_sorted(void **state) {
    const size_t counts[] = {0, 1, 2, 16, 17, 1000, 40000};
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (int order = 0; order < 7; order++) {
            size_t count = counts[c];
            struct item *items = calloc(count + 1, sizeof *items);
            struct item *expected = calloc(count + 1, sizeof *expected);
            assert_true(items != NULL && expected != NULL);
            for (size_t i = 0; i < count; i++) {
                items[i] = (struct item){key_of(order, i, count), i, {0}};
                items[i].more[31] = (char)i;
            }
            memcpy(expected, items, count * sizeof *items);
            qsort(expected, count, sizeof *expected, compare_items);
            sort_in_place(items, count, sizeof *items, compare_items);
            assert_memory_equal(items, expected, (count + 1) * sizeof *items);
            free(items);
            free(expected);
        }
}

/* ---- the same bytes ---- */

static void compare_results(const struct confident_result *a, const struct confident_result *b) {
    size_t cells = a->classes * a->classes;
    assert_int_equal(a->issue_count, b->issue_count);
    assert_memory_equal(a->issues, b->issues, a->issue_count * sizeof *a->issues);
    assert_memory_equal(a->thresholds, b->thresholds, a->classes * sizeof *a->thresholds);
    assert_memory_equal(a->confident_joint, b->confident_joint, cells * sizeof(int64_t));
    assert_memory_equal(a->calibrated_joint, b->calibrated_joint, cells * sizeof(int64_t));
    assert_true(a->num_label_issues == b->num_label_issues);
}

static void test_confident(void **state) {
    (void)state;
    for (int filter = 0; filter < FILTER_COUNT; filter++)
        for (int single = 0; single <= 1; single++) {
            const struct made_case made = {
                .seed = (uint64_t)filter + 40, .rows = 5000, .classes = 7, .single = single != 0};
            struct made_data data = made_data(&made);
            const struct confident_input input = {
                .labels = data.label_view, .probabilities = data.probability_view, .threads = 2};
            struct confident_settings settings = CONFIDENT_DEFAULTS;
            struct confident_result results[3];
            struct error error = ERROR_INITIAL;
            settings.filter = (enum confident_filter)filter;
            for (size_t i = 0; i < 3; i++) {
                if (i > 0) bound(i == 1 ? 0 : 30 * KILOBYTE, 1);
                confident_find(&input, &settings, &results[i], &error);
                assert_no_error(&error);
                assert_true((scratch_in_files() > 0) == (i > 0));
            }
            compare_results(&results[0], &results[1]);
            compare_results(&results[0], &results[2]);
            for (size_t i = 0; i < 3; i++) confident_free(&results[i]);
            scratch_set(NULL);
            made_data_free(&data);
        }
}

/* Rows of few classes, apart by some columns. */
#define ROWS ((size_t)600)
#define FEATURES ((size_t)12)
#define CLASSES ((size_t)4)
#define FOLDS ((size_t)3)

static void run_ensemble(const float *x, const int32_t *labels, const int32_t *fold_of,
                         size_t memory, struct ensemble *ensemble) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings device_settings = {.threads = 2};
    const struct ensemble_view view = {
        .name = "x", .embeddings = matrix_of(x, FEATURES), .features = FEATURES};
    const struct ensemble_input input = {.views = &view,
                                         .view_count = 1,
                                         .labels = labels,
                                         .fold_of = fold_of,
                                         .rows = ROWS,
                                         .classes = CLASSES,
                                         .folds = FOLDS};
    struct crossval_settings settings = CROSSVAL_DEFAULTS;
    settings.threads = 2;
    settings.memory = memory;
    device_cpu_operations.open(&device_settings, &device, &error);
    assert_no_error(&error);
    ensemble_run(&device_cpu_operations, device, &input, &settings, PROGRESS_QUIET, ensemble,
                 &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
}

static void test_ensemble(void **state) {
    float *x = calloc(ROWS * FEATURES, sizeof *x);
    int32_t labels[ROWS], fold_of[ROWS];
    struct ensemble unbounded, bounded;
    const size_t bytes = ROWS * CLASSES * sizeof(float);
    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = (int32_t)(made_mix(1, 2, i) % CLASSES);
        fold_of[i] = (int32_t)(made_mix(1, 3, i) % FOLDS);
        for (size_t f = 0; f < FEATURES; f++)
            x[i * FEATURES + f] =
                (float)(made_unit(1, 4 + f, i) + (f == (size_t)labels[i] ? 0.5 : 0));
    }
    run_ensemble(x, labels, fold_of, 0, &unbounded);
    bound(0, 1);
    run_ensemble(x, labels, fold_of, 1, &bounded);
    assert_true(scratch_in_files() > 5 * bytes);
    assert_memory_equal(unbounded.mix, bounded.mix, bytes);
    assert_memory_equal(unbounded.margins, bounded.margins, ROWS * sizeof(float));
    for (size_t e = 0; e < MIX_ESTIMATORS; e++)
        assert_memory_equal(unbounded.estimators[e], bounded.estimators[e], bytes);
    ensemble_free(&bounded);
    scratch_set(NULL);
    ensemble_free(&unbounded);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),    cmocka_unit_test(test_grown),
        cmocka_unit_test(test_full_disk), cmocka_unit_test(test_after_an_error),
        cmocka_unit_test(test_least),     cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_confident), cmocka_unit_test(test_ensemble),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
