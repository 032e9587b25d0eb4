/* What is printed after a run: on a terminal of any width, and as JSON. */
#include "host/base/json.h"
#include "host/base/terminal.h"
#include "host/output/findings.h"
#include "host/output/summary.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct made_settings hostile = {
    .clips = 400, .issues = 130, .classes = 30, .hostile = true};

static char *print_summary(const struct made_run *made, bool json, int width, size_t *size) {
    struct error error = ERROR_INITIAL;
    char *data = NULL;
    FILE *stream = open_memstream(&data, size);
    assert_non_null(stream);
    if (json)
        summary_print_json(stream, made->out, &made->results, &error);
    else
        summary_print(stream, width, made->out, &made->results, &error);
    assert_no_error(&error);
    fclose(stream);
    return data;
}

static void test_summary(void **state) {
    (void)state;
    struct made_run made;
    size_t size = 0;
    made_run_make(&made, &hostile);
    char *text = print_summary(&made, false, 0, &size);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) {
        assert_true(text[i] == '\n' || (unsigned char)text[i] >= 0x20);
        lines += text[i] == '\n';
    }
    /* Counts with two lines for each reason, the second about its first clip; the issues with
     * their heading; the files; what to do next. */
    size_t reasons = 0;
    for (int i = 1; i < CLIP_STATUS_COUNT; i++) reasons += made.results.status_counts[i] > 0;
    /* Audio faults, one a line, with a heading. The made run has at least these: silent, truncated,
     * too short, clipped, identical to another. */
    size_t faults = 0;
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        char line[128];
        unsigned long long count = made.results.audio_fault_counts[i];
        if (count == 0) continue;
        snprintf(line, sizeof line, "\n%9llu  %s\n", count,
                 audio_fault_rule((enum audio_fault)i)->words);
        if (strstr(text, line) == NULL) fail_msg("no line '%s'", line);
        faults++;
    }
    assert_true(faults >= 5);
    assert_int_equal(lines, 2 + 2 * reasons + 2 + 10 + 2 + faults + 5 + 2);
    assert_non_null(strstr(text, "       56  clipped\n"));
    assert_non_null(strstr(text, "400 clips, 30 classes; 390 audited, 10 not:"));
    assert_non_null(strstr(text, "130 clips look mislabelled"));
    assert_non_null(strstr(text, "=cmd|' /C calc'!A0.wav\n"));
    assert_non_null(strstr(text, "@at\\r\\nline.wav\n"));
    free(text);
    made_run_free(&made);
}

/* What the detector found: cautions first, one estimate, marks, groups. */
static void test_detector(void **state) {
    (void)state;
    struct made_run made;
    size_t size = 0;
    made_run_make(&made, &(struct made_settings){
                             .clips = 400, .issues = 30, .classes = 10, .detector = true});
    char *text = print_summary(&made, false, 0, &size);
    static const char *const parts[] = {
        ("; 6 have the sound of a clip with another label, 7 fit none of the classes\nAbout 31 "
         "labels are wrong (95% interval: 23 "
         "to "
         "70): 27 of the 30 flagged, and 4 that are not flagged; 92.1% are right\n"),
        "\nbalanced accuracy 0.97 (chance 0.10, largest class 0.12)\n",
        "  certain: folder 4/clip_00011.wav has the same sound and is labelled five\n",
        " -> none of these  folder 2/",
        ("\n\ngroups with many labels that look wrong:\n"
         "  speaker anna, labelled eight: 14 of 15 clips look like five\n"),
        "/group_errors.csv groups with many labels that look wrong\n",
    };
    assert_ptr_equal(strstr(text, "caution: Balanced accuracy 0.20 of 5 classes: "), text);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(text, parts[i]) == NULL) fail_msg("no '%s' in:\n%s", parts[i], text);
    assert_null(strstr(text, "overall label health"));
    free(text);
    made_run_free(&made);
}

/* The parts add up to the total, and numbers that cannot be are bounded: a run that is read back
 * may have any. */
static void test_shown_errors(void **state) {
    (void)state;
    static const struct {
        size_t issues;
        double all, low, high, right, missed;
        struct run_shown_errors shown;
    } cases[] = {
        {30, 31.25, 23.5, 40.5, 2.875, 4.125, {31, 23, 41, 27, 4}},
        {30, 31.9, 31.9, 31.9, 2.4, 4.4, {32, 31, 32, 28, 4}},
        {0, 1.5, 0.0, 4.0, 0.0, 1.5, {2, 0, 4, 0, 2}},
        {5, 100.0, 0.0, 4.0, 9.0, 3.0, {100, 0, 100, 0, 3}},
        {5,
         1e300,
         -3.0,
         (double)NAN,
         -7.0,
         1e18,
         {1000000000000000, 0, 1000000000000000, 5, 1000000000000000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct run_results results = {
            .issue_count = cases[i].issues,
            .error_count = {true,
                            {cases[i].all, cases[i].low, cases[i].high},
                            {cases[i].right, 0.0, 0.0},
                            {cases[i].missed, 0.0, 0.0}}};
        const struct run_shown_errors shown = run_shown_errors(&results);
        assert_int_equal(shown.all, cases[i].shown.all);
        assert_int_equal(shown.low, cases[i].shown.low);
        assert_int_equal(shown.high, cases[i].shown.high);
        assert_int_equal(shown.flagged, cases[i].shown.flagged);
        assert_int_equal(shown.unflagged, cases[i].shown.unflagged);
    }
    const struct run_results clean = {.status_counts = {[CLIP_OK] = 300},
                                      .error_count = {true, {0.3, 0.0, 21.5}, {0}, {0.3, 0, 21.5}}};
    /* An interval of more than half of the clips names no number. */
    const struct run_results unknown = {
        .status_counts = {[CLIP_OK] = 2000},
        .issue_count = 9,
        .error_count = {true, {500, 400.5, 1400.5}, {1, 0, 3}, {480, 0, 900}}};
    struct text words = TEXT_INITIAL;
    run_errors_words(&words, &clean);
    assert_string_equal(words.data, "No label seems to be wrong (95% interval: 0 to 22)");
    text_free(&words);
    run_errors_words(&words, &unknown);
    assert_string_equal(words.data,
                        "How many labels are wrong is hardly known (95% interval: 400 to 1,401)");
    text_free(&words);
}

static void test_copy_is_wrong(void **state) {
    (void)state;
    assert_false(run_copy_is_wrong(
        &(struct run_issue){.given_probability = 0.1F, .suggested_probability = 0.9F}));
    assert_true(run_copy_is_wrong(
        &(struct run_issue){.given_probability = 0.9F, .suggested_probability = 0.1F}));
}

/* In a terminal no line is longer than it is wide; long names lose their middle. */
static void test_summary_width(void **state) {
    (void)state;
    static const int widths[] = {32, 40, 64, 80, 120};
    struct made_run made;
    char out[sizeof made.out];
    struct made_settings settings = hostile;
    settings.detector = true;
    made_run_make(&made, &settings);
    memcpy(out, made.out, sizeof out);
    snprintf(made.out, sizeof made.out, "out"); /* a long name would not be broken */
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        size_t size = 0;
        char *text = print_summary(&made, false, widths[w], &size);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            if (terminal_columns(line) > widths[w] && strchr(line + strspn(line, " "), ' ') != NULL)
                fail_msg("%d columns: %s", widths[w], line);
        free(text);
    }
    memcpy(made.out, out, sizeof out);
    made_run_free(&made);
}

static void test_summary_json(void **state) {
    (void)state;
    struct made_run made;
    size_t size = 0;
    struct error error = ERROR_INITIAL;
    struct made_settings settings = hostile;
    settings.detector = true;
    made_run_make(&made, &settings);
    char *text = print_summary(&made, true, 0, &size);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1);
    json_t *json = json_parse(text, size, "summary", &error);
    assert_no_error(&error);
    const json_t *first = json_object_get(json, "first_issues");
    char *path = json_bytes(json_object_get(json_array_get(first, 0), "path"), &error);
    assert_int_equal(json_integer_value(json_object_get(json, "clips")), 400);
    assert_int_equal(json_integer_value(json_object_get(json, "issues")), 130);
    assert_int_equal(json_array_size(first), 10);
    assert_int_equal(json_array_size(json_object_get(json, "cautions")), 2);
    assert_int_equal(json_array_size(json_object_get(json, "views")), 2);
    assert_int_equal(json_array_size(json_object_get(json, "first_group_errors")), 3);
    assert_true(json_is_true(json_object_get(json_array_get(first, 0), "certain")));
    assert_true(json_is_true(json_object_get(json_array_get(first, 2), "none_of_classes")));
    const json_t *errors = json_object_get(json_object_get(json, "error_count"), "errors");
    assert_true(json_number_value(json_object_get(errors, "number")) == 131.25);
    assert_string_equal(path, "=cmd|' /C calc'!A0.wav");
    free(path);
    json_decref(json);
    free(text);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary),       cmocka_unit_test(test_detector),
        cmocka_unit_test(test_shown_errors),  cmocka_unit_test(test_copy_is_wrong),
        cmocka_unit_test(test_summary_width), cmocka_unit_test(test_summary_json),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
