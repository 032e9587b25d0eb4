/* column_codes CLIPS.csv COLUMN OUT.npy
 *
 * Writes a column of a run's clips.csv as numbers, one for every row of the
 * run's arrays (array_row): the index of the cell in the list of the column's
 * distinct cells, sorted bytewise. */
#include "bench/codes.h"
#include "bench/tables.h"

#include <stdlib.h>

struct cells {
    char **values; /* (count) by row of the arrays; NULL: not seen yet */
    size_t count;
    size_t capacity;
};

static void put(struct cells *cells, size_t row, const char *value, const char *path) {
    while (row >= cells->capacity) {
        size_t capacity = cells->capacity == 0 ? 1024 : 2 * cells->capacity;
        cells->values = bench_grow(cells->values, capacity, sizeof *cells->values);
        while (cells->capacity < capacity) cells->values[cells->capacity++] = NULL;
    }
    if (cells->values[row] != NULL) bench_fail(path, "array_row %zu occurs twice", row);
    cells->values[row] = bench_string(value);
    if (row >= cells->count) cells->count = row + 1;
}

static struct cells read_cells(const char *path, const char *name) {
    struct cells cells = {0};
    struct csv csv;
    csv_open(path, &csv);
    size_t wanted = csv_needed_column(&csv, name);
    size_t place = csv_needed_column(&csv, "array_row");
    while (csv_next(&csv)) {
        /* Empty: a clip that could not be embedded. */
        if (*csv.cells[place] == '\0') continue;
        put(&cells, csv_row_number(&csv, place), csv.cells[wanted], path);
    }
    csv_close(&csv);
    for (size_t row = 0; row < cells.count; row++) {
        if (cells.values[row] == NULL) bench_fail(path, "no clip has array_row %zu", row);
    }
    return cells;
}

int main(int argc, char **argv) {
    if (argc != 4) bench_fail("usage", "column_codes CLIPS.csv COLUMN OUT.npy");
    struct cells cells = read_cells(argv[1], argv[2]);
    struct codes codes = codes_make(cells.values, cells.count);
    npy_save(argv[3], codes.of, cells.count);
    for (size_t row = 0; row < cells.count; row++) free(cells.values[row]);
    free(cells.values);
    codes_free(&codes);
    return 0;
}
