/* Embeddings of the CPU device against a float64 reference and against SpeechBrain. */
#include "tests/support/network_golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct device_operations *const cpu = &device_cpu_operations;

static void test_small(void **state) {
    (void)state;
    network_golden_model(cpu, 32, 1, "small", NETWORK_GOLDEN_ALL);
}

static void test_wide(void **state) {
    (void)state;
    network_golden_model(cpu, 512, 2, "wide", NETWORK_GOLDEN_ALL);
}

static void test_odd_architecture(void **state) {
    (void)state;
    network_golden_odd_architecture(cpu);
}

static void test_long(void **state) {
    (void)state;
    network_golden_long(cpu);
}

/* bfloat16 is close to float32 if the CPU supports it, and refused otherwise. */
static void test_bf16(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings wanted = {2, PRECISION_BF16};
    if (cpu->open(&wanted, &device, &error) != ERROR_NONE) {
        assert_int_equal(error.code, ERROR_UNSUPPORTED);
        print_message("skipped: %s\n", error.message);
        skip();
    }
    cpu->close(device);
    network_golden_fast(cpu, PRECISION_BF16, NETWORK_GOLDEN_ALL);
}

static void test_tf32_is_refused(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct device *device;
    const struct device_settings wanted = {1, PRECISION_TF32};
    assert_int_equal(cpu->open(&wanted, &device, &error), ERROR_UNSUPPORTED);
    assert_null(device);
    assert_non_null(strstr(error.message, "tf32"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_odd_architecture),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_tf32_is_refused),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
