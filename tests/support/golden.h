/* Arrays of golden data: .npy files of version 1, C order, little-endian. */
#ifndef EARMARK_TEST_GOLDEN_H
#define EARMARK_TEST_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

#define GOLDEN_DIMENSIONS 4

struct golden {
    char type[8]; /* "<f8", "<f4", "<i4", "<i2" ... */
    size_t dimensions;
    size_t shape[GOLDEN_DIMENSIONS];
    size_t count;
    void *memory;
    const double *doubles; /* the one of the array's type; the others are NULL */
    const float *floats;
    const int32_t *integers;
    const int16_t *shorts;
};

/* Reads tests/golden/<path>; any error fails the cmocka test. */
struct golden golden_read(const char *path);
void golden_free(struct golden *golden);

#endif
