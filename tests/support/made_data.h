/* Labels and probabilities made from integer hashes, with the same bits as in
 * tests/golden/confident/make_confident.py. */
#ifndef EARMARK_TEST_MADE_DATA_H
#define EARMARK_TEST_MADE_DATA_H

#include "host/base/npy.h"

struct made_case {
    uint64_t seed;
    size_t rows;
    size_t classes;
    int style; /* 1-3: decimals; 4: one-hot rows; 5: all equal; others: as they come */
    bool single;
    bool fortran;
    size_t missing; /* classes 0 .. missing - 1 have no rows */
};

struct made_data {
    int64_t *labels;
    void *elements;
    struct npy_array label_view;
    struct npy_array probability_view;
};

uint64_t made_mix(uint64_t seed, uint64_t stream, uint64_t at);
double made_unit(uint64_t seed, uint64_t stream, uint64_t at); /* [0, 1) */

struct made_data made_data(const struct made_case *from);
void made_data_free(struct made_data *data);

/* Writes doubles (rows, classes) as probabilities; fortran: in column-major order. */
void *made_elements(const double *p, size_t rows, size_t classes, bool single, bool fortran);

/* The bits of doubles, hashed to four int16. */
void made_check(const double *values, size_t count, int16_t check[4]);

#endif
