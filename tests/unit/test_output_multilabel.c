/* The files of a run with several labels a clip: they are read back the same, whatever the
 * names; damaged files are refused. */
#include "host/base/file.h"
#include "host/output/files.h"
#include "host/report/read.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"
#include "tests/support/sound_files.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Writes the files of a synthetic run. */
static void write_run(struct made_run *made, const struct made_settings *settings) {
    struct error error = ERROR_INITIAL;
    made_run_make(made, settings);
    made_run_take_sets(made);
    run_write(&made->out_folder, &made->results, &error);
    assert_no_error(&error);
}

static void compare_issues(const struct run_results *expected, const struct run_results *found) {
    assert_true(found->multilabel);
    assert_int_equal(found->issue_count, expected->issue_count);
    for (size_t i = 0; i < found->issue_count; i++) {
        const struct run_issue *x = &expected->issues[i], *y = &found->issues[i];
        assert_int_equal(x->row, y->row);
        assert_string_equal(x->given_set, y->given_set);
        assert_string_equal(x->suggested_set, y->suggested_set);
        assert_int_equal(y->annotation_count, 2);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(x->annotations[k].class_index, y->annotations[k].class_index);
            assert_int_equal(x->annotations[k].given, y->annotations[k].given);
            assert_true(x->annotations[k].probability == y->annotations[k].probability);
        }
    }
}

static void test_round_trip(void **state) {
    (void)state;
    static const char *const files[] = {"issues.csv", "issues.jsonl"};
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    char *before[2];
    size_t sizes[2], size = 0;
    write_run(&made,
              &(struct made_settings){.clips = 400, .issues = 130, .classes = 30, .hostile = true});
    for (int i = 0; i < 2; i++) before[i] = made_run_file(&made, files[i], &sizes[i]);
    run_read_open(&made.out_folder, &read, &error);
    assert_no_error(&error);
    compare_issues(&made.results, run_read_results(read));
    run_write_issues(&made.out_folder, run_read_results(read), &error);
    assert_no_error(&error);
    for (int i = 0; i < 2; i++) {
        char *after = made_run_file(&made, files[i], &size);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(after, before[i], size);
        free(after);
        free(before[i]);
    }
    run_read_close(read);
    made_run_free(&made);
}

static void test_annotations(void **state) {
    (void)state;
    struct made_run made;
    size_t size = 0, lines = 0;
    write_run(&made, &(struct made_settings){.clips = 60, .issues = 9, .classes = 5});
    char *text = made_run_file(&made, "annotations.csv", &size);
    static const char start[] = "rank,row,id,path,label,given,probability\n"
                                "1,0,folder 0/clip_00000.wav,folder 0/clip_00000.wav,";
    assert_int_equal(strncmp(text, start, strlen(start)), 0);
    assert_non_null(strstr(text, ",1,0.25\n1,0,"));
    assert_non_null(strstr(text, ",0,0.875\n2,1,"));
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) lines++;
    assert_int_equal(lines, 1 + 2 * 9);
    free(text);
    made_run_free(&made);
}

/* Replaces the first `from` in issues.jsonl. */
static void damage(const struct made_run *made, const char *from, const char *to) {
    struct text text = TEXT_INITIAL;
    size_t size = 0;
    char *data = made_run_file(made, "issues.jsonl", &size);
    char *at = strstr(data, from);
    if (at == NULL) fail_msg("issues.jsonl has no %s", from);
    text_append(&text, data, (size_t)(at - data));
    text_string(&text, to);
    text_string(&text, at + strlen(from));
    test_file_write(made_run_path(made, "issues.jsonl"), text.data, text.length);
    text_free(&text);
    free(data);
}

static void test_damaged(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } damages[] = {
        {"[{\"label\": \"four\"", "[{\"label\": \"ghost\"", "line 1: \"label\" is not a class"},
        {"[{\"label\": \"four\"", "[7, {\"label\": \"four\"", "line 1: \"label\" is not a class"},
        {"\"suggested_label\": \"\"", "\"suggested_label\": 3", "\"suggested_label\" is no text"},
        {"\"given_label\"", "\"given\"", "\"given_label\" is no text"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct made_run made;
        struct error error = ERROR_INITIAL;
        struct run_read *read = NULL;
        write_run(&made, &(struct made_settings){.clips = 60, .issues = 9, .classes = 5});
        damage(&made, damages[i].from, damages[i].to);
        assert_int_equal(run_read_open(&made.out_folder, &read, &error), ERROR_DATA);
        if (strstr(error.message, damages[i].message) == NULL)
            fail_msg("'%s' lacks '%s'", error.message, damages[i].message);
        made_run_free(&made);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests_name("output_labels", tests, NULL, NULL);
}
