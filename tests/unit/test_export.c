/* The issues of a run in the form of Audacity, Raven and Label Studio. */
#include "host/base/json.h"
#include "host/base/utf8.h"
#include "host/containers/container.h"
#include "host/report/export.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* ---- a run of three clips, two of which are segments of one file ---- */

static const struct run_clip clips[] = {
    {.path = "a/x.wav",
     .id = "a/x.wav#t=1.5,3",
     .start = 1.5,
     .audio = {.facts = {.seconds = 1.5, .rate = 16000, .channels = 1}}},
    {.path = "b/Gr\xc3\xbc n\t.flac",
     .id = "b/Gr\xc3\xbc n\t.flac",
     .audio = {.facts = {.seconds = 2, .rate = 8000, .channels = 1}}},
    {.path = "a/x.wav",
     .id = "a/x.wav#t=0,1.5",
     .audio = {.facts = {.seconds = 1.5, .rate = 16000, .channels = 1}}},
};

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    (void)context;
    *clip = clips[row];
}

static const char *const class_names[] = {"one", "t<&\"w\no"};
static const struct run_issue issues[] = {
    {.row = 0, .given = 0, .suggested = 1, .score = -1.5, .suggested_probability = 1.5F},
    {.row = 1, .given = 1, .suggested = 0, .score = 0.25},
    {.row = 2, .given = 0, .none_of_classes = true}};

static struct run_results small_run(void) {
    return (struct run_results){.root = "/no such place",
                                .clips = {.count = 3, .get = get_clip},
                                .class_names = class_names,
                                .class_count = 2,
                                .issues = issues,
                                .issue_count = 3,
                                .facts = RUN_FACTS_INITIAL};
}

/* Exports into the folder of a made run, which is only the place. */
static void export_small(const struct made_run *made, enum export_format format,
                         struct export_counts *counts) {
    struct run_results results = small_run();
    struct error error = ERROR_INITIAL;
    export_write(&made->out_folder, &results, format, counts, &error);
    assert_no_error(&error);
}

static void expect_file(const struct made_run *made, const char *name, const char *expected) {
    size_t size = 0;
    char *found = made_run_file(made, name, &size);
    assert_string_equal(found, expected);
    free(found);
}

static const struct made_settings ordinary = {.clips = 50, .issues = 7, .classes = 3};

static void label_tracks(void **state) {
    (void)state;
    struct made_run made;
    struct export_counts counts;
    made_run_make(&made, &ordinary);
    export_small(&made, EXPORT_AUDACITY, &counts);
    assert_int_equal(counts.issues, 3);
    assert_int_equal(counts.files, 2);
    assert_int_equal(counts.members, 0);
    assert_true(container_has_member_named("shards/a-0.tar/b/c.wav"));
    assert_true(container_has_member_named("data/train.PARQUET/row-1"));
    assert_false(container_has_member_named("a.tar"));
    assert_false(container_has_member_named("tar/a.wav"));
    expect_file(&made, "audacity/00001_a_x.txt",
                "0.000000\t1.500000\tone -> none of the classes (0)\n"
                "1.500000\t3.000000\tone -> t<&\"w\\no (-1.5)\n");
    expect_file(&made, "audacity/00002_b_Gr\xc3\xbc_n_.txt",
                "0.000000\t2.000000\tt<&\"w\\no -> one (0.25)\n");
    made_run_free(&made);
}

static void selection_tables(void **state) {
    (void)state;
    struct made_run made;
    struct export_counts counts;
    made_run_make(&made, &ordinary);
    export_small(&made, EXPORT_RAVEN, &counts);
    expect_file(
        &made, "raven/00001_a_x.Table.1.selections.txt",
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq "
        "(Hz)\tBegin File\tBegin Path\tFile Offset (s)\tAnnotation\tSuggested\tScore\tRank\n"
        "1\tSpectrogram 1\t1\t0.000000\t1.500000\t0.0\t8000.0\tx.wav\t/no such "
        "place/a/x.wav\t0.000000\tone\tnone of the classes\t0\t3\n"
        "2\tSpectrogram 1\t1\t1.500000\t3.000000\t0.0\t8000.0\tx.wav\t/no such "
        "place/a/x.wav\t1.500000\tone\tt<&\"w\\no\t-1.5\t1\n");
    made_run_free(&made);
}

static void tasks(void **state) {
    (void)state;
    struct made_run made;
    struct export_counts counts;
    made_run_make(&made, &ordinary);
    export_small(&made, EXPORT_LABEL_STUDIO, &counts);
    assert_int_equal(counts.files, 2);
    size_t size = 0;
    char *found = made_run_file(&made, "label-studio/tasks.json", &size);
    assert_non_null(strstr(
        found, "[\n{\"data\": {\"audio\": \"/data/local-files/?d=a/x.wav\", \"clip\": "
               "\"a/x.wav#t=1.5,3\", \"label\": \"one\", \"suggested\": \"t<&\\\"w\\\\no\", "
               "\"rank\": 1, \"score\": -1.5}, \"predictions\": [{\"model_version\": \"earmark "));
    assert_non_null(strstr(found, "\"score\": 1, \"result\": "));
    assert_non_null(strstr(found, "\"type\": \"labels\", \"value\": {\"start\": 1.500000, \"end\": "
                                  "3.000000, \"channel\": 0, \"labels\": [\"t<&\\\"w\\\\no\"]}"));
    assert_non_null(strstr(found, "?d=b/Gr%C3%BC%20n%09.flac"));
    free(found);
    expect_file(&made, "label-studio/config.xml",
                "<View>\n  <Text name=\"given\" value=\"$label\"/>\n"
                "  <Text name=\"suggested\" value=\"$suggested\"/>\n"
                "  <Audio name=\"audio\" value=\"$audio\"/>\n"
                "  <Labels name=\"label\" toName=\"audio\">\n    <Label value=\"one\"/>\n"
                "    <Label value=\"t&lt;&amp;&quot;w\\no\"/>\n"
                "    <Label value=\"none of the classes\"/>\n  </Labels>\n</View>\n");
    made_run_free(&made);
}

/* What a person has worked on is not replaced; rows alone have no sounds. */
static void refusals(void **state) {
    (void)state;
    struct made_run made;
    struct export_counts counts;
    struct error error = ERROR_INITIAL;
    struct run_results results = small_run();
    made_run_make(&made, &ordinary);
    export_small(&made, EXPORT_RAVEN, &counts);
    assert_int_equal(export_write(&made.out_folder, &results, EXPORT_RAVEN, &counts, &error),
                     ERROR_FILE);
    assert_non_null(strstr(error.message, "/raven: has files already"));
    error = (struct error)ERROR_INITIAL;
    results.clips.get = NULL;
    assert_int_equal(export_write(&made.out_folder, &results, EXPORT_AUDACITY, &counts, &error),
                     ERROR_DATA);
    made_run_free(&made);
}

/* ---- names of any bytes ---- */

static void expect_visible(const char *text) {
    while (*text != '\0') {
        size_t length = utf8_length(text);
        assert_true(length > 0);
        assert_true(*text == '\n' || *text == '\t' || !utf8_is_hidden(utf8_point(text, length)));
        text += length;
    }
}

/* Each line of a label track has two tabs, of a selection table thirteen. */
static void expect_lines(const char *text, size_t tabs) {
    size_t found = 0;
    for (; *text != '\0'; text++) {
        found += *text == '\t';
        if (*text != '\n') continue;
        assert_int_equal(found, tabs);
        found = 0;
    }
}

static size_t read_exported(const struct made_run *made, const char *folder, size_t tabs) {
    DIR *listing = opendir(made_run_path(made, folder));
    size_t files = 0, size = 0;
    assert_non_null(listing);
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char name[300];
        if (entry->d_name[0] == '.') continue;
        assert_true(entry->d_name[0] >= '0' && entry->d_name[0] <= '9');
        expect_visible(entry->d_name);
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        char *text = made_run_file(made, name, &size);
        expect_visible(text);
        expect_lines(text, tabs);
        free(text);
        files++;
    }
    closedir(listing);
    return files;
}

static void hostile_names(void **state) {
    (void)state;
    const struct made_settings hostile = {
        .clips = 90, .issues = 60, .classes = 20, .hostile = true, .detector = true};
    struct made_run made;
    struct export_counts counts = {0, 0, 0};
    struct error error = ERROR_INITIAL;
    made_run_make(&made, &hostile);
    for (enum export_format format = EXPORT_AUDACITY; export_name(format) != NULL; format++)
        export_write(&made.out_folder, &made.results, format, &counts, &error);
    assert_no_error(&error);
    assert_int_equal(read_exported(&made, "audacity", 2), counts.files);
    assert_int_equal(read_exported(&made, "raven", 13), counts.files);
    size_t size = 0;
    char *text = made_run_file(&made, "label-studio/tasks.json", &size);
    json_t *json = json_parse(text, size, "tasks.json", &error);
    assert_no_error(&error);
    assert_int_equal(json_array_size(json), 60);
    json_decref(json);
    free(text);
    text = made_run_file(&made, "label-studio/config.xml", &size);
    expect_visible(text);
    for (const char *at = text; (at = strchr(at, '<')) != NULL; at++)
        assert_non_null(strchr("/VTACC", at[1]));
    free(text);
    made_run_free(&made);
}

/* Several labels a clip: several choices. */
static void sets_of_labels(void **state) {
    (void)state;
    struct made_run made;
    struct export_counts counts;
    struct error error = ERROR_INITIAL;
    made_run_make(&made, &ordinary);
    made_run_take_sets(&made);
    run_fact_string(&made.results.facts, "settings", "label_separator", ";");
    struct run_issue *first = (struct run_issue *)(uintptr_t)&made.results.issues[0];
    const char *kept = first->suggested_set;
    first->suggested_set = "x;y";
    export_write(&made.out_folder, &made.results, EXPORT_LABEL_STUDIO, &counts, &error);
    assert_no_error(&error);
    first->suggested_set = kept;
    size_t size = 0;
    char *text = made_run_file(&made, "label-studio/tasks.json", &size);
    assert_non_null(strstr(text, "{\"choices\": [\"x\", \"y\"]}"));
    free(text);
    text = made_run_file(&made, "label-studio/config.xml", &size);
    assert_non_null(strstr(text, "choice=\"multiple\""));
    free(text);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_tracks),  cmocka_unit_test(selection_tables),
        cmocka_unit_test(tasks),         cmocka_unit_test(refusals),
        cmocka_unit_test(hostile_names), cmocka_unit_test(sets_of_labels),
    };
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
