/* The flagged rows and the number of errors against numpy, and how often the intervals hold. */
#include "host/confident/error_count.h"
#include "host/confident/flagged.h"
#include "host/confident/noise_model.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mix_view view_of(const float *mix, const int32_t *labels, size_t rows, size_t classes,
                               int threads) {
    return (struct mix_view){.rows = rows,
                             .classes = classes,
                             .labels = labels,
                             .mix = mix,
                             .estimator_count = 1,
                             .threads = threads};
}

/* ---- golden data ---- */

static void check_probabilities(const struct mix_view *view, const double *expected) {
    struct error error = ERROR_INITIAL;
    struct noise_model model;
    noise_model_fit(view, &model, &error);
    assert_no_error(&error);
    double *likely = calloc(view->classes, sizeof *likely);
    assert_non_null(likely);
    double largest = 0;
    for (size_t row = 0; row < view->rows; row++) {
        double wrong[NOISE_CANDIDATES], sum = 0;
        noise_model_row(&model, view->mix + row * view->classes, view->labels[row], likely, wrong);
        for (size_t c = 0; c < model.count; c++) sum += model.candidates[c].weight * wrong[c];
        double difference = fabs(sum - expected[row]);
        if (!(difference <= largest)) largest = difference;
    }
    assert_within(largest, 1e-9, "probabilities of wrong labels");
    free(likely);
    noise_model_free(&model);
}

static void test_golden(void **state) {
    (void)state;
    struct golden cases = golden_read("flagged/cases.npy");
    struct golden labels = golden_read("flagged/labels.npy");
    struct golden mix = golden_read("flagged/mix.npy");
    struct golden probabilities = golden_read("flagged/probabilities.npy");
    struct golden flagged = golden_read("flagged/flagged.npy");
    struct golden counts = golden_read("flagged/counts.npy");
    size_t row_at = 0, mix_at = 0;
    for (size_t i = 0; i < cases.shape[0]; i++) {
        size_t rows = (size_t)cases.integers[2 * i], classes = (size_t)cases.integers[2 * i + 1];
        struct mix_view view =
            view_of(mix.floats + mix_at, labels.integers + row_at, rows, classes, 2);
        check_probabilities(&view, probabilities.doubles + row_at);

        struct error error = ERROR_INITIAL;
        unsigned char *found = malloc(rows);
        assert_non_null(found);
        size_t number = 0, expected = 0;
        flagged_find(&view, found, &number, &error);
        assert_no_error(&error);
        for (size_t row = 0; row < rows; row++) {
            assert_int_equal(found[row], flagged.integers[row_at + row]);
            expected += found[row];
        }
        assert_int_equal(number, expected);

        struct error_count count;
        error_count_estimate(&view, found, &count, &error);
        assert_no_error(&error);
        const double *numbers = &count.errors;
        for (size_t j = 0; j < 9; j++)
            assert_within(fabs(numbers[j] - counts.doubles[9 * i + j]), 1e-6, "an estimate");
        free(found);
        row_at += rows;
        mix_at += rows * classes;
    }
    golden_free(&cases);
    golden_free(&labels);
    golden_free(&mix);
    golden_free(&probabilities);
    golden_free(&flagged);
    golden_free(&counts);
}

/* ---- simulated sets ---- */

/* SplitMix64 */
static uint64_t random_bits(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static double random_uniform(uint64_t *state) {
    return (double)(random_bits(state) >> 11) * 0x1p-53;
}

static size_t random_below(uint64_t *state, size_t bound) {
    return (size_t)(random_uniform(state) * (double)bound);
}

static double random_normal(uint64_t *state) {
    double radius = sqrt(-2 * log(1 - random_uniform(state)));
    return radius * cos(6.283185307179586 * random_uniform(state));
}

#define MOST_CLASSES 8

enum noise { SYMMETRIC, PAIRS, HARD, NO_CLASS, NOISE_COUNT };

struct simulation {
    size_t rows, classes, wrong;
    int32_t *labels;
    unsigned char *is_wrong;
    float *mix;
};

/* The class, its given label, and the logarithms of its probabilities by Bayes's rule: a row is
 * normal around a mean at `separation` on its class's axis; of the classes 0 and 1 also at
 * `overlap` times that on the other's. Rows without a class are around 0. */
static void simulate_row(struct simulation *set, size_t row, enum noise noise, double rate,
                         double separation, double overlap, uint64_t *random) {
    size_t classes = set->classes;
    if (classes < 2) abort();
    size_t true_class = random_below(random, classes);
    if (random_below(random, 3) == 0) true_class = 0; /* a class of many rows */
    float *mix = set->mix + row * classes;
    double drawn = random_uniform(random), axes[MOST_CLASSES], top = -HUGE_VAL;
    bool no_class = noise == NO_CLASS && drawn < rate;
    for (size_t k = 0; k < classes; k++) {
        double mean = k == true_class ? 1 : k < 2 && true_class < 2 ? overlap : 0;
        axes[k] = separation * (no_class ? 0 : mean) + random_normal(random);
    }
    for (size_t k = 0; k < classes; k++) {
        double shared = k < 2 ? overlap : 0;
        mix[k] = (float)(separation * (axes[k] + shared * axes[k < 2 ? 1 - k : k]) -
                         separation * separation * (1 + shared * shared) / 2);
        if (k != true_class) top = fmax(top, mix[k]);
    }
    if (noise == HARD) rate *= mix[true_class] - top < 2 ? 3 : 0.5;
    size_t label = true_class;
    if (no_class)
        label = random_below(random, classes);
    else if (noise != NO_CLASS && drawn < rate)
        label =
            (true_class + (noise == PAIRS ? 1 : 1 + random_below(random, classes - 1))) % classes;
    set->labels[row] = (int32_t)label;
    set->is_wrong[row] = no_class || label != true_class;
    set->wrong += set->is_wrong[row];
}

/* A classifier that learned from the labels gives errors some probability, and errs itself; then
 * calibrated to the given labels by a temperature, as the ensemble is. */
static void calibrate(struct simulation *set, double rate, uint64_t *random) {
    size_t classes = set->classes;
    static const double temperatures[] = {0.35, 0.5, 0.7, 1, 1.4};
    double best = HUGE_VAL, chosen = 1;
    for (size_t row = 0; row < set->rows; row++) {
        float *mix = set->mix + row * classes;
        double top = mix[0], sum = 0;
        for (size_t k = 1; k < classes; k++) top = fmax(top, mix[k]);
        for (size_t k = 0; k < classes; k++) sum += exp(mix[k] - top);
        for (size_t k = 0; k < classes; k++) {
            double p = (1 - rate) * exp(mix[k] - top) / sum + rate / (double)classes;
            mix[k] = (float)(log(p + 1e-4) + 0.5 * random_normal(random));
        }
    }
    for (size_t t = 0; t < 6; t++) {
        double loss = 0, factor = t < 5 ? temperatures[t] : chosen;
        for (size_t row = 0; row < set->rows; row++) {
            float *mix = set->mix + row * classes;
            double sum = 0;
            for (size_t k = 0; k < classes; k++) sum += exp(factor * mix[k]);
            loss += log(sum) - factor * mix[set->labels[row]];
            for (size_t k = 0; t == 5 && k < classes; k++)
                mix[k] = (float)(factor * mix[k] - log(sum));
        }
        if (loss < best) {
            best = loss;
            chosen = factor;
        }
    }
}

static struct simulation simulate(uint64_t seed, size_t most_rows) {
    static const double rates[] = {0, 0.02, 0.05, 0.1, 0.2, 0.3};
    static const size_t class_numbers[] = {2, 3, 5, 8};
    uint64_t random = seed;
    struct simulation set = {.classes = class_numbers[random_below(&random, 4)]};
    set.rows = (size_t)(100 * pow((double)most_rows / 100, random_uniform(&random)));
    set.labels = calloc(set.rows, sizeof *set.labels);
    set.is_wrong = calloc(set.rows, 1);
    set.mix = calloc(set.rows * set.classes, sizeof *set.mix);
    assert_true(set.labels != NULL && set.is_wrong != NULL && set.mix != NULL);
    enum noise noise = (enum noise)random_below(&random, NOISE_COUNT);
    double rate = rates[random_below(&random, 6)], separation = 2 + 3 * random_uniform(&random);
    double overlap = random_below(&random, 3) == 0 ? 0.7 : 0;
    for (size_t row = 0; row < set.rows; row++)
        simulate_row(&set, row, noise, rate, separation, overlap, &random);
    calibrate(&set, rate, &random);
    return set;
}

/* EARMARK_SIMULATIONS: the number of sets, of up to 20,000 rows; 150 of up to 600 otherwise. */
static void test_intervals_hold(void **state) {
    (void)state;
    const char *setting = getenv("EARMARK_SIMULATIONS");
    size_t sets = setting == NULL ? 150 : strtoul(setting, NULL, 10);
    size_t most_rows = setting == NULL ? 600 : 20000, held = 0, right_held = 0, missed_held = 0;
    for (size_t i = 0; i < sets; i++) {
        struct simulation set = simulate(1000 + i, most_rows);
        struct mix_view view = view_of(set.mix, set.labels, set.rows, set.classes, 1);
        struct error error = ERROR_INITIAL;
        struct error_count count;
        unsigned char *flagged = malloc(set.rows);
        assert_non_null(flagged);
        size_t number = 0, right = 0;
        flagged_find(&view, flagged, &number, &error);
        error_count_estimate(&view, flagged, &count, &error);
        assert_no_error(&error);
        for (size_t row = 0; row < set.rows; row++) right += flagged[row] && set.is_wrong[row];
        double wrong = (double)set.wrong, missed = (double)(set.wrong - right);
        assert_true(0 <= count.low && count.low <= count.errors && count.errors <= count.high);
        held += count.low <= wrong && wrong <= count.high;
        right_held +=
            count.flagged_right_low <= (double)right && (double)right <= count.flagged_right_high;
        missed_held += count.unflagged_wrong_low <= missed && missed <= count.unflagged_wrong_high;
        free(flagged);
        free(set.labels);
        free(set.is_wrong);
        free(set.mix);
    }
    print_message("# of %zu intervals %zu hold the errors, %zu those flagged, %zu those not\n",
                  sets, held, right_held, missed_held);
    assert_true(100 * held >= 93 * sets);
    assert_true(100 * right_held >= 93 * sets);
    assert_true(100 * missed_held >= 93 * sets);
}

/* ---- any number of threads ---- */

static void test_same_bytes(void **state) {
    (void)state;
    struct simulation set = simulate(77, 3000);
    unsigned char *flagged[2];
    struct error_count counts[2];
    size_t numbers[2];
    for (int i = 0; i < 2; i++) {
        struct mix_view view = view_of(set.mix, set.labels, set.rows, set.classes, i == 0 ? 1 : 7);
        struct error error = ERROR_INITIAL;
        flagged[i] = malloc(set.rows);
        assert_non_null(flagged[i]);
        flagged_find(&view, flagged[i], &numbers[i], &error);
        error_count_estimate(&view, flagged[i], &counts[i], &error);
        assert_no_error(&error);
    }
    assert_int_equal(numbers[0], numbers[1]);
    assert_memory_equal(flagged[0], flagged[1], set.rows);
    assert_memory_equal(&counts[0], &counts[1], sizeof counts[0]);
    free(flagged[0]);
    free(flagged[1]);
    free(set.labels);
    free(set.is_wrong);
    free(set.mix);
}

/* A mix with probabilities of 0, more classes than labels, one row. */
static void test_edges(void **state) {
    (void)state;
    float mix[] = {0, -INFINITY, -INFINITY, -INFINITY, 0, -INFINITY, 0, -INFINITY, -INFINITY};
    static const int32_t labels[] = {0, 1, 1};
    for (size_t rows = 1; rows <= 3; rows++) {
        struct mix_view view = view_of(mix, labels, rows, 3, 1);
        struct error error = ERROR_INITIAL;
        struct error_count count;
        unsigned char flagged[3];
        size_t number;
        flagged_find(&view, flagged, &number, &error);
        error_count_estimate(&view, flagged, &count, &error);
        assert_no_error(&error);
        assert_true(count.errors >= 0 && count.high <= (double)rows);
        assert_true(count.low <= count.errors && count.errors <= count.high);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_intervals_hold),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests_name("flagged", tests, NULL, NULL);
}
