/* Confident learning against cleanlab 2.9, on 220 data sets with one label and 20 with
 * several labels a row. The streams of golden numbers are read in the order in which
 * tests/golden/confident/make_confident.py wrote them. */
#include "host/confident/class_health.h"
#include "host/confident/confident.h"
#include "host/confident/latent.h"
#include "host/confident/multilabel.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/made_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOG_ROWS 40
#define MULTILABEL_FIRST 300
#define MULTILABEL_LAST 319

/* The streams and the read positions. */
static struct golden cases;
static struct golden integers;
static struct golden numbers;
static size_t integer_at;
static size_t number_at;

static int open_streams(void **state) {
    (void)state;
    cases = golden_read("confident/cases.npy");
    integers = golden_read("confident/integers.npy");
    numbers = golden_read("confident/numbers.npy");
    return 0;
}

static int close_streams(void **state) {
    (void)state;
    golden_free(&cases);
    golden_free(&integers);
    golden_free(&numbers);
    return 0;
}

static int next_integer(void) {
    assert_true(integer_at < integers.count);
    return integers.shorts[integer_at++];
}

static double next_number(void) {
    assert_true(number_at < numbers.count);
    return numbers.doubles[number_at++];
}

static void expect_integers(const char *what, uint64_t seed, const int64_t *actual, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int expected = next_integer();
        if (actual[i] != expected)
            fail_msg("set %d: %s[%zu] is %d instead of %d", (int)seed, what, i, (int)actual[i],
                     expected);
    }
}

/* NaN in the golden numbers: the reference has no result. */
static void expect_numbers(const char *what, uint64_t seed, const double *actual, size_t count,
                           double tolerance) {
    for (size_t i = 0; i < count; i++) {
        double expected = next_number();
        if (isnan(expected)) continue;
        if (!(fabs(actual[i] - expected) <= tolerance * fmax(1, fabs(expected))))
            fail_msg("set %d: %s[%zu] is %.17g instead of %.17g", (int)seed, what, i, actual[i],
                     expected);
    }
}

static void expect_bits(const char *what, uint64_t seed, const double *values, size_t count) {
    int16_t check[4];
    made_check(values, count, check);
    for (int i = 0; i < 4; i++)
        if (check[i] != next_integer())
            fail_msg("set %d: %s differ from the reference in their bits", (int)seed, what);
}

static void check_inputs(const struct made_case *from, const struct made_data *data) {
    double *values = calloc(from->rows * from->classes, sizeof *values);
    assert_non_null(values);
    npy_copy_float64(&data->probability_view, 0, from->rows, values);
    expect_bits("probabilities", from->seed, values, from->rows * from->classes);
    free(values);
}

static void check_scores(const struct made_case *from, const struct confident_input *input,
                         const double *thresholds) {
    struct error error = ERROR_INITIAL;
    double *scores = calloc(from->rows, sizeof *scores);
    assert_non_null(scores);
    for (int score = SCORE_SELF_CONFIDENCE; score <= SCORE_NORMALIZED_MARGIN; score++)
        for (int adjust = 0; adjust < 2; adjust++) {
            confident_score_rows(input, (enum confident_score)score, adjust ? thresholds : NULL,
                                 scores, &error);
            assert_no_error(&error);
            expect_bits(confident_score_name((enum confident_score)score), from->seed, scores,
                        from->rows);
        }
    confident_score_rows(input, SCORE_CONFIDENCE_WEIGHTED_ENTROPY, NULL, scores, &error);
    assert_no_error(&error);
    /* the last bits of a logarithm depend on the C library */
    expect_numbers("entropy", from->seed, scores, from->rows < LOG_ROWS ? from->rows : LOG_ROWS,
                   1e-12);
    free(scores);
}

static void check_latent(const struct made_case *from, const struct confident_result *result) {
    size_t classes = from->classes;
    double *joint = calloc(3 * classes * classes + classes, sizeof *joint);
    assert_non_null(joint);
    double *prior = joint + 3 * classes * classes;
    for (size_t i = 0; i < classes * classes; i++) joint[i] = (double)result->confident_joint[i];
    for (int method = 0; method < LATENT_METHOD_COUNT; method++) {
        struct error error = ERROR_INITIAL;
        if (latent_estimate(joint, classes, result->class_counts, (enum latent_method)method, prior,
                            joint + classes * classes, joint + 2 * classes * classes,
                            &error) != ERROR_NONE)
            for (size_t k = 0; k < classes; k++) prior[k] = NAN;
        expect_numbers(latent_method_name((enum latent_method)method), from->seed, prior, classes,
                       1e-9);
    }
    free(joint);
}

static void check_health(const struct made_case *from, const struct confident_result *result) {
    struct error error = ERROR_INITIAL;
    struct class_health health;
    const struct class_health_entry *sorted[64];
    class_health_measure(result->calibrated_joint, from->classes, from->rows,
                         result->num_label_issues, &health, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < from->classes; i++) {
        sorted[health.classes[i].index] = &health.classes[i];
        if (i > 0)
            assert_true(health.classes[i - 1].label_quality <= health.classes[i].label_quality);
    }
    for (size_t k = 0; k < from->classes; k++)
        expect_integers("label issues", from->seed, &sorted[k]->label_issues, 1);
    for (size_t k = 0; k < from->classes; k++)
        expect_integers("inverse label issues", from->seed, &sorted[k]->inverse_label_issues, 1);
    for (size_t k = 0; k < from->classes; k++)
        expect_numbers("label noise", from->seed, &sorted[k]->label_noise, 1, 0);
    for (size_t k = 0; k < from->classes; k++)
        expect_numbers("inverse label noise", from->seed, &sorted[k]->inverse_label_noise, 1, 0);
    size_t pairs = health.pair_count < 10 ? health.pair_count : 10;
    for (size_t i = 0; i < pairs; i++) assert_int_equal(health.pairs[i].first, next_integer());
    for (size_t i = 0; i < pairs; i++) assert_int_equal(health.pairs[i].second, next_integer());
    for (size_t i = 0; i < pairs; i++) assert_int_equal(health.pairs[i].examples, next_integer());
    for (size_t i = 0; i < pairs; i++)
        expect_numbers("pairs", from->seed, &health.pairs[i].joint_probability, 1, 0);
    expect_numbers("overall health", from->seed, &health.overall, 1, 0);
    class_health_free(&health);
    check_latent(from, result);
}

/* The five variations of the settings; joint and remove are owned by the caller. */
static struct confident_settings variation(int number, const struct made_case *from, double *joint,
                                           double *remove) {
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    size_t classes = from->classes;
    if (number == 1) settings.frac_noise = (double)(from->seed % 10) / 10.0;
    if (number == 2) settings.min_examples_per_class = (int64_t)(from->seed % 6);
    if (number == 3) settings.joint = joint;
    if (number == 4) settings.num_to_remove = remove;
    if (number == 1 || number == 3) settings.score = SCORE_NORMALIZED_MARGIN;
    if (number == 2) settings.score = SCORE_CONFIDENCE_WEIGHTED_ENTROPY;
    settings.adjust_pred_probs = number >= 3;
    for (size_t i = 0; i < classes * classes; i++) {
        joint[i] = (double)(made_mix(from->seed, 7, i) % 20);
        if (made_mix(from->seed, 8, i) % 3 == 0) joint[i] = 0;
        joint[i] = joint[i] * 0.37 + (i / classes == i % classes ? 5.0 : 0.0);
    }
    for (size_t k = 0; k < classes; k++) remove[k] = (double)(made_mix(from->seed, 6, k) % 5);
    return settings;
}

/* The number of issues that a supplied joint stands for. */
static void check_supplied(const struct made_case *from, const struct confident_input *input) {
    double joint[39 * 39];
    double remove[39];
    struct error error = ERROR_INITIAL;
    struct confident_settings settings = variation(3, from, joint, remove);
    struct confident_result result;
    confident_find(input, &settings, &result, &error);
    assert_no_error(&error);
    int64_t count = (int64_t)result.num_label_issues_custom;
    expect_integers("off_diagonal_custom", from->seed, &count, 1);
    confident_free(&result);
}

static void check_filters(const struct made_case *from, const struct confident_input *input) {
    double joint[39 * 39];
    double remove[39];
    for (int filter = 0; filter < FILTER_COUNT; filter++)
        for (int number = 0; number < (filter <= FILTER_BOTH ? 5 : 4); number++) {
            struct error error = ERROR_INITIAL;
            struct confident_settings settings = variation(number, from, joint, remove);
            struct confident_result result;
            settings.filter = (enum confident_filter)filter;
            confident_find(input, &settings, &result, &error);
            assert_no_error(&error);
            int64_t count = (int64_t)result.issue_count;
            expect_integers("number of issues", from->seed, &count, 1);
            for (size_t i = 0; i < result.issue_count; i++) {
                int64_t row = result.issues[i].row;
                expect_integers(confident_filter_name(settings.filter), from->seed, &row, 1);
            }
            confident_free(&result);
        }
}

static void check_case(const struct made_case *from) {
    struct error error = ERROR_INITIAL;
    struct made_data data = made_data(from);
    struct confident_input input = {data.label_view, data.probability_view, 2, false};
    struct confident_settings defaults = CONFIDENT_DEFAULTS;
    struct confident_result result;
    size_t cells = from->classes * from->classes;
    check_inputs(from, &data);
    confident_find(&input, &defaults, &result, &error);
    assert_no_error(&error);
    expect_numbers("thresholds", from->seed, result.thresholds, from->classes, 0);
    expect_integers("confident joint", from->seed, result.confident_joint, cells);
    expect_integers("calibrated joint", from->seed, result.calibrated_joint, cells);
    const int64_t counts[2] = {(int64_t)result.num_label_issues,
                               (int64_t)result.num_label_issues_calibrated};
    expect_integers("num_label_issues", from->seed, counts, 2);
    check_supplied(from, &input);
    check_scores(from, &input, result.thresholds);
    check_health(from, &result);
    check_filters(from, &input);
    confident_free(&result);
    made_data_free(&data);
}

static void test_reference(void **state) {
    (void)state;
    size_t sets = cases.count / 7;
    assert_true(sets >= 200);
    for (size_t i = 0; i < sets; i++) {
        const int16_t *c = cases.shorts + 7 * i;
        struct made_case from = {(uint64_t)c[0], (size_t)c[1], (size_t)c[2], c[3],
                                 c[4] != 0,      c[5] != 0,    (size_t)c[6]};
        check_case(&from);
    }
}

/* ---- several labels a row ---- */

static void check_multilabel_scores(uint64_t seed, const struct multilabel_input *input,
                                    const double *thresholds) {
    double scores[LOG_ROWS];
    size_t count = input->labels.rows < LOG_ROWS ? input->labels.rows : LOG_ROWS;
    for (int score = 0; score < SCORE_COUNT; score++)
        for (int adjust = 0; adjust < (score == SCORE_CONFIDENCE_WEIGHTED_ENTROPY ? 1 : 2);
             adjust++) {
            struct error error = ERROR_INITIAL;
            multilabel_score_rows(input, (enum confident_score)score, adjust ? thresholds : NULL,
                                  NULL, count, scores, &error);
            assert_no_error(&error);
            expect_numbers("multi-label scores", seed, scores, count, 1e-14);
        }
}

/* Health does not depend on the filter, but on the joint. */
static void check_multilabel_health(uint64_t seed, const struct multilabel_input *input) {
    double joint[4 * 8];
    size_t classes = input->labels.columns;
    for (size_t i = 0; i < classes * 4; i++)
        joint[i] = (double)(made_mix(seed, 14, i) % 20) * 0.37 + (i % 4 % 3 == 0 ? 5.0 : 0.0);
    for (int supplied = 0; supplied < 2; supplied++) {
        struct error error = ERROR_INITIAL;
        struct confident_settings settings = CONFIDENT_DEFAULTS;
        struct multilabel_result result;
        if (seed % 3 > 0) settings.filter = FILTER_PREDICTED_NEQ_GIVEN;
        if (seed % 3 > 1) settings.min_examples_per_class = 1000;
        if (supplied) settings.joint = joint;
        multilabel_find(input, &settings, &result, &error);
        assert_no_error(&error);
        for (size_t c = 0; c < classes; c++) {
            const int64_t counts[2] = {(int64_t)result.class_counts[c].label_issues,
                                       (int64_t)result.class_counts[c].inverse_label_issues};
            expect_integers("multi-label class health", seed, counts, 2);
        }
        double health = multilabel_health(&result);
        expect_numbers("multi-label health", seed, &health, 1, 0);
        multilabel_free(&result);
    }
}

/* Which rows are flagged; all are in annotations, and no others. */
static void check_multilabel_lowest(uint64_t seed, const struct multilabel_input *input,
                                    enum confident_filter filter) {
    struct error error = ERROR_INITIAL;
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    struct multilabel_result result;
    size_t rows = input->labels.rows;
    settings.filter = filter;
    multilabel_find(input, &settings, &result, &error);
    assert_no_error(&error);
    unsigned char *flagged = calloc(rows, 2);
    assert_non_null(flagged);
    for (size_t i = 0; i < result.issue_count; i++) {
        flagged[result.issues[i].row] = 1;
        if (i > 0) assert_true(result.issues[i - 1].score <= result.issues[i].score);
    }
    int64_t count = (int64_t)result.issue_count;
    expect_integers("multi-label lowest rows", seed, &count, 1);
    for (int64_t row = 0; row < (int64_t)rows; row++)
        if (flagged[row]) expect_integers(confident_filter_name(filter), seed, &row, 1);
    for (size_t i = 0; i < result.annotation_count; i++)
        flagged[rows + result.annotations[i].row] = 1;
    assert_memory_equal(flagged, flagged + rows, rows);
    free(flagged);
    multilabel_free(&result);
}

static void check_multilabel(uint64_t seed, size_t rows, size_t classes, bool single) {
    int8_t *labels = calloc(rows * classes, 1);
    double *p = calloc(rows * classes, sizeof *p);
    assert_true(labels != NULL && p != NULL);
    for (size_t i = 0; i < rows * classes; i++) {
        bool wanted = made_unit(seed, 11, i) < 0.4;
        labels[i] = (int8_t)(wanted != (made_unit(seed, 12, i) < 0.1));
        if (i < 2 * classes) labels[i] = i >= classes;
        p[i] = rint((made_unit(seed, 13, i) * 0.6 + (wanted ? 0.4 : 0.0)) * 100.0) / 100.0;
    }
    void *elements = made_elements(p, rows, classes, single, false);
    struct multilabel_input input = {
        npy_view(NPY_INT8, rows, classes, labels),
        npy_view(single ? NPY_FLOAT32 : NPY_FLOAT64, rows, classes, elements), 2};
    for (int filter = 0; filter < 5; filter++) {
        struct error error = ERROR_INITIAL;
        struct confident_settings settings = CONFIDENT_DEFAULTS;
        struct multilabel_result result;
        settings.filter = (enum confident_filter)filter;
        settings.score = (enum confident_score)(filter % 3);
        multilabel_find(&input, &settings, &result, &error);
        assert_no_error(&error);
        if (filter == 0) {
            int64_t count = (int64_t)result.num_label_issues;
            expect_integers("multi-label num_label_issues", seed, &count, 1);
            check_multilabel_scores(seed, &input, result.thresholds);
            check_multilabel_health(seed, &input);
            check_multilabel_lowest(seed, &input, FILTER_LOW_SELF_CONFIDENCE);
            check_multilabel_lowest(seed, &input, FILTER_LOW_NORMALIZED_MARGIN);
        }
        int64_t count = (int64_t)result.issue_count;
        expect_integers("multi-label issues", seed, &count, 1);
        for (size_t i = 0; i < result.issue_count; i++) {
            int64_t row = result.issues[i].row;
            expect_integers("multi-label ranking", seed, &row, 1);
        }
        multilabel_free(&result);
    }
    free(elements);
    free(p);
    free(labels);
}

/* Must run after test_reference, which leaves the streams at the right position. */
static void test_multilabel_reference(void **state) {
    (void)state;
    for (uint64_t seed = MULTILABEL_FIRST; seed <= MULTILABEL_LAST; seed++)
        check_multilabel(seed, (size_t)(30 + 7 * (seed % 11)), (size_t)(2 + seed % 7),
                         seed % 2 == 1);
    assert_int_equal(integer_at, integers.count);
    assert_int_equal(number_at, numbers.count);
}

/* ---- threads, refusals ---- */

static void test_same_for_all_threads(void **state) {
    (void)state;
    struct made_case from = {77, 30000, 23, 3, true, false, 2};
    struct made_data data = made_data(&from);
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    settings.adjust_pred_probs = true;
    for (int filter = 0; filter < FILTER_COUNT; filter++) {
        struct confident_result one;
        settings.filter = (enum confident_filter)filter;
        for (int threads = 1; threads <= 5; threads += 2) {
            struct error error = ERROR_INITIAL;
            struct confident_input input = {data.label_view, data.probability_view, threads, false};
            struct confident_result result;
            confident_find(&input, &settings, &result, &error);
            assert_no_error(&error);
            if (threads == 1) {
                one = result;
                assert_true(one.issue_count > 100);
                continue;
            }
            assert_int_equal(one.issue_count, result.issue_count);
            assert_memory_equal(one.issues, result.issues, one.issue_count * sizeof *one.issues);
            assert_memory_equal(one.thresholds, result.thresholds,
                                one.classes * sizeof *one.thresholds);
            confident_free(&result);
        }
        confident_free(&one);
    }
    made_data_free(&data);
}

static void expect_refused(const struct npy_array *labels, const struct npy_array *probabilities,
                           enum error_code code, const char *part) {
    struct error error = ERROR_INITIAL;
    struct confident_input input = {*labels, *probabilities, 2, false};
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    struct confident_result result;
    assert_int_equal(confident_find(&input, &settings, &result, &error), code);
    if (strstr(error.message, part) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, part);
    assert_null(result.issues);
}

/* One invalid probability in otherwise good data. */
static void expect_value_refused(double value, const char *part) {
    struct made_case from = {5, 5000, 7, 0, false, false, 0};
    struct made_data data = made_data(&from);
    ((double *)data.elements)[4321 * 7 + 6] = value;
    ((double *)data.elements)[4800 * 7 + 1] = value; /* only the first one is reported */
    expect_refused(&data.label_view, &data.probability_view, ERROR_DATA, part);
    made_data_free(&data);
}

static void test_values_refused(void **state) {
    (void)state;
    expect_value_refused(NAN, "row 4321, class 6: the probability is NaN");
    expect_value_refused(INFINITY, "row 4321, class 6");
    expect_value_refused(-INFINITY, "row 4321, class 6");
    expect_value_refused(1.0000011, "row 4321, class 6");
    expect_value_refused(-1.1e-6, "row 4321, class 6");
}

static void test_labels_refused(void **state) {
    (void)state;
    struct made_case from = {6, 3000, 5, 0, true, false, 0};
    struct made_data data = made_data(&from);
    struct npy_array floats = npy_view(NPY_FLOAT64, 3000, 0, data.labels);
    struct npy_array shorter = npy_view(NPY_INT64, 2999, 0, data.labels);
    struct npy_array empty = npy_view(NPY_INT64, 0, 0, data.labels);
    struct npy_array nothing = npy_view(NPY_FLOAT32, 0, 5, data.elements);
    struct npy_array flat = npy_view(NPY_FLOAT32, 3000, 0, data.elements);
    expect_refused(&floats, &data.probability_view, ERROR_DATA, "float64 instead of integers");
    expect_refused(&shorter, &data.probability_view, ERROR_DATA, "2999 labels, but 3000 rows");
    expect_refused(&empty, &nothing, ERROR_DATA, "empty");
    expect_refused(&data.label_view, &flat, ERROR_DATA, "1 dimensions");
    data.labels[2222] = 5;
    expect_refused(&data.label_view, &data.probability_view, ERROR_DATA, "row 2222: the label 5");
    data.labels[2222] = -1;
    expect_refused(&data.label_view, &data.probability_view, ERROR_DATA, "row 2222");
    for (size_t i = 0; i < 3000; i++) data.labels[i] = 3;
    expect_refused(&data.label_view, &data.probability_view, ERROR_DATA, "are class 3");
    made_data_free(&data);
}

/* Values within the tolerance are accepted, as in the reference. */
static void test_tolerance(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct made_case from = {8, 200, 4, 0, false, false, 0};
    struct made_data data = made_data(&from);
    ((double *)data.elements)[40] = 1.0000009;
    ((double *)data.elements)[81] = -9e-7;
    struct confident_input input = {data.label_view, data.probability_view, 1, false};
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    struct confident_result result;
    confident_find(&input, &settings, &result, &error);
    assert_no_error(&error);
    confident_free(&result);
    made_data_free(&data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_multilabel_reference),
        cmocka_unit_test(test_same_for_all_threads),
        cmocka_unit_test(test_values_refused),
        cmocka_unit_test(test_labels_refused),
        cmocka_unit_test(test_tolerance),
    };
    return cmocka_run_group_tests_name("confident", tests, open_streams, close_streams);
}
