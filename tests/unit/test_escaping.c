/* Escaping of hostile names: CSV and JSON preserve any bytes, and text shown to people
 * neither executes nor hides anything. */
#include "host/base/csv.h"
#include "host/base/json.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
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
                                         "\x7f"};
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
        char name[128];
        nasty_string(seed, name, sizeof name);
        struct text row = TEXT_INITIAL;
        struct text undone = TEXT_INITIAL;
        struct csv_reader reader;
        struct error error = ERROR_INITIAL;
        bool end = false;
        text_string(&row, "first,");
        text_csv(&row, name);
        /* No spreadsheet may read it as a formula, and the file is UTF-8. */
        const char *cell = row.data + 6 + (row.data[6] == '"');
        assert_null(memchr("=+-@\t\r", *cell, *cell == '\0' ? 0 : 6));
        for (const char *at = row.data; *at != '\0'; at += text_utf8_length(at))
            assert_true(text_utf8_length(at) > 0);
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
        char name[128];
        nasty_string(seed, name, sizeof name);
        struct error error = ERROR_INITIAL;
        struct text text = TEXT_INITIAL;
        struct text again = TEXT_INITIAL;
        text_string(&text, "{");
        text_json(&text, name);
        text_string(&text, ": [");
        text_json(&text, name);
        text_string(&text, ", 1, 0.5, true, null]}");
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
        if (isfinite(value)) assert_true(strtod(text.data, NULL) == value);
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
        cmocka_unit_test(test_csv_any_bytes), cmocka_unit_test(test_json_any_bytes),
        cmocka_unit_test(test_json_refused),  cmocka_unit_test(test_names_visible),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("escaping", tests, NULL, NULL);
}
