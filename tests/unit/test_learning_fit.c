/* The weights of the evidence: against SciPy's optimum, cases that can be checked by hand, and what
 * decisions must do to the pairs of classes. */
#include "host/review/learning_fit.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST ((size_t)400)
#define PAIRS ((size_t)9)

static const double means[EVIDENCE_COUNT] = LEARNING_MEANS;
static const double precisions[EVIDENCE_COUNT] = LEARNING_PRECISIONS;

static void fit(const struct learning_evidence *rows, size_t count, size_t pairs, double *weights,
                double *terms) {
    struct error error = ERROR_INITIAL;
    learning_fit(rows, count, pairs, weights, terms, &error);
    assert_no_error(&error);
}

static struct golden read_part(const char *name, const char *part) {
    char path[64];
    snprintf(path, sizeof path, "learning/%s_%s.npy", name, part);
    return golden_read(path);
}

static void check_close(const struct golden *expected, const double *found) {
    for (size_t i = 0; i < expected->count; i++)
        assert_within(fabs(found[i] - expected->doubles[i]), 1e-6, "from SciPy's optimum");
}

/* Also with the rows from the last to the first. */
static void check_golden(const char *name) {
    struct golden x = read_part(name, "x"), p = read_part(name, "p"), y = read_part(name, "y");
    struct golden w = read_part(name, "w"), t = read_part(name, "t");
    static struct learning_evidence rows[MOST];
    size_t count = y.count;
    double weights[EVIDENCE_COUNT], terms[PAIRS];
    assert_true(count <= MOST && t.count <= PAIRS && x.count == count * EVIDENCE_COUNT);
    for (int backwards = 0; backwards < 2; backwards++) {
        for (size_t i = 0; i < count; i++) {
            size_t from = backwards ? count - 1 - i : i;
            memcpy(rows[i].x, x.doubles + from * EVIDENCE_COUNT, sizeof rows[i].x);
            rows[i].pair = p.integers[from];
            rows[i].wrong = y.integers[from] != 0;
        }
        fit(rows, count, t.count, weights, terms);
        check_close(&w, weights);
        check_close(&t, terms);
    }
    golden_free(&x);
    golden_free(&p);
    golden_free(&y);
    golden_free(&w);
    golden_free(&t);
}

static void test_golden(void **state) {
    (void)state;
    check_golden("few");
    check_golden("many");
    check_golden("apart");
}

static void test_nothing_decided(void **state) {
    (void)state;
    double weights[EVIDENCE_COUNT], terms[1];
    fit(NULL, 0, 0, weights, terms);
    assert_memory_equal(weights, means, sizeof means);
}

/* Where the gradient is 0, a mean plus the sum of what was not expected, by the precision. Of one
 * wrong clip with 1 alone: w0 = 1 - p and t = 1 - p, so that p = sigmoid(2 - 2p): p = 0.6626. */
static void test_by_hand(void **state) {
    (void)state;
    const struct learning_evidence one = {.x = {1}, .pair = 0, .wrong = true};
    double weights[EVIDENCE_COUNT], terms[2];
    fit(&one, 1, 2, weights, terms);
    assert_within(fabs(weights[EVIDENCE_ONE] - 0.3374), 1e-4, "the weight of 1");
    assert_within(fabs(terms[0] - 0.3374), 1e-4, "the term of the pair");
    assert_true(terms[1] == 0);
    for (size_t k = 1; k < EVIDENCE_COUNT; k++) assert_true(weights[k] == means[k]);
    assert_true(precisions[EVIDENCE_ONE] == 1 && LEARNING_PAIR_PRECISION == 1);
}

/* Pair 0 turns out right, pair 1 wrong, of pair 2 nothing is known; the evidence is alike. */
static void test_pairs(void **state) {
    (void)state;
    struct learning_evidence rows[20];
    double weights[EVIDENCE_COUNT], terms[3], before = 0;
    for (size_t i = 0; i < 20; i++)
        rows[i] = (struct learning_evidence){{1, 1, 0, 0, 0}, (int32_t)(i % 2), i % 2 == 1};
    for (size_t count = 2; count <= 20; count += 2) {
        fit(rows, count, 3, weights, terms);
        assert_true(terms[0] < 0 && terms[2] == 0 && terms[1] > 0);
        assert_true(terms[1] - terms[0] > before); /* the more is decided, the further apart */
        before = terms[1] - terms[0];
    }
    assert_true(before > 3);
}

/* Evidence that misled counts for less, and what was flagged for more. */
static void test_evidence(void **state) {
    (void)state;
    struct learning_evidence rows[40];
    double weights[EVIDENCE_COUNT], terms[1];
    for (size_t i = 0; i < 40; i++)
        rows[i] = (struct learning_evidence){{1, 0, i % 4 < 2 ? 0 : -1, i % 2 == 0 ? 3 : -3, 0},
                                             0,
                                             i % 4 < 2 ? i % 20 != 0 : i % 20 == 2};
    fit(rows, 40, 1, weights, terms);
    assert_true(weights[EVIDENCE_SUMS] < means[EVIDENCE_SUMS] / 2);
    assert_true(weights[EVIDENCE_FLAG] > means[EVIDENCE_FLAG]);
    assert_true(weights[EVIDENCE_VOTES] == means[EVIDENCE_VOTES]);
}

/* While all that was decided is wrong, the list stays as it was; then the fit takes over. */
static void test_trust(void **state) {
    (void)state;
    struct learning_evidence rows[8];
    const double x[EVIDENCE_COUNT] = {1, -2, -1, 4, 5}, weights[EVIDENCE_COUNT] = {7, 0.5, 1, 2, 0};
    for (size_t i = 0; i < 8; i++) rows[i] = (struct learning_evidence){.wrong = i < 5};
    assert_true(learning_trust(NULL, 0) == 0);
    assert_true(learning_trust(rows, 5) == 0);
    assert_true(learning_trust(rows, 7) == 0.5); /* 2 right: 2 / (2 + 2) */
    assert_true(learning_trust(rows, 8) == 0.6);
    assert_true(learning_key(x, weights, 9, 0) == 5);      /* the score of 2, and 3: not flagged */
    assert_true(learning_key(x, weights, 9, 1) == -22);    /* 7 - 1 - 1 + 8 + 0 + 9 */
    assert_true(learning_key(x, weights, 9, 0.5) == -8.5); /* between them */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_nothing_decided),
        cmocka_unit_test(test_by_hand),  cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_evidence), cmocka_unit_test(test_trust)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
