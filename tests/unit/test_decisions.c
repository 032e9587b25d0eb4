/* Decisions: a line read and written, files of one and several reviewers, what they are about in a
 * data set that has changed. */
#include "host/clips/label_sets.h"
#include "host/review/decisions.h"
#include "tests/support/compare.h"
#include "tests/support/out_folder.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* ---- a line ---- */

static const char *const lines[] = {
    "{\"v\":1,\"run\":\"1e7e05cba0a0662a\",\"row\":1706,\"id\":\"6_yweweler_14.wav\",\"path\":"
    "\"6_yweweler_14.wav\",\"start\":0,\"end\":0.271875,\"given\":\"6\",\"suggested\":\"8\","
    "\"decision\":\"relabel\",\"label\":\"8\",\"by\":\"anna\",\"at\":\"2026-11-29T19:02:11Z\","
    "\"heard\":2,\"bulk\":false,\"note\":\"\"}\n",
    "{\"v\":1,\"run\":\"\",\"row\":0,\"id\":null,\"path\":\"\\udcff\\u202e.wav\",\"start\":1.5,"
    "\"end\":null,\"given\":[\"a\",\"b;c\"],\"suggested\":[],\"decision\":\"relabel\",\"label\":[],"
    "\"by\":\"b.o-b_1\",\"at\":\"\",\"heard\":0,\"bulk\":true,"
    "\"step\":\"00ff7e05cba0a0aa\",\"note\":\"so, \\\"so\\\"\"}\n",
    "{\"v\":1,\"run\":\"0000000000000000\",\"row\":3,\"id\":null,\"path\":null,\"start\":0,\"end\":"
    "null,\"given\":null,\"suggested\":null,\"decision\":\"undo\",\"label\":null,\"by\":\"c\","
    "\"at\":"
    "\"\",\"heard\":4294967295,\"bulk\":false,\"note\":\"\"}\n",
};

static void test_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct error error = ERROR_INITIAL;
        struct decision decision;
        struct decision copy;
        struct text text = TEXT_INITIAL;
        decision_parse(lines[i], strlen(lines[i]), "line", "x", &decision, &error);
        assert_no_error(&error);
        decision_copy(&decision, &copy, &error);
        assert_no_error(&error);
        assert_true(decision_agrees(&decision, &copy));
        decision_free(&decision);
        decision_append(&text, &copy);
        assert_string_equal(text.data, lines[i]);
        decision_free(&copy);
        text_free(&text);
    }
}

#define MINIMAL "{\"v\":1,\"path\":\"a\",\"decision\":\"keep\""

static void test_lines_that_are_none(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
        enum error_code code;
    } bad[] = {
        {"", "not JSON", ERROR_DATA},
        {"{", "not JSON", ERROR_DATA},
        {"[]", "not a decision", ERROR_DATA},
        {"{}", "\"v\" is not 1", ERROR_DATA},
        {"{\"v\":1,\"v\":1}", "not JSON", ERROR_DATA},
        {"{\"v\":2}", "newer version", ERROR_UNSUPPORTED},
        {"{\"v\":1.0}", "\"v\" is not 1", ERROR_DATA},
        {"{\"v\":1,\"path\":\"a\",\"decision\":\"kept\"}", "\"decision\" is not keep", ERROR_DATA},
        {"{\"v\":1,\"decision\":\"keep\"}", "\"path\" is not there", ERROR_DATA},
        {"{\"v\":1,\"path\":\"\",\"decision\":\"keep\"}", "\"path\" is not there", ERROR_DATA},
        {"{\"v\":1,\"path\":\"a\\u0000b\",\"decision\":\"keep\"}", "not JSON", ERROR_DATA},
        {MINIMAL ",\"row\":-1}", "\"row\" is not a whole", ERROR_DATA},
        {MINIMAL ",\"row\":9223372036854775807}", "\"row\" is not a whole", ERROR_DATA},
        {MINIMAL ",\"row\":9223372036854775808}", "not JSON", ERROR_DATA},
        {MINIMAL ",\"start\":-1}", "\"start\" is not a number", ERROR_DATA},
        {MINIMAL ",\"start\":1e300}", "\"start\" is not a number", ERROR_DATA},
        {MINIMAL ",\"start\":2,\"end\":1}", "\"end\" is not after", ERROR_DATA},
        {MINIMAL ",\"given\":6}", "\"given\" is not a label", ERROR_DATA},
        {MINIMAL ",\"given\":[6]}", "\"given\" is not a label", ERROR_DATA},
        {MINIMAL ",\"given\":[\"\"]}", "\"given\" is not an array", ERROR_DATA},
        {MINIMAL ",\"given\":[\"a\\u001fb\"]}", "\"given\" is not an array", ERROR_DATA},
        {MINIMAL ",\"given\":[\"a\"],\"suggested\":\"a\"}", "like the labels", ERROR_DATA},
        {MINIMAL ",\"run\":\"1e7e05cba0a0662\"}", "\"run\" is not the hash", ERROR_DATA},
        {MINIMAL ",\"step\":\"1E7e05cba0a0662a\"}", "\"step\" is not 16 hex", ERROR_DATA},
        {MINIMAL ",\"by\":\"../x\"}", "\"by\" is not a reviewer", ERROR_DATA},
        {MINIMAL ",\"by\":7}", "\"by\" is not a text", ERROR_DATA},
        {MINIMAL ",\"at\":\"\\u001b[2J\"}", "\"at\" is not a time", ERROR_DATA},
        {MINIMAL ",\"heard\":4294967296}", "\"heard\" is not a whole", ERROR_DATA},
        {"{\"v\":1,\"path\":\"a\",\"decision\":\"relabel\"}", "\"label\" is not there", ERROR_DATA},
        {"{\"v\":1,\"path\":\"a\",\"decision\":\"relabel\",\"label\":\"\"}",
         "\"label\" is not there", ERROR_DATA},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error = ERROR_INITIAL;
        struct decision decision;
        decision_parse(bad[i].line, strlen(bad[i].line), "f, line 3", "x", &decision, &error);
        decision_free(&decision);
        assert_error(&error, bad[i].code, bad[i].message);
        assert_error(&error, bad[i].code, "f, line 3: ");
    }
}

static void test_names_and_notes(void **state) {
    (void)state;
    char name[DECISION_NAME_MAXIMUM + 2];
    char *note = calloc(DECISION_NOTE_MAXIMUM + 2, 1);
    memset(name, 'a', sizeof name);
    name[DECISION_NAME_MAXIMUM + 1] = '\0';
    assert_false(decision_name_is_good(name));
    name[DECISION_NAME_MAXIMUM] = '\0';
    assert_true(decision_name_is_good(name));
    assert_false(decision_name_is_good(""));
    assert_false(decision_name_is_good("a/b"));
    assert_false(decision_name_is_good("a b"));
    assert_false(decision_name_is_good("\xc3\xa4"));
    assert_true(decision_note_is_good("Gr\xc3\xbc\xc3\x9f"
                                      "e"));
    assert_false(decision_note_is_good("a\nb"));
    assert_false(decision_note_is_good("\xc2\x9b"));
    assert_false(decision_note_is_good("\x7f"));
    assert_false(decision_note_is_good("\xff"));
    memset(note, 'a', DECISION_NOTE_MAXIMUM + 1);
    assert_false(decision_note_is_good(note));
    note[DECISION_NOTE_MAXIMUM] = '\0';
    assert_true(decision_note_is_good(note));
    free(note);
}

/* ---- files ---- */

static void put(const char *name, const char *text) {
    test_text_write(test_path(out_folder.path, name), text);
}

/* A line, with what matters of it here. */
#define LINE(path, at, decision, by)                                                               \
    "{\"v\":1,\"path\":\"" path "\",\"end\":1,\"given\":\"6\",\"at\":\"" at "\",\"decision\":"     \
    "\"" decision "\",\"label\":\"8\",\"by\":\"" by "\"}"

static const struct decided *find(const struct decisions *decisions, const char *path,
                                  const char *reviewer) {
    size_t at = decisions_find(decisions, path, 0, 1, 0);
    while (at != DECISIONS_NONE &&
           strcmp(decisions->reviewers[decisions->list[at].reviewer], reviewer) != 0)
        at = decisions->list[at].next;
    return at == DECISIONS_NONE ? NULL : &decisions->list[at];
}

static void test_last_line_wins(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct decisions all = {0};
    struct decisions one = {0};
    put("decisions-anna.jsonl",
        "\xef\xbb\xbf" LINE("a", "3", "keep", "anna") "\n\r\n" LINE("b", "3", "keep", "") "\n" LINE(
            "a", "1", "relabel", "anna") "\n" LINE("b", "4", "undo", "anna") "\n");
    put("decisions-bob.jsonl", "\xef\xbb\xbf" LINE("a", "2", "keep", "bob"));
    put("decisions-old.jsonl",
        LINE("a", "0", "unsure", "anna") "\n" LINE("c", "0", "unsure", "anna"));
    put("decisions-.jsonl", "no");
    put("decisions-a b.jsonl", "no");
    decisions_read(&all, &out_folder, NULL, &error);
    assert_no_error(&error);
    assert_int_equal(all.reviewer_count, 2);
    assert_int_equal(all.clip_count, 3);
    assert_int_equal(all.count, 4);
    assert_int_equal(find(&all, "a", "anna")->decision.kind, DECISION_RELABEL);
    assert_int_equal(find(&all, "a", "anna")->line, 4);
    assert_int_equal(find(&all, "a", "bob")->decision.kind, DECISION_KEEP);
    assert_int_equal(find(&all, "b", "anna")->decision.kind, DECISION_UNDO);
    assert_int_equal(find(&all, "c", "anna")->decision.kind, DECISION_UNSURE);
    assert_null(find(&all, "b", "bob"));
    decisions_read(&one, &out_folder, "bob", &error);
    decisions_read(&one, &out_folder, "nobody", &error);
    assert_no_error(&error);
    assert_int_equal(one.count, 1);
    decisions_free(&all);
    decisions_free(&one);
}

static void test_torn_and_damaged(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct error damaged = ERROR_INITIAL;
    struct error newer = ERROR_INITIAL;
    struct error linked = ERROR_INITIAL;
    struct decisions decisions = {0};
    put("decisions-anna.jsonl", LINE("a", "", "keep", "anna") "\n{\"v\":1,\"path\":\"b");
    decisions_read(&decisions, &out_folder, NULL, &error);
    assert_no_error(&error);
    assert_int_equal(decisions.count, 1);
    assert_int_equal(decisions.warnings.count, 1);
    assert_non_null(strstr(decisions.warnings.sentences[0], "line 2 is left out"));
    put("decisions-anna.jsonl", LINE("a", "", "keep", "anna") "\n{\"v\":1,\"pa\n");
    decisions_read(&decisions, &out_folder, NULL, &damaged);
    assert_error(&damaged, ERROR_DATA, "decisions-anna.jsonl, line 2: not JSON");
    put("decisions-anna.jsonl", "{\"v\":7}");
    decisions_read_path(&decisions, test_path(out_folder.path, "decisions-anna.jsonl"), &newer);
    assert_error(&newer, ERROR_UNSUPPORTED, "line 1: written by a newer version");
    unlink(test_path(out_folder.path, "decisions-anna.jsonl"));
    assert_int_equal(symlink("/dev/zero", test_path(out_folder.path, "decisions-anna.jsonl")), 0);
    decisions_read(&decisions, &out_folder, NULL, &linked);
    assert_error(&linked, ERROR_FILE, "is a symbolic link");
    decisions_free(&decisions);
}

/* Many clips, and long lines: nothing may become slow or large. */
static void test_many(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct error long_line = ERROR_INITIAL;
    struct decisions decisions = {0};
    char *line = malloc(DECISION_LINE_MAXIMUM + 3);
    assert_non_null(line);
    for (int i = 0; i < 100000; i++) {
        char path[24];
        size_t index;
        snprintf(path, sizeof path, "%d.wav", i % 30000);
        const struct decision decision = {
            .path = path, .start = i % 3, .end = NAN, .by = "a", .kind = DECISION_KEEP};
        decisions_add(&decisions, &decision, &index, &error);
        assert_no_error(&error);
    }
    assert_int_equal(decisions.count, 30000);
    for (int i = 0; i < (int)DECISIONS_REVIEWERS; i++) {
        char by[16];
        size_t index;
        snprintf(by, sizeof by, "r%d", i);
        const struct decision decision = {.path = "x", .end = NAN, .by = by};
        decisions_add(&decisions, &decision, &index, &error);
        if (i + 1 < (int)DECISIONS_REVIEWERS) assert_no_error(&error);
    }
    assert_error(&error, ERROR_DATA, "more than 64 reviewers");
    decisions_free(&decisions);
    memset(line, ' ', DECISION_LINE_MAXIMUM + 2);
    line[DECISION_LINE_MAXIMUM + 2] = '\0';
    put("decisions-anna.jsonl", line);
    decisions_read(&decisions, &out_folder, NULL, &long_line);
    assert_error(&long_line, ERROR_DATA, "line 1: longer than 262144 bytes");
    decisions_free(&decisions);
    free(line);
}

/* ---- the data set as it is now ---- */

static void add(struct decisions *decisions, const char *path, enum decision_kind kind,
                const char *given, const char *label, const char *by) {
    struct error error = ERROR_INITIAL;
    size_t index;
    const struct decision decision = {.path = path,
                                      .start = 1.0000004,
                                      .end = 2.5,
                                      .given = given,
                                      .kind = kind,
                                      .label = label,
                                      .by = by};
    decisions_add(decisions, &decision, &index, &error);
    assert_no_error(&error);
}

static const struct decided *of(const struct decisions *decisions, const char *path) {
    return &decisions->list[decisions_find(decisions, path, 1, 2.5, 0)];
}

static void test_placing(void **state) {
    (void)state;
    struct decisions decisions = {0};
    static const struct decision_clip clips[] = {
        {"open", 1, 2.5, "6"},        {"open", 1.001, 2.5, "6"}, {"applied", 1, 2.5, "8"},
        {"stale", 1, 2.5, "7"},       {"twice", 1, 2.5, "7"},    {"twice", 1, 2.5, "6"},
        {"twice", 1, 2.5, "6"},       {"kept", 1, 2.5, "8"},     {"undone", 1, 2.5, "6"},
        {"unlabelled", 1, 2.5, NULL},
    };
    add(&decisions, "open", DECISION_RELABEL, "6", "8", "anna");
    add(&decisions, "open", DECISION_RELABEL, "6", "8", "bob");
    add(&decisions, "applied", DECISION_RELABEL, "6", "8", "anna");
    add(&decisions, "applied", DECISION_KEEP, "8", NULL, "bob");
    add(&decisions, "stale", DECISION_RELABEL, "6", "8", "anna");
    add(&decisions, "twice", DECISION_EXCLUDE, "6", NULL, "anna");
    add(&decisions, "kept", DECISION_KEEP, "6", NULL, "anna");
    add(&decisions, "undone", DECISION_UNDO, "6", NULL, "anna");
    add(&decisions, "undone", DECISION_UNSURE, "6", NULL, "bob");
    add(&decisions, "unlabelled", DECISION_RELABEL, NULL, "8", "anna");
    add(&decisions, "gone", DECISION_KEEP, "6", NULL, "anna");
    decisions_place_begin(&decisions);
    for (size_t row = 0; row < sizeof clips / sizeof clips[0]; row++)
        decisions_place(&decisions, row, &clips[row]);
    decisions_place_end(&decisions);
    assert_int_equal(of(&decisions, "open")->state, DECISION_OPEN);
    assert_int_equal(of(&decisions, "open")->row, 0);
    assert_int_equal(of(&decisions, "applied")->state, DECISION_APPLIED);
    assert_int_equal(of(&decisions, "stale")->state, DECISION_STALE);
    assert_int_equal(of(&decisions, "twice")->state, DECISION_OPEN);
    assert_int_equal(of(&decisions, "twice")->row, 5);
    assert_int_equal(of(&decisions, "kept")->state, DECISION_STALE);
    assert_int_equal(of(&decisions, "unlabelled")->state, DECISION_OPEN);
    assert_int_equal(of(&decisions, "gone")->state, DECISION_GONE);
    assert_int_equal(of(&decisions, "gone")->row, DECISION_NO_ROW);
    assert_false(decisions_conflict(&decisions, decisions_find(&decisions, "open", 1, 2.5, 0)));
    assert_false(decisions_conflict(&decisions, decisions_find(&decisions, "stale", 1, 2.5, 0)));
    const size_t undone = decisions_find(&decisions, "undone", 1, 2.5, 0);
    const size_t answer = decisions_answer(&decisions, undone);
    assert_string_equal(decisions.list[answer].decision.by, "bob");
    assert_false(decisions_conflict(&decisions, undone));
    assert_true(decisions_conflict(&decisions, decisions_find(&decisions, "applied", 1, 2.5, 0)));
    add(&decisions, "open", DECISION_EXCLUDE, "6", NULL, "bob");
    assert_int_equal(decisions.list[of(&decisions, "open")->next].state, DECISION_UNPLACED);
    decisions_free(&decisions);
}

/* A run's clips.csv, whose cells are escaped and whose sets are joined. */
static void test_placing_on_a_run(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct error damaged = ERROR_INITIAL;
    struct decisions decisions = {0};
    put("decisions-anna.jsonl",
        "{\"v\":1,\"path\":\"=a.wav\",\"start\":0.5,\"end\":1.75,\"given\":[\"x\",\"y\"],"
        "\"decision\":"
        "\"relabel\",\"label\":[\"z\",\"x\"]}\n"
        "{\"v\":1,\"path\":\"b.wav\",\"given\":[],\"decision\":\"keep\"}\n"
        "{\"v\":1,\"row\":2,\"path\":null,\"given\":[\"x\"],\"decision\":\"keep\"}\n");
    put("clips.csv", "row,id,path,label,status,reason,start,duration\n"
                     "0,i,'=a.wav,y; x,ok,,0.5,1.25\n1,i,b.wav,,unreadable,,0,\n2,,,x,ok,,,\n");
    decisions_read(&decisions, &out_folder, NULL, &error);
    decisions_place_run(&decisions, &out_folder, ";", &error);
    assert_no_error(&error);
    assert_int_equal(decisions.count, 3);
    assert_string_equal(decisions.list[0].decision.label, "x" LABEL_JOINT "z");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decisions.list[i].state, DECISION_OPEN);
        assert_int_equal(decisions.list[i].row, i);
    }
    put("clips.csv", "row,id,path,label,status,reason,start,duration\n1,i,a,x,ok,,0,1\n");
    decisions_place_run(&decisions, &out_folder, NULL, &damaged);
    assert_error(&damaged, ERROR_DATA, "clips.csv, line 2: row 1 where row 0 should be");
    decisions_free(&decisions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_names_and_notes),
        cmocka_unit_test_setup_teardown(test_last_line_wins, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_torn_and_damaged, out_folder_begin, out_folder_end),
        cmocka_unit_test_setup_teardown(test_many, out_folder_begin, out_folder_end),
        cmocka_unit_test(test_placing),
        cmocka_unit_test_setup_teardown(test_placing_on_a_run, out_folder_begin, out_folder_end),
    };
    return cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}
