#include "pooling.h"

#include "memory.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum error_code pooling_create(size_t channels, struct pooling *pooling, struct error *error) {
    *pooling = (struct pooling){.channels = channels};
    pooling->origin = memory_aligned(channels, sizeof(float), "pooling", error);
    pooling->sum = memory_aligned(channels, sizeof(double), "pooling", error);
    pooling->square = memory_aligned(channels, sizeof(double), "pooling", error);
    if (error->code != ERROR_NONE) pooling_free(pooling);
    return error->code;
}

void pooling_free(struct pooling *pooling) {
    free(pooling->origin);
    free(pooling->sum);
    free(pooling->square);
    *pooling = (struct pooling){.channels = 0};
}

#define ROWS_AT_ONCE 4

/* `count` rows (1 or ROWS_AT_ONCE, a constant after inlining) for all columns: the
 * sums stay in registers, and every column still adds its frames one by one. */
VECTOR_BODY void add_rows(size_t count, const float *rows, size_t stride, const float *origin,
                          double *sum, double *square, size_t columns) {
    for (size_t c = 0; c < columns; c++) {
        double s = sum[c], q = square[c];
        const double x0 = (double)origin[c];
        for (size_t r = 0; r < count; r++) {
            const double difference = (double)rows[r * stride + c] - x0;
            s += difference;
            q += difference * difference;
        }
        sum[c] = s;
        square[c] = q;
    }
}

VECTOR_BODY void accumulate_body(bool fused, const float *restrict rows, size_t stride,
                                 size_t count, const float *restrict origin, double *restrict sum,
                                 double *restrict square, size_t columns) {
    (void)fused;
    size_t row = 0;
    for (; row + ROWS_AT_ONCE <= count; row += ROWS_AT_ONCE)
        add_rows(ROWS_AT_ONCE, rows + row * stride, stride, origin, sum, square, columns);
    for (; row < count; row++)
        add_rows(1, rows + row * stride, stride, origin, sum, square, columns);
}

VECTOR_DISPATCH(accumulate,
                (const float *restrict rows, size_t stride, size_t count,
                 const float *restrict origin, double *restrict sum, double *restrict square,
                 size_t columns),
                rows, stride, count, origin, sum, square, columns)

void pooling_add(struct pooling *pooling, const float *rows, size_t stride, size_t begin,
                 size_t count, size_t first, size_t last) {
    if (count == 0 || first >= last) return;
    const size_t columns = last - first;
    if (begin == 0) {
        memcpy(pooling->origin + first, rows + first, columns * sizeof(float));
        memset(pooling->sum + first, 0, columns * sizeof(double));
        memset(pooling->square + first, 0, columns * sizeof(double));
    }
    accumulate(rows + first, stride, count, pooling->origin + first, pooling->sum + first,
               pooling->square + first, columns);
}

void pooling_finish(const struct pooling *pooling, size_t frames, size_t first, size_t last,
                    float *mean, float *deviation) {
    const double n = (double)frames;
    for (size_t c = first; c < last; c++) {
        const double shift = pooling->sum[c] / n;
        double variance = (pooling->square[c] - pooling->sum[c] * shift) / (n - 1.0);
        if (variance < 0.0) variance = 0.0;
        mean[c] = (float)((double)pooling->origin[c] + shift);
        deviation[c] = (float)sqrt(variance);
    }
}
