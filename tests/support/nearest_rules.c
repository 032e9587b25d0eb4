#include "tests/support/nearest_rules.h"

#include "tests/support/compare.h"
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

static void search(const struct device_operations *operations, int threads, const float *data,
                   size_t rows, size_t columns, const size_t *queries, size_t query_count,
                   size_t count, size_t *neighbours, float *similarities) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = threads};
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    operations->nearest(device, data, rows, columns, queries, query_count, count, neighbours,
                        similarities, &error);
    assert_no_error(&error);
    operations->close(device);
}

static void check(const float *data, size_t rows, size_t columns, size_t query,
                  const size_t *neighbours, const float *similarities, size_t count) {
    for (size_t rank = 0; rank < count; rank++) {
        const size_t found = neighbours[rank];
        size_t better = 0;
        assert_true(found < rows);
        assert_int_not_equal(found, query);
        for (size_t k = 0; k < rank; k++) assert_int_not_equal(found, neighbours[k]);
        const double similarity = cosine(data + query * columns, data + found * columns, columns);
        assert_within(fabs(similarity - (double)similarities[rank]), 1e-6, "similarity");
        for (size_t row = 0; row < rows; row++)
            if (row != query &&
                cosine(data + query * columns, data + row * columns, columns) > similarity + 1e-6)
                better++;
        assert_true(better <= rank);
    }
}

void nearest_rules_against_plain(const struct device_operations *operations, int most_threads,
                                 size_t rows, size_t columns, size_t query_count, size_t count) {
    const size_t values = query_count * count;
    float *data = make_data(rows, columns);
    size_t *queries = malloc(query_count * sizeof *queries);
    size_t *neighbours = malloc(2 * values * sizeof *neighbours);
    float *similarities = malloc(2 * values * sizeof *similarities);
    assert_true(queries != NULL && neighbours != NULL && similarities != NULL);
    for (size_t q = 0; q < query_count; q++) queries[q] = (q * 11 + rows - 1) % rows;
    search(operations, 1, data, rows, columns, queries, query_count, count, neighbours,
           similarities);
    for (size_t q = 0; q < query_count; q++)
        check(data, rows, columns, queries[q], neighbours + q * count, similarities + q * count,
              count);
    for (int threads = 1; threads <= most_threads; threads++) {
        search(operations, threads, data, rows, columns, queries, query_count, count,
               neighbours + values, similarities + values);
        assert_memory_equal(neighbours, neighbours + values, values * sizeof *neighbours);
        assert_memory_equal(similarities, similarities + values, values * sizeof *similarities);
    }
    free(data);
    free(queries);
    free(neighbours);
    free(similarities);
}

void nearest_rules_ties_and_zeros(const struct device_operations *operations) {
    float *data = make_data(700, 37);
    const size_t queries[2] = {500, 30};
    size_t neighbours[4];
    float similarities[4];
    search(operations, 2, data, 700, 37, queries, 2, 2, neighbours, similarities);
    assert_int_equal(neighbours[0], 10);
    assert_int_equal(neighbours[1], 20);
    assert_true(similarities[0] == similarities[1]);
    /* a row of zeros is similar to nothing: the lowest rows */
    assert_int_equal(neighbours[2], 0);
    assert_int_equal(neighbours[3], 1);
    assert_true(similarities[2] == 0 && similarities[3] == 0);
    free(data);
}

void nearest_rules_few_rows(const struct device_operations *operations) {
    float *data = make_data(3, 37);
    const size_t query = 1;
    size_t neighbours[4];
    float similarities[4];
    search(operations, 2, data, 3, 37, &query, 1, 4, neighbours, similarities);
    assert_true(neighbours[0] + neighbours[1] == 2);
    assert_true(neighbours[2] == SIZE_MAX && neighbours[3] == SIZE_MAX);
    assert_true(isnan(similarities[2]) && isnan(similarities[3]));
    free(data);
}
