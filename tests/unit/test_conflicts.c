/* What reviewers decided differently as a list: issues of the run, and clips that are none. */
#include "host/clips/label_sets.h"
#include "host/review/conflicts.h"
#include "tests/support/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define CLIPS 6

static const char *const paths[CLIPS] = {"a", "b", "c", "d", "e", "f"};
static const char *const class_names[] = {"cat", "dog", "owl"};

/* All are cats, in a multilabel run with an owl; e was not audited, and the label of f is no
 * class. */
static bool sets;

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    (void)context;
    *clip = (struct run_clip)RUN_CLIP_INITIAL;
    clip->row = row;
    clip->path = paths[row];
    clip->label = sets ? "cat;owl" : row == 5 ? "cow" : "cat";
    clip->class_index = row == 5 || sets ? -1 : 0;
    clip->status = row == 4 ? CLIP_SILENT : CLIP_OK;
}

static void add(struct decisions *decisions, size_t row, const char *by, enum decision_kind kind,
                const char *label) {
    struct error error = ERROR_INITIAL;
    size_t index;
    struct decision decision = DECISION_INITIAL;
    decision.row = row;
    decision.path = paths[row];
    decision.end = 1;
    decision.sets = sets;
    decision.given = sets ? "cat" LABEL_JOINT "owl" : row == 5 ? "cow" : "cat";
    decision.kind = kind;
    decision.label = label;
    decision.by = by;
    decisions_add(decisions, &decision, &index, &error);
    assert_no_error(&error);
}

static void place(struct decisions *decisions) {
    decisions_place_begin(decisions);
    for (size_t row = 0; row < CLIPS; row++) {
        const struct decision_clip clip = {paths[row], 0, 1,
                                           sets       ? "cat" LABEL_JOINT "owl"
                                           : row == 5 ? "cow"
                                                      : "cat"};
        decisions_place(decisions, row, &clip);
    }
    decisions_place_end(decisions);
}

static const struct run_issue issues[] = {{.row = 3, .suggested = 2, .score = 0.25}, {.row = 0}};

static void find(const struct decisions *decisions, struct conflicts *conflicts) {
    struct error error = ERROR_INITIAL;
    const struct run_results results = {.clips = {.count = CLIPS, .get = get_clip},
                                        .class_names = class_names,
                                        .class_count = 3,
                                        .multilabel = sets,
                                        .issues = issues,
                                        .issue_count = 2};
    conflicts_find(&results, decisions, sets ? ";" : NULL, conflicts, &error);
    assert_no_error(&error);
}

static void test_one_label(void **state) {
    (void)state;
    struct decisions decisions = {0};
    struct conflicts conflicts = {0};
    sets = false;
    for (size_t row = 0; row < CLIPS; row++) {
        add(&decisions, row, "anna", DECISION_KEEP, NULL);
        if (row == 1)
            add(&decisions, row, "ben", DECISION_EXCLUDE, NULL);
        else if (row > 0)
            add(&decisions, row, "ben", DECISION_RELABEL, "dog");
    }
    place(&decisions);
    find(&decisions, &conflicts);
    assert_int_equal(conflicts.count, 5);
    assert_int_equal(conflicts.issue_count, 3);
    assert_int_equal(conflicts.issues[0].row, 3); /* as it was */
    assert_int_equal(conflicts.issues[0].suggested, 2);
    assert_true(conflicts.issues[0].score > 0.0);
    assert_int_equal(conflicts.issues[1].row, 1);
    assert_int_equal(conflicts.issues[1].given, 0);
    assert_int_equal(conflicts.issues[1].suggested, 0); /* nobody has another label for it */
    assert_int_equal(conflicts.issues[2].row, 2);
    assert_int_equal(conflicts.issues[2].suggested, 1);
    assert_true(isnan(conflicts.issues[2].score));
    conflicts_free(&conflicts);
    decisions_free(&decisions);
}

static void test_sets(void **state) {
    (void)state;
    struct decisions decisions = {0};
    struct conflicts conflicts = {0};
    sets = true;
    add(&decisions, 1, "anna", DECISION_UNSURE, NULL);
    add(&decisions, 1, "ben", DECISION_RELABEL, "cat" LABEL_JOINT "dog" LABEL_JOINT "owl");
    add(&decisions, 2, "anna", DECISION_KEEP, NULL);
    add(&decisions, 2, "ben", DECISION_RELABEL, "");
    place(&decisions);
    find(&decisions, &conflicts);
    assert_int_equal(conflicts.issue_count, 2);
    assert_string_equal(conflicts.issues[0].given_set, "cat;owl");
    assert_string_equal(conflicts.issues[0].suggested_set, "cat;dog;owl");
    assert_string_equal(conflicts.issues[1].suggested_set, "");
    conflicts_free(&conflicts);
    decisions_free(&decisions);
}

static void test_no_conflict(void **state) {
    (void)state;
    struct decisions decisions = {0};
    struct conflicts conflicts = {0};
    sets = false;
    place(&decisions);
    find(&decisions, &conflicts);
    assert_int_equal(conflicts.count + conflicts.issue_count, 0);
    conflicts_free(&conflicts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_label),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_no_conflict),
    };
    return cmocka_run_group_tests_name("conflicts", tests, NULL, NULL);
}
