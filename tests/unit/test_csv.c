/* Reading delimiter-separated text: RFC 4180, the variants of spreadsheets, and damage. */
#include "host/base/csv.h"
#include "host/base/text.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* The rows as "LINE:[cell][cell] LINE:[cell]", or the error's message after "!". */
static void read_rows(const char *bytes, size_t size, char delimiter, struct text *found) {
    struct csv_reader reader;
    struct error error = ERROR_INITIAL;
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    rewind(stream);
    csv_open(&reader, stream, "m.csv", delimiter);
    text_clear(found);
    text_string(found, "");
    for (;;) {
        bool end = false;
        if (csv_next(&reader, &end, &error) != ERROR_NONE || end) break;
        text_format(found, "%s%zu:", found->length == 0 ? "" : " ", reader.line);
        for (size_t i = 0; i < reader.count; i++) text_format(found, "[%s]", csv_cell(&reader, i));
        assert_null(csv_cell(&reader, reader.count));
    }
    if (error.code != ERROR_NONE) text_format(found, "!%s", error.message);
    csv_close(&reader);
    fclose(stream);
}

static void expect_rows(const char *bytes, char delimiter, const char *expected) {
    struct text found = TEXT_INITIAL;
    read_rows(bytes, strlen(bytes), delimiter, &found);
    assert_string_equal(found.data, expected);
    text_free(&found);
}

static void expect_error(const char *bytes, size_t size, const char *words) {
    struct text found = TEXT_INITIAL;
    read_rows(bytes, size, ',', &found);
    const char *message = strchr(found.data, '!');
    if (message == NULL || strstr(message, words) == NULL)
        fail_msg("'%s' does not say '%s'", found.data, words);
    text_free(&found);
}

static void plain(void **state) {
    (void)state;
    expect_rows("", ',', "");
    expect_rows("a,b\n1,2\n", ',', "1:[a][b] 2:[1][2]");
    expect_rows("a,b\n1,2", ',', "1:[a][b] 2:[1][2]");
    expect_rows("a,b\r\n1,2\r\n", ',', "1:[a][b] 2:[1][2]");
    expect_rows("a,b\r1,2\r", ',', "1:[a][b] 2:[1][2]");
    expect_rows("\n\na,\n\r\n,b\n", ',', "3:[a][] 5:[][b]");
    expect_rows(",\n", ',', "1:[][]");
    expect_rows("a b, c \n", ',', "1:[a b][ c ]");
    expect_rows("a\tb,c\n", '\t', "1:[a][b,c]");
    expect_rows("\xff\xe9,\xc3\n", ',', "1:[\xff\xe9][\xc3]");
    expect_rows("\xef\xbb\xbf"
                "a,b\n",
                ',', "1:[a][b]");
    expect_rows("\xef\xbb\xbf", ',', "");
    expect_rows("\xef\xbc\xa1,b\n", ',', "1:[\xef\xbc\xa1][b]");
    expect_rows("\xef", ',', "1:[\xef]");
    expect_rows("\xfe\n", ',', "1:[\xfe]");
    expect_rows("\xef\n\xef\xbb\xbf", ',', "1:[\xef] 2:[\xef\xbb\xbf]");
}

static void quotes(void **state) {
    (void)state;
    expect_rows("\"a,b\",c\n", ',', "1:[a,b][c]");
    expect_rows("\"a\"\"b\"\n", ',', "1:[a\"b]");
    expect_rows("\"\",\"\"\"\"\n", ',', "1:[][\"]");
    expect_rows("\"a\nb\r\nc\",d\ne\n", ',', "1:[a\nb\r\nc][d] 4:[e]");
    expect_rows("a\"b\",c\"\n", ',', "1:[a\"b\"][c\"]");
    expect_rows("\"a\"b,c\n", ',', "1:[ab][c]");
    expect_rows("\"a\" \"b\",c\n", ',', "1:[a \"b\"][c]");
    expect_rows("\"a\"\r\nb", ',', "1:[a] 2:[b]");
    expect_rows("\"a\"", ',', "1:[a]");
    expect_rows("\"\n\"\n", ',', "1:[\n]");
    expect_rows("\"a\tb\"\tc\n", '\t', "1:[a\tb][c]");
}

static void damage(void **state) {
    (void)state;
    expect_error("a\n\"b\nc\nd", 8, "line 2 is never closed");
    expect_error("a\n\"b\n\"\",", 8, "line 2 is never closed");
    expect_error("a,b\n1,\0002\n", 9, "line 2 holds a NUL");
    expect_error("\xff\xfe"
                 "a\0",
                 4, "NUL");
    expect_error("\xfe\xff\0a", 4, "NUL");
    expect_error("a\0b\0", 4, "NUL");
}

static void bounds(void **state) {
    (void)state;
    size_t size = CSV_MAXIMUM_CELL + 16;
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    expect_error(bytes, size, "line 1, column 1 is longer");
    bytes[0] = '"';
    expect_error(bytes, size, "longer");
    memset(bytes, ',', size);
    expect_error(bytes, size, "more than 4096 cells");
    memset(bytes, 'x', size);
    bytes[CSV_MAXIMUM_CELL - 1] = ',';
    struct text found = TEXT_INITIAL;
    read_rows(bytes, CSV_MAXIMUM_CELL + 1, ',', &found);
    assert_null(strchr(found.data, '!'));
    text_free(&found);
    free(bytes);
}

/* What text_csv writes for ordinary strings is read back the same. */
static void round_trip(void **state) {
    (void)state;
    static const char pieces[] = "ab,\"\n\r; \xc3\xa9";
    struct text written = TEXT_INITIAL;
    struct text expected = TEXT_INITIAL;
    struct text found = TEXT_INITIAL;
    unsigned seed = 7;
    for (int round = 0; round < 500; round++) {
        text_clear(&written);
        text_clear(&expected);
        text_string(&expected, "1:");
        size_t cells = 1 + (size_t)round % 4;
        for (size_t c = 0; c < cells; c++) {
            char cell[16] = "x";
            for (size_t i = 1; i < 1 + (size_t)(round / 7) % 9; i++) {
                seed = seed * 1664525U + 1013904223U;
                size_t piece = (seed >> 16) % 9;
                size_t used = strlen(cell);
                if (piece == 8 && used < 13)
                    snprintf(cell + used, sizeof cell - used, "\xc3\xa9");
                else if (piece < 8)
                    snprintf(cell + used, sizeof cell - used, "%c", pieces[piece]);
            }
            if (c > 0) text_string(&written, ",");
            text_csv(&written, cell);
            text_format(&expected, "[%s]", cell);
        }
        text_string(&written, "\r\n");
        read_rows(written.data, written.length, ',', &found);
        assert_string_equal(found.data, expected.data);
    }
    text_free(&written);
    text_free(&expected);
    text_free(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),  cmocka_unit_test(quotes),     cmocka_unit_test(damage),
        cmocka_unit_test(bounds), cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
