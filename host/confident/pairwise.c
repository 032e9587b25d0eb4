#include "host/confident/pairwise.h"

#define BLOCK 128

/* Once for each precision: sums are in the precision of the values. */
#define DEFINE_BLOCK_SUM(name, real)                                                               \
    static real name(const real *values, size_t count) {                                           \
        real sum = 0;                                                                              \
        size_t i = 0;                                                                              \
        if (count >= 8) {                                                                          \
            real lane[8];                                                                          \
            for (size_t l = 0; l < 8; l++) lane[l] = values[l];                                    \
            for (i = 8; i + 8 <= count; i += 8)                                                    \
                for (size_t l = 0; l < 8; l++) lane[l] += values[i + l];                           \
            sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +                                    \
                  ((lane[4] + lane[5]) + (lane[6] + lane[7]));                                     \
        }                                                                                          \
        for (; i < count; i++) sum += values[i];                                                   \
        return sum;                                                                                \
    }

DEFINE_BLOCK_SUM(block_float32, float)
DEFINE_BLOCK_SUM(block_float64, double)

/* The recursion is log2(count / 128) deep. */
float pairwise_float32(const float *values, size_t count) {
    if (count <= BLOCK) return block_float32(values, count);
    size_t half = count / 2 - count / 2 % 8;
    return pairwise_float32(values, half) + pairwise_float32(values + half, count - half);
}

double pairwise_float64(const double *values, size_t count) {
    if (count <= BLOCK) return block_float64(values, count);
    size_t half = count / 2 - count / 2 % 8;
    return pairwise_float64(values, half) + pairwise_float64(values + half, count - half);
}
