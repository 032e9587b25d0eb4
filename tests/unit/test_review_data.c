/* The data of a review: a strict JSON object, of any run, that nothing in it can end early. */
#include "host/base/npy.h"
#include "host/output/files.h"
#include "host/output/findings.h"
#include "host/report/review_data.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"
#include "tests/support/strict_json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FEATURES 19 /* no multiple of what a loop takes at once */

/* ---- helpers ---- */

static size_t audited(const struct made_run *made) {
    size_t count = 0;
    for (size_t row = 0; row < made->results.clips.count; row++)
        count += run_clip_at(&made->results.clips, row).array_row != RUN_NO_ROW;
    return count;
}

/* Embeddings, labels and probabilities of the audited clips, from integers. */
static void write_arrays(const struct made_run *made, bool multilabel) {
    struct error error = ERROR_INITIAL;
    const size_t rows = audited(made), classes = made->results.class_count;
    float *embeddings = calloc(rows * FEATURES, sizeof *embeddings);
    float *probabilities = calloc(rows * classes, sizeof *probabilities);
    int64_t *labels = calloc(rows, sizeof *labels);
    int8_t *sets = calloc(rows * classes, sizeof *sets);
    assert_true(embeddings != NULL && probabilities != NULL && labels != NULL && sets != NULL);
    for (size_t i = 0; i < rows * FEATURES; i++)
        embeddings[i] = (float)((i * 2654435761U >> 7) % 201) - 100.0F;
    for (size_t i = 0; i < rows * classes; i++)
        probabilities[i] = (float)((i * 40503U) % 997) / 997.0F;
    for (size_t row = 0; row < made->results.clips.count && rows > 0; row++) {
        struct run_clip clip = run_clip_at(&made->results.clips, row);
        if (clip.array_row == RUN_NO_ROW) continue;
        labels[clip.array_row] = clip.class_index;
        sets[clip.array_row * classes + (size_t)clip.class_index] = 1;
        sets[clip.array_row * classes] = 1;
    }
    const size_t shape[2] = {rows, FEATURES}, table[2] = {rows, classes};
    const struct folder *out = &made->out_folder;
    npy_write_in(out, "embeddings.npy", NPY_FLOAT32, 2, shape, embeddings, &error);
    npy_write_in(out, "pred_probs.npy", NPY_FLOAT32, 2, table, probabilities, &error);
    if (multilabel)
        npy_write_in(out, "labels.npy", NPY_INT8, 2, table, sets, &error);
    else
        npy_write_in(out, "labels.npy", NPY_INT64, 1, shape, labels, &error);
    assert_no_error(&error);
    free(embeddings);
    free(probabilities);
    free(labels);
    free(sets);
}

static struct review_data *open_data(const struct made_run *made) {
    struct error error = ERROR_INITIAL;
    struct review_data *data = NULL;
    run_write_tables(&made->out_folder, &made->results, &error);
    assert_no_error(&error);
    review_data_open(&made->out_folder, &made->results, &data, &error);
    assert_no_error(&error);
    return data;
}

static char *write_data(struct review_data *data, enum review_carrier carrier, size_t most_bytes) {
    struct error error = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    review_data_write(data, carrier, most_bytes, &text, &error);
    assert_no_error(&error);
    return text.data;
}

/* Parsed by a library that earmark did not write; lone surrogates, which it refuses, as '?'. */
static json_t *parse(const char *text) {
    json_error_t problem;
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *at = strstr(copy, "\\udc"); at != NULL; at = strstr(at, "\\udc"))
        memcpy(at, "\\u003f", 6);
    json_t *json = json_loads(copy, JSON_REJECT_DUPLICATES, &problem);
    if (json == NULL) fail_msg("line %d: %s", problem.line, problem.text);
    free(copy);
    return json;
}

static json_int_t integer(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static size_t size(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_array(value) || json_is_object(value));
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

/* Every row that an issue or a fault names is in the object, each clip once. */
static void check_known(const json_t *data, const json_t *rows) {
    const json_t *issues = json_object_get(data, "issues"), *pair;
    size_t i;
    json_array_foreach(rows, i, pair) {
        char name[32];
        const json_t *row = json_is_array(pair) ? json_array_get(pair, 0) : pair;
        assert_true(json_is_integer(row));
        snprintf(name, sizeof name, "%lld", (long long)json_integer_value(row));
        const json_t *clip = json_object_get(json_object_get(data, "clips"), name);
        bool found = clip != NULL;
        if (found) assert_int_equal(integer(clip, "row"), json_integer_value(row));
        for (size_t n = 0; n < json_array_size(issues); n++)
            if (integer(json_array_get(issues, n), "row") == json_integer_value(row)) {
                assert_null(clip);
                found = true;
            }
        if (!found) fail_msg("row %s is not in the object", name);
    }
}

static void check_references(const json_t *data) {
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(data, "issues"), i, entry) {
        static const char *const lists[] = {"near_given", "near_suggested"};
        assert_int_equal(integer(entry, "rank"), i + 1);
        for (size_t n = 0; n < 2; n++) check_known(data, json_object_get(entry, lists[n]));
        json_t *same = json_pack("[O]", json_object_get(entry, "same"));
        if (json_is_true(json_object_get(entry, "certain"))) check_known(data, same);
        json_decref(same);
    }
    json_array_foreach(json_object_get(data, "faults"), i, entry)
        check_known(data, json_object_get(entry, "rows"));
}

/* The numbers of each view, rounded as the files of the run have them in words. */
static void check_evidence(const json_t *json, const struct run_results *results, size_t issue) {
    const json_t *entry = json_array_get(json_object_get(json, "issues"), issue);
    const json_t *list = json_object_get(entry, "evidence");
    assert_int_equal(size(json, "views"), results->view_count);
    assert_int_equal(size(json, "estimators"), RUN_ESTIMATORS);
    if (results->issues[issue].evidence == NULL) assert_null(list);
    if (results->issues[issue].evidence == NULL) return;
    assert_int_equal(json_array_size(list), results->view_count);
    for (size_t v = 0; v < results->view_count; v++) {
        const struct run_evidence *evidence = &results->issues[issue].evidence[v];
        const json_t *view = json_array_get(list, v);
        const uint32_t counted[] = {evidence->neighbours, evidence->with_given,
                                    evidence->with_suggested};
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(json_integer_value(json_array_get(view, i)), counted[i]);
        const size_t shares = evidence->neighbours > 0 ? RUN_ESTIMATORS - 1 : RUN_ESTIMATORS;
        assert_int_equal(json_array_size(view), 3 + 2 * shares);
        for (size_t i = 0; i < shares; i++) {
            const json_t *given = json_array_get(view, 3 + 2 * i);
            double expected = (double)evidence->given[i];
            if (run_evidence_known(evidence, i))
                assert_true(fabs(json_number_value(given) - expected) < 0.005 + 1e-9);
            else
                assert_true(json_is_null(given));
        }
    }
}

/* ---- the object ---- */

static void test_object(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){
                             .clips = 200, .issues = 60, .classes = 12, .detector = true});
    write_arrays(&made, false);
    struct review_data *data = open_data(&made);
    char *text = write_data(data, REVIEW_FILE, 0);
    char *run = strict_json_string(text, "run");
    assert_string_equal(run, review_data_hash(data));
    json_t *json = parse(text);
    assert_int_equal(integer(json, "v"), 1);
    assert_int_equal(integer(json, "clip_count"), 200);
    assert_int_equal(integer(json, "issue_count"), 60);
    assert_int_equal(integer(json, "listed"), 60);
    assert_int_equal(size(json, "issues"), 60);
    assert_int_equal(size(json, "classes"), 12);
    assert_int_equal(size(json_object_get(json, "joint"), "counts"), 12);
    assert_int_equal(size(json_object_get(json, "estimate"), "errors"), 3);
    check_references(json);
    const json_t *issue = json_array_get(json_object_get(json, "issues"), 0);
    assert_int_equal(integer(issue, "given"), made.results.issues[0].given);
    assert_int_equal(integer(issue, "suggested"), made.results.issues[0].suggested);
    assert_int_equal(size(issue, "top"), REVIEW_TOP);
    for (size_t i = 0; i < 60; i++) check_evidence(json, &made.results, i);
    assert_int_equal(size(issue, "near_given"), 3);
    assert_int_equal(size(issue, "near_suggested"), 3);
    assert_null(json_object_get(issue, "changes"));
    json_decref(json);
    free(run);
    free(text);
    text = write_data(data, REVIEW_SERVER, 0);
    run = strict_json_string(text, "carrier");
    assert_string_equal(run, "server");
    free(run);
    free(text);
    review_data_close(data);
    made_run_free(&made);
}

static bool is_issue(const struct run_results *results, size_t row) {
    for (size_t i = 0; i < results->issue_count; i++)
        if (results->issues[i].row == row) return true;
    return false;
}

/* The likeliest classes, and the nearest clips that are no issues, as a plain loop finds them. */
static void test_numbers(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    made_run_make(&made, &(struct made_settings){.clips = 200, .issues = 60, .classes = 12});
    write_arrays(&made, false);
    struct review_data *data = open_data(&made);
    struct npy_array embeddings = NPY_INITIAL, probabilities = NPY_INITIAL;
    npy_open_in(&made.out_folder, "embeddings.npy", &embeddings, &error);
    npy_open_in(&made.out_folder, "pred_probs.npy", &probabilities, &error);
    assert_no_error(&error);
    char *text = write_data(data, REVIEW_FILE, 0);
    json_t *json = parse(text);
    for (size_t i = 0; i < 60; i++) {
        const json_t *issue = json_array_get(json_object_get(json, "issues"), i);
        size_t row = run_clip_at(&made.results.clips, made.results.issues[i].row).array_row;
        const json_t *top = json_array_get(json_object_get(issue, "top"), 0);
        size_t best = (size_t)json_integer_value(json_array_get(top, 0)), other;
        for (size_t k = 0; k < 12; k++)
            assert_true(npy_element(&probabilities, row, k) <=
                        npy_element(&probabilities, row, best));
        for (other = 0; other < 12; other++) {
            struct near_clip found[NEAR_MOST];
            size_t count = near_find(review_data_near(data), row, (int32_t)other, 4, found);
            double last = 2.0, least = 2.0;
            size_t nearer = 0, of_class = 0;
            for (size_t n = 0; n < count; n++) {
                assert_true((double)found[n].similarity <= last);
                last = (double)found[n].similarity;
                least = last;
            }
            for (size_t r = 0; r < 200; r++) {
                struct run_clip clip = run_clip_at(&made.results.clips, r);
                double ab = 0, aa = 0, bb = 0;
                if (clip.array_row == RUN_NO_ROW || clip.array_row == row ||
                    clip.class_index != (int32_t)other || is_issue(&made.results, r))
                    continue;
                for (size_t f = 0; f < FEATURES; f++) {
                    double a = npy_element(&embeddings, row, f);
                    double b = npy_element(&embeddings, clip.array_row, f);
                    ab += a * b, aa += a * a, bb += b * b;
                }
                of_class++;
                nearer += ab / sqrt(aa * bb) > least + 1e-6;
            }
            assert_int_equal(count, of_class < 4 ? of_class : 4);
            assert_true(nearer < count);
        }
    }
    json_decref(json);
    free(text);
    npy_close(&embeddings);
    npy_close(&probabilities);
    review_data_close(data);
    made_run_free(&made);
}

/* No name ends the script element, begins a comment of it or a line of JavaScript. */
static void test_hostile_names(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made,
                  &(struct made_settings){
                      .clips = 80, .issues = 60, .classes = 25, .hostile = true, .detector = true});
    write_arrays(&made, false);
    struct run_clip *clips = calloc(1, sizeof *clips);
    assert_non_null(clips);
    made.results.input = "\xe2\x80\xa8<!--<script>\xe2\x80\xa9\xe2\x82\xac";
    struct review_data *data = open_data(&made);
    char *text = write_data(data, REVIEW_FILE, 0);
    assert_null(strchr(text, '<'));
    assert_null(strstr(text, "\xe2\x80\xa8"));
    assert_null(strstr(text, "\xe2\x80\xa9"));
    char *input = strict_json_string(text, "input");
    assert_string_equal(input, made.results.input);
    json_t *json = parse(text);
    check_references(json);
    json_decref(json);
    free(input);
    free(text);
    free(clips);
    review_data_close(data);
    made_run_free(&made);
}

/* Sets are arrays; labels that are no classes come after these. */
static void test_multilabel(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 100, .issues = 40, .classes = 8});
    made_run_take_sets(&made);
    write_arrays(&made, true);
    run_fact_string(&made.results.facts, "settings", "label_separator", ";");
    struct run_issue *issues = (struct run_issue *)(uintptr_t)made.results.issues;
    const char *given = issues[0].given_set, *suggested = issues[1].suggested_set;
    issues[0].given_set = "rare;zero";
    issues[1].suggested_set = "one;rare;two";
    struct review_data *data = open_data(&made);
    char *text = write_data(data, REVIEW_FILE, 0);
    json_t *json = parse(text);
    const json_t *list = json_object_get(json, "issues");
    assert_int_equal(size(json, "classes"), 9);
    assert_int_equal(integer(json, "class_count"), 8);
    const json_t *first = json_object_get(json_array_get(list, 0), "given");
    assert_int_equal(json_array_size(first), 2);
    assert_int_equal(json_integer_value(json_array_get(first, 0)), 8);
    assert_int_equal(size(json_array_get(list, 0), "suggested"), 0);
    assert_int_equal(size(json_array_get(list, 1), "suggested"), 3);
    assert_int_equal(size(json_array_get(list, 0), "changes"), 2);
    check_references(json);
    json_decref(json);
    free(text);
    review_data_close(data);
    issues[0].given_set = given;
    issues[1].suggested_set = suggested;
    made_run_free(&made);
}

/* What is no part of the folder is left out; what does not fit is refused by name. */
static void test_other_folders(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct review_data *data;
    const size_t shape[2] = {7, 3};
    const float values[21] = {0};
    made_run_make(&made, &(struct made_settings){.clips = 50, .issues = 10, .classes = 3});
    assert_int_equal(review_data_open(&made.out_folder, &made.results, &data, &error), ERROR_FILE);
    data = open_data(&made);
    assert_null(review_data_near(data));
    char *text = write_data(data, REVIEW_FILE, 0);
    json_t *json = parse(text);
    assert_true(json_is_null(json_object_get(json, "near_view")));
    const json_t *first = json_array_get(json_object_get(json, "issues"), 0);
    static const char *const absent[] = {"top", "near_given", "evidence", "certain", "label"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_null(json_object_get(first, absent[i]));
    json_decref(json);
    free(text);
    review_data_close(data);
    static const char *const names[] = {"embeddings.npy", "labels.npy"};
    for (size_t i = 0; i < 2; i++) {
        error = (struct error)ERROR_INITIAL;
        write_arrays(&made, false);
        npy_write_in(&made.out_folder, names[i], NPY_FLOAT32, 2, shape, values, &error);
        assert_no_error(&error);
        assert_int_equal(review_data_open(&made.out_folder, &made.results, &data, &error),
                         ERROR_DATA);
        assert_null(data);
        assert_non_null(strstr(error.message, names[i]));
    }
    error = (struct error)ERROR_INITIAL;
    write_arrays(&made, false);
    npy_write_in(&made.out_folder, "pred_probs.npy", NPY_FLOAT32, 1, shape, values, &error);
    assert_int_equal(review_data_open(&made.out_folder, &made.results, &data, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "pred_probs.npy"));
    made_run_free(&made);
}

/* A list of 50,000 issues, and one that ends where its bytes do. */
static void test_many_issues(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){
                             .clips = 60000, .issues = 50000, .classes = 40, .detector = true});
    write_arrays(&made, false);
    struct review_data *data = open_data(&made);
    clock_t begin = clock();
    char *text = write_data(data, REVIEW_SERVER, 0);
    print_message("# 50,000 issues: %zu bytes in %.2f s\n", strlen(text),
                  (double)(clock() - begin) / CLOCKS_PER_SEC);
    assert_non_null(strstr(text, "\"listed\":50000}\n"));
    assert_non_null(strstr(text, "\"rank\":50000,"));
    assert_true(strlen(text) < (size_t)50000 * 600); /* or a browser would wait for it */
    free(text);
    text = write_data(data, REVIEW_FILE, (size_t)1 << 20);
    json_t *json = parse(text);
    assert_int_equal(size(json, "issues"), integer(json, "listed"));
    assert_true(integer(json, "listed") > 500 && integer(json, "listed") < 5000);
    json_decref(json);
    free(text);
    review_data_close(data);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_multilabel),
        cmocka_unit_test(test_other_folders), cmocka_unit_test(test_many_issues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
