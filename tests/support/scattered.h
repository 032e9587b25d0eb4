/* The rows of a matrix at addresses of their own, as the mapped files of a run have them. */
#ifndef EARMARK_SCATTERED_H
#define EARMARK_SCATTERED_H

#include "kernels/device.h"

#define SCATTERED_BUFFERS 3

struct scattered {
    struct matrix_rows rows; /* the same numbers in the same order */
    float *buffers[SCATTERED_BUFFERS];
    const float **addresses;
};

/* Copies a matrix (rows, columns) into several buffers, in another order; the numbers around each
 * row are NaN. */
struct scattered scattered_make(const struct matrix_rows *matrix, size_t rows, size_t columns);
void scattered_free(struct scattered *scattered);

#endif
