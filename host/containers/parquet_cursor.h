/* The values of one column from the first row to the last, with the memory of one page. */
#ifndef EARMARK_CONTAINERS_PARQUET_CURSOR_H
#define EARMARK_CONTAINERS_PARQUET_CURSOR_H

#include "host/containers/parquet_values.h"

enum parquet_state {
    PARQUET_VALUE = 0,
    PARQUET_NULL = 1,      /* of a list: one of its elements */
    PARQUET_EMPTY = 2,     /* a list without elements */
    PARQUET_NULL_LIST = 3, /* no list */
    PARQUET_END = 4        /* after the last row */
};

struct parquet_value {
    enum parquet_state state;
    struct parquet_scalar scalar; /* its bytes are valid until the next call for the cursor */
};

struct parquet_cursor {
    const struct parquet_file *file;
    const struct parquet_column *column;
    size_t index;
    bool only_levels; /* scalars are not read, only whether they are there */

    size_t group; /* the next one */
    struct parquet_walk walk;
    uint64_t count; /* values so far */
    uint64_t rows;  /* of the group, not yet begun */
    uint8_t *page;
    uint8_t *dictionary_page;
    struct parquet_scalar *dictionary;
    int codec;
    uint32_t left; /* values of the page */
    struct parquet_levels levels;
    struct parquet_values values;
    bool has_levels; /* those of the next value are read */
    uint32_t repetition;
    uint32_t definition;
};

/* Before the first row of a column, whose number is `index`; the file must outlive the cursor. */
void parquet_cursor_open(struct parquet_cursor *cursor, const struct parquet_file *file,
                         size_t index);
void parquet_cursor_close(struct parquet_cursor *cursor); /* takes a zeroed one */

/* The next value. Errors: ERROR_DATA, ERROR_FILE, ERROR_MEMORY. */
enum error_code parquet_cursor_next(struct parquet_cursor *cursor, struct parquet_value *value,
                                    struct error *error);

/* Whether the next value is of the same row, a list. Ends the validity of the value's bytes. */
enum error_code parquet_cursor_continues(struct parquet_cursor *cursor, bool *continues,
                                         struct error *error);

#endif
