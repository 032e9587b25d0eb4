/* The files of a run: they are read back the same, whatever the names. */
#include "host/base/csv.h"
#include "host/base/json.h"
#include "host/base/utf8.h"
#include "host/output/clip_columns.h"
#include "host/output/files.h"
#include "host/output/findings.h"
#include "host/output/timing.h"
#include "host/report/read.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    assert_cell(reader, clip_column_find("audio_faults"), names.data);
    text_free(&names);
    snprintf(number, sizeof number, "%zu", audio->relations.identical_other_label);
    assert_cell(reader, clip_column_find("identical_other_label"),
                audio->relations.identical_other_label != CLIP_NO_RELATION ? number : "");
    assert_cell(reader, clip_column_find("identical_same_label"), "");
    const size_t clipped = clip_column_find("clipped_share");
    if (audio->measured)
        assert_true(strtof(csv_cell(reader, clipped), NULL) == audio->facts.sound.clipped_share);
    else
        assert_cell(reader, clipped, "");
}

static void test_clips(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    made_run_make(&made, &hostile);
    run_write_clips(&made.out_folder, &made.results.clips, &error);
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
        assert_cell(&reader, clip_column_find("split"), clip.split);
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

static void compare_marks(const struct run_results *results, const struct run_issue *x,
                          const struct run_issue *y) {
    assert_int_equal(x->none_of_classes, y->none_of_classes);
    assert_int_equal(x->certain, y->certain);
    assert_int_equal(x->same_sound, y->same_sound);
    assert_int_equal(x->evidence == NULL, y->evidence == NULL);
    if (!run_has_marks(results)) return;
    same_number(x->entropy, y->entropy);
    for (size_t v = 0; x->evidence != NULL && v < results->view_count; v++) {
        for (size_t i = 0; i < RUN_ESTIMATORS; i++) {
            same_number((double)x->evidence[v].given[i], (double)y->evidence[v].given[i]);
            same_number((double)x->evidence[v].suggested[i], (double)y->evidence[v].suggested[i]);
        }
        assert_int_equal(x->evidence[v].neighbours, y->evidence[v].neighbours);
        assert_int_equal(x->evidence[v].with_given, y->evidence[v].with_given);
        assert_int_equal(x->evidence[v].with_suggested, y->evidence[v].with_suggested);
    }
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
        compare_marks(a, x, y);
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
        if (a->belief.computed) same_number(a->classes[k].recall, b->classes[k].recall);
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

static void same_estimate(const struct run_estimate *a, const struct run_estimate *b) {
    same_number(a->number, b->number);
    same_number(a->low, b->low);
    same_number(a->high, b->high);
}

static void same_text(const char *a, const char *b) {
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL) assert_string_equal(a, b);
}

static void compare_detectors(const struct run_results *a, const struct run_results *b) {
    same_text(a->detector, b->detector);
    same_text(a->group_name, b->group_name);
    assert_int_equal(a->view_count, b->view_count);
    for (size_t v = 0; v < a->view_count; v++)
        assert_string_equal(a->view_names[v], b->view_names[v]);
    assert_int_equal(a->caution_count, b->caution_count);
    for (size_t i = 0; i < a->caution_count; i++)
        assert_string_equal(a->cautions[i], b->cautions[i]);
    assert_int_equal(a->belief.computed, b->belief.computed);
    assert_int_equal(a->error_count.estimated, b->error_count.estimated);
    if (a->belief.computed) {
        same_number(a->belief.balanced_accuracy, b->belief.balanced_accuracy);
        same_number(a->belief.chance, b->belief.chance);
        same_number(a->belief.majority, b->belief.majority);
    }
    if (a->error_count.estimated) {
        same_estimate(&a->error_count.errors, &b->error_count.errors);
        same_estimate(&a->error_count.flagged_right, &b->error_count.flagged_right);
        same_estimate(&a->error_count.unflagged_wrong, &b->error_count.unflagged_wrong);
    }
    assert_int_equal(a->group_errors == NULL, b->group_errors == NULL);
    assert_int_equal(a->group_error_count, b->group_error_count);
    for (size_t i = 0; i < a->group_error_count; i++) {
        char number[32], other[32];
        assert_string_equal(run_group_name(&a->group_errors[i], number),
                            run_group_name(&b->group_errors[i], other));
        assert_int_equal(a->group_errors[i].given, b->group_errors[i].given);
        assert_int_equal(a->group_errors[i].suggested, b->group_errors[i].suggested);
        assert_int_equal(a->group_errors[i].clips, b->group_errors[i].clips);
        assert_int_equal(a->group_errors[i].matching, b->group_errors[i].matching);
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

/* Writes the run, reads it back and writes that over it. */
static void check_round_trip(const struct made_settings *settings) {
    static const char *const files[] = {
        "issues.csv",          "issues.jsonl", "classes.csv",     "overlapping_classes.csv",
        "confident_joint.csv", "classes.json", "group_errors.csv"};
    const int count = sizeof files / sizeof files[0] - (settings->detector ? 0 : 1);
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    char *before[sizeof files / sizeof files[0]];
    size_t sizes[sizeof files / sizeof files[0]];
    made_run_make(&made, settings);
    run_write(&made.out_folder, &made.results, &error);
    assert_no_error(&error);
    for (int i = 0; i < count; i++) before[i] = made_run_file(&made, files[i], &sizes[i]);
    run_read_open(&made.out_folder, &read, &error);
    assert_no_error(&error);
    const struct run_results *results = run_read_results(read);
    assert_int_equal(results->clips.count, settings->clips);
    compare_issues(&made.results, results);
    compare_health(&made.results, results);
    compare_facts(&made.results, results);
    compare_detectors(&made.results, results);
    run_write_issues(&made.out_folder, results, &error);
    run_write_health(&made.out_folder, results, &error);
    run_write_class_names(&made.out_folder, results, &error);
    assert_no_error(&error);
    for (int i = 0; i < count; i++) {
        same_file(&made, files[i], before[i], sizes[i]);
        free(before[i]);
    }
    run_read_close(read);
    made_run_free(&made);
}

/* Every file of a run with hostile names may be printed: nothing in it commands a terminal. */
static void test_printable(void **state) {
    (void)state;
    static const char *const files[] = {"clips.csv",
                                        "issues.csv",
                                        "issues.jsonl",
                                        "classes.csv",
                                        "confident_joint.csv",
                                        "classes.json",
                                        "group_errors.csv",
                                        "overlapping_classes.csv",
                                        "run.json"};
    struct made_settings settings = hostile;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    settings.detector = true;
    made_run_make(&made, &settings);
    run_write(&made.out_folder, &made.results, &error);
    assert_no_error(&error);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *allowed = strstr(files[i], ".csv") == NULL ? "\n" : "\n\r\t";
        size_t size = 0;
        char *text = made_run_file(&made, files[i], &size);
        assert_int_equal(strlen(text), size);
        for (const char *at = text; *at != '\0'; at += utf8_length(at)) {
            assert_true(utf8_length(at) > 0);
            assert_true(strchr(allowed, *at) != NULL ||
                        !utf8_is_hidden(utf8_point(at, utf8_length(at))));
        }
        free(text);
    }
    made_run_free(&made);
}

/* Everything is read back, and writing it again gives the same bytes. */
static void test_round_trip(void **state) {
    (void)state;
    struct made_settings detector = hostile;
    detector.detector = true;
    check_round_trip(&hostile);
    check_round_trip(&detector);
    check_round_trip(&(struct made_settings){.clips = 50, .issues = 0, .classes = 2});
    check_round_trip(
        &(struct made_settings){.clips = 50, .issues = 0, .classes = 3, .detector = true});
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
    run_write(&made.out_folder, &rows, &error);
    run_read_open(&made.out_folder, &read, &error);
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
    struct run_timing timings[] = {{"network", 2.0, 30.0, "clips", .audio_seconds = 50.0,
                                    .bytes_read = 1e12, .disk_wait = NAN, .limit = "disk"},
                                   {"report", 0.5, 0.0, NULL, .audio_seconds = 0.0}};
    const struct run_times times = {timings, 2, 2.5, 100.0};
    run_write(&made.out_folder, &made.results, &error);
    run_write_timing(&made.out_folder, &times, &error);
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
    assert_true(json_number_value(json_object_get(stage, "times_real_time")) == 25.0);
    assert_true(json_number_value(json_object_get(stage, "bytes_read")) == 1e12);
    assert_true(json_is_null(json_object_get(stage, "disk_wait_seconds")));
    assert_string_equal(json_string_value(json_object_get(stage, "limit")), "disk");
    const json_t *report = json_array_get(json_object_get(timing, "stages"), 1);
    assert_true(json_number_value(json_object_get(report, "times_real_time")) == 200.0);
    assert_true(json_is_null(json_object_get(report, "limit")));
    json_decref(timing);
    free(text);
    run_fact_bool(&made.results.facts, "counts", "is a fixed member", true);
    assert_int_equal(run_write_json(&made.out_folder, &made.results, &error), ERROR_INTERNAL);
    made_run_free(&made);
}

/* The marks and the evidence as people and programs read them; without a detector there are no
 * columns for them. */
static void test_marks(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    size_t size = 0;
    made_run_make(
        &made, &(struct made_settings){.clips = 60, .issues = 9, .classes = 12, .detector = true});
    run_write(&made.out_folder, &made.results, &error);
    assert_no_error(&error);
    char *csv = made_run_file(&made, "issues.csv", &size);
    assert_non_null(strstr(csv, ",suggested_probability,none_of_classes,entropy,certain,same_sound,"
                                "evidence,neighbour_1_row,"));
    assert_non_null(
        strstr(csv, ",0,0,1,11,\"xvector: logistic 0.02 given 0.91 suggested, "
                    "discriminant 0.01 given 0.95 suggested, 17 of 20 neighbours labelled "));
    assert_non_null(strstr(csv, "; statistics: logistic 0.03 given 0.91 suggested, discriminant "
                                "0.01 given 0.95 suggested, neighbours 0.10 given 0.85 "
                                "suggested\",1,"));
    assert_non_null(strstr(csv, ",1,0.2857142857142857,0,,\"xvector: ")); /* the third */
    free(csv);
    char *lines = made_run_file(&made, "issues.jsonl", &size);
    assert_non_null(strstr(lines, "\"none_of_classes\": true, \"entropy\": 0.2857142857142857, "
                                  "\"certain\": false, \"same_sound\": null, \"evidence\": "
                                  "[{\"view\": \"xvector\", \"logistic\": {\"given\": 0.02, "));
    assert_non_null(strstr(lines, "\"counted\": {\"neighbours\": 20, \"with_given\": 2, "
                                  "\"with_suggested\": 17}}, {\"view\": \"statistics\""));
    assert_non_null(strstr(lines, "\"evidence\": [], \"neighbours\": [")); /* the last */
    free(lines);
    char *classes = made_run_file(&made, "classes.csv", &size);
    assert_non_null(strstr(classes, ",label_quality_score,recall\n"));
    free(classes);
    char *groups = made_run_file(&made, "group_errors.csv", &size);
    assert_string_equal(groups, "group,given_label,suggested_label,clips,matching\n"
                                "anna,class 010,class 011,15,14\nanna,class 011,eight,15,13\n"
                                "'-17,eight,five,15,12\n");
    free(groups);
    made_run_free(&made);
}

/* run.json has what the detector found. */
static void test_detector_json(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    size_t size = 0;
    made_run_make(
        &made, &(struct made_settings){.clips = 30, .issues = 3, .classes = 4, .detector = true});
    run_write_json(&made.out_folder, &made.results, &error);
    assert_no_error(&error);
    char *text = made_run_file(&made, "run.json", &size);
    json_t *run = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(run);
    const json_t *errors = json_object_get(json_object_get(run, "error_count"), "errors");
    const json_t *belief = json_object_get(run, "belief");
    assert_string_equal(json_string_value(json_object_get(run, "detector")), "ensemble");
    assert_int_equal(json_array_size(json_object_get(run, "views")), 2);
    assert_int_equal(json_array_size(json_object_get(run, "cautions")), 1);
    assert_true(json_number_value(json_object_get(errors, "number")) == 4.25);
    assert_true(json_number_value(json_object_get(errors, "high")) == 42.5);
    assert_true(json_number_value(json_object_get(belief, "balanced_accuracy")) == 0.9725);
    json_decref(run);
    free(text);
    made.results.error_count.estimated = false;
    run_write_json(&made.out_folder, &made.results, &error);
    text = made_run_file(&made, "run.json", &size);
    assert_non_null(strstr(text, "\"error_count\": null"));
    free(text);
    made_run_free(&made);
}

static void test_cannot_write(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 30, .issues = 3, .classes = 4});
    struct error error = ERROR_INITIAL;
    assert_int_equal(rmdir(made.out), 0);
    assert_int_equal(run_write(&made.out_folder, &made.results, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, made_run_path(&made, "clips.csv")));
    struct error again = ERROR_INITIAL;
    assert_int_equal(run_write_issues(&made.out_folder, &made.results, &again), ERROR_FILE);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips),         cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_printable),     cmocka_unit_test(test_rows_only),
        cmocka_unit_test(test_marks),         cmocka_unit_test(test_json_files),
        cmocka_unit_test(test_detector_json), cmocka_unit_test(test_cannot_write),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
