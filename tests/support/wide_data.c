#include "wide_data.h"

double wide_number(uint64_t index) {
    uint64_t mixed = (index + 1) * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return (double)(mixed >> 40) / 8388608.0 - 1.0;
}

void wide_data(float *x, int32_t *y, int32_t *fold_of) {
    for (size_t row = 0; row < WIDE_ROWS; row++) {
        y[row] = (int32_t)((wide_number(row + 9000000) + 1.0) * 0.5 * (double)WIDE_CLASSES);
        fold_of[row] = (int32_t)(row % WIDE_FOLDS);
        for (size_t f = 0; f < WIDE_FEATURES; f++) {
            double centre = wide_number((uint64_t)y[row] * WIDE_FEATURES + f + 5000000);
            x[row * WIDE_FEATURES + f] =
                (float)(3.0 + 2.0 * wide_number(row * WIDE_FEATURES + f) + 0.25 * centre);
        }
    }
}
