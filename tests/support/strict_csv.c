#include "tests/support/strict_csv.h"

#include "tests/support/sound_files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void add_cell(struct strict_csv *csv, char *cell, size_t count) {
    if (count % 1024 == 0) {
        csv->cells = realloc(csv->cells, (count + 1024) * sizeof *csv->cells);
        assert_non_null(csv->cells);
    }
    csv->cells[count] = cell;
}

/* Removes the quotes in place; returns the position after the closing one. */
static char *quoted(char *at, char **end) {
    char *to = at;
    for (at++;; at++) {
        if (*at == '\0') fail_msg("a quote is never closed");
        if (*at == '"' && at[1] == '"')
            at++;
        else if (*at == '"')
            break;
        *to++ = *at;
    }
    *end = to;
    return at + 1;
}

static char *plain(char *at, char **end) {
    at += strcspn(at, ",\r\n\"");
    if (*at == '"') fail_msg("a quote inside an unquoted cell");
    *end = at;
    return at;
}

void strict_csv_read(struct strict_csv *csv, const char *path) {
    size_t size = 0;
    size_t count = 0;
    *csv = (struct strict_csv){.bytes = (char *)test_file_read(path, &size)};
    csv->bytes[size] = '\0';
    assert_int_equal(strlen(csv->bytes), size);
    for (char *at = csv->bytes; *at != '\0';) {
        size_t columns = 0;
        for (bool more = true; more; columns++) {
            char *end = NULL;
            add_cell(csv, at, count++);
            at = *at == '"' ? quoted(at, &end) : plain(at, &end);
            more = *at == ',';
            if (!more && *at == '\r') at++;
            if (!more && *at != '\n') fail_msg("%s: row %zu has no end", path, csv->rows);
            *end = '\0';
            at++;
        }
        if (csv->rows++ == 0) csv->columns = columns;
        if (columns != csv->columns)
            fail_msg("%s: row %zu has %zu cells, the header %zu", path, csv->rows - 1, columns,
                     csv->columns);
    }
    assert_true(csv->rows > 0);
}

void strict_csv_free(struct strict_csv *csv) {
    free(csv->bytes);
    free(csv->cells);
    *csv = (struct strict_csv){0};
}

const char *strict_csv_cell(const struct strict_csv *csv, size_t row, const char *column) {
    assert_true(row + 1 < csv->rows);
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->cells[i], column) == 0) return csv->cells[(row + 1) * csv->columns + i];
    fail_msg("no column %s", column);
    return NULL;
}
