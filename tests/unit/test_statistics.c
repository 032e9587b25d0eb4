/* The statistics of the CPU device against float64, and what they must not depend on. */
#include "tests/support/statistics_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct device_operations *const cpu = &device_cpu_operations;

static void test_golden(void **state) {
    (void)state;
    statistics_rules_golden(cpu);
}

static void test_shortest(void **state) {
    (void)state;
    statistics_rules_shortest(cpu);
}

static void test_not_finite(void **state) {
    (void)state;
    statistics_rules_not_finite(cpu, 16000);
    statistics_rules_not_finite(cpu, 8000);
}

static void test_same_bytes(void **state) {
    (void)state;
    statistics_rules_same_bytes(cpu);
}

static void test_other_mels(void **state) {
    (void)state;
    statistics_rules_other_mels(cpu);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_other_mels),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
