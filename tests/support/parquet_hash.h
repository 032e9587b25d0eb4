/* All values of a column of a parquet file as one number, which
 * tests/golden/parquet/make_parquet.py makes in the same way from what pyarrow reads. */
#ifndef EARMARK_TEST_PARQUET_HASH_H
#define EARMARK_TEST_PARQUET_HASH_H

#include "host/containers/parquet_file.h"

/* XXH3 of its cells: a letter for what each is ('b', 'i', 'f' and its value; 'n': null; lists
 * between '[' and ']', 'N': no list). */
enum error_code parquet_hash_column(const struct parquet_file *file, size_t column, uint64_t *hash,
                                    struct error *error);

/* The same of the bytes of sounds, read row by row in this order: every `step`-th row, from each of
 * the first `step` rows. Compared with the column's hash if `step` is 1. */
enum error_code parquet_hash_sounds(const struct parquet_file *file, size_t column, size_t step,
                                    uint64_t *hash, struct error *error);

#endif
