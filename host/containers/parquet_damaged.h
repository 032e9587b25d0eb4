/* What every part of the parquet reader says of a damaged file. */
#ifndef EARMARK_CONTAINERS_PARQUET_DAMAGED_H
#define EARMARK_CONTAINERS_PARQUET_DAMAGED_H

#include "host/base/error.h"

/* Fails with "damaged parquet: WHAT; export it again". */
#define PARQUET_DAMAGED(error, ...) (FAIL((error), ERROR_DATA, __VA_ARGS__), parquet_damaged(error))
enum error_code parquet_damaged(struct error *error);

#endif
