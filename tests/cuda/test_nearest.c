/* The CUDA device's search of nearest rows, and the speed of its matrix product. */
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"
#include "tests/support/nearest_rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_against_plain(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    nearest_rules_against_plain(cuda, 1, 700, 37, 20, 5);
    nearest_rules_against_plain(cuda, 1, 600, 3, 257, 2); /* two blocks of queries */
    nearest_rules_against_plain(cuda, 1, 16385, 3, 2, 3); /* three tiles, the last of one row */
    nearest_rules_against_plain(cuda, 1, 33, 512, 33, 32);
}

static void test_chosen(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    nearest_rules_chosen(cuda, 1, 700, 37, 20, 5);
    nearest_rules_chosen(cuda, 1, 40, 1, 40, 20);
    nearest_rules_chosen(cuda, 1, 300, 3, 300, 2); /* two blocks of queries */
}

static void test_gathered(void **state) {
    (void)state;
    const struct device_operations *cuda = cuda_plugin_operations();
    nearest_rules_gathered(cuda, 1500, 7, 260, 3);
    nearest_rules_gathered(cuda, 24600, 2, 3, 2); /* two tiles, the second of eight rows */
}

static void test_scattered(void **state) {
    (void)state;
    nearest_rules_scattered(cuda_plugin_operations(), 9001, 7, 260, 3); /* two tiles */
}

static void test_refused(void **state) {
    (void)state;
    nearest_rules_refused(cuda_plugin_operations());
}

static void test_ties_and_zeros(void **state) {
    (void)state;
    nearest_rules_ties_and_zeros(cuda_plugin_operations());
}

static void test_few_rows(void **state) {
    (void)state;
    nearest_rules_few_rows(cuda_plugin_operations());
}

static void test_gemm_speed(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    const struct device_operations *cuda = cuda_plugin_operations();
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 1};
    double speed = 0;
    cuda->open(&settings, &device, &error);
    assert_no_error(&error);
    cuda->gemm_speed(device, 64, 2, &speed, &error);
    assert_no_error(&error);
    assert_true(speed > 0 && isfinite(speed));
    assert_int_equal(cuda->gemm_speed(device, 0, 2, &speed, &error), ERROR_USAGE);
    cuda->close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain),  cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_gathered),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ties_and_zeros), cmocka_unit_test(test_few_rows),
        cmocka_unit_test(test_gemm_speed),     cmocka_unit_test(test_scattered),
    };
    return cmocka_run_group_tests_name("cuda_nearest", tests, NULL, NULL);
}
