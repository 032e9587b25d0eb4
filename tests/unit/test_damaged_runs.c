/* Files of a run that are damaged or missing are refused with their name and line; those of
 * version 0.2.0 are read. */
#include "host/base/file.h"
#include "host/output/files.h"
#include "host/report/read.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

struct damage {
    const char *file;
    const char *from;    /* the first of these in the file ... */
    const char *to;      /* ... is replaced by this; NULL: the file ends there */
    const char *message; /* words of it */
};

static const struct damage damages[] = {
    {"run.json", "\"format\": 1", "\"format\": 2", "format"},
    {"run.json", "\"counts\"", NULL, "run.json, line"},
    {"run.json", "{", "[{", "run.json, line"},
    {"classes.json", "\"one\"", "\"four\"", "classes.json: class"},
    {"classes.json", "\"one\"", "17", "class 1 has no name"},
    {"classes.json", "[", "{", "classes.json, line"},
    {"issues.jsonl", "\"given_label\": \"four\"", "\"given_label\": \"ghost\"", "line 1"},
    {"issues.jsonl", "\"row\": 1, \"id\"", "\"row\": -1, \"id\"", "line 2"},
    {"issues.jsonl", "\"row\": 1, \"id\"", "\"row\": 1000000, \"id\"", "about row 1000000"},
    {"issues.jsonl", "\"row\": 1, \"id\"", "\"row\": 1e3, \"id\"", "line 2"},
    {"issues.jsonl", "\"neighbours\": [", "\"neighbours\": [{\"row\":1},", "at most 5"},
    {"issues.jsonl", "\"neighbours\": [{\"row\": 1", "\"neighbours\": [{\"row\": \"x\"",
     "neighbour 0"},
    {"issues.jsonl", "\"score\"", NULL, "line 1: not JSON"},
    {"clips.csv", ",status,", ",state,", "no column 'status'"},
    {"clips.csv", ",ok,", ",fine,", "line 2: 'fine'"},
    {"clips.csv", "\n1,", "\n2,", "row 2 where row 1"},
    {"clips.csv", "\n20,", NULL, "has 20 rows"},
    {"clips.csv", "row,id", NULL, "empty"},
    {"classes.csv", "\nfour,", "\nextra,0,1,1,1,1,1,1\nfour,", "more than the 5"},
    {"classes.csv", "\nfour,", NULL, "classes.csv"},
    {"overlapping_classes.csv", "\nfour,two,0,3", "\nfour,two,0,9", "class 9 is not"},
    {"issues.jsonl", "\"same_sound\": 11", "\"same_sound\": \"x\"", "line 1: certain"},
    {"issues.jsonl", "\"same_sound\": 11", "\"same_sound\": 39", "about row 39"},
    {"issues.jsonl", "\"evidence\": [", "\"evidence\": [{},", "evidence of 3 views"},
    {"issues.jsonl", "\"neighbours\": 20", "\"neighbours\": 1e3", "view 0 has impossible"},
    {"issues.jsonl", "\"with_given\": 2", "\"with_given\": -2", "view 0 has impossible"},
    {"run.json", "\"statistics\"", "7", "evidence of 2 views"},
    {"group_errors.csv", ",four,", ",ghost,", "line 2: 'ghost' is not a class"},
    {"group_errors.csv", ",15,", ",many,", "line 2: 'many' is not a whole number"},
    {"group_errors.csv", "matching", "match", "no column 'matching'"},
    {"confident_joint.csv", ",300,", ",abc,", "'abc' is not a whole number"},
    {"confident_joint.csv", ",300,", ",300,1,", "7 cells instead of 6"},
    {"confident_joint.csv", "\none,", NULL, "0 cells instead of 6"},
};

static void damage_file(const struct made_run *made, const struct damage *damage) {
    size_t size = 0;
    struct text text = TEXT_INITIAL;
    char *data = made_run_file(made, damage->file, &size);
    const char *at = strstr(data, damage->from);
    if (at == NULL) fail_msg("%s has no %s", damage->file, damage->from);
    text_append(&text, data, (size_t)(at - data));
    if (damage->to != NULL) {
        text_string(&text, damage->to);
        text_string(&text, at + strlen(damage->from));
    }
    test_file_write(made_run_path(made, damage->file), text.data, text.length);
    text_free(&text);
    free(data);
}

static void test_damaged(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct made_run made;
        struct error error = ERROR_INITIAL;
        struct run_read *read = NULL;
        made_run_make(&made, &(struct made_settings){
                                 .clips = 39, .issues = 25, .classes = 5, .detector = true});
        run_write(&made.out_folder, &made.results, &error);
        assert_no_error(&error);
        damage_file(&made, &damages[i]);
        enum error_code code = run_read_open(&made.out_folder, &read, &error);
        if (code == ERROR_NONE || strstr(error.message, damages[i].message) == NULL ||
            (strstr(error.message, damages[i].file) == NULL &&
             strstr(error.message, ".jsonl") == NULL))
            fail_msg("damage %zu of %s: message '%s' instead of '...%s...'", i, damages[i].file,
                     error.message, damages[i].message);
        assert_null(read);
        made_run_free(&made);
    }
}

static void test_missing(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 1, .issues = 0, .classes = 2});
    assert_int_equal(run_read_open(&made.out_folder, &read, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "/out/run.json"));
    made_run_free(&made);
}

/* Version 0.2.0 wrote no detector, and no columns for what it finds. */
static void test_older(void **state) {
    (void)state;
    static const struct damage changes[] = {
        {"run.json", "\"detector\": \"ensemble\",", "", ""},
        {"run.json", "\"views\"", "\"seen\"", ""},
        {"run.json", "\"error_count\"", "\"count\"", ""},
        {"run.json", "\"belief\"", "\"trust\"", ""},
        {"run.json", "\"cautions\"", "\"care\"", ""},
    };
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    made_run_make(
        &made, &(struct made_settings){.clips = 39, .issues = 0, .classes = 5, .detector = true});
    run_write(&made.out_folder, &made.results, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) damage_file(&made, &changes[i]);
    run_read_open(&made.out_folder, &read, &error);
    assert_no_error(&error);
    const struct run_results *results = run_read_results(read);
    assert_null(results->detector);
    assert_int_equal(results->view_count, 0);
    assert_int_equal(results->caution_count, 0);
    assert_false(results->belief.computed);
    assert_false(results->error_count.estimated);
    run_read_close(read);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_older),
    };
    return cmocka_run_group_tests_name("damaged runs", tests, NULL, NULL);
}
