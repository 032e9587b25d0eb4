/* Copies: which rows are the same sound, and that these share a fold, against plain loops. */
#include "host/classifier/assign.h"
#include "host/classifier/copies.h"
#include "host/classifier/folds.h"
#include "tests/support/compare.h"
#include "tests/support/made_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 400

/* A made list: rows of the same sound have the same number. */
struct list {
    size_t rows, classes;
    size_t sounds[MOST];
    int32_t labels[MOST];
};

static void add(struct list *list, size_t sound, int32_t label) {
    assert_true(list->rows < MOST);
    list->sounds[list->rows] = sound;
    list->labels[list->rows++] = label;
}

enum arrangement { ONCE, ADJACENT, SECOND_HALF, HALF_OF_THEM, OTHER_LABELS, ARRANGEMENTS };

/* 120 sounds, each there once or twice, or 60 of them twice, or 30 under another label, too. */
static struct list make_list(enum arrangement arrangement, size_t classes) {
    struct list list = {.classes = classes};
    const size_t sounds = 120;
    for (size_t i = 0; i < sounds; i++) {
        int32_t label = (int32_t)(made_mix(1, 2, i) % classes);
        add(&list, i, label);
        if (arrangement == ADJACENT) add(&list, i, label);
    }
    for (size_t i = 0; i < sounds; i++) {
        if (arrangement == SECOND_HALF || (arrangement == HALF_OF_THEM && i % 2 == 0))
            add(&list, i, list.labels[i]);
        if (arrangement == OTHER_LABELS && i % 4 == 0)
            add(&list, i, (list.labels[i] + 1) % (int32_t)classes);
    }
    return list;
}

/* Equal hashes are equal sounds; either half alone is not enough. */
static void hash_sounds(const struct list *list, uint64_t (*hashes)[2]) {
    for (size_t row = 0; row < list->rows; row++) {
        hashes[row][0] = made_mix(3, 4, list->sounds[row] / 2);
        hashes[row][1] = made_mix(5, 6, list->sounds[row] % 2 + list->sounds[row] / 4);
    }
}

static size_t find(const struct list *list, int32_t *copy_of) {
    struct error error = ERROR_INITIAL;
    uint64_t hashes[MOST][2];
    size_t copies;
    hash_sounds(list, hashes);
    copies_find((const uint64_t(*)[2])hashes, list->rows, copy_of, &copies, &error);
    assert_no_error(&error);
    return copies;
}

static size_t plain_first(const struct list *list, size_t row) {
    size_t first = 0;
    while (list->sounds[first] != list->sounds[row]) first++;
    return first;
}

static void test_find(void **state) {
    (void)state;
    for (int a = 0; a < ARRANGEMENTS; a++) {
        struct list list = make_list((enum arrangement)a, 4);
        int32_t copy_of[MOST];
        size_t copies = find(&list, copy_of), expected = 0;
        for (size_t row = 0; row < list.rows; row++) {
            assert_int_equal(copy_of[row], plain_first(&list, row));
            expected += plain_first(&list, row) != row;
        }
        assert_int_equal(copies, expected);
        assert_int_equal(copies, list.rows - 120);
    }
}

/* Every set of rows: where the first of a set is left out, the next one stands for it. */
static void test_select(void **state) {
    (void)state;
    for (int a = 0; a < ARRANGEMENTS; a++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct error error = ERROR_INITIAL;
            struct list list = make_list((enum arrangement)a, 4), left = {.classes = 4};
            int32_t copy_of[MOST], some[MOST];
            size_t selected[MOST];
            find(&list, copy_of);
            for (size_t row = 0; row < list.rows; row++)
                if (made_unit(seed, 1, row) < 0.5) {
                    selected[left.rows] = row;
                    add(&left, list.sounds[row], list.labels[row]);
                }
            copies_select(copy_of, list.rows, selected, left.rows, some, &error);
            assert_no_error(&error);
            for (size_t i = 0; i < left.rows; i++) assert_int_equal(some[i], plain_first(&left, i));
        }
}

/* scikit-learn's folds (folds.h) of the list in which every sound is there once. */
static void plain_folds(const struct list *list, bool stratified, size_t folds, bool shuffle,
                        int32_t *fold_of) {
    struct error error = ERROR_INITIAL;
    struct list once = {.classes = list->classes};
    int32_t once_folds[MOST];
    for (size_t row = 0; row < list->rows; row++)
        if (plain_first(list, row) == row) add(&once, list->sounds[row], list->labels[row]);
    if (stratified)
        folds_stratified(once.labels, once.rows, once.classes, folds, shuffle, 7, once_folds,
                         &error);
    else
        folds_shuffled(once.rows, folds, 7, once_folds, &error);
    assert_no_error(&error);
    for (size_t row = 0; row < list->rows; row++) {
        size_t at = 0;
        while (once.sounds[at] != list->sounds[row]) at++;
        fold_of[row] = once_folds[at];
    }
}

static void check_folds(const struct list *list, bool stratified, bool shuffle) {
    struct error error = ERROR_INITIAL;
    int32_t copy_of[MOST], fold_of[MOST], expected[MOST];
    find(list, copy_of);
    plain_folds(list, stratified, 5, shuffle, expected);
    copies_folds(stratified ? list->labels : NULL, copy_of, list->rows, list->classes, 5, shuffle,
                 7, fold_of, &error);
    assert_no_error(&error);
    assert_memory_equal(fold_of, expected, list->rows * sizeof *fold_of);
}

static void test_folds(void **state) {
    (void)state;
    for (int a = 0; a < ARRANGEMENTS; a++)
        for (size_t classes = 2; classes <= 12; classes += 5) {
            struct list list = make_list((enum arrangement)a, classes);
            check_folds(&list, true, false);
            check_folds(&list, true, true);
            check_folds(&list, false, true);
        }
}

/* Without copies, and without a list of them, folds are scikit-learn's. */
static void test_no_copies(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct list list = make_list(ONCE, 4);
    int32_t copy_of[MOST], with[MOST], without[MOST], plain[MOST];
    assert_int_equal(find(&list, copy_of), 0);
    copies_folds(list.labels, copy_of, list.rows, 4, 5, false, 0, with, &error);
    copies_folds(list.labels, NULL, list.rows, 4, 5, false, 0, without, &error);
    folds_stratified(list.labels, list.rows, 4, 5, false, 0, plain, &error);
    assert_no_error(&error);
    assert_memory_equal(with, plain, list.rows * sizeof *plain);
    assert_memory_equal(without, plain, list.rows * sizeof *plain);
}

/* ---- groups ---- */

/* Rows whose groups are connected by copies get the smallest group: by repeated passes. */
static size_t plain_join(const struct list *list, int64_t *groups, size_t group_count) {
    bool changed = true, is_left[MOST] = {false};
    size_t given = 0, left = 0;
    for (size_t row = 0; row < list->rows; row++) {
        given += !is_left[groups[row]];
        is_left[groups[row]] = true;
    }
    memset(is_left, 0, sizeof is_left);
    int64_t smallest[MOST];
    for (size_t g = 0; g < group_count; g++) smallest[g] = (int64_t)g;
    while (changed) {
        changed = false;
        for (size_t a = 0; a < list->rows; a++)
            for (size_t b = 0; b < a; b++) {
                int64_t *x = &smallest[groups[a]], *y = &smallest[groups[b]];
                if (list->sounds[a] != list->sounds[b] || *x == *y) continue;
                *x = *y = *x < *y ? *x : *y;
                changed = true;
            }
    }
    for (size_t row = 0; row < list->rows; row++) {
        groups[row] = smallest[groups[row]];
        left += !is_left[groups[row]];
        is_left[groups[row]] = true;
    }
    return given - left;
}

static void test_join_groups(void **state) {
    (void)state;
    for (int a = 0; a < ARRANGEMENTS; a++)
        for (size_t group_count = 10; group_count <= 150; group_count += 70) {
            struct error error = ERROR_INITIAL;
            struct list list = make_list((enum arrangement)a, 4);
            int32_t copy_of[MOST];
            int64_t groups[MOST], expected[MOST];
            size_t joined;
            find(&list, copy_of);
            for (size_t row = 0; row < list.rows; row++) /* most copies stay in their group */
                expected[row] = groups[row] =
                    (int64_t)(made_mix(8, 1, made_unit(8, 2, row) < 0.1 ? row : list.sounds[row]) %
                              group_count);
            size_t expected_joined = plain_join(&list, expected, group_count);
            copies_join_groups(copy_of, list.rows, groups, group_count, &joined, &error);
            assert_no_error(&error);
            assert_int_equal(joined, expected_joined);
            assert_memory_equal(groups, expected, list.rows * sizeof *groups);
        }
}

/* ---- from labels to folds ---- */

static struct assign_result assign(const struct list *list, const int64_t *groups,
                                   const int32_t *copy_of) {
    struct error error = ERROR_INITIAL;
    struct assign_result result;
    const struct assign_request request = {.folds = 5, .groups = groups, .copy_of = copy_of};
    assign_folds(list->labels, list->rows, list->classes, &request, &result, &error);
    assert_no_error(&error);
    return result;
}

/* Copies that are left share a fold, and every class has rows in two folds. */
static void check_assigned(const struct list *list, const struct assign_result *result) {
    for (size_t a = 0; a < list->rows; a++) {
        if (result->status[a] != AUDITABLE_YES) continue;
        bool elsewhere = false;
        for (size_t b = 0; b < list->rows; b++) {
            if (result->status[b] != AUDITABLE_YES) continue;
            if (list->sounds[a] == list->sounds[b])
                assert_int_equal(result->fold_of[a], result->fold_of[b]);
            elsewhere |=
                list->labels[a] == list->labels[b] && result->fold_of[a] != result->fold_of[b];
        }
        assert_true(elsewhere);
    }
}

static void test_assign(void **state) {
    (void)state;
    for (int a = 0; a < ARRANGEMENTS; a++) {
        struct list list = make_list((enum arrangement)a, 4);
        int32_t copy_of[MOST], expected[MOST];
        int64_t groups[MOST];
        find(&list, copy_of);
        struct assign_result dealt = assign(&list, NULL, copy_of);
        plain_folds(&list, true, 5, false, expected);
        assert_int_equal(dealt.auditable, list.rows);
        assert_memory_equal(dealt.fold_of, expected, list.rows * sizeof *expected);
        for (size_t row = 0; row < list.rows; row++) /* any numbers; a copy is in another group */
            groups[row] = -1000000 + 77 * (int64_t)(row % 30);
        struct assign_result grouped = assign(&list, groups, copy_of);
        check_assigned(&list, &dealt);
        check_assigned(&list, &grouped);
        for (size_t row = 0; row < list.rows; row++)
            for (size_t other = 0; other < row; other++)
                if (groups[row] == groups[other])
                    assert_int_equal(grouped.fold_of[row], grouped.fold_of[other]);
        assign_free(&dealt);
        assign_free(&grouped);
    }
}

/* Six rows of one sound are in one fold: the class cannot be audited. So it is with a class that
 * has copies of other classes' sounds only, in one fold. */
static void test_one_sound(void **state) {
    (void)state;
    struct list list = make_list(ONCE, 3);
    int32_t copy_of[MOST];
    list.classes = 5;
    for (size_t i = 0; i < 6; i++) add(&list, 500, 3);
    for (size_t i = 0; i < 6; i++) add(&list, 0, 4);
    assert_int_equal(find(&list, copy_of), 11);
    struct assign_result result = assign(&list, NULL, copy_of);
    assert_int_equal(result.classes, 3);
    assert_int_equal(result.auditable, 120);
    for (size_t row = 120; row < list.rows; row++) {
        assert_int_equal(result.status[row], AUDITABLE_ABSENT);
        assert_int_equal(result.fold_of[row], -1);
    }
    check_assigned(&list, &result);
    assign_free(&result);
    result = assign(&list, NULL, NULL); /* apart */
    assert_int_equal(result.classes, 5);
    assert_int_equal(result.auditable, list.rows);
    assign_free(&result);
}

/* Four sounds twice are eight rows, enough for five folds, of which one stays empty. */
static void test_fewer_sounds_than_folds(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct list list = {.classes = 2};
    int32_t copy_of[MOST], fold_of[MOST], expected[MOST];
    for (size_t i = 0; i < 16; i++) add(&list, i / 2, (int32_t)(i / 8));
    assert_int_equal(find(&list, copy_of), 8);
    struct assign_result result = assign(&list, NULL, copy_of);
    plain_folds(&list, true, 4, false, expected);
    assert_int_equal(result.auditable, list.rows);
    assert_memory_equal(result.fold_of, expected, list.rows * sizeof *expected);
    check_assigned(&list, &result);
    assign_free(&result);
    copies_folds(NULL, copy_of, 6, 2, 5, true, 7, fold_of, &error); /* three sounds, no labels */
    assert_no_error(&error);
    list.rows = 6;
    plain_folds(&list, false, 3, true, expected);
    assert_memory_equal(fold_of, expected, list.rows * sizeof *expected);
}

/* One sound in each class. */
static void test_too_few_sounds(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct list list = {.classes = 2};
    int32_t copy_of[MOST], fold_of[MOST];
    for (size_t i = 0; i < 20; i++) add(&list, i / 10, (int32_t)(i / 10));
    find(&list, copy_of);
    assert_int_equal(copies_folds(list.labels, copy_of, list.rows, 2, 5, false, 0, fold_of, &error),
                     ERROR_DATA);
    assert_non_null(strstr(error.message, "copies count once: 5 folds, but no class"));
}

/* A column of folds stays as it is. */
static void test_column(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct list list = make_list(SECOND_HALF, 3);
    struct assign_result result;
    int32_t copy_of[MOST];
    int64_t column[MOST];
    find(&list, copy_of);
    for (size_t row = 0; row < list.rows; row++) column[row] = 10 + (int64_t)(row % 3);
    const struct assign_request request = {.column = column, .copy_of = copy_of};
    assign_folds(list.labels, list.rows, 3, &request, &result, &error);
    assert_no_error(&error);
    for (size_t row = 0; row < list.rows; row++) assert_int_equal(result.fold_of[row], row % 3);
    assign_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),           cmocka_unit_test(test_select),
        cmocka_unit_test(test_folds),          cmocka_unit_test(test_no_copies),
        cmocka_unit_test(test_join_groups),    cmocka_unit_test(test_assign),
        cmocka_unit_test(test_one_sound),      cmocka_unit_test(test_fewer_sounds_than_folds),
        cmocka_unit_test(test_too_few_sounds), cmocka_unit_test(test_column),
    };
    return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
