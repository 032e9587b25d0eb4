/* The neighbours' votes against numpy; the same bytes from any number of threads; and what rows
 * without neighbours and large sets get. */
#include "host/classifier/references.h"
#include "host/classifier/votes.h"
#include "tests/support/compare.h"
#include "tests/support/fake_device.h"
#include "tests/support/golden.h"
#include "tests/support/scattered.h"
#include "tests/support/wide_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Largest difference of a logarithm: cosines are float32 sums, and a vote multiplies their error
 * by 1 / VOTES_TEMPERATURE. */
#define GATE 2e-5
#define COSINE_GATE 1e-6

static float *run(const struct device_operations *operations, const struct votes_input *input,
                  int threads) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = threads};
    struct votes_input own = *input;
    own.threads = threads;
    float *logs = calloc(input->rows * input->classes, sizeof *logs);
    assert_non_null(logs);
    operations->open(&settings, &device, &error);
    assert_no_error(&error);
    votes_run(operations, device, &own, NULL, logs, &error);
    assert_no_error(&error);
    operations->close(device);
    return logs;
}

/* neighbours and similarities: (query_count, VOTES_NEIGHBOURS) */
static void find(const struct votes_input *input, const size_t *queries, size_t query_count,
                 size_t *neighbours, float *similarities) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 2};
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    votes_neighbours(&device_cpu_operations, device, input, queries, query_count, neighbours,
                     similarities, &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
}

static struct golden read_part(const char *name, const char *part) {
    char path[64];
    snprintf(path, sizeof path, "votes/%s_%s.npy", name, part);
    return golden_read(path);
}

static void check_neighbours(const char *name, const struct votes_input *input) {
    struct golden n = read_part(name, "n"), s = read_part(name, "s");
    size_t *queries = malloc(input->rows * sizeof *queries);
    size_t *neighbours = malloc(n.count * sizeof *neighbours);
    float *similarities = malloc(n.count * sizeof *similarities);
    assert_true(queries != NULL && neighbours != NULL && similarities != NULL);
    for (size_t q = 0; q < input->rows; q++) queries[q] = input->rows - 1 - q;
    find(input, queries, input->rows, neighbours, similarities);
    for (size_t q = 0; q < input->rows; q++)
        for (size_t k = 0; k < VOTES_NEIGHBOURS; k++) {
            size_t at = q * VOTES_NEIGHBOURS + k, want = queries[q] * VOTES_NEIGHBOURS + k;
            assert_true((neighbours[at] == SIZE_MAX) == (n.integers[want] < 0));
            assert_true(isnan(similarities[at]) == (n.integers[want] < 0));
            if (n.integers[want] < 0) continue;
            bool listed = false; /* two as similar as rounding may have changed places */
            for (size_t i = 0; i < VOTES_NEIGHBOURS; i++)
                listed |= n.integers[want - k + i] == (int32_t)neighbours[at];
            assert_true(listed);
            assert_within(fabs((double)similarities[at] - s.doubles[want]), COSINE_GATE, name);
        }
    free(queries);
    free(neighbours);
    free(similarities);
    golden_free(&n);
    golden_free(&s);
}

static void check_golden(const char *name, bool has_groups) {
    struct golden x = read_part(name, "x"), y = read_part(name, "y"), v = read_part(name, "v"), g;
    if (has_groups) g = read_part(name, "g");
    const struct votes_input input = {.embeddings = matrix_of(x.floats, x.shape[1]),
                                      .labels = y.integers,
                                      .rows = x.shape[0],
                                      .features = x.shape[1],
                                      .classes = v.shape[1],
                                      .apart = has_groups ? g.integers : NULL,
                                      .threads = 1};
    float *first = run(&device_cpu_operations, &input, 1);
    assert_within(compare_largest_float(first, v.doubles, v.count), GATE, name);
    for (int threads = 2; threads <= 4; threads++) {
        const struct device_operations *operations =
            threads == 4 ? &fake_device_operations : &device_cpu_operations;
        float *again = run(operations, &input, threads);
        assert_memory_equal(first, again, v.count * sizeof *first);
        free(again);
    }
    check_neighbours(name, &input);
    free(first);
    golden_free(&x);
    golden_free(&y);
    golden_free(&v);
    if (has_groups) golden_free(&g);
}

static void test_golden(void **state) {
    (void)state;
    check_golden("plain", false);
    check_golden("apart", true);
    check_golden("sparse", false);
    check_golden("few", false);
    check_golden("mean", false);
}

/* All logarithms are those of a distribution. */
static void check_distribution(const float *logs, size_t rows, size_t classes) {
    for (size_t row = 0; row < rows; row++) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++) sum += exp((double)logs[row * classes + c]);
        assert_within(fabs(sum - 1), 1e-6, "sum");
    }
}

static void check_small(const float *x, size_t rows, size_t features, const int32_t *apart,
                        const double *expected) {
    const int32_t labels[3] = {0, 1, 1};
    const struct votes_input input = {.embeddings = matrix_of(x, features),
                                      .labels = labels,
                                      .rows = rows,
                                      .features = features,
                                      .classes = 3,
                                      .apart = apart};
    float *logs = run(&device_cpu_operations, &input, 1);
    check_distribution(logs, rows, 3);
    for (size_t i = 0; i < rows * 3; i++)
        assert_within(fabs(exp((double)logs[i]) - expected[i]), 1e-6, "probability");
    free(logs);
}

static void test_small(void **state) {
    (void)state;
    const double none = 1.0 / 3, most = 1.01 / 1.03, least = 0.01 / 1.03;
    const double half = 0.51 / 1.03,
                 uniform[9] = {none, none, none, none, none, none, none, none, none};
    /* two rows, one column: opposite, and each votes for the other's label */
    check_small((const float[]){1, 2}, 2, 1, NULL,
                (const double[]){least, most, least, most, least, least});
    check_small((const float[]){1}, 1, 1, NULL, uniform);
    check_small((const float[]){5, 5, 5}, 3, 1, NULL, uniform);
    check_small((const float[]){1, 2, 4}, 3, 1, (const int32_t[]){7, 7, 7}, uniform);
    check_small((const float[]){1, 2, 4}, 3, 1, (const int32_t[]){7, 7, 0},
                (const double[]){least, most, least, least, most, least, half, half, least});
}

static void test_sizes_of_numbers(void **state) {
    (void)state;
    enum { ROWS = 60 };
    float x[ROWS * 3];
    int32_t labels[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = (int32_t)(i % 2);
        x[3 * i] = 3e38F * (float)wide_number(i);
        x[3 * i + 1] = i == 7 ? 1e-38F : 0; /* nearly constant */
        x[3 * i + 2] = 1e-40F * (float)wide_number(1000 + i);
    }
    const struct votes_input input = {
        .embeddings = matrix_of(x, 3), .labels = labels, .rows = ROWS, .features = 3, .classes = 2};
    float *logs = run(&device_cpu_operations, &input, 1);
    check_distribution(logs, ROWS, 2);
    free(logs);
}

/* ---- the sample of references ---- */

#define MANY ((size_t)17000)
#define FEATURES ((size_t)10)
#define CLASSES ((size_t)5)

/* Rows in another order: place[i] is where row i of the original is. */
struct many {
    float *x;
    int32_t *y;
    size_t *place;
};

static size_t place_of(size_t row, bool turned) {
    return turned ? (row * 7919 + 123) % MANY : row; /* 7919 is a prime that does not divide MANY */
}

/* Class 3 has 30 rows, class 4 has 7. */
static struct many make_many(bool turned) {
    struct many many = {.x = malloc(MANY * FEATURES * sizeof(float)),
                        .y = malloc(MANY * sizeof(int32_t)),
                        .place = malloc(MANY * sizeof(size_t))};
    assert_true(many.x != NULL && many.y != NULL && many.place != NULL);
    for (size_t i = 0; i < MANY; i++) {
        size_t at = many.place[i] = place_of(i, turned);
        many.y[at] = i < 7 ? 4 : i < 37 ? 3 : (int32_t)(i % 3);
        for (size_t f = 0; f < FEATURES; f++)
            many.x[at * FEATURES + f] =
                (float)(wide_number(i * FEATURES + f) + 0.5 * wide_number((size_t)many.y[at] + 77));
    }
    return many;
}

static void free_many(struct many *many) {
    free(many->x);
    free(many->y);
    free(many->place);
}

static size_t choose(const struct many *many, size_t most, size_t **references) {
    struct error error = ERROR_INITIAL;
    size_t count;
    const struct matrix_rows x = matrix_of(many->x, FEATURES);
    references_choose(&x, many->y, MANY, FEATURES, CLASSES, most, REFERENCES_LEAST, references,
                      &count, &error);
    assert_no_error(&error);
    return count;
}

static void test_references(void **state) {
    (void)state;
    struct many many = make_many(false), turned = make_many(true);
    size_t *references, *others, of_class[CLASSES] = {0}, rows[CLASSES] = {0};
    size_t count = choose(&many, 2000, &references);
    for (size_t i = 0; i < MANY; i++) rows[many.y[i]]++;
    for (size_t i = 0; i < count; i++) {
        assert_true(references[i] < MANY && (i == 0 || references[i] > references[i - 1]));
        of_class[many.y[references[i]]]++;
    }
    for (size_t c = 0; c < 3; c++) assert_int_equal(of_class[c], rows[c] * 2000 / MANY);
    assert_int_equal(of_class[3], REFERENCES_LEAST);
    assert_int_equal(of_class[4], 7);
    /* the same rows, wherever they are */
    assert_int_equal(choose(&turned, 2000, &others), count);
    bool *is_chosen = calloc(MANY, sizeof *is_chosen);
    assert_non_null(is_chosen);
    for (size_t i = 0; i < count; i++) is_chosen[others[i]] = true;
    for (size_t i = 0; i < count; i++) assert_true(is_chosen[turned.place[references[i]]]);
    free(is_chosen);
    free(references);
    free(others);
    free_many(&many);
    free_many(&turned);
}

/* Among equal rows the first ones are chosen. */
static void test_equal_references(void **state) {
    (void)state;
    enum { ROWS = 100 };
    struct error error = ERROR_INITIAL;
    const float x[ROWS] = {0};
    int32_t labels[ROWS];
    size_t *references, count;
    for (size_t i = 0; i < ROWS; i++) labels[i] = i % 4 == 0;
    const struct matrix_rows matrix = matrix_of(x, 1);
    references_choose(&matrix, labels, ROWS, 1, 2, 80, REFERENCES_LEAST, &references, &count,
                      &error);
    assert_no_error(&error);
    assert_int_equal(count, 80);
    for (size_t i = 0; i < count; i++) assert_int_equal(references[i], i);
    free(references);
}

/* A row's votes from its neighbours among the references, in plain loops. */
static void plain_votes(const struct many *many, const double *z, const size_t *references,
                        size_t count, size_t query, double *votes) {
    bool taken[VOTES_REFERENCES + 100] = {false};
    double sum = 0;
    memset(votes, 0, CLASSES * sizeof *votes);
    for (size_t n = 0; n < VOTES_NEIGHBOURS; n++) {
        size_t best = SIZE_MAX;
        double most = -2;
        for (size_t i = 0; i < count; i++) {
            double s = 0;
            for (size_t f = 0; f < FEATURES; f++)
                s += z[query * FEATURES + f] * z[references[i] * FEATURES + f];
            if (references[i] == query || taken[i] || s <= most) continue;
            best = i;
            most = s;
        }
        taken[best] = true;
        votes[many->y[references[best]]] += exp((most - 1) / VOTES_TEMPERATURE);
        sum += exp((most - 1) / VOTES_TEMPERATURE);
    }
    for (size_t c = 0; c < CLASSES; c++)
        votes[c] = (votes[c] + VOTES_FLOOR * sum) / (sum * (1 + VOTES_FLOOR * (double)CLASSES));
}

static double *unit_rows(const struct many *many) {
    double *z = malloc(MANY * FEATURES * sizeof *z);
    assert_non_null(z);
    for (size_t f = 0; f < FEATURES; f++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < MANY; i++) mean += (double)many->x[i * FEATURES + f] / (double)MANY;
        for (size_t i = 0; i < MANY; i++) {
            z[i * FEATURES + f] = (double)many->x[i * FEATURES + f] - mean;
            square += z[i * FEATURES + f] * z[i * FEATURES + f];
        }
        for (size_t i = 0; i < MANY; i++) z[i * FEATURES + f] /= sqrt(square / (double)MANY);
    }
    for (size_t i = 0; i < MANY; i++) {
        double square = 0;
        for (size_t f = 0; f < FEATURES; f++) square += z[i * FEATURES + f] * z[i * FEATURES + f];
        for (size_t f = 0; f < FEATURES; f++) z[i * FEATURES + f] /= sqrt(square);
    }
    return z;
}

static struct votes_input many_input(const struct many *many) {
    return (struct votes_input){.embeddings = matrix_of(many->x, FEATURES),
                                .labels = many->y,
                                .rows = MANY,
                                .features = FEATURES,
                                .classes = CLASSES,
                                .threads = 1};
}

static void test_sample(void **state) {
    (void)state;
    struct many many = make_many(false), turned = make_many(true);
    const struct votes_input input = many_input(&many), turned_input = many_input(&turned);
    float *logs = run(&device_cpu_operations, &input, 2);
    float *turned_logs = run(&device_cpu_operations, &turned_input, 2);
    double *z = unit_rows(&many), votes[CLASSES];
    size_t *references, count = choose(&many, VOTES_REFERENCES, &references);
    assert_true(count <= VOTES_REFERENCES + CLASSES * REFERENCES_LEAST);
    for (size_t row = 0; row < MANY; row += 1303) {
        plain_votes(&many, z, references, count, row, votes);
        for (size_t c = 0; c < CLASSES; c++)
            assert_within(fabs((double)logs[row * CLASSES + c] - log(votes[c])), 1e-3, "votes");
    }
    /* The sums of the columns are rounded otherwise, which may change who is the last neighbour. */
    size_t different = 0;
    for (size_t i = 0; i < MANY; i++)
        different +=
            !(compare_largest_floats(logs + i * CLASSES, turned_logs + turned.place[i] * CLASSES,
                                     CLASSES) <= 1e-3);
    assert_true(different <= MANY / 1000);
    struct scattered scattered = scattered_make(&input.embeddings, MANY, FEATURES);
    struct votes_input apart = input;
    apart.embeddings = scattered.rows;
    float *again = run(&device_cpu_operations, &apart, 2);
    assert_memory_equal(logs, again, (size_t)MANY * CLASSES * sizeof *logs);
    scattered_free(&scattered);
    free(again);
    free(logs);
    free(turned_logs);
    free(z);
    free(references);
    free_many(&many);
    free_many(&turned);
}

static void count_step(void *context, size_t finished_rows, size_t all_rows) {
    size_t *last = context;
    assert_true(finished_rows > *last && finished_rows <= all_rows);
    *last = finished_rows;
}

static void test_progress(void **state) {
    (void)state;
    struct many many = make_many(false);
    struct votes_input input = many_input(&many);
    input.rows = 9000; /* two blocks */
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 2};
    size_t last = 0;
    const struct votes_progress progress = {count_step, &last};
    float *logs = malloc(input.rows * CLASSES * sizeof *logs);
    assert_non_null(logs);
    device_cpu_operations.open(&settings, &device, &error);
    votes_run(&device_cpu_operations, device, &input, &progress, logs, &error);
    assert_no_error(&error);
    assert_int_equal(last, input.rows);
    device_cpu_operations.close(device);
    free(logs);
    free_many(&many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),           cmocka_unit_test(test_small),
        cmocka_unit_test(test_sizes_of_numbers), cmocka_unit_test(test_references),
        cmocka_unit_test(test_equal_references), cmocka_unit_test(test_sample),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests_name("votes", tests, NULL, NULL);
}
