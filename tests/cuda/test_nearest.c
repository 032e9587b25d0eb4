/* The CUDA device's nearest rows against plain loops, and its matrix product's speed. */
#include "tests/support/compare.h"
#include "tests/support/cuda_part.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* rows (rows, columns); 10, 20 and 500 have the same direction, 30 is zero. */
static float *make_data(size_t rows, size_t columns) {
    float *data = malloc(rows * columns * sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < rows * columns; i++) data[i] = (float)wide_number(i);
    for (size_t f = 0; f < columns && rows > 500; f++) {
        data[20 * columns + f] = data[10 * columns + f];
        data[500 * columns + f] = data[10 * columns + f];
        data[30 * columns + f] = 0;
    }
    return data;
}

static double cosine(const float *a, const float *b, size_t columns) {
    double product = 0, left = 0, right = 0;
    for (size_t f = 0; f < columns; f++) {
        product += (double)a[f] * (double)b[f];
        left += (double)a[f] * (double)a[f];
        right += (double)b[f] * (double)b[f];
    }
    return left > 0 && right > 0 ? product / sqrt(left * right) : 0;
}

static struct device *open_device(const struct device_operations **cuda) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct device_settings settings = {.threads = 1};
    *cuda = cuda_part_operations();
    (*cuda)->open(&settings, &device, &error);
    assert_no_error(&error);
    return device;
}

static void search(const float *data, size_t rows, size_t columns, const size_t *queries,
                   size_t query_count, size_t count, size_t *neighbours, float *similarities) {
    struct error error = ERROR_INITIAL;
    const struct device_operations *cuda;
    struct device *device = open_device(&cuda);
    cuda->nearest(device, data, rows, columns, queries, query_count, count, neighbours,
                  similarities, &error);
    assert_no_error(&error);
    cuda->close(device);
}

/* Every neighbour found has the similarity that is said, and no more rows than its rank
 * allows are nearer. */
static void check_search(size_t rows, size_t columns, size_t query_count, size_t count) {
    float *data = make_data(rows, columns);
    size_t *queries = malloc(query_count * sizeof *queries);
    size_t *neighbours = malloc(2 * query_count * count * sizeof *neighbours);
    float *similarities = malloc(2 * query_count * count * sizeof *similarities);
    assert_true(queries != NULL && neighbours != NULL && similarities != NULL);
    for (size_t q = 0; q < query_count; q++) queries[q] = (q * 11 + rows - 1) % rows;
    search(data, rows, columns, queries, query_count, count, neighbours, similarities);
    for (size_t i = 0; i < query_count * count; i++) {
        const float *query = data + queries[i / count] * columns;
        size_t better = 0, rank = i % count;
        assert_true(neighbours[i] < rows);
        assert_int_not_equal(neighbours[i], queries[i / count]);
        for (size_t k = 0; k < rank; k++)
            assert_int_not_equal(neighbours[i], neighbours[i - rank + k]);
        double similarity = cosine(query, data + neighbours[i] * columns, columns);
        assert_within(fabs(similarity - (double)similarities[i]), 1e-6, "similarity");
        for (size_t row = 0; row < rows; row++)
            if (row != queries[i / count] &&
                cosine(query, data + row * columns, columns) > similarity + 1e-6)
                better++;
        assert_true(better <= rank);
    }
    size_t *again = neighbours + query_count * count;
    float *similar_again = similarities + query_count * count;
    search(data, rows, columns, queries, query_count, count, again, similar_again);
    assert_memory_equal(neighbours, again, query_count * count * sizeof *neighbours);
    assert_memory_equal(similarities, similar_again, query_count * count * sizeof *similarities);
    free(data);
    free(queries);
    free(neighbours);
    free(similarities);
}

static void test_against_plain(void **state) {
    (void)state;
    check_search(700, 37, 20, 5);
    check_search(600, 3, 257, 2); /* two blocks of queries */
    check_search(8193, 3, 2, 3);  /* two tiles, the second of one row */
    check_search(33, 512, 33, 32);
}

static void test_ties_and_zeros(void **state) {
    (void)state;
    float *data = make_data(700, 37);
    const size_t queries[2] = {500, 30};
    size_t neighbours[4];
    float similarities[4];
    search(data, 700, 37, queries, 2, 2, neighbours, similarities);
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
    float *data = make_data(3, 37);
    const size_t query = 1;
    size_t neighbours[4];
    float similarities[4];
    search(data, 3, 37, &query, 1, 4, neighbours, similarities);
    assert_true(neighbours[0] + neighbours[1] == 2);
    assert_true(neighbours[2] == SIZE_MAX && neighbours[3] == SIZE_MAX);
    assert_true(isnan(similarities[2]) && isnan(similarities[3]));
    free(data);
}

static void test_gemm_speed(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    const struct device_operations *cuda;
    struct device *device = open_device(&cuda);
    double speed = 0;
    cuda->gemm_speed(device, 64, 2, &speed, &error);
    assert_no_error(&error);
    assert_true(speed > 0 && isfinite(speed));
    assert_int_equal(cuda->gemm_speed(device, 0, 2, &speed, &error), ERROR_USAGE);
    cuda->close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_plain),
        cmocka_unit_test(test_ties_and_zeros),
        cmocka_unit_test(test_few_rows),
        cmocka_unit_test(test_gemm_speed),
    };
    return cmocka_run_group_tests_name("cuda_nearest", tests, NULL, NULL);
}
