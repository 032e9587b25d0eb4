/* Errors left after a review: the cases of a reference, the words, the draws, and reviewers on
 * planted rankings, whose errors the range must hold. */
#include "host/base/file.h"
#include "host/base/json.h"
#include "host/classifier/random.h"
#include "host/review/estimate.h"
#include "tests/support/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- cases of tests/golden/estimate ---- */

static enum estimate_answer answer_of(const json_t *value) {
    static const char *const words[] = {"keep", "relabel", "exclude", "unsure"};
    if (json_is_null(value)) return ESTIMATE_UNDECIDED;
    for (int i = 0; i < 4; i++)
        if (strcmp(json_string_value(value), words[i]) == 0)
            return (enum estimate_answer)(ESTIMATE_KEPT + i);
    fail_msg("no answer");
    return ESTIMATE_UNDECIDED;
}

static size_t whole(const json_t *object, const char *name) {
    return (size_t)json_integer_value(json_object_get(object, name));
}

static void check_case(const json_t *wanted) {
    const json_t *list = json_object_get(wanted, "issues");
    const json_t *drawn = json_object_get(wanted, "sample");
    const json_t *expected = json_object_get(wanted, "left");
    const size_t count = json_array_size(list);
    struct estimate_issue *issues = calloc(count + 1, sizeof *issues);
    struct estimate_sample sample = {(size_t)json_integer_value(json_array_get(drawn, 0)),
                                     (size_t)json_integer_value(json_array_get(drawn, 1)),
                                     (size_t)json_integer_value(json_array_get(drawn, 2))};
    struct error error = ERROR_INITIAL;
    struct estimate_left left;
    struct text text = TEXT_INITIAL;
    assert_non_null(issues);
    for (size_t i = 0; i < count; i++) {
        const json_t *issue = json_array_get(list, i);
        issues[i] = (struct estimate_issue){(int)json_integer_value(json_array_get(issue, 0)),
                                            answer_of(json_array_get(issue, 1)),
                                            (uint64_t)json_integer_value(json_array_get(issue, 2))};
    }
    estimate_left(issues, count, &sample, &left, &error);
    assert_no_error(&error);
    print_message("# %s\n", json_string_value(json_object_get(wanted, "name")));
    assert_int_equal(left.decided, whole(expected, "decided"));
    assert_int_equal(left.flagged_low, whole(expected, "flagged_low"));
    assert_int_equal(left.flagged_high, whole(expected, "flagged_high"));
    estimate_json(&text, &left, &sample);
    assert_false(text.failed);
    json_t *made = json_parse(text.data, text.length, "LEFT", &error);
    assert_non_null(made);
    const json_t *high = json_object_get(expected, "unflagged_high");
    if (!json_is_null(high)) {
        assert_true(fabs(json_number_value(high) - left.unflagged_high) < 1e-12);
        json_object_set(made, "unflagged_high", json_object_get(expected, "unflagged_high"));
    }
    assert_true(json_equal(made, expected));
    json_decref(made);
    text_free(&text);
    free(issues);
}

static void test_cases(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    char *data = NULL;
    size_t size = 0;
    file_read("tests/golden/estimate/cases.json", (size_t)1 << 22, &data, &size, &error);
    assert_no_error(&error);
    json_t *file = json_parse(data, size, "cases.json", &error);
    const json_t *cases = json_object_get(file, "cases");
    assert_true(json_array_size(cases) >= 11);
    for (size_t i = 0; i < json_array_size(cases); i++) check_case(json_array_get(cases, i));
    json_decref(file);
    free(data);
}

/* ---- reviewers on planted rankings ---- */

enum reviewer { BY_RANK, BY_SIDE, BY_LEARNING, AT_RANDOM, REVIEWERS };

struct clip {
    bool wrong;
    int side;
    double score;   /* what ranks */
    double learned; /* what the order that learns goes by: more than score and side say */
};

static double uniform(struct random_state *random) {
    return ((double)random_next(random) + 0.5) / 4294967296.0;
}

static double normal(struct random_state *random) {
    return sqrt(-2.0 * log(uniform(random))) * cos(6.283185307179586 * uniform(random));
}

static int compare_scores(const void *a, const void *b) {
    const double one = ((const struct clip *)a)->score;
    const double other = ((const struct clip *)b)->score;
    return (one < other) - (one > other);
}

/* A ranking of 15 to 1,500 flagged clips, 5% to 95% of them wrong, with scores, neighbours and
 * other evidence that say much or little. */
static struct clip *plant(struct random_state *random, size_t *count) {
    static const double shares[] = {0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95};
    const double share = shares[random_interval(random, 7)];
    const double separation = 0.3 + 2.2 * uniform(random);
    const double evidence = 2.5 * uniform(random);
    const double side_wrong = 0.6 + 0.35 * uniform(random);
    const double side_right = 0.05 + 0.45 * uniform(random);
    const double unknown[] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.2, 0.2, 0.2, 1.0};
    const double without = unknown[random_interval(random, 9)];
    *count = (size_t)(15.0 * pow(100.0, uniform(random)));
    struct clip *clips = calloc(*count, sizeof *clips);
    assert_non_null(clips);
    for (size_t i = 0; i < *count; i++) {
        const bool wrong = uniform(random) < share;
        const double score = normal(random) + (wrong ? separation : 0.0);
        const double other = normal(random) + (wrong ? evidence : 0.0);
        int side = uniform(random) < (wrong ? side_wrong : side_right) ? 1 : -1;
        if (uniform(random) < without) side = 0;
        clips[i] =
            (struct clip){wrong, side, score, separation * score + evidence * other + 1.5 * side};
    }
    qsort(clips, *count, sizeof *clips, compare_scores);
    return clips;
}

static const struct clip *compared;

static int compare_learned(const void *a, const void *b) {
    const double one = compared[*(const size_t *)a].learned;
    const double other = compared[*(const size_t *)b].learned;
    return (one < other) - (one > other);
}

/* Those whose neighbours have the suggested label first, as the page begins. */
static int compare_sides(const void *a, const void *b) {
    const size_t one = *(const size_t *)a;
    const size_t other = *(const size_t *)b;
    if (compared[one].side != compared[other].side)
        return compared[one].side < compared[other].side ? 1 : -1;
    return (one > other) - (one < other);
}

/* One review of a part of the ranking; whether the range holds the errors left. */
static bool review(struct random_state *random, const struct clip *clips, size_t count,
                   enum reviewer reviewer, double part) {
    struct estimate_issue *issues = calloc(count, sizeof *issues);
    size_t *order = calloc(count, sizeof *order);
    const struct estimate_sample sample = {1000, 0, 0};
    struct estimate_left left;
    struct error error = ERROR_INITIAL;
    size_t wrong = 0;
    assert_true(issues != NULL && order != NULL);
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
        issues[i].side = clips[i].side;
    }
    compared = clips;
    if (reviewer == BY_SIDE) qsort(order, count, sizeof *order, compare_sides);
    if (reviewer == BY_LEARNING) qsort(order, count, sizeof *order, compare_learned);
    if (reviewer == AT_RANDOM) random_shuffle_sizes(random, order, count);
    size_t decided = (size_t)(part * (double)count);
    if (decided < 10) decided = 10;
    if (decided >= count) decided = count - 1;
    for (size_t i = 0; i < decided; i++) {
        issues[order[i]].answer = clips[order[i]].wrong ? ESTIMATE_WRONG : ESTIMATE_KEPT;
        issues[order[i]].turn = i;
    }
    for (size_t i = decided; i < count; i++) wrong += clips[order[i]].wrong;
    estimate_left(issues, count, &sample, &left, &error);
    assert_no_error(&error);
    assert_int_equal(left.undecided, count - decided);
    assert_true(left.flagged_low <= left.flagged_high && left.flagged_high <= left.undecided);
    free(issues);
    free(order);
    return left.flagged_low <= wrong && wrong <= left.flagged_high;
}

static void test_ranges_hold(void **state) {
    (void)state;
    static const double parts[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9};
    const char *setting = getenv("EARMARK_SIMULATIONS");
    const size_t sets = setting == NULL ? 150 : strtoul(setting, NULL, 10);
    size_t held[REVIEWERS] = {0};
    struct random_state random;
    random_seed(&random, 20261201);
    for (size_t i = 0; i < sets; i++) {
        size_t count;
        struct clip *clips = plant(&random, &count);
        const double part = parts[random_interval(&random, 5)];
        for (int reviewer = 0; reviewer < REVIEWERS; reviewer++)
            held[reviewer] += review(&random, clips, count, (enum reviewer)reviewer, part);
        free(clips);
    }
    print_message("# of %zu ranges hold: by rank %zu, by side %zu, by the order that learns %zu, "
                  "at random %zu\n",
                  sets, held[BY_RANK], held[BY_SIDE], held[BY_LEARNING], held[AT_RANDOM]);
    for (int reviewer = 0; reviewer < REVIEWERS; reviewer++)
        assert_true(100 * held[reviewer] >= 93 * sets);
}

/* Wilson's bound holds the share of what is not flagged, of which 50 are drawn. */
static void test_samples_hold(void **state) {
    (void)state;
    enum { ROWS = 2000, SETS = 1000 };
    static bool open[ROWS];
    static bool wrong[ROWS];
    size_t held = 0;
    struct random_state random;
    random_seed(&random, 7);
    for (size_t i = 0; i < SETS; i++) {
        char run[17];
        size_t rows[50];
        size_t drawn = 0;
        struct error error = ERROR_INITIAL;
        size_t clips = 0;
        size_t all = 0;
        size_t found = 0;
        const double share = 0.2 * uniform(&random);
        snprintf(run, sizeof run, "%08x%08x", random_next(&random), random_next(&random));
        for (size_t row = 0; row < ROWS; row++) {
            open[row] = uniform(&random) < 0.9;
            wrong[row] = uniform(&random) < share;
            clips += open[row];
            all += open[row] && wrong[row];
        }
        estimate_draw(run, open, ROWS, rows, 50, &drawn, &error);
        assert_int_equal(drawn, 50);
        for (size_t k = 0; k < drawn; k++) {
            assert_true(open[rows[k]]);
            found += wrong[rows[k]];
        }
        held += estimate_wilson_high(found, drawn) * (double)clips >= (double)all;
    }
    print_message("# of %d bounds %zu hold\n", SETS, held);
    assert_true(100 * held >= 93 * SETS);
}

/* The draws of few are the beginning of those of many, and no row comes twice. */
static void test_draws(void **state) {
    (void)state;
    enum { ROWS = 5000 };
    static bool open[ROWS];
    static size_t all[ROWS];
    static bool seen[ROWS];
    size_t few[50];
    size_t count = 0;
    size_t drawn = 0;
    struct error error = ERROR_INITIAL;
    for (size_t row = 0; row < ROWS; row++) open[row] = row % 3 != 0;
    estimate_draw("1e7e05cba0a0662a", open, ROWS, all, ROWS, &count, &error);
    estimate_draw("1e7e05cba0a0662a", open, ROWS, few, 50, &drawn, &error);
    assert_no_error(&error);
    assert_int_equal(count, 3333);
    assert_int_equal(drawn, 50);
    assert_memory_equal(all, few, sizeof few);
    for (size_t i = 0; i < count; i++) {
        assert_true(open[all[i]] && !seen[all[i]]);
        seen[all[i]] = true;
    }
    estimate_draw("1e7e05cba0a0662b", open, ROWS, few, 50, &drawn, &error);
    assert_memory_not_equal(all, few, sizeof few);
    estimate_draw("1e7e05cba0a0662b", open, 2, few, 50, &drawn, &error);
    assert_int_equal(drawn, 1);
    estimate_draw("1e7e05cba0a0662b", open, ROWS, few, 0, &drawn, &error);
    assert_int_equal(drawn, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_ranges_hold),
        cmocka_unit_test(test_samples_hold),
        cmocka_unit_test(test_draws),
    };
    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
