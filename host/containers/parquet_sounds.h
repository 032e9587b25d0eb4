/* The bytes of the sounds in a column of a parquet file, as windows of an open file: of the
 * parquet file itself, or of memory with a page that was decompressed. */
#ifndef EARMARK_CONTAINERS_PARQUET_SOUNDS_H
#define EARMARK_CONTAINERS_PARQUET_SOUNDS_H

#include "host/containers/container_format.h"
#include "host/containers/parquet_file.h"

struct parquet_sounds;

/* For a file that outlives it. Errors: ERROR_MEMORY. */
enum error_code parquet_sounds_new(const struct parquet_file *file, struct parquet_sounds **sounds,
                                   struct error *error);
void parquet_sounds_free(struct parquet_sounds *sounds); /* takes NULL */

/* The bytes of a row, in a column of type PARQUET_BYTES that is no list. Pages stay in memory,
 * within bounds, until each of their rows was asked for as often as there are rows. Errors:
 * ERROR_DATA with a reason for this row, ERROR_FILE, ERROR_MEMORY. */
enum error_code parquet_sounds_bytes(struct parquet_sounds *sounds, size_t column, uint64_t row,
                                     struct container_bytes *bytes, struct error *error);

#endif
