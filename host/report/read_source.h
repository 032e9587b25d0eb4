/* A CSV file of a run, read row by row. */
#ifndef EARMARK_REPORT_READ_SOURCE_H
#define EARMARK_REPORT_READ_SOURCE_H

#include "host/base/csv.h"
#include "host/base/folder.h"

#include <stdio.h>

#define SOURCE_MAXIMUM_COLUMNS 64

/* A file of a run: the page trusts none of them. */
struct run_file {
    const struct folder *folder;
    const char *name;
    const char *path; /* of the two, for messages */
};

/* A table under way: the reader and where the wanted columns are. */
struct source {
    struct csv_reader reader;
    struct file_mapping file; /* a regular file: nothing that could block */
    FILE *stream;
    const char *path;
    size_t columns[SOURCE_MAXIMUM_COLUMNS]; /* of the wanted names, in their order; SIZE_MAX: it is
                                               missing */
    bool end;
};

struct source_column {
    const char *name;
    bool optional;
};

/* Opens the file, which must not be empty, and finds the columns by the names in its first row;
 * those that are not optional must be there. source_close also after a failure. */
enum error_code source_open(struct source *source, const struct run_file *file,
                            const struct source_column *columns, size_t count, struct error *error);
void source_close(struct source *source);

/* Reads the next row, or sets source->end. */
enum error_code source_next(struct source *source, struct error *error);

/* A wanted cell of the row; "" where the row is shorter or the column is missing. */
const char *source_cell(const struct source *source, size_t column);

/* A cell's whole number, or `absent` for an empty cell. ERROR_DATA names file and line. */
int64_t source_integer(const struct source *source, const char *cell, int64_t absent,
                       struct error *error);

/* NaN for an empty cell. */
double source_number(const struct source *source, size_t column);

#endif
