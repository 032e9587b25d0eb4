/* Nearest rows by cosine on the CPU device. */
#include "tests/support/compare.h"
#include "tests/support/fake_device.h"
#include "tests/support/nearest_rules.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

static void test_chosen(void **state) {
    (void)state;
    nearest_rules_chosen(&device_cpu_operations, 3, 700, 37, 300, 20);
    nearest_rules_chosen(&device_cpu_operations, 2, 40, 1, 40, 20); /* fewer are found than asked */
}

static void test_gathered(void **state) {
    (void)state;
    nearest_rules_gathered(&device_cpu_operations, 1500, 48, 4500, 20); /* two blocks of queries */
    nearest_rules_gathered(&device_cpu_operations, 700, 37, 100, 5);
}

static void test_scattered(void **state) {
    (void)state;
    nearest_rules_scattered(&device_cpu_operations, 1500, 130, 900, 20);
    nearest_rules_scattered(&fake_device_operations, 300, 7, 50, 4);
}

static void test_refused(void **state) {
    (void)state;
    nearest_rules_refused(&device_cpu_operations);
}

static void test_fake(void **state) {
    (void)state;
    nearest_rules_chosen(&fake_device_operations, 2, 300, 20, 50, 4);
}

/* Lengths whose inverse is no ordinary float32 take the exact way: from 2^-104 to 2^114. */
static void test_extreme_lengths(void **state) {
    (void)state;
    enum { ROWS = 400, COLUMNS = 24, COUNT = 7 };
    float *data = malloc(2 * ROWS * COLUMNS * sizeof *data);
    size_t queries[ROWS], found[2][ROWS * COUNT];
    float similarities[2][ROWS * COUNT];
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 2};
    assert_non_null(data);
    for (size_t row = 0; row < ROWS; row++) {
        queries[row] = row;
        for (size_t f = 0; f < COLUMNS; f++) {
            data[row * COLUMNS + f] = (float)wide_number(row * COLUMNS + f);
            /* a power of two changes no cosine */
            data[(ROWS + row) * COLUMNS + f] =
                ldexpf(data[row * COLUMNS + f], (int)(row * 22 % 219) - 104);
        }
    }
    device_cpu_operations.open(&settings, &device, &error);
    for (size_t i = 0; i < 2; i++) {
        const struct nearest_problem problem = {.data =
                                                    matrix_of(data + i * ROWS * COLUMNS, COLUMNS),
                                                .rows = ROWS,
                                                .columns = COLUMNS};
        device_cpu_operations.nearest(device, &problem, queries, ROWS, COUNT, found[i],
                                      similarities[i], &error);
    }
    assert_no_error(&error);
    assert_memory_equal(found[0], found[1], sizeof found[0]);
    assert_memory_equal(similarities[0], similarities[1], sizeof similarities[0]);
    device_cpu_operations.close(device);
    free(data);
}

/* Rows that make rejecting hard: copies that differ in the last bits, few large numbers among small
 * ones, zeros, lengths from 2^-110 to 2^60. */
static float hard_number(size_t row, size_t column) {
    double x = wide_number((row % 97) * 1000 + column);
    if (row % 3 == 0) x += 1e-6 * wide_number(row * 1000 + column);
    if (row % 3 == 1) x = x * x * x * x * x + 0.3 * wide_number(row * 1000 + column);
    if (row % 5 == 0 && fabs(x) < 0.9) x = 0;
    if (row % 89 == 0) x = 0;
    return ldexpf((float)x, row % 7 == 0 ? (int)(row % 171) - 110 : 0);
}

/* The screen by 8-bit products, which only some CPUs have, changes no byte: AVX2 does without. */
static void test_screen(void **state) {
    (void)state;
    enum { ROWS = 1900, COLUMNS = 130, QUERIES = 500, COUNT = 20 };
    float *data = malloc(ROWS * COLUMNS * sizeof *data);
    int32_t apart[ROWS];
    size_t queries[QUERIES], *found = malloc(2 * QUERIES * COUNT * sizeof *found);
    float *similarities = malloc(2 * QUERIES * COUNT * sizeof *similarities);
    assert_true(data != NULL && found != NULL && similarities != NULL);
    for (size_t row = 0; row < ROWS; row++) {
        apart[row] = (int32_t)(row % 6 / 4);
        for (size_t f = 0; f < COLUMNS; f++) data[row * COLUMNS + f] = hard_number(row, f);
    }
    for (size_t q = 0; q < QUERIES; q++) queries[q] = q * 3 + 1;
    for (int variant = 0; variant < 3; variant++) {
        const size_t count = variant == 1 ? 1 : COUNT;
        const size_t columns = variant == 1 ? COLUMNS - 1 : COLUMNS;
        const struct nearest_problem problem = {.data = matrix_of(data, columns),
                                                .rows = ROWS,
                                                .columns = columns,
                                                .apart = variant == 2 ? apart : NULL};
        for (size_t i = 0; i < 2; i++) {
            struct error error = ERROR_INITIAL;
            struct device *device = NULL;
            const struct device_settings settings = {.threads = 2};
            if (i == 1) setenv("EARMARK_INSTRUCTIONS", "avx2", 1);
            device_cpu_operations.open(&settings, &device, &error);
            device_cpu_operations.nearest(device, &problem, queries, QUERIES, count,
                                          found + i * QUERIES * COUNT,
                                          similarities + i * QUERIES * COUNT, &error);
            assert_no_error(&error);
            device_cpu_operations.close(device);
        }
        unsetenv("EARMARK_INSTRUCTIONS");
        assert_memory_equal(found, found + QUERIES * COUNT, QUERIES * count * sizeof *found);
        assert_memory_equal(similarities, similarities + QUERIES * COUNT,
                            QUERIES * count * sizeof *similarities);
    }
    free(data);
    free(found);
    free(similarities);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain), cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_gathered),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fake),          cmocka_unit_test(test_extreme_lengths),
        cmocka_unit_test(test_screen),        cmocka_unit_test(test_ties_and_zeros),
        cmocka_unit_test(test_few_rows),      cmocka_unit_test(test_scattered),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
