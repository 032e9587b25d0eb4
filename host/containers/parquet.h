/* Where the sound of a row is in a parquet file, as struct container_member has it. */
#ifndef EARMARK_CONTAINERS_PARQUET_H
#define EARMARK_CONTAINERS_PARQUET_H

#include <stddef.h>
#include <stdint.h>

/* Columns and rows are both below 2^32. */
uint64_t parquet_place(size_t column, uint64_t row);

#endif
