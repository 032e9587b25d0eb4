/* Nearest rows by cosine on the CPU device. */
#include "tests/support/nearest_rules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_against_plain(void **state) {
    (void)state;
    nearest_rules_against_plain(&device_cpu_operations, 3, 700, 37, 300, 5);
}

static void test_ties_and_zeros(void **state) {
    (void)state;
    nearest_rules_ties_and_zeros(&device_cpu_operations);
}

static void test_few_rows(void **state) {
    (void)state;
    nearest_rules_few_rows(&device_cpu_operations);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain),
        cmocka_unit_test(test_ties_and_zeros),
        cmocka_unit_test(test_few_rows),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
