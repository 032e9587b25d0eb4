/* One parquet file as a list of clips: its columns, and a row of it. */
#ifndef EARMARK_LISTS_PARQUET_INPUT_H
#define EARMARK_LISTS_PARQUET_INPUT_H

#include "host/containers/parquet_cursor.h"
#include "host/containers/parquet_features.h"
#include "host/lists/manifest.h"

struct parquet_input {
    struct builder *builder;
    const char *path; /* of the file, for messages */
    const char *name; /* of the file, in the root of the list */
    int descriptor;
    struct parquet_file file;
    json_t *features;
    struct parquet_choice sounds;    /* bytes: PARQUET_NONE where the rows are paths of files */
    size_t columns[ROLE_COUNT];      /* PARQUET_NONE: none; the path is that of a file */
    const json_t *names[ROLE_COUNT]; /* of a ClassLabel: an array; NULL: values are texts */

    struct parquet_cursor cursors[ROLE_COUNT];
    struct text values[ROLE_COUNT]; /* of the current row */
    bool has_value[ROLE_COUNT];     /* it is not null */
    char problem[256];              /* of the current row; "": none */
    struct text split; /* the part of the data set that the file's name is; empty: none */
};

/* Finds the columns, as the options or their usual names say; a sentence for what cannot be read.
 * Errors: ERROR_USAGE, ERROR_DATA, ERROR_MEMORY. */
enum error_code parquet_input_columns(struct parquet_input *input, struct error *error);

/* Appends which columns are read, in words. */
void parquet_input_words(const struct parquet_input *input, struct text *text);

/* Reads the next row of all columns with a role into `values`. Errors: those of
 * parquet_cursor_next(). */
enum error_code parquet_input_next(struct parquet_input *input, struct error *error);

#endif
