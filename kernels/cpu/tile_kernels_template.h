/* The code of tile_kernels.h for one element type and one instruction set.
 * Included by tile_kernels_<instructions>.c, once for each type, with
 *
 *   NAME(x)            x with a suffix
 *   TARGET             function attribute: the instruction set
 *   REAL, INTEGER      float and uint32_t, or double and uint64_t
 *   VECTOR             vector of REAL
 *   LANES              numbers in a VECTOR; a strip is STRIP numbers
 *   LOAD STORE SET1 FMA(a, b, c) = a b + c
 *   MULTIPLY_ROWS, MULTIPLY_GROUPS      register block of `multiply`
 *   ACCUMULATE_COLUMNS, ACCUMULATE_STRIPS   and of `accumulate`
 *
 * No include guard: it is meant to be included again. */

typedef INTEGER NAME(integers) __attribute__((vector_size(sizeof(VECTOR))));
#define INTEGERS NAME(integers)
#define STRIP (TILE_STRIP_BYTES / sizeof(REAL))
#define STRIP_VECTORS (TILE_STRIP_BYTES / sizeof(VECTOR))
#define INLINE static inline __attribute__((always_inline)) TARGET

static TARGET void NAME(pack_data)(void *tile, const float *const *data, size_t features,
                                   size_t rows, const double *shift, const double *scale) {
    REAL *out = tile;
    size_t strips = (features + STRIP - 1) / STRIP, padded = tile_padded_rows(rows);
    for (size_t r = 0; r < rows; r++) {
        const float *x = data[r];
        for (size_t s = 0; s < features / STRIP; s++) {
            REAL *to = out + (s * TILE_ROWS + r) * STRIP;
            for (size_t k = 0; k < STRIP; k++)
                to[k] = (REAL)(((double)x[s * STRIP + k] - shift[s * STRIP + k]) *
                               scale[s * STRIP + k]);
        }
        for (size_t f = features / STRIP * STRIP; f < strips * STRIP; f++)
            out[((strips - 1) * TILE_ROWS + r) * STRIP + f % STRIP] =
                f < features ? (REAL)(((double)x[f] - shift[f]) * scale[f]) : 0;
    }
    for (size_t s = 0; s < strips; s++)
        memset(out + (s * TILE_ROWS + rows) * STRIP, 0, (padded - rows) * TILE_STRIP_BYTES);
}

static TARGET void NAME(pack_weights)(void *group, const double *const *weights, size_t count,
                                      size_t features) {
    REAL *out = group;
    size_t padded = (features + STRIP - 1) / STRIP * STRIP;
    if (count < STRIP || features < padded) memset(out, 0, padded * TILE_STRIP_BYTES);
    for (size_t c = 0; c < count; c++)
        for (size_t f = 0; f < features; f++) out[f * STRIP + c] = (REAL)weights[c][f];
}

/* `rows` rows by `vectors` vectors of columns, both constants where it is inlined. */
INLINE void NAME(multiply_block)(const REAL *tile, size_t strips, const REAL *panel,
                                 size_t panel_stride, const size_t rows, const size_t vectors,
                                 REAL *block) {
    VECTOR sums[MULTIPLY_ROWS][MULTIPLY_GROUPS * STRIP_VECTORS];
    UNROLL for (size_t m = 0; m < rows; m++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sums[m][v] = SET1(0);
    }
    for (size_t s = 0; s < strips; s++, tile += TILE_ROWS * STRIP) {
        for (size_t k = 0; k < STRIP; k++, panel += STRIP) {
            VECTOR w[MULTIPLY_GROUPS * STRIP_VECTORS];
            UNROLL for (size_t v = 0; v < vectors; v++) {
                w[v] = LOAD(panel + v / STRIP_VECTORS * panel_stride + v % STRIP_VECTORS * LANES);
            }
            UNROLL for (size_t m = 0; m < rows; m++) {
                VECTOR x = SET1(tile[m * STRIP + k]);
                UNROLL for (size_t v = 0; v < vectors; v++) sums[m][v] = FMA(x, w[v], sums[m][v]);
            }
        }
    }
    UNROLL for (size_t m = 0; m < rows; m++) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            STORE(block + m * vectors * LANES + v * LANES, sums[m][v]);
        }
    }
}

/* All rows against a run of columns that takes `vectors` vectors. */
INLINE void NAME(multiply_columns)(const REAL *tile, size_t rows, size_t strips, const REAL *panel,
                                   const size_t vectors, size_t column_count, REAL *columns) {
    REAL block[MULTIPLY_ROWS * MULTIPLY_GROUPS * STRIP] __attribute__((aligned(64))) = {0};
    for (size_t r = 0; r < rows; r += MULTIPLY_ROWS) {
        NAME(multiply_block)
        (tile + r * STRIP, strips, panel, strips * STRIP * STRIP, MULTIPLY_ROWS, vectors, block);
        for (size_t c = 0; c < column_count; c++)
            for (size_t m = 0; m < MULTIPLY_ROWS; m++)
                columns[c * TILE_ROWS + r + m] = block[m * vectors * LANES + c];
    }
}

static TARGET void NAME(multiply)(const void *tile, size_t rows, size_t strips, const void *panels,
                                  size_t column_count, void *columns) {
    const REAL *panel = panels;
    REAL *out = columns;
    size_t padded = tile_padded_rows(rows);
    while (column_count > 0) {
        size_t count =
            column_count < MULTIPLY_GROUPS * STRIP ? column_count : MULTIPLY_GROUPS * STRIP;
        switch ((count + LANES - 1) / LANES) {
        case 1: NAME(multiply_columns)(tile, padded, strips, panel, 1, count, out); break;
#if MULTIPLY_VECTORS > 1
        case 2: NAME(multiply_columns)(tile, padded, strips, panel, 2, count, out); break;
#endif
#if MULTIPLY_VECTORS > 2
        case 3: NAME(multiply_columns)(tile, padded, strips, panel, 3, count, out); break;
#endif
#if MULTIPLY_VECTORS > 3
        case 4: NAME(multiply_columns)(tile, padded, strips, panel, 4, count, out); break;
#endif
        default: break;
        }
        panel += MULTIPLY_GROUPS * strips * STRIP * STRIP;
        out += count * TILE_ROWS;
        column_count -= count;
    }
}

/* e^x for x <= 0, relative error below 2 units in the last place; 0 where it would
 * not be a normal number. Range reduction by ln 2 in two parts, then the series. */
INLINE VECTOR NAME(exponential)(VECTOR x) {
    INTEGERS tiny = (INTEGERS)(x < SET1(EXPONENTIAL_LEAST));
    VECTOR turns = FMA(x, SET1((REAL)1.44269504088896340736), SET1(EXPONENTIAL_ROUND));
    VECTOR whole = turns - SET1(EXPONENTIAL_ROUND);
    VECTOR rest = FMA(whole, SET1(-LN2_HIGH), x);
    rest = FMA(whole, SET1(-LN2_LOW), rest);
    static const double series[14] = {1,
                                      1,
                                      1.0 / 2,
                                      1.0 / 6,
                                      1.0 / 24,
                                      1.0 / 120,
                                      1.0 / 720,
                                      1.0 / 5040,
                                      1.0 / 40320,
                                      1.0 / 362880,
                                      1.0 / 3628800,
                                      1.0 / 39916800,
                                      1.0 / 479001600,
                                      1.0 / 6227020800.0};
    VECTOR power = SET1((REAL)series[EXPONENTIAL_DEGREE]);
    UNROLL for (size_t k = EXPONENTIAL_DEGREE; k > 0; k--) {
        power = FMA(power, rest, SET1((REAL)series[k - 1]));
    }
    INTEGERS bits = (INTEGERS)power + ((INTEGERS)turns << EXPONENTIAL_SHIFT);
    return (VECTOR)(bits & ~tiny);
}

/* One vector of rows: probabilities in place of logits, their maximum and sum. */
INLINE void NAME(softmax_rows)(REAL *columns, size_t classes, const double *intercepts,
                               REAL *maximum_out, REAL *sum_out) {
    VECTOR maximum = LOAD(columns) + SET1((REAL)intercepts[0]);
    STORE(columns, maximum);
    for (size_t c = 1; c < classes; c++) {
        VECTOR z = LOAD(columns + c * TILE_ROWS) + SET1((REAL)intercepts[c]);
        STORE(columns + c * TILE_ROWS, z);
        INTEGERS larger = (INTEGERS)(z > maximum);
        maximum = (VECTOR)(((INTEGERS)z & larger) | ((INTEGERS)maximum & ~larger));
    }
    VECTOR sum = SET1(0);
    for (size_t first = 0; first < classes; first += 32) { /* two levels: less rounding */
        VECTOR part = SET1(0);
        for (size_t c = first; c < classes && c < first + 32; c++) {
            VECTOR e = NAME(exponential)(LOAD(columns + c * TILE_ROWS) - maximum);
            STORE(columns + c * TILE_ROWS, e);
            part += e;
        }
        sum += part;
    }
    VECTOR factor = SET1(1) / sum;
    for (size_t c = 0; c < classes; c++)
        STORE(columns + c * TILE_ROWS, LOAD(columns + c * TILE_ROWS) * factor);
    STORE(maximum_out, maximum);
    STORE(sum_out, sum);
}

static TARGET double NAME(softmax)(void *columns_memory, size_t rows, size_t classes,
                                   const double *intercepts, const int32_t *labels, bool subtract,
                                   double *sums) {
    REAL *columns = columns_memory;
    REAL maxima[TILE_ROWS] __attribute__((aligned(64)));
    REAL totals[TILE_ROWS] __attribute__((aligned(64)));
    REAL label_logits[TILE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        size_t label = (size_t)labels[r];
        label_logits[r] = columns[label * TILE_ROWS + r] + (REAL)intercepts[label];
    }
    size_t padded = tile_padded_rows(rows);
    for (size_t r = 0; r < padded; r += LANES)
        NAME(softmax_rows)(columns + r, classes, intercepts, maxima + r, totals + r);
    /* A row's loss is log(sum) + maximum - logit. Sums are between 1 and the number
     * of classes: the logarithm of a product of 16 of them costs one logarithm. */
    double loss = 0;
    for (size_t first = 0; first < rows; first += 16) {
        double product = 1;
        for (size_t r = first; r < rows && r < first + 16; r++) {
            product *= (double)totals[r];
            loss += (double)maxima[r] - (double)label_logits[r];
        }
        loss += log(product);
    }
    if (!subtract) return loss;
    for (size_t r = 0; r < rows; r++) columns[(size_t)labels[r] * TILE_ROWS + r] -= 1;
    for (size_t c = 0; c < classes; c++) {
        const REAL *residual = columns + c * TILE_ROWS;
        double lanes[8] = {0};
        size_t r = 0;
        for (; r + 8 <= rows; r += 8)
            for (size_t k = 0; k < 8; k++) lanes[k] += (double)residual[r + k];
        for (; r < rows; r++) lanes[0] += (double)residual[r];
        sums[c] += ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                   ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    }
    return loss;
}

/* `count` columns by `strips` strips of features, both constants where it is inlined. */
INLINE void NAME(accumulate_block)(const REAL *tile, size_t rows, const REAL *columns,
                                   const size_t count, const size_t strips, double *const *targets,
                                   size_t feature) {
    VECTOR sums[ACCUMULATE_COLUMNS][ACCUMULATE_STRIPS * STRIP_VECTORS];
    const size_t vectors = strips * STRIP_VECTORS;
    UNROLL for (size_t m = 0; m < count; m++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sums[m][v] = SET1(0);
    }
    for (size_t r = 0; r < rows; r++) {
        VECTOR x[ACCUMULATE_STRIPS * STRIP_VECTORS];
        UNROLL for (size_t v = 0; v < vectors; v++) {
            x[v] = LOAD(tile + (v / STRIP_VECTORS * TILE_ROWS + r) * STRIP +
                        v % STRIP_VECTORS * LANES);
        }
        UNROLL for (size_t m = 0; m < count; m++) {
            VECTOR weight = SET1(columns[m * TILE_ROWS + r]);
            UNROLL for (size_t v = 0; v < vectors; v++) sums[m][v] = FMA(weight, x[v], sums[m][v]);
        }
    }
    UNROLL for (size_t m = 0; m < count; m++) {
        REAL block[ACCUMULATE_STRIPS * STRIP] __attribute__((aligned(64)));
        UNROLL for (size_t v = 0; v < vectors; v++) {
            STORE(block + v * LANES, sums[m][v]);
        }
        double *target = targets[m] + feature;
        for (size_t k = 0; k < strips * STRIP; k++) target[k] += (double)block[k];
    }
}

#define ACCUMULATE_CASE(n)                                                                         \
    case n: NAME(accumulate_block)(tile, rows, columns, n, strips, targets, feature); break;

/* All columns against `strips` strips, in blocks of nearly equal size. */
INLINE void NAME(accumulate_strips)(const REAL *tile, size_t rows, const REAL *columns,
                                    size_t column_count, const size_t strips,
                                    double *const *targets, size_t feature) {
    size_t blocks = (column_count + ACCUMULATE_COLUMNS - 1) / ACCUMULATE_COLUMNS;
    for (size_t b = 0; b < blocks; b++) {
        size_t count = (column_count + b) / blocks;
        switch (count) {
            ACCUMULATE_CASES
        default: break;
        }
        columns += count * TILE_ROWS;
        targets += count;
    }
}

static TARGET void NAME(accumulate)(const void *tile, size_t rows, size_t strips,
                                    const void *columns, size_t column_count,
                                    double *const *targets) {
    const REAL *data = tile;
    size_t s = 0;
    for (; s + ACCUMULATE_STRIPS <= strips; s += ACCUMULATE_STRIPS) NAME(accumulate_strips)
    (data + s * TILE_ROWS * STRIP, rows, columns, column_count, ACCUMULATE_STRIPS, targets,
     s * STRIP);
#if ACCUMULATE_STRIPS > 1
    for (; s < strips; s++) NAME(accumulate_strips)
    (data + s * TILE_ROWS * STRIP, rows, columns, column_count, 1, targets, s * STRIP);
#endif
}

const struct tile_kernels NAME(tile_kernels) = {
    .instructions = INSTRUCTIONS,
    .element = sizeof(REAL),
    .lanes = STRIP,
    .pack_data = NAME(pack_data),
    .pack_weights = NAME(pack_weights),
    .multiply = NAME(multiply),
    .softmax = NAME(softmax),
    .accumulate = NAME(accumulate),
};

#undef NAME
#undef REAL
#undef INTEGER
#undef VECTOR
#undef INTEGERS
#undef LANES
#undef LOAD
#undef STORE
#undef SET1
#undef FMA
#undef EXPONENTIAL_LEAST
#undef EXPONENTIAL_ROUND
#undef LN2_HIGH
#undef LN2_LOW
#undef EXPONENTIAL_SHIFT
#undef EXPONENTIAL_DEGREE
#undef STRIP
#undef STRIP_VECTORS
#undef INLINE
#undef ACCUMULATE_CASE
