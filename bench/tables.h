/* Tables and arrays of a run, for the small programs of bench/: CSV with
 * headings, and .npy. They read files that earmark wrote on the same machine;
 * anything unexpected ends the program with a message. */
#ifndef EARMARK_BENCH_TABLES_H
#define EARMARK_BENCH_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Both print what comes from a file or an argument with all but printable ASCII as \xNN. */
_Noreturn void bench_fail(const char *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void bench_print_figure(const char *before, const char *name, const char *after, double value);
/* A cell of CSV: '%' and control characters as %XX, ' before what looks like a formula. */
void bench_cell(FILE *stream, const char *cell);
void *bench_allocate(size_t count, size_t size);           /* zeroed; never NULL */
void *bench_grow(void *memory, size_t count, size_t size); /* realloc, never NULL */
char *bench_string(const char *text);                      /* a copy */
FILE *bench_create(const char *path);                      /* for writing */
void bench_close(const char *path, FILE *stream);          /* fails if a write failed */
void bench_join(char *path, size_t size, const char *folder, const char *name);

struct csv {
    const char *path;
    FILE *stream;
    char **headings; /* (heading_count) */
    size_t heading_count;
    char **cells; /* (heading_count) of the current row, unquoted */
    char *text;   /* the current row */
    size_t text_capacity;
};

/* Opens the file and reads the headings. */
void csv_open(const char *path, struct csv *csv);
/* Reads the next row; false at the end. Cells are valid until the next call. */
bool csv_next(struct csv *csv);
/* How many rows folder/name has below its header. */
size_t csv_count(const char *folder, const char *name);
/* The index of the column with that name, which must exist. */
size_t csv_needed_column(const struct csv *csv, const char *name);
/* A cell of the current row, as a row number. */
size_t csv_row_number(const struct csv *csv, size_t column);
void csv_close(struct csv *csv);

/* An array of one or two dimensions: float32, float64, int32 or int64,
 * little-endian, C order. */
struct npy {
    size_t rows;
    size_t columns; /* 1 for one dimension */
    char kind;      /* 'f' or 'i' */
    size_t size;    /* bytes of an element */
    unsigned char *data;
};

void npy_load(const char *path, struct npy *npy);
/* Writes numbers as a one-dimensional array of int64. */
void npy_save(const char *path, const size_t *values, size_t count);
double npy_value(const struct npy *npy, size_t row, size_t column);
void npy_free(struct npy *npy);

#endif
