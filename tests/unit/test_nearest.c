/* Nearest rows by cosine against plain loops. */
#include "kernels/device.h"
#include "tests/support/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 700
#define COLUMNS 37
#define QUERIES 300
#define COUNT 5

static float *make_data(void) {
    float *data = malloc(ROWS * COLUMNS * sizeof *data);
    assert_non_null(data);
    uint32_t random = 1;
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        random = random * 1664525U + 1013904223U;
        data[i] = (float)(random >> 8) / 8388608.0F - 1;
    }
    /* rows 10, 20 and 500 have the same direction; row 30 is zero */
    for (size_t f = 0; f < COLUMNS; f++) {
        data[20 * COLUMNS + f] = data[10 * COLUMNS + f];
        data[500 * COLUMNS + f] = data[10 * COLUMNS + f];
        data[30 * COLUMNS + f] = 0;
    }
    return data;
}

static double cosine(const float *a, const float *b) {
    double product = 0, left = 0, right = 0;
    for (size_t f = 0; f < COLUMNS; f++) {
        product += (double)a[f] * (double)b[f];
        left += (double)a[f] * (double)a[f];
        right += (double)b[f] * (double)b[f];
    }
    return left > 0 && right > 0 ? product / sqrt(left * right) : 0;
}

static void search(const float *data, size_t rows, const size_t *queries, size_t query_count,
                   size_t count, int threads, size_t *neighbours, float *similarities) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = threads};
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    device_cpu_operations.nearest(device, data, rows, COLUMNS, queries, query_count, count,
                                  neighbours, similarities, &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
}

static void test_against_plain(void **state) {
    (void)state;
    float *data = make_data();
    size_t queries[QUERIES], neighbours[QUERIES * COUNT], again[QUERIES * COUNT];
    float similarities[QUERIES * COUNT], similar_again[QUERIES * COUNT];
    for (size_t q = 0; q < QUERIES; q++) queries[q] = q * 11 % ROWS;
    search(data, ROWS, queries, QUERIES, COUNT, 1, neighbours, similarities);
    for (size_t q = 0; q < QUERIES; q++)
        for (size_t k = 0; k < COUNT; k++) {
            size_t found = neighbours[q * COUNT + k], better = 0;
            double similarity = cosine(data + queries[q] * COLUMNS, data + found * COLUMNS);
            assert_int_not_equal(found, queries[q]);
            assert_within(fabs(similarity - (double)similarities[q * COUNT + k]), 1e-6,
                          "similarity");
            for (size_t row = 0; row < ROWS; row++)
                if (row != queries[q] &&
                    cosine(data + queries[q] * COLUMNS, data + row * COLUMNS) > similarity + 1e-6)
                    better++;
            assert_true(better <= k);
        }
    for (int threads = 2; threads <= 3; threads++) {
        search(data, ROWS, queries, QUERIES, COUNT, threads, again, similar_again);
        assert_memory_equal(neighbours, again, sizeof neighbours);
        assert_memory_equal(similarities, similar_again, sizeof similarities);
    }
    free(data);
}

static void test_ties_and_zeros(void **state) {
    (void)state;
    float *data = make_data();
    const size_t queries[2] = {500, 30};
    size_t neighbours[4];
    float similarities[4];
    search(data, ROWS, queries, 2, 2, 2, neighbours, similarities);
    assert_int_equal(neighbours[0], 10);
    assert_int_equal(neighbours[1], 20);
    assert_true(similarities[0] == similarities[1]);
    /* a row of zeros is like nothing: the lowest rows */
    assert_int_equal(neighbours[2], 0);
    assert_int_equal(neighbours[3], 1);
    assert_true(similarities[2] == 0 && similarities[3] == 0);
    free(data);
}

static void test_few_rows(void **state) {
    (void)state;
    float *data = make_data();
    const size_t query = 1;
    size_t neighbours[4];
    float similarities[4];
    search(data, 3, &query, 1, 4, 2, neighbours, similarities);
    assert_true(neighbours[0] + neighbours[1] == 2);
    assert_true(neighbours[2] == SIZE_MAX && neighbours[3] == SIZE_MAX);
    assert_true(isnan(similarities[2]) && isnan(similarities[3]));
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain),
        cmocka_unit_test(test_ties_and_zeros),
        cmocka_unit_test(test_few_rows),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
