/* The values of a page, or of a dictionary, as windows of an open file. */
#ifndef EARMARK_CONTAINERS_PARQUET_WINDOWS_H
#define EARMARK_CONTAINERS_PARQUET_WINDOWS_H

#include "host/containers/parquet_page.h"

#define PARQUET_WINDOW_NULL UINT32_MAX

struct parquet_window {
    uint64_t offset;
    uint32_t size; /* PARQUET_WINDOW_NULL: no value */
};

struct parquet_windows {
    int descriptor; /* -1: none */
    size_t memory;  /* bytes that it holds */
    struct parquet_window *windows;
    size_t count;
};

/* Those of a page of a column of PARQUET_BYTES that is no list; `dictionary` may have none, and
 * is then an error where it is needed. Errors: ERROR_DATA, ERROR_FILE, ERROR_MEMORY. */
enum error_code parquet_windows_open(const struct parquet_file *file, size_t column, int codec,
                                     const struct parquet_page *page,
                                     const struct parquet_windows *dictionary,
                                     struct parquet_windows *windows, struct error *error);
void parquet_windows_close(struct parquet_windows *windows); /* takes one that is closed */

#define PARQUET_WINDOWS_NONE ((struct parquet_windows){.descriptor = -1})

/* A copy of a descriptor. Errors: ERROR_MEMORY where there is none left. */
enum error_code parquet_windows_descriptor(int descriptor, int *copy, struct error *error);

#endif
