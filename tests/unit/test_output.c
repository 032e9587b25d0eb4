/* The files of a run: they are read back the same, whatever the names; damaged files are
 * refused with their name and line. */
#include "host/base/csv.h"
#include "host/base/file.h"
#include "host/base/json.h"
#include "host/base/terminal.h"
#include "host/output/clip_columns.h"
#include "host/output/files.h"
#include "host/output/summary.h"
#include "host/report/read.h"
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

/* ---- tables ---- */

static void assert_cell(const struct csv_reader *reader, size_t column, const char *expected) {
    struct text undone = TEXT_INITIAL;
    assert_non_null(csv_cell(reader, column));
    text_csv_undo(&undone, csv_cell(reader, column));
    assert_string_equal(undone.data == NULL ? "" : undone.data, expected == NULL ? "" : expected);
    text_free(&undone);
}

static void check_audio_cells(const struct csv_reader *reader, const struct clip_audio *audio) {
    struct text names = TEXT_INITIAL;
    char number[32];
    text_string(&names, "");
    audio_faults_names(&names, audio->faults);
    assert_cell(reader, 26, names.data);
    text_free(&names);
    snprintf(number, sizeof number, "%zu", audio->relations.identical_other_label);
    assert_cell(reader, 22,
                audio->relations.identical_other_label != CLIP_NO_RELATION ? number : "");
    assert_cell(reader, 23, "");
    if (audio->measured)
        assert_true(strtof(csv_cell(reader, 17), NULL) == audio->facts.sound.clipped_share);
    else
        assert_cell(reader, 17, "");
}

static void test_clips(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    made_run_make(&made, &hostile);
    run_write_clips(made.out, &made.results.clips, &error);
    assert_no_error(&error);
    FILE *stream = fopen(made_run_path(&made, "clips.csv"), "rb");
    struct csv_reader reader;
    size_t columns = 0;
    bool end = false;
    assert_non_null(stream);
    clip_columns(&columns);
    csv_open(&reader, stream, "clips.csv", ',');
    csv_next(&reader, &end, &error);
    assert_string_equal(csv_cell(&reader, 2), "path");
    for (size_t row = 0; row < hostile.clips; row++) {
        struct run_clip clip;
        char number[32];
        made.results.clips.get(made.results.clips.context, row, &clip);
        csv_next(&reader, &end, &error);
        assert_no_error(&error);
        assert_false(end);
        assert_int_equal(reader.count, columns);
        snprintf(number, sizeof number, "%zu", row);
        assert_cell(&reader, 0, number);
        assert_cell(&reader, 1, clip.id);
        assert_cell(&reader, 2, clip.path);
        assert_cell(&reader, 3, clip.label);
        assert_int_equal(atoi(csv_cell(&reader, 4)), clip.class_index);
        assert_cell(&reader, 5, clip.group);
        assert_string_equal(csv_cell(&reader, 6)[0] == '\0' ? "" : "fold",
                            clip.fold < 0 ? "" : "fold");
        assert_cell(&reader, 7, clip_status_name(clip.status));
        assert_cell(&reader, 8, clip.reason);
        assert_true(strtod(csv_cell(&reader, 10), NULL) == clip.audio.facts.seconds);
        assert_cell(&reader, 13, clip.status == CLIP_SILENT ? "true" : "false");
        snprintf(number, sizeof number, "%zu", clip.array_row);
        assert_cell(&reader, 14, clip.array_row == RUN_NO_ROW ? "" : number);
        check_audio_cells(&reader, &clip.audio);
    }
    csv_next(&reader, &end, &error);
    assert_true(end);
    csv_close(&reader);
    fclose(stream);
    made_run_free(&made);
}

static void same_number(double a, double b) {
    assert_true(a == b || (isnan(a) && isnan(b)));
}

static void compare_issues(const struct run_results *a, const struct run_results *b) {
    assert_int_equal(a->issue_count, b->issue_count);
    for (size_t i = 0; i < a->issue_count; i++) {
        const struct run_issue *x = &a->issues[i];
        const struct run_issue *y = &b->issues[i];
        assert_int_equal(x->row, y->row);
        assert_int_equal(x->given, y->given);
        assert_int_equal(x->suggested, y->suggested);
        same_number(x->score, y->score);
        same_number(x->self_confidence, y->self_confidence);
        same_number(x->normalized_margin, y->normalized_margin);
        same_number(x->confidence_weighted_entropy, y->confidence_weighted_entropy);
        assert_true(x->given_probability == y->given_probability);
        assert_true(x->suggested_probability == y->suggested_probability);
        assert_int_equal(x->neighbour_count, y->neighbour_count);
        for (size_t j = 0; j < x->neighbour_count; j++) {
            assert_int_equal(x->neighbours[j], y->neighbours[j]);
            assert_true(x->similarities[j] == y->similarities[j]);
        }
    }
}

static void compare_health(const struct run_results *a, const struct run_results *b) {
    assert_int_equal(a->class_count, b->class_count);
    for (size_t k = 0; k < a->class_count; k++) {
        assert_string_equal(a->class_names[k], b->class_names[k]);
        assert_int_equal(a->classes[k].index, b->classes[k].index);
        assert_int_equal(a->classes[k].examples, b->classes[k].examples);
        assert_int_equal(a->classes[k].label_issues, b->classes[k].label_issues);
        assert_int_equal(a->classes[k].inverse_label_issues, b->classes[k].inverse_label_issues);
        same_number(a->classes[k].label_noise, b->classes[k].label_noise);
        same_number(a->classes[k].inverse_label_noise, b->classes[k].inverse_label_noise);
        same_number(a->classes[k].label_quality, b->classes[k].label_quality);
    }
    assert_int_equal(a->pair_count, b->pair_count);
    for (size_t i = 0; i < a->pair_count; i++) {
        assert_int_equal(a->pairs[i].first, b->pairs[i].first);
        assert_int_equal(a->pairs[i].second, b->pairs[i].second);
        assert_int_equal(a->pairs[i].examples, b->pairs[i].examples);
        same_number(a->pairs[i].joint_probability, b->pairs[i].joint_probability);
    }
    assert_memory_equal(a->confident_joint, b->confident_joint,
                        a->class_count * a->class_count * sizeof *a->confident_joint);
}

static void compare_facts(const struct run_results *a, const struct run_results *b) {
    assert_string_equal(a->input, b->input);
    assert_string_equal(a->root, b->root);
    assert_string_equal(a->score_name, b->score_name);
    same_number(a->overall_health, b->overall_health);
    assert_memory_equal(a->status_counts, b->status_counts, sizeof a->status_counts);
    assert_int_equal(a->warning_count, b->warning_count);
    for (size_t i = 0; i < a->warning_count; i++)
        assert_string_equal(a->warnings[i], b->warnings[i]);
    assert_int_equal(a->facts.count, b->facts.count);
    for (size_t i = 0; i < a->facts.count; i++) {
        const char *value =
            run_fact_find(&b->facts, a->facts.list[i].section, a->facts.list[i].name);
        assert_non_null(value);
        if (strcmp(a->facts.list[i].section, "crossval") == 0) continue; /* spaces may differ */
        if (strcmp(a->facts.list[i].name, "tolerance") == 0)
            same_number(strtod(value, NULL), 1e-4);
        else
            assert_string_equal(value, a->facts.list[i].json);
    }
}

static void same_file(const struct made_run *made, const char *name, const char *before,
                      size_t before_size) {
    size_t size = 0;
    char *after = made_run_file(made, name, &size);
    assert_int_equal(size, before_size);
    assert_memory_equal(after, before, size);
    free(after);
}

/* Everything is read back, and writing it again gives the same bytes. */
static void test_round_trip(void **state) {
    (void)state;
    static const char *const files[] = {"issues.csv",          "issues.jsonl",
                                        "classes.csv",         "overlapping_classes.csv",
                                        "confident_joint.csv", "classes.json"};
    enum { FILES = sizeof files / sizeof files[0] };
    for (int ordinary = 0; ordinary < 2; ordinary++) {
        struct made_settings settings = hostile;
        if (ordinary) settings = (struct made_settings){.clips = 50, .issues = 0, .classes = 2};
        struct made_run made;
        struct error error = ERROR_INITIAL;
        struct run_read *read = NULL;
        char *before[FILES];
        size_t sizes[FILES];
        made_run_make(&made, &settings);
        run_write(made.out, &made.results, &error);
        assert_no_error(&error);
        for (int i = 0; i < FILES; i++) before[i] = made_run_file(&made, files[i], &sizes[i]);
        run_read_open(made.out, &read, &error);
        assert_no_error(&error);
        const struct run_results *results = run_read_results(read);
        assert_int_equal(results->clips.count, settings.clips);
        compare_issues(&made.results, results);
        compare_health(&made.results, results);
        compare_facts(&made.results, results);
        run_write_issues(made.out, results, &error);
        run_write_health(made.out, results, &error);
        run_write_class_names(made.out, results, &error);
        assert_no_error(&error);
        for (int i = 0; i < FILES; i++) {
            same_file(&made, files[i], before[i], sizes[i]);
            free(before[i]);
        }
        run_read_close(read);
        made_run_free(&made);
    }
}

/* The output of `earmark issues -o OUT`: rows, no clips, classes without names. */
static void test_rows_only(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    size_t size = 0;
    made_run_make(&made, &(struct made_settings){.clips = 60, .issues = 9, .classes = 12});
    struct run_results rows = made.results;
    rows.clips = (struct run_clips){.count = 60};
    rows.class_names = NULL;
    run_write(made.out, &rows, &error);
    run_read_open(made.out, &read, &error);
    assert_no_error(&error);
    assert_null(run_read_results(read)->clips.get);
    compare_issues(&rows, run_read_results(read));
    assert_string_equal(run_read_results(read)->class_names[11], "11");
    char *csv = made_run_file(&made, "issues.csv", &size);
    assert_non_null(strstr(csv, "\n1,0,,,"));
    free(csv);
    run_read_close(read);
    made_run_free(&made);
}

static void test_json_files(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    size_t size = 0;
    made_run_make(&made, &(struct made_settings){.clips = 30, .issues = 3, .classes = 4});
    struct run_timing timings[] = {{"network", 2.0, 30.0, "clips"}, {"report", 0.5, 0.0, NULL}};
    run_write(made.out, &made.results, &error);
    run_write_timing(made.out, timings, 2, 2.5, &error);
    assert_no_error(&error);
    char *text = made_run_file(&made, "run.json", &size);
    /* Without hostile names it is plain JSON, which jansson reads. */
    json_t *run = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(run);
    const json_t *counts = json_object_get(run, "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "clips")), 30);
    assert_int_equal(json_integer_value(json_object_get(counts, "issues")), 3);
    assert_int_equal(json_array_size(json_object_get(run, "warnings")), 2);
    assert_null(strstr(text, "seconds"));
    json_decref(run);
    free(text);
    text = made_run_file(&made, "timing.json", &size);
    json_t *timing = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *stage = json_array_get(json_object_get(timing, "stages"), 0);
    assert_true(json_real_value(json_object_get(stage, "seconds")) == 2.0);
    assert_true(json_number_value(json_object_get(stage, "per_second")) == 15.0);
    json_decref(timing);
    free(text);
    run_fact_bool(&made.results.facts, "counts", "is a fixed member", true);
    assert_int_equal(run_write_json(made.out, &made.results, &error), ERROR_INTERNAL);
    made_run_free(&made);
}

static void test_cannot_write(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 30, .issues = 3, .classes = 4});
    struct error error = ERROR_INITIAL;
    assert_int_equal(run_write("/nonexistent/folder", &made.results, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "/nonexistent/folder/clips.csv"));
    struct error again = ERROR_INITIAL;
    assert_int_equal(run_write_issues("/nonexistent/folder", &made.results, &again), ERROR_FILE);
    made_run_free(&made);
}

/* ---- damaged runs ---- */

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
    {"confident_joint.csv", ",300,", ",abc,", "'abc' is not a whole number"},
    {"confident_joint.csv", ",300,", ",300,1,", "7 cells instead of 6"},
    {"confident_joint.csv", "\none,", NULL, "0 cells instead of 6"},
};

static void damage_file(const struct made_run *made, const struct damage *damage) {
    size_t size = 0;
    struct error error = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    char *data = made_run_file(made, damage->file, &size);
    const char *at = strstr(data, damage->from);
    if (at == NULL) fail_msg("%s has no %s", damage->file, damage->from);
    text_append(&text, data, (size_t)(at - data));
    if (damage->to != NULL) {
        text_string(&text, damage->to);
        text_string(&text, at + strlen(damage->from));
    }
    file_write(made_run_path(made, damage->file), text.data, text.length, &error);
    assert_no_error(&error);
    text_free(&text);
    free(data);
}

static void test_damaged(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct made_run made;
        struct error error = ERROR_INITIAL;
        struct run_read *read = NULL;
        made_run_make(&made, &(struct made_settings){.clips = 39, .issues = 25, .classes = 5});
        run_write(made.out, &made.results, &error);
        assert_no_error(&error);
        damage_file(&made, &damages[i]);
        enum error_code code = run_read_open(made.out, &read, &error);
        if (code == ERROR_NONE || strstr(error.message, damages[i].message) == NULL ||
            strstr(error.message, damages[i].file) == NULL)
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
    assert_int_equal(run_read_open("/nonexistent", &read, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "/nonexistent/run.json"));
}

/* ---- summary ---- */

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

/* In a terminal no line is longer than it is wide; long names lose their middle. */
static void test_summary_width(void **state) {
    (void)state;
    static const int widths[] = {32, 40, 64, 80, 120};
    struct made_run made;
    char out[sizeof made.out];
    made_run_make(&made, &hostile);
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
    made_run_make(&made, &hostile);
    char *text = print_summary(&made, true, 0, &size);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1);
    json_t *json = json_parse(text, size, "summary", &error);
    assert_no_error(&error);
    const json_t *first = json_object_get(json, "first_issues");
    char *path = json_bytes(json_object_get(json_array_get(first, 0), "path"), &error);
    assert_int_equal(json_integer_value(json_object_get(json, "clips")), 400);
    assert_int_equal(json_integer_value(json_object_get(json, "issues")), 130);
    assert_int_equal(json_array_size(first), 10);
    assert_string_equal(path, "=cmd|' /C calc'!A0.wav");
    free(path);
    json_decref(json);
    free(text);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips),         cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rows_only),     cmocka_unit_test(test_json_files),
        cmocka_unit_test(test_cannot_write),  cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_missing),       cmocka_unit_test(test_summary),
        cmocka_unit_test(test_summary_width), cmocka_unit_test(test_summary_json),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
