/* The 512-channel model on the CUDA device, in every precision, against the float64 goldens.
 * A separate program because it is slow in the simulator. */
#include "tests/support/cuda_plugin.h"
#include "tests/support/network_golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_wide(void **state) {
    (void)state;
    network_golden_model(cuda_plugin_operations(), 512, 2, "wide", NETWORK_GOLDEN_ALL);
}

static void test_tf32(void **state) {
    (void)state;
    network_golden_fast(cuda_plugin_operations(), PRECISION_TF32, NETWORK_GOLDEN_ALL);
}

static void test_bf16(void **state) {
    (void)state;
    network_golden_fast(cuda_plugin_operations(), PRECISION_BF16, NETWORK_GOLDEN_ALL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_tf32),
        cmocka_unit_test(test_bf16),
    };
    return cmocka_run_group_tests_name("cuda wide model", tests, NULL, NULL);
}
