#include "scattered.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Of each row: another view's numbers before and after it. */
#define BEFORE ((size_t)5)
#define AFTER ((size_t)2)

static size_t common_divisor(size_t a, size_t b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

struct scattered scattered_make(const struct matrix_rows *matrix, size_t rows, size_t columns) {
    struct scattered scattered = {.addresses = malloc((rows + 1) * sizeof(const float *))};
    const size_t width = BEFORE + columns + AFTER, share = rows / SCATTERED_BUFFERS + 1;
    size_t step = rows * 5 / 8 + 1; /* to the place of the next row */
    assert_non_null(scattered.addresses);
    for (size_t b = 0; b < SCATTERED_BUFFERS; b++) {
        scattered.buffers[b] = malloc(share * width * sizeof(float));
        assert_non_null(scattered.buffers[b]);
        for (size_t i = 0; i < share * width; i++) scattered.buffers[b][i] = NAN;
    }
    while (common_divisor(step, rows) != 1) step++;
    for (size_t row = 0, place = 0; row < rows; row++, place = (place + step) % rows) {
        float *to =
            scattered.buffers[place % SCATTERED_BUFFERS] + place / SCATTERED_BUFFERS * width;
        memcpy(to + BEFORE, matrix_row(matrix, row), columns * sizeof *to);
        scattered.addresses[row] = to;
    }
    scattered.rows = matrix_at(scattered.addresses, BEFORE);
    return scattered;
}

void scattered_free(struct scattered *scattered) {
    for (size_t b = 0; b < SCATTERED_BUFFERS; b++) free(scattered->buffers[b]);
    free((void *)scattered->addresses);
}
