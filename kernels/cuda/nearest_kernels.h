/* The kernels of the search of nearest rows, for nearest.cu. */
#ifndef EARMARK_CUDA_NEAREST_KERNELS_H
#define EARMARK_CUDA_NEAREST_KERNELS_H

#include "kernels/error.h"

#include <cuda_runtime.h>
#include <stddef.h>

/* The tile that one launch searches for a block of queries. */
struct nearest_tile {
    const long long *numbers; /* (rows): row in the data */
    const int *apart;         /* (rows): not found by queries of the same number */
    const double *lengths;    /* (rows) */
    const float *products;    /* (queries, stride): with a row for each query, so that threads read
                               * neighbouring values */
    size_t rows, stride, count;
};

struct nearest_queries {
    const long long *numbers; /* row in the data, -1: none */
    const int *apart;
};

/* Lists (queries, count), best first; row -1: none. */
struct nearest_lists {
    long long *found;
    float *similar;
};

/* rows (rows, columns) = (rows - shift) * scale, in float64; moments: shift (columns), then scale
 * (columns). */
enum error_code launch_scale_columns(float *rows, size_t row_count, size_t columns,
                                     const double *moments, cudaStream_t stream,
                                     struct error *error);

/* The length of each row in float64. */
enum error_code launch_row_lengths(const float *rows, size_t row_count, size_t columns,
                                   double *lengths, cudaStream_t stream, struct error *error);

/* Divides each row by its length in float64; rows of zeros stay zero. */
enum error_code launch_divide_rows(float *rows, size_t row_count, size_t columns,
                                   const double *lengths, cudaStream_t stream, struct error *error);

/* The new lists of `queries` queries: the best of the tile's rows and the old lists. */
enum error_code launch_pick_nearest(const struct nearest_tile *tile,
                                    const struct nearest_queries *queries, size_t query_count,
                                    const struct nearest_lists *old_lists,
                                    const struct nearest_lists *lists, cudaStream_t stream,
                                    struct error *error);

#endif
