/* Recall and balanced accuracy against numpy, and which warnings a list gets. */
#include "host/confident/belief.h"
#include "tests/support/compare.h"
#include "tests/support/golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void golden_belief(void **state) {
    (void)state;
    struct golden labels = golden_read("findings/labels.npy");
    struct golden mix = golden_read("findings/mix.npy");
    struct golden recall = golden_read("findings/recall.npy");
    struct golden numbers = golden_read("findings/belief.npy");
    for (int threads = 1; threads <= 3; threads++) {
        struct error error = ERROR_INITIAL;
        struct belief belief;
        belief_measure(&(struct mix_view){.rows = labels.count,
                                          .classes = recall.count,
                                          .labels = labels.integers,
                                          .mix = mix.floats,
                                          .threads = threads},
                       &belief, &error);
        assert_no_error(&error);
        for (size_t k = 0; k < recall.count; k++) {
            assert_true(isnan(belief.recall[k]) == isnan(recall.doubles[k]));
            if (!isnan(recall.doubles[k]))
                assert_within(fabs(belief.recall[k] - recall.doubles[k]), 1e-12, "recall");
        }
        const double found[3] = {belief.balanced_accuracy, belief.chance, belief.majority};
        for (size_t i = 0; i < 3; i++)
            assert_within(fabs(found[i] - numbers.doubles[i]), 1e-12, "belief");
        belief_free(&belief);
    }
    golden_free(&labels);
    golden_free(&mix);
    golden_free(&recall);
    golden_free(&numbers);
}

/* The sentences, a line each, for `classes` classes: seen (classes, classes) has the number of rows
 * with each label (row) that look like each class (column). */
static char *said(const size_t *seen, size_t classes, struct belief_words words) {
    static char lines[4096];
    size_t rows = 0;
    for (size_t i = 0; i < classes * classes; i++) rows += seen[i];
    int32_t *labels = calloc(rows, sizeof *labels);
    float *mix = calloc(rows * classes, sizeof *mix);
    assert_true(labels != NULL && mix != NULL);
    size_t row = 0;
    for (size_t i = 0; i < classes * classes; i++)
        for (size_t n = 0; n < seen[i]; n++, row++) {
            labels[row] = (int32_t)(i / classes);
            for (size_t k = 0; k < classes; k++)
                mix[row * classes + k] = k == i % classes ? -0.1F : -5;
        }
    struct error error = ERROR_INITIAL;
    struct belief belief;
    struct warnings warnings = {0};
    belief_measure(
        &(struct mix_view){
            .rows = rows, .classes = classes, .labels = labels, .mix = mix, .threads = 2},
        &belief, &error);
    assert_no_error(&error);
    words.labels = labels;
    belief_warn(&belief, &words, &warnings, &error);
    assert_no_error(&error);
    lines[0] = '\0';
    for (size_t i = 0, used = 0; i < warnings.count && used < sizeof lines; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "%s\n", warnings.sentences[i]);
    warnings_free(&warnings);
    belief_free(&belief);
    free(labels);
    free(mix);
    return lines;
}

static const size_t good[] = {45, 3, 2, 4, 40, 0, 1, 1, 48};

static void silent_on_a_good_list(void **state) {
    (void)state;
    assert_string_equal(said(good, 3, (struct belief_words){.flagged = 48}), "");
    const char *const names[] = {"one", "two", "three"};
    assert_string_equal(said(good, 3, (struct belief_words){.class_names = names}), "");
}

static void knows_little(void **state) {
    (void)state;
    const size_t seen[] = {10, 9, 9, 9, 10, 9, 10, 10, 8};
    assert_string_equal(said(seen, 3, (struct belief_words){.group_option = "--group"}),
                        "balanced accuracy 0.33 of 3 classes (chance 0.33, largest class 0.33): "
                        "this list is worth little; try other embeddings or --group\n");
    /* A class without rows is no class. */
    const size_t fewer[] = {10, 9, 0, 10, 9, 0, 0, 0, 0};
    assert_string_equal(said(fewer, 3, (struct belief_words){0}),
                        "balanced accuracy 0.50 of 2 classes (chance 0.50, largest class 0.50): "
                        "this list is worth little; try other embeddings\n");
}

static void too_many_flagged(void **state) {
    (void)state;
    assert_string_equal(
        said(good, 3, (struct belief_words){.flagged = 49}),
        "49 of 144 clips are flagged (34.0%), too many to be a list of errors: look "
        "at the first ones before you rely on the others\n");
}

static void changed_places(void **state) {
    (void)state;
    const char *const names[] = {"cat", "cow", "dog\n", "hen"};
    const size_t swapped[] = {40, 1, 0, 0, 0, 1, 30, 0, 1, 30, 1, 0, 0, 0, 0, 40};
    assert_string_equal(said(swapped, 4, (struct belief_words){.class_names = names}),
                        "2 classes have changed places ('cow' looks like 'dog\n', 'dog\n' looks "
                        "like 'cow'): check the order of the classes\n");
    const size_t cycle[] = {0, 20, 0, 0, 0, 0, 20, 0, 0, 0, 0, 20, 20, 0, 0, 0};
    assert_string_equal(said(cycle, 4, (struct belief_words){0}),
                        "4 classes have changed places (class 0 looks like class 1, class 1 looks "
                        "like class 2, class 2 looks like class 3 ...): check the order of the "
                        "classes\n");
    /* Two that look like the same third one are no permutation. */
    const size_t joined[] = {40, 0, 0, 0, 0, 40, 0, 0, 0, 30, 0, 0, 0, 0, 0, 40};
    assert_string_equal(said(joined, 4, (struct belief_words){0}), "");
}

static void spellings(void **state) {
    (void)state;
    const size_t mixed[] = {40, 0, 0, 0, 20, 10, 0, 8, 12};
    const char *const names[] = {"cat", "Dog bark ", "dog_bark"};
    assert_string_equal(said(mixed, 3, (struct belief_words){.class_names = names}),
                        "the classes 'Dog bark ' and 'dog_bark' differ only in spelling (36.0% of "
                        "their clips look like the other): are they one class?\n");
    /* Case may be meant: only with confusion. Separators never are. */
    const size_t apart[] = {40, 0, 0, 0, 30, 0, 0, 1, 30};
    assert_string_equal(said(apart, 3, (struct belief_words){.class_names = names}), "");
    const char *const same[] = {"cat", "dog - bark", "dog_bark"};
    assert_string_equal(said(apart, 3, (struct belief_words){.class_names = same}),
                        "the classes 'dog - bark' and 'dog_bark' differ only in spelling (1.64% of "
                        "their clips look like the other): are they one class?\n");
    /* A sign is no separator. */
    const char *const numbers[] = {"0", "-1", "1"};
    assert_string_equal(said(apart, 3, (struct belief_words){.class_names = numbers}), "");
    const char *const padded[] = {"0", " -1", "-1"};
    assert_string_equal(said(apart, 3, (struct belief_words){.class_names = padded}),
                        "the classes ' -1' and '-1' differ only in spelling (1.64% of their clips "
                        "look like the other): are they one class?\n");
    const char *const other[] = {"cat", "dog", "doggy"};
    assert_string_equal(said(mixed, 3, (struct belief_words){.class_names = other}),
                        "the classes 'dog' and 'doggy' can hardly be told apart (36.0% of their "
                        "clips look like the other): are they one class?\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_belief),  cmocka_unit_test(silent_on_a_good_list),
        cmocka_unit_test(knows_little),   cmocka_unit_test(too_many_flagged),
        cmocka_unit_test(changed_places), cmocka_unit_test(spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
