#include "tests/support/nearest_rules.h"

#include "tests/support/compare.h"
#include "tests/support/scattered.h"
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

/* x' of row `row` in float32. */
static void scaled_row(const struct nearest_problem *problem, size_t row, float *to) {
    for (size_t f = 0; f < problem->columns; f++) {
        double x = (double)matrix_row(&problem->data, row)[f];
        if (problem->shift != NULL) x = (x - problem->shift[f]) * problem->scale[f];
        to[f] = (float)x;
    }
}

static bool may_be_found(const struct nearest_problem *problem, size_t query, size_t row) {
    bool listed = problem->references == NULL;
    for (size_t i = 0; !listed && i < problem->reference_count; i++)
        listed = problem->references[i] == row;
    return listed && row != query &&
           (problem->apart == NULL || problem->apart[row] != problem->apart[query]);
}

static void search(const struct device_operations *operations, int threads,
                   const struct nearest_problem *problem, const size_t *queries, size_t query_count,
                   size_t count, size_t *neighbours, float *similarities) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = threads};
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    operations->nearest(device, problem, queries, query_count, count, neighbours, similarities,
                        &error);
    assert_no_error(&error);
    operations->close(device);
}

/* Each neighbour may be found and has the reported similarity; at most `rank` rows are more
 * similar, and the list ends only where no row is left. */
static void check(const struct nearest_problem *problem, size_t query, const size_t *neighbours,
                  const float *similarities, size_t count) {
    const size_t columns = problem->columns;
    size_t possible = 0;
    double *all = malloc(problem->rows * sizeof *all);
    float *scaled = malloc(2 * columns * sizeof *scaled);
    assert_true(all != NULL && scaled != NULL);
    scaled_row(problem, query, scaled);
    for (size_t row = 0; row < problem->rows; row++) {
        const bool may = may_be_found(problem, query, row);
        scaled_row(problem, row, scaled + columns);
        all[row] = may ? cosine(scaled, scaled + columns, columns) : -2;
        possible += may;
    }
    for (size_t rank = 0; rank < count; rank++) {
        const size_t found = neighbours[rank];
        size_t better = 0;
        if (rank >= possible) {
            assert_true(found == SIZE_MAX && isnan(similarities[rank]));
            continue;
        }
        assert_true(found < problem->rows);
        assert_true(all[found] > -2);
        for (size_t k = 0; k < rank; k++) assert_int_not_equal(found, neighbours[k]);
        assert_within(fabs(all[found] - (double)similarities[rank]), 1e-6, "similarity");
        for (size_t row = 0; row < problem->rows; row++)
            if (all[row] > all[found] + 1e-6) better++;
        assert_true(better <= rank);
    }
    free(all);
    free(scaled);
}

/* Checks the neighbours of the queries, then that every number of threads finds the same bytes. */
static void check_all(const struct device_operations *operations, int most_threads,
                      const struct nearest_problem *problem, const size_t *queries,
                      size_t query_count, size_t count) {
    const size_t values = query_count * count;
    size_t *neighbours = malloc(2 * values * sizeof *neighbours);
    float *similarities = malloc(2 * values * sizeof *similarities);
    assert_true(neighbours != NULL && similarities != NULL);
    search(operations, 1, problem, queries, query_count, count, neighbours, similarities);
    for (size_t q = 0; q < query_count; q++)
        check(problem, queries[q], neighbours + q * count, similarities + q * count, count);
    for (int threads = 1; threads <= most_threads; threads++) {
        search(operations, threads, problem, queries, query_count, count, neighbours + values,
               similarities + values);
        assert_memory_equal(neighbours, neighbours + values, values * sizeof *neighbours);
        assert_memory_equal(similarities, similarities + values, values * sizeof *similarities);
    }
    free(neighbours);
    free(similarities);
}

void nearest_rules_against_plain(const struct device_operations *operations, int most_threads,
                                 size_t rows, size_t columns, size_t query_count, size_t count) {
    float *data = make_data(rows, columns);
    size_t *queries = malloc(query_count * sizeof *queries);
    assert_non_null(queries);
    for (size_t q = 0; q < query_count; q++) queries[q] = (q * 11 + rows - 1) % rows;
    const struct nearest_problem problem = {
        .data = matrix_of(data, columns), .rows = rows, .columns = columns};
    check_all(operations, most_threads, &problem, queries, query_count, count);
    free(data);
    free(queries);
}

/* A problem with every member: a third of the rows as references, columns of different means and
 * deviations, five groups. */
struct chosen {
    struct nearest_problem problem;
    float *data;
    double *shift, *scale;
    size_t *references;
    int32_t *apart;
};

static struct chosen make_chosen(size_t rows, size_t columns) {
    struct chosen chosen = {.data = make_data(rows, columns),
                            .shift = malloc(columns * sizeof(double)),
                            .scale = malloc(columns * sizeof(double)),
                            .references = malloc(rows * sizeof(size_t)),
                            .apart = malloc(rows * sizeof(int32_t))};
    assert_true(chosen.shift != NULL && chosen.scale != NULL);
    assert_true(chosen.references != NULL && chosen.apart != NULL);
    for (size_t f = 0; f < columns; f++) {
        chosen.shift[f] = 0.1 * wide_number(900000 + f);
        chosen.scale[f] = 1.5 + wide_number(800000 + f);
    }
    size_t count = 0;
    for (size_t row = 0; row < rows; row++) {
        chosen.apart[row] = (int32_t)(row * row % 5);
        if (row % 3 == 1) chosen.references[count++] = row;
    }
    chosen.problem = (struct nearest_problem){.data = matrix_of(chosen.data, columns),
                                              .rows = rows,
                                              .columns = columns,
                                              .shift = chosen.shift,
                                              .scale = chosen.scale,
                                              .references = chosen.references,
                                              .reference_count = count,
                                              .apart = chosen.apart};
    return chosen;
}

static void free_chosen(struct chosen *chosen) {
    free(chosen->data);
    free(chosen->shift);
    free(chosen->scale);
    free(chosen->references);
    free(chosen->apart);
}

void nearest_rules_chosen(const struct device_operations *operations, int most_threads, size_t rows,
                          size_t columns, size_t query_count, size_t count) {
    struct chosen chosen = make_chosen(rows, columns);
    size_t *queries = malloc(query_count * sizeof *queries);
    assert_non_null(queries);
    for (size_t q = 0; q < query_count; q++) queries[q] = (q * 11 + rows - 1) % rows;
    check_all(operations, most_threads, &chosen.problem, queries, query_count, count);
    chosen.problem.apart = NULL;
    check_all(operations, 1, &chosen.problem, queries, query_count, count);
    chosen.problem.references = NULL;
    check_all(operations, 1, &chosen.problem, queries, query_count, count);
    /* all rows in one group: nothing is left to find */
    memset(chosen.apart, 0, rows * sizeof *chosen.apart);
    chosen.problem.apart = chosen.apart;
    check_all(operations, most_threads, &chosen.problem, queries, query_count, count);
    free(queries);
    free_chosen(&chosen);
}

void nearest_rules_gathered(const struct device_operations *operations, size_t rows, size_t columns,
                            size_t query_count, size_t count) {
    struct chosen chosen = make_chosen(rows, columns);
    const size_t references = chosen.problem.reference_count, values = query_count * count;
    float *gathered = malloc(references * columns * sizeof *gathered);
    size_t *queries = malloc(2 * query_count * sizeof *queries);
    size_t *neighbours = malloc(2 * values * sizeof *neighbours);
    float *similarities = malloc(2 * values * sizeof *similarities);
    assert_true(gathered != NULL && queries != NULL && neighbours != NULL && similarities != NULL);
    chosen.problem.apart = NULL;
    for (size_t i = 0; i < references; i++)
        scaled_row(&chosen.problem, chosen.references[i], gathered + i * columns);
    for (size_t q = 0; q < query_count; q++) {
        queries[q] = q * 7 % references;
        queries[query_count + q] = chosen.references[queries[q]];
    }
    const struct nearest_problem plain = {
        .data = matrix_of(gathered, columns), .rows = references, .columns = columns};
    search(operations, 2, &plain, queries, query_count, count, neighbours, similarities);
    for (size_t i = 0; i < values; i++)
        if (neighbours[i] != SIZE_MAX) neighbours[i] = chosen.references[neighbours[i]];
    search(operations, 2, &chosen.problem, queries + query_count, query_count, count,
           neighbours + values, similarities + values);
    assert_memory_equal(neighbours, neighbours + values, values * sizeof *neighbours);
    assert_memory_equal(similarities, similarities + values, values * sizeof *similarities);
    /* the last query alone */
    search(operations, 1, &chosen.problem, queries + 2 * query_count - 1, 1, count, neighbours,
           similarities);
    assert_memory_equal(neighbours, neighbours + 2 * values - count, count * sizeof *neighbours);
    assert_memory_equal(similarities, similarities + 2 * values - count,
                        count * sizeof *similarities);
    free(gathered);
    free(queries);
    free(neighbours);
    free(similarities);
    free_chosen(&chosen);
}

static enum error_code refused(const struct device_operations *operations,
                               const struct nearest_problem *problem, size_t query) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 1};
    size_t neighbour = 0;
    float similarity = 0;
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    operations->nearest(device, problem, &query, 1, 1, &neighbour, &similarity, &error);
    operations->close(device);
    return error.code;
}

void nearest_rules_scattered(const struct device_operations *operations, size_t rows,
                             size_t columns, size_t query_count, size_t count) {
    struct chosen chosen = make_chosen(rows, columns);
    struct scattered scattered = scattered_make(&chosen.problem.data, rows, columns);
    const size_t values = query_count * count;
    size_t *queries = malloc(query_count * sizeof *queries);
    size_t *neighbours = malloc(2 * values * sizeof *neighbours);
    float *similarities = malloc(2 * values * sizeof *similarities);
    assert_true(queries != NULL && neighbours != NULL && similarities != NULL);
    for (size_t q = 0; q < query_count; q++) queries[q] = q * 7 % rows;
    for (int plain = 0; plain <= 1; plain++) {
        if (plain) {
            chosen.problem.references = NULL;
            chosen.problem.shift = chosen.problem.scale = NULL;
        }
        struct nearest_problem problem = chosen.problem;
        problem.data = scattered.rows;
        search(operations, 2, &chosen.problem, queries, query_count, count, neighbours,
               similarities);
        search(operations, 3, &problem, queries, query_count, count, neighbours + values,
               similarities + values);
        assert_memory_equal(neighbours, neighbours + values, values * sizeof *neighbours);
        assert_memory_equal(similarities, similarities + values, values * sizeof *similarities);
    }
    free(queries);
    free(neighbours);
    free(similarities);
    scattered_free(&scattered);
    free_chosen(&chosen);
}

void nearest_rules_refused(const struct device_operations *operations) {
    struct chosen chosen = make_chosen(30, 4);
    assert_int_equal(refused(operations, &chosen.problem, 29), ERROR_NONE);
    assert_int_equal(refused(operations, &chosen.problem, 30), ERROR_INTERNAL);
    chosen.references[3] = chosen.references[2];
    assert_int_equal(refused(operations, &chosen.problem, 0), ERROR_INTERNAL);
    chosen.references[3] = 30;
    assert_int_equal(refused(operations, &chosen.problem, 0), ERROR_INTERNAL);
    chosen.problem.references = NULL;
    chosen.problem.shift = NULL;
    assert_int_equal(refused(operations, &chosen.problem, 0), ERROR_INTERNAL);
    free_chosen(&chosen);
}

void nearest_rules_ties_and_zeros(const struct device_operations *operations) {
    float *data = make_data(700, 37);
    const size_t queries[2] = {500, 30};
    size_t neighbours[4];
    float similarities[4];
    const struct nearest_problem problem = {
        .data = matrix_of(data, 37), .rows = 700, .columns = 37};
    search(operations, 2, &problem, queries, 2, 2, neighbours, similarities);
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
    const struct nearest_problem problem = {.data = matrix_of(data, 37), .rows = 3, .columns = 37};
    search(operations, 2, &problem, &query, 1, 4, neighbours, similarities);
    assert_true(neighbours[0] + neighbours[1] == 2);
    assert_true(neighbours[2] == SIZE_MAX && neighbours[3] == SIZE_MAX);
    assert_true(isnan(similarities[2]) && isnan(similarities[3]));
    free(data);
}
