/* Escaping of hostile names: CSV and JSON preserve any bytes, and text shown to people
 * neither executes nor hides anything. */
#include "host/base/csv.h"
#include "host/base/json.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/base/utf8.h"
#include "host/base/warnings.h"
#include "tests/support/compare.h"
#include "tests/support/signal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* ---- names ---- */

/* No control character but those of `allowed`, nothing invisible, and only UTF-8. */
static void assert_shown(const char *text, const char *allowed) {
    for (const char *at = text; *at != '\0'; at += utf8_length(at)) {
        assert_true(utf8_length(at) > 0);
        if (utf8_is_hidden(utf8_point(at, utf8_length(at)))) assert_non_null(strchr(allowed, *at));
    }
}

/* A string of up to 12 pieces chosen so that every kind of escaping occurs. */
static void nasty_string(unsigned seed, char *out, size_t size) {
    static const char *const pieces[] = {"=",
                                         "+",
                                         "-",
                                         "@",
                                         "'",
                                         "\"",
                                         ",",
                                         "\n",
                                         "\r",
                                         "\t",
                                         "%",
                                         "%41",
                                         "%0",
                                         "\\",
                                         "\x01",
                                         "\x1b",
                                         "a",
                                         " ",
                                         "\xff",
                                         "\xc3",
                                         "\x80",
                                         "\xc3\xa9",
                                         "\xe6\x97\xa5",
                                         "\xf0\x9f\x8e\xb5",
                                         "\xed\xb2\x80",
                                         "\xc2\x80",
                                         "\\udc80",
                                         "\\u0001",
                                         "/",
                                         ";",
                                         "\x7f",
                                         "\xc2\x9b",
                                         "\xc2\xa0",
                                         "\xe3\x80\x80",
                                         "\xef\xbc\x9d",
                                         "\xef\xbb\xbf",
                                         "\xe2\x80\xae",
                                         "\xe2\x80\xa8",
                                         "\xf3\xa0\x81\x81"};
    size_t count = sizeof pieces / sizeof pieces[0];
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < signal_hash(seed, 1, 0) % 12; i++)
        used += (size_t)snprintf(out + used, size - used, "%s",
                                 pieces[signal_hash(seed, 2, i) % count]);
}

static void test_csv_any_bytes(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 4000; seed++) {
        char name[256];
        nasty_string(seed, name, sizeof name);
        struct text row = TEXT_INITIAL;
        struct text undone = TEXT_INITIAL;
        struct csv_reader reader;
        struct error error = ERROR_INITIAL;
        bool end = false;
        text_string(&row, "first,");
        text_csv(&row, name);
        assert_shown(row.data, "\t\r\n");
        text_string(&row, ",last\n");
        FILE *stream = fmemopen(row.data, row.length, "rb");
        assert_non_null(stream);
        csv_open(&reader, stream, "made", ',');
        csv_next(&reader, &end, &error);
        assert_no_error(&error);
        assert_int_equal(reader.count, 3);
        text_csv_undo(&undone, csv_cell(&reader, 1));
        assert_string_equal(undone.data == NULL ? "" : undone.data, name);
        csv_close(&reader);
        fclose(stream);
        text_free(&row);
        text_free(&undone);
    }
}

static void test_json_any_bytes(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 4000; seed++) {
        char name[256];
        nasty_string(seed, name, sizeof name);
        struct error error = ERROR_INITIAL;
        struct text text = TEXT_INITIAL;
        struct text again = TEXT_INITIAL;
        text_string(&text, "{");
        text_json(&text, name);
        text_string(&text, ": [");
        text_json(&text, name);
        text_string(&text, ", 1, 0.5, true, null]}");
        assert_shown(text.data, "");
        json_t *json = json_parse(text.data, text.length, "made", &error);
        assert_no_error(&error);
        char *key = json_key_bytes(json_object_iter_key(json_object_iter(json)), &error);
        json_t *array = json_object_iter_value(json_object_iter(json));
        char *bytes = json_bytes(json_array_get(array, 0), &error);
        assert_string_equal(key, name);
        assert_string_equal(bytes, name);
        json_append(&again, json);
        assert_string_equal(again.data, text.data);
        free(key);
        free(bytes);
        json_decref(json);
        text_free(&text);
        text_free(&again);
    }
}

/* What spreadsheets do with cells, each with what is written for it. */
static void test_csv_cells(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"plain name.wav", "plain name.wav"},
        {"a;b", "\"a;b\""},
        {"a\tb", "\"a\tb\""},
        {"a;b,=1", "\"a;b,=1\""},
        {"a;=1+1", "\"a%3B=1+1\""},
        {"a\n '-1", "\"a%0A '-1\""},
        {"a;\"@x", "\"a%3B\"\"@x\""},
        {"a\t\xef\xbc\x8b", "\"a%09\xef\xbc\x8b\""},
        {"=1", "'=1"},
        {" =1", "\"' =1\""},
        {"'@x", "\"''@x\""},
        {"\"=1\"", "\"'\"\"=1\"\"\""},
        {"\xc2\xa0-1", "'\xc2\xa0-1"},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"},
        {"\xef\xbb\xbf=1", "%EF%BB%BF=1"},
        {"\tx", "\"'\tx\""},
        {"\t=1", "\"%09=1\""},
        {"\n=1", "\"%0A=1\""},
        {"a=1-2", "a=1-2"},
        {"\x1b[31m\x07\x08\x7f", "%1B[31m%07%08%7F"},
        {"\xc2\x9b"
         "31m",
         "%C2%9B31m"},
        {"x\xe2\x80\xaey", "x%E2%80%AEy"},
        {"\xff%", "%FF%25"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct text text = TEXT_INITIAL;
        text_csv(&text, pairs[i][0]);
        assert_string_equal(text.data, pairs[i][1]);
        text_free(&text);
    }
}

static void test_json_hidden(void **state) {
    (void)state;
    static const char encoded[] =
        "{\"a\x7f\": [\"\xc2\x9b\xc3\xa9\xe2\x80\xa8\xf3\xa0\x81\x81\"],\n \"b\": 1}";
    struct text text = TEXT_INITIAL;
    text_json(&text, "\x1b\t\xc2\x85\xe2\x80\xa9\xe2\x80\xae\xef\xbb\xbf\xf3\xa0\x81\x81\xc3\xa9");
    assert_string_equal(text.data,
                        "\"\\u001b\\u0009\\u0085\\u2029\\u202e\\ufeff\\udb40\\udc41\xc3\xa9\"");
    text_clear(&text);
    text_json_encoded(&text, encoded);
    assert_string_equal(text.data,
                        "{\"a\\u007f\": [\"\\u009b\xc3\xa9\\u2028\\udb40\\udc41\"],\n \"b\": 1}");
    text_free(&text);
}

static void test_json_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",          "{",           "{\"a\": 1, \"a\": 2}",
                                      "\"\x01\"",  "\"\\ud800\"", "\"\\ud800\\udc8\"",
                                      "\"\xff\"",  "[1] 2",       "\"\\",
                                      "\"\\u00\"", "\"\\udc7f\"", "\"\\u0000\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error = ERROR_INITIAL;
        assert_null(json_parse(bad[i], strlen(bad[i]), "made.json", &error));
        assert_int_equal(error.code, ERROR_DATA);
        assert_non_null(strstr(error.message, "made.json"));
    }
}

static void test_names_visible(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"plain name.wav", "plain name.wav"},
        {"a\nb\tc\rd\x1b[31m\x7f", "a\\nb\\tc\\rd\\x1b[31m\\x7f"},
        {"\xff\xc3(", "\\xff\\xc3("},
        {"caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5"},
        {"x\xe2\x80\xaey", "x\\u{202e}y"},
        {"\xc2\x9b", "\\u{9b}"},
        {"\xef\xbb\xbf", "\\u{feff}"},
        {"\xf3\xa0\x81\x81", "\\u{e0041}"},
        {"zero\xe2\x80\x8cwidth", "zero\xe2\x80\x8cwidth"},
        {"back\\slash", "back\\\\slash"},
        {"\xcd\x8f\xe1\xa0\x8e\xf0\x9d\x85\xb3", "\\u{34f}\\u{180e}\\u{1d173}"},
        {"heart\xe2\x9d\xa4\xef\xb8\x8f", "heart\xe2\x9d\xa4\xef\xb8\x8f"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct text text = TEXT_INITIAL;
        name_visible(&text, pairs[i][0]);
        assert_string_equal(text.data, pairs[i][1]);
        text_free(&text);
    }
    struct text text = TEXT_INITIAL;
    name_html(&text, "<a href='x'>&\"\xff");
    assert_string_equal(text.data, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\xff");
    text_free(&text);
}

/* What the stream gets of a text and of a message. */
static void printed(const char *string, char text[2][16384]) {
    for (int i = 0; i < 2; i++) {
        memset(text[i], 0, sizeof text[i]); /* nothing that is printed leaves no NUL there */
        FILE *stream = fmemopen(text[i], 16384, "w");
        assert_non_null(stream);
        if (i == 0)
            terminal_print(stream, string);
        else
            terminal_message(stream, string);
        assert_int_equal(fclose(stream), 0);
    }
}

static void test_printed(void **state) {
    (void)state;
    static char text[2][16384];
    printed("a\n\x1b[2J\r\xc2\x9b\xff \\x1b caf\xc3\xa9", text);
    assert_string_equal(text[0], "a\n\\x1b[2J\\r\\u{9b}\\xff \\x1b caf\xc3\xa9");
    assert_string_equal(text[1], "a\\n\\x1b[2J\\r\\u{9b}\\xff \\x1b caf\xc3\xa9\n");
    for (unsigned seed = 0; seed < 1000; seed++) {
        char name[256];
        nasty_string(seed, name, sizeof name);
        printed(name, text);
        assert_shown(text[0], "\n");
        assert_true(strcspn(text[1], "\n") + 1 == strlen(text[1]));
        assert_shown(text[1], "\n");
        /* What was shown once, or encoded as JSON, is printed as it is. */
        struct text shown = TEXT_INITIAL;
        name_visible(&shown, name);
        printed(shown.data, text);
        assert_string_equal(text[0], shown.data);
        text_clear(&shown);
        text_json(&shown, name);
        printed(shown.data, text);
        assert_string_equal(text[0], shown.data);
        text_free(&shown);
    }
    /* Longer than what is written at once, with an escape there. */
    char long_text[8192];
    for (size_t length = 4080; length < 4100; length++) {
        memset(long_text, 'x', sizeof long_text);
        long_text[length] = '\x1b';
        long_text[8190] = '\0';
        printed(long_text, text);
        assert_int_equal(strlen(text[0]), 8190 + 3);
        assert_memory_equal(text[0] + length, "\\x1bx", 5);
    }
}

/* A bound cuts no character in two. */
static void test_cut_messages(void **state) {
    (void)state;
    static const char *const characters[] = {"x", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\x8e\xb5"};
    for (size_t kind = 0; kind < 4; kind++) {
        for (size_t lead = 0; lead < 5; lead++) {
            struct error error = ERROR_INITIAL, prefixed = ERROR_INITIAL;
            struct warnings warnings = {0};
            struct text text = TEXT_INITIAL;
            text_append(&text, "yyyy", lead);
            while (text.length < 2000) text_string(&text, characters[kind]);
            FAIL(&error, ERROR_DATA, "%s", text.data);
            FAIL(&prefixed, ERROR_DATA, "%s", text.data);
            error_prefix(&prefixed, "%s", "name");
            warnings_add(&warnings, &(struct error)ERROR_INITIAL, "%s", text.data);
            assert_shown(error.message, "");
            assert_shown(prefixed.message, "");
            assert_shown(warnings.sentences[0], "");
            assert_true(strlen(error.message) > sizeof error.message - 5);
            assert_true(utf8_fitting(text.data, 100) > 96 && utf8_fitting(text.data, 100) <= 100);
            char piece[64];
            snprintf(piece, sizeof piece, "'%.*s'", UTF8_PIECE(text.data, 40));
            assert_shown(piece, "");
            warnings_free(&warnings);
            text_free(&text);
        }
    }
}

/* The first of 15, 16 and 17 digits that reads back. */
static void assert_shortest(double value, const char *digits) {
    char expected[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(expected, sizeof expected, "%.*g", precision, value);
        if (strtod(expected, NULL) == value) break;
    }
    assert_true(strtod(digits, NULL) == value);
    assert_string_equal(digits, expected);
}

/* Powers of two, where fewer digits may suffice than in between. */
static void test_powers_of_two(void **state) {
    (void)state;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        struct text text = TEXT_INITIAL;
        number_shortest(&text, -ldexp(1.0, exponent));
        assert_shortest(-ldexp(1.0, exponent), text.data);
        text_free(&text);
    }
}

static void test_numbers(void **state) {
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t bits = (uint64_t)signal_hash(i, 3, 0) << 32 | signal_hash(i, 4, 0);
        uint32_t half = signal_hash(i, 5, 0);
        double value;
        float narrow;
        memcpy(&value, &bits, sizeof value);
        memcpy(&narrow, &half, sizeof narrow);
        struct text text = TEXT_INITIAL;
        number_shortest(&text, value);
        if (isfinite(value)) assert_shortest(value, text.data);
        text_clear(&text);
        number_shortest_float(&text, narrow);
        if (isfinite(narrow)) assert_true(strtof(text.data, NULL) == narrow);
        text_free(&text);
    }
    struct text text = TEXT_INITIAL;
    number_shortest(&text, 0.1);
    text_string(&text, " ");
    number_shortest_float(&text, 0.1F);
    text_string(&text, " ");
    number_shortest(&text, (double)NAN);
    number_json(&text, (double)INFINITY);
    text_string(&text, " ");
    number_thousands(&text, 1234567);
    text_string(&text, " ");
    number_thousands(&text, 999);
    text_string(&text, " ");
    number_percent(&text, 0.12345);
    text_string(&text, " ");
    number_percent(&text, 0.012345);
    text_string(&text, " ");
    number_percent(&text, 0.00001);
    text_string(&text, " ");
    number_percent(&text, 0.99999);
    text_string(&text, " ");
    number_percent(&text, 1.0);
    assert_string_equal(text.data, "0.1 0.1 null 1,234,567 999 12.3% 1.23% under 0.01% over 99.99% "
                                   "100.0%");
    text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_any_bytes),  cmocka_unit_test(test_csv_cells),
        cmocka_unit_test(test_json_any_bytes), cmocka_unit_test(test_json_hidden),
        cmocka_unit_test(test_printed),        cmocka_unit_test(test_cut_messages),
        cmocka_unit_test(test_json_refused),   cmocka_unit_test(test_names_visible),
        cmocka_unit_test(test_numbers),        cmocka_unit_test(test_powers_of_two),
    };
    return cmocka_run_group_tests_name("escaping", tests, NULL, NULL);
}
