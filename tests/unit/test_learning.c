/* The list that learns, on a made set with planted errors: the order depends on nothing but the
 * decisions, its sums are those of the corrected labels, it finds more than the fixed list, and
 * folders that do not fit keep the ranking. */
#include "host/base/npy.h"
#include "host/classifier/crossval.h"
#include "host/classifier/discriminant.h"
#include "host/review/learning.h"
#include "host/review/learning_internal.h"
#include "tests/support/compare.h"
#include "tests/support/made_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS ((size_t)600)
#define FEATURES ((size_t)12)
#define CLASSES ((size_t)4)
#define FOLDS ((size_t)5)
#define ISSUES ((size_t)150)

struct made {
    char path[64];
    struct folder folder;
    float x[ROWS * FEATURES];
    int32_t truth[ROWS], labels[ROWS], folds[ROWS];
    float scores[ROWS], probabilities[ROWS * CLASSES];
    struct run_issue issues[ISSUES];
    struct run_results results;
};

static double number(uint64_t stream, uint64_t at) {
    return made_unit(1, stream, at) + made_unit(2, stream, at) + made_unit(3, stream, at) - 1.5;
}

/* Classes overlap. Of class 0 a cluster of its own, half of it, carries the label 1; one in ten of
 * the other rows any other label. */
static void make_labels(struct made *made) {
    for (size_t row = 0; row < ROWS; row++) {
        size_t class_index = row % CLASSES, at = row * FEATURES;
        bool cluster = class_index == 0 && row % 3 == 0;
        for (size_t f = 0; f < FEATURES; f++) {
            double centre = f % CLASSES == class_index ? 0.7 : 0;
            if (cluster && f > 7) centre += 0.9;
            made->x[at + f] = (float)(centre + number(7, at + f));
        }
        made->truth[row] = made->labels[row] = (int32_t)class_index;
        made->folds[row] = (int32_t)(row / CLASSES % FOLDS);
        if (cluster && made_unit(1, 8, row) < 0.6) made->labels[row] = 1;
        if (!cluster && made_unit(1, 9, row) < 0.1)
            made->labels[row] = (int32_t)((class_index + 1 + row % 3) % CLASSES);
    }
}

static void make_scores(struct made *made) {
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    const struct device_settings settings = {.threads = 2};
    struct discriminant_report report;
    const struct crossval_input input = {.embeddings = matrix_of(made->x, FEATURES),
                                         .labels = made->labels,
                                         .fold_of = made->folds,
                                         .rows = ROWS,
                                         .features = FEATURES,
                                         .classes = CLASSES,
                                         .folds = FOLDS};
    device_cpu_operations.open(&settings, &device, &error);
    assert_no_error(&error);
    discriminant_run(&device_cpu_operations, device, &input, 2, NULL, made->probabilities, &report,
                     &error);
    assert_no_error(&error);
    device_cpu_operations.close(device);
    for (size_t row = 0; row < ROWS; row++) {
        const float *logs = made->probabilities + row * CLASSES;
        float other = -INFINITY;
        for (size_t c = 0; c < CLASSES; c++)
            if ((int32_t)c != made->labels[row] && logs[c] > other) other = logs[c];
        made->scores[row] = logs[made->labels[row]] - other;
    }
}

/* The rows with the lowest scores are the issues. */
static void make_issues(struct made *made) {
    bool taken[ROWS] = {false};
    for (size_t i = 0; i < ISSUES; i++) {
        size_t best = SIZE_MAX;
        for (size_t row = 0; row < ROWS; row++)
            if (!taken[row] && (best == SIZE_MAX || made->scores[row] < made->scores[best]))
                best = row;
        taken[best] = true;
        made->issues[i] = (struct run_issue){.row = best, .score = (double)made->scores[best]};
    }
}

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    const struct made *made = context;
    *clip = (struct run_clip)RUN_CLIP_INITIAL;
    clip->row = clip->array_row = row;
    clip->fold = made->folds[row];
    clip->class_index = made->labels[row];
}

static void write_array(const struct made *made, const char *name, enum npy_type type, size_t rows,
                        size_t columns, const void *elements) {
    struct error error = ERROR_INITIAL;
    const size_t shape[2] = {rows, columns};
    npy_write_in(&made->folder, name, type, columns == 0 ? 1 : 2, shape, elements, &error);
    assert_no_error(&error);
}

static struct made *make(void) {
    struct error error = ERROR_INITIAL;
    struct made *made = calloc(1, sizeof *made);
    static int64_t labels[ROWS];
    assert_non_null(made);
    strcpy(made->path, "/tmp/earmark-learning.XXXXXX");
    assert_non_null(mkdtemp(made->path));
    folder_open(made->path, false, &made->folder, &error);
    assert_no_error(&error);
    make_labels(made);
    make_scores(made);
    make_issues(made);
    for (size_t row = 0; row < ROWS; row++) labels[row] = made->labels[row];
    write_array(made, "embeddings.npy", NPY_FLOAT32, ROWS, FEATURES, made->x);
    write_array(made, "labels.npy", NPY_INT64, ROWS, 0, labels);
    write_array(made, "scores.npy", NPY_FLOAT32, ROWS, 0, made->scores);
    write_array(made, "pred_probs.npy", NPY_FLOAT32, ROWS, CLASSES, made->probabilities);
    made->results = (struct run_results){.class_count = CLASSES,
                                         .score_name = "log_margin",
                                         .issues = made->issues,
                                         .issue_count = ISSUES,
                                         .clips = {ROWS, get_clip, made}};
    return made;
}

static const char *const files[] = {"embeddings.npy", "labels.npy", "scores.npy", "pred_probs.npy"};

static void free_made(struct made *made) {
    struct error error = ERROR_INITIAL;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        folder_remove(&made->folder, files[i], &error);
    folder_close(&made->folder);
    rmdir(made->path);
    free(made);
}

static struct learning *open_learning(const struct made *made, int threads) {
    struct error error = ERROR_INITIAL;
    struct learning *learning = NULL;
    learning_open(&made->folder, &made->results, threads, &learning, &error);
    assert_no_error(&error);
    return learning;
}

static struct learning *open_ready(const struct made *made, int threads) {
    char words[LEARNING_WORDS] = "";
    struct learning *learning = open_learning(made, threads);
    enum learning_state state = learning_wait(learning);
    learning_state(learning, words);
    if (state != LEARNING_READY) fail_msg("%s", words);
    return learning;
}

static size_t *order(struct learning *learning, const struct learning_decision *decisions,
                     size_t count, bool beyond, size_t *row_count) {
    struct error error = ERROR_INITIAL;
    size_t *rows = NULL;
    bool learned;
    learning_order(learning, decisions, count, beyond, &rows, row_count, &learned, &error);
    assert_no_error(&error);
    assert_true(learned);
    return rows;
}

static void check_same(struct learning *learning, const struct learning_decision *decisions,
                       size_t count, const size_t *expected, size_t expected_count) {
    size_t found;
    size_t *rows = order(learning, decisions, count, true, &found);
    assert_int_equal(found, expected_count);
    assert_memory_equal(rows, expected, found * sizeof *rows);
    free(rows);
}

/* Some of every kind. */
static size_t decide(const struct made *made, struct learning_decision *decisions) {
    size_t count = 0;
    for (size_t i = 0; i < ISSUES; i += 2, count++) {
        size_t row = made->issues[i].row;
        decisions[count] = (struct learning_decision){row, made->truth[row]};
        if (i % 14 == 0) decisions[count].class_index = LEARNING_UNSURE;
        if (i % 10 == 0) decisions[count].class_index = LEARNING_EXCLUDED;
    }
    return count;
}

static bool is_issue(const struct made *made, size_t row) {
    for (size_t i = 0; i < made->results.issue_count; i++)
        if (made->issues[i].row == row) return true;
    return false;
}

/* The issues come 3 earlier than others of their score. */
static double first_key(const struct made *made, size_t row) {
    return (double)made->scores[row] + (is_issue(made, row) ? 0 : 3);
}

static void test_no_decisions(void **state) {
    (void)state;
    struct made *made = make();
    struct learning *learning = open_ready(made, 2);
    size_t count;
    size_t *rows = order(learning, NULL, 0, false, &count);
    assert_int_equal(count, ISSUES);
    for (size_t i = 0; i < ISSUES; i++) assert_int_equal(rows[i], made->issues[i].row);
    free(rows);
    rows = order(learning, NULL, 0, true, &count);
    assert_int_equal(count, ROWS);
    for (size_t i = 1; i < ROWS; i++)
        assert_true(first_key(made, rows[i - 1]) <= first_key(made, rows[i]) + 1e-12);
    free(rows);
    learning_close(learning);
    free_made(made);
}

/* Backwards, one at a time, with what is taken back in between, anew, with other threads. */
static void test_same_order(void **state) {
    (void)state;
    struct made *made = make();
    struct learning *learning = open_ready(made, 1), *other = open_ready(made, 3);
    struct learning_decision decisions[ISSUES], backwards[ISSUES];
    size_t count = decide(made, decisions), found, between;
    size_t *expected = order(learning, decisions, count, true, &found);
    assert_int_equal(found, ROWS - count);
    for (size_t i = 0; i < count; i++) backwards[i] = decisions[count - 1 - i];
    for (size_t i = 1; i <= count; i++) {
        free(order(other, backwards, i, true, &between));
        struct learning_decision taken_back = backwards[i - 1];
        backwards[i - 1].class_index = LEARNING_EXCLUDED;
        free(order(other, backwards, i, false, &between));
        backwards[i - 1] = taken_back;
    }
    check_same(other, backwards, count, expected, found);
    check_same(learning, decisions, count, expected, found);
    free(order(learning, decisions, 0, true, &between));
    check_same(learning, backwards, count, expected, found);
    learning_close(other);
    other = open_ready(made, 2);
    check_same(other, decisions, count, expected, found);
    free(expected);
    learning_close(other);
    learning_close(learning);
    free_made(made);
}

/* A made set twice: as it is, to be changed by decisions, and as these leave it. */
struct two_sets {
    struct learning_decision decisions[ISSUES]; /* (count) by rows */
    size_t count;
    size_t candidates[ROWS], left_candidates[ROWS]; /* (undecided) */
    size_t undecided, rows;                         /* those that are left */
    float left[ROWS * FEATURES];
    int32_t left_labels[ROWS], left_folds[ROWS];
    struct learning_input given, corrected;
};

static int compare_decisions(const void *a, const void *b) {
    const struct learning_decision *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

static void leave_rows(const struct made *made, struct two_sets *sets) {
    for (size_t row = 0, next = 0; row < ROWS; row++) {
        bool is_decided = next < sets->count && sets->decisions[next].row == row;
        int32_t label = made->labels[row];
        if (is_decided && sets->decisions[next].class_index != LEARNING_UNSURE)
            label = sets->decisions[next].class_index;
        next += is_decided;
        if (label == LEARNING_EXCLUDED) continue;
        if (!is_decided) {
            sets->candidates[sets->undecided] = row;
            sets->left_candidates[sets->undecided++] = sets->rows;
        }
        memcpy(sets->left + sets->rows * FEATURES, made->x + row * FEATURES,
               FEATURES * sizeof *made->x);
        sets->left_folds[sets->rows] = made->folds[row];
        sets->left_labels[sets->rows++] = label;
    }
}

static struct two_sets *make_two(const struct made *made) {
    struct two_sets *sets = calloc(1, sizeof *sets);
    assert_non_null(sets);
    sets->count = decide(made, sets->decisions);
    qsort(sets->decisions, sets->count, sizeof *sets->decisions, compare_decisions);
    leave_rows(made, sets);
    assert_true(sets->rows < ROWS);
    sets->given = (struct learning_input){.embeddings = matrix_of(made->x, FEATURES),
                                          .labels = made->labels,
                                          .fold_of = made->folds,
                                          .rows = ROWS,
                                          .features = FEATURES,
                                          .classes = CLASSES,
                                          .candidates = sets->candidates,
                                          .candidate_count = sets->undecided,
                                          .threads = 2};
    sets->corrected = sets->given;
    sets->corrected.embeddings = matrix_of(sets->left, FEATURES);
    sets->corrected.labels = sets->left_labels;
    sets->corrected.fold_of = sets->left_folds;
    sets->corrected.rows = sets->rows;
    sets->corrected.candidates = sets->left_candidates;
    return sets;
}

/* Differences are of float32 logarithms: rows further apart stand in the same order. */
static void check_margins(const struct made *made, const struct two_sets *sets,
                          const double *changed, const double *fresh) {
    const double gate = 1e-5;
    double largest = 0, moved = 0;
    for (size_t i = 0; i < sets->undecided; i++) {
        double score = (double)made->scores[sets->candidates[i]];
        largest = fmax(largest, fabs(changed[i] - fresh[i]));
        moved = fmax(moved, fabs(changed[i] - score));
        for (size_t j = 0; j < sets->undecided; j++)
            if (fresh[i] < fresh[j] - 2 * gate) assert_true(changed[i] < changed[j]);
    }
    assert_within(largest, gate, "margins of changed and of fresh sums");
    assert_true(moved > 0.01);
}

/* The margins of the undecided rows, by sums that are changed and by sums of the rows and labels
 * that the decisions leave. */
static void test_exact_sums(void **state) {
    (void)state;
    struct made *made = make();
    struct two_sets *sets = make_two(made);
    struct error error = ERROR_INITIAL;
    struct device *device = NULL;
    struct scaling scaling = {0};
    struct learning_sums changed, fresh;
    const struct device_settings settings = {.threads = 2};
    static const int32_t one_fold[ROWS];
    static double first[ROWS], second[ROWS];
    device_cpu_operations.open(&settings, &device, &error);
    scaling_open(&scaling, &sets->given.embeddings, ROWS, FEATURES, one_fold, 1, SCALE_POOLED, 2,
                 &error);
    learning_sums_open(&changed, &sets->given, &scaling, device, &error);
    learning_sums_open(&fresh, &sets->corrected, &scaling, device, &error);
    fresh.shrinkage = changed.shrinkage;
    fresh.temperature = changed.temperature;
    learning_sums_margins(&changed, sets->decisions, sets->count, first, &error);
    learning_sums_margins(&fresh, NULL, 0, second, &error);
    assert_no_error(&error);
    check_margins(made, sets, first, second);
    learning_sums_close(&changed);
    learning_sums_close(&fresh);
    scaling_close(&scaling);
    device_cpu_operations.close(device);
    free(sets);
    free_made(made);
}

/* Errors found in the first decisions, ten at a time. */
static size_t find(const struct made *made, struct learning *learning, size_t decisions,
                   bool learns) {
    struct learning_decision made_decisions[ROWS];
    size_t count = 0, found = 0, row_count;
    while (count < decisions) {
        size_t *rows = order(learning, made_decisions, count, true, &row_count);
        for (size_t i = 0; i < row_count && count < decisions && (!learns || i < 10); i++) {
            found += made->truth[rows[i]] != made->labels[rows[i]];
            made_decisions[count++] = (struct learning_decision){rows[i], made->truth[rows[i]]};
        }
        free(rows);
    }
    return found;
}

static void test_finds_more(void **state) {
    (void)state;
    struct made *made = make();
    struct learning *learning = open_ready(made, 2);
    for (size_t decisions = 40; decisions <= 120; decisions += 20) {
        size_t fixed = find(made, learning, decisions, false);
        size_t learnt = find(made, learning, decisions, true);
        assert_true(learnt >= fixed);
    }
    learning_close(learning);
    free_made(made);
}

/* Decisions bring clips that are not flagged, most of them wrong; had all been right, none. */
static void test_beyond(void **state) {
    (void)state;
    enum { FLAGGED = 100, DECIDED = 60, NEXT = FLAGGED - DECIDED };
    struct made *made = make();
    made->results.issue_count = FLAGGED;
    struct learning *learning = open_ready(made, 2);
    struct learning_decision decisions[DECIDED];
    size_t others[2] = {0}, errors[2] = {0}, count = 0;
    for (int right = 0; right < 2; right++) {
        const int32_t *labels = right ? made->labels : made->truth;
        for (size_t i = 0; i < DECIDED; i++)
            decisions[i] =
                (struct learning_decision){made->issues[i].row, labels[made->issues[i].row]};
        size_t *rows = order(learning, decisions, DECIDED, true, &count);
        for (size_t i = 0; i < NEXT; i++) {
            bool other = !is_issue(made, rows[i]);
            others[right] += other;
            errors[right] += other && made->truth[rows[i]] != made->labels[rows[i]];
        }
        free(rows);
        free(order(learning, decisions, DECIDED, false, &count));
        assert_int_equal(count, FLAGGED - DECIDED);
    }
    assert_true(others[0] > 0 && errors[0] * 2 > others[0] && others[1] == 0);
    learning_close(learning);
    free_made(made);
}

static void check_fixed(const struct made *made, const char *words) {
    struct error error = ERROR_INITIAL;
    char said[LEARNING_WORDS] = "";
    struct learning *learning = open_learning(made, 1);
    struct learning_decision decision = {made->issues[0].row, LEARNING_EXCLUDED};
    size_t *rows = NULL, count;
    bool learned = true;
    assert_int_equal(learning_wait(learning), LEARNING_FIXED);
    learning_state(learning, said);
    if (strstr(said, words) == NULL) fail_msg("%s: not \"%s\"", said, words);
    learning_order(learning, &decision, 1, true, &rows, &count, &learned, &error);
    assert_no_error(&error);
    assert_false(learned);
    assert_int_equal(count, ISSUES - 1);
    for (size_t i = 0; i < count; i++) assert_int_equal(rows[i], made->issues[i + 1].row);
    free(rows);
    learning_close(learning);
}

static void test_fixed(void **state) {
    (void)state;
    struct made *made = make();
    struct error error = ERROR_INITIAL;
    made->results.multilabel = true;
    check_fixed(made, "several labels");
    made->results.multilabel = false;
    made->results.score_name = "self_confidence";
    check_fixed(made, "another score");
    made->results.score_name = "log_margin";
    write_array(made, "scores.npy", NPY_FLOAT32, ROWS - 1, 0, made->scores);
    check_fixed(made, "scores.npy: does not fit");
    made->scores[5] = NAN;
    write_array(made, "scores.npy", NPY_FLOAT32, ROWS, 0, made->scores);
    check_fixed(made, "scores.npy: does not fit");
    write_array(made, "labels.npy", NPY_FLOAT32, ROWS, 0, made->scores);
    check_fixed(made, "labels.npy: does not fit");
    folder_remove(&made->folder, "embeddings.npy", &error);
    check_fixed(made, "embeddings.npy");
    free_made(made);
}

static void test_wrong_decisions(void **state) {
    (void)state;
    struct made *made = make();
    struct learning *learning = open_ready(made, 1);
    const struct learning_decision unknown = {0, CLASSES}, below = {0, -3},
                                   twice[2] = {{3, 0}, {3, 1}}, far[1] = {{ROWS + 7, 0}};
    struct error error = ERROR_INITIAL;
    size_t *rows, count;
    bool learned;
    assert_int_equal(learning_order(learning, &unknown, 1, true, &rows, &count, &learned, &error),
                     ERROR_DATA);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(learning_order(learning, &below, 1, true, &rows, &count, &learned, &error),
                     ERROR_DATA);
    error = (struct error)ERROR_INITIAL;
    assert_int_equal(learning_order(learning, twice, 2, true, &rows, &count, &learned, &error),
                     ERROR_INTERNAL);
    free(order(learning, far, 1, true, &count));
    assert_int_equal(count, ROWS);
    learning_close(learning);
    learning_close(open_learning(made, 1)); /* while it prepares */
    free_made(made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_decisions),    cmocka_unit_test(test_same_order),
        cmocka_unit_test(test_exact_sums),      cmocka_unit_test(test_finds_more),
        cmocka_unit_test(test_beyond),          cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_wrong_decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
