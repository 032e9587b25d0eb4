/* The inner loops of the classifier: products of a tile of data rows with many
 * columns of weights, the softmax between them, and the gradient, in float32
 * and in float64, for each instruction set that this program supports.
 *
 * Rows come in tiles of at most TILE_ROWS. Memory layouts, all 64-byte aligned,
 * with a strip of `lanes` = 64 bytes / element numbers:
 *   tile     (strips, TILE_ROWS, lanes)  features in strips, the last padded with
 *                                        zeros; rows past the last one zero
 *   panels   (groups, strips * lanes, lanes)  columns of weights in groups of `lanes`
 *   columns  (columns, TILE_ROWS)        logits, probabilities, residuals
 *
 * A number of a column depends on its row, its column and the instruction set
 * only: every logit is one chain of multiply-adds in the order of the features,
 * every gradient of a tile one chain in the order of its rows. What else is in
 * the tile or in the panels changes no bit. */
#ifndef EARMARK_CPU_TILE_KERNELS_H
#define EARMARK_CPU_TILE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TILE_ROWS 144 /* most rows in a tile */
#define TILE_ROUND 48 /* a multiple of every kernel's rows at a time */
#define TILE_STRIP_BYTES 64

/* Rows of a tile that the kernels compute on: up to the next multiple of TILE_ROUND. */
static inline size_t tile_padded_rows(size_t rows) {
    return (rows + TILE_ROUND - 1) / TILE_ROUND * TILE_ROUND;
}

struct tile_kernels {
    const char *instructions; /* "avx2" */
    size_t element;           /* bytes of a number: 4 or 8 */
    size_t lanes;             /* numbers in a strip or a group */

    /* tile = (data[r] - shift) * scale, computed in double precision, for `rows` rows of
     * `features` numbers; all of the tile is written. */
    void (*pack_data)(void *tile, const float *const *data, size_t features, size_t rows,
                      const double *shift, const double *scale);

    /* One group of `count` <= lanes columns: weights[column] are `features` doubles. */
    void (*pack_weights)(void *group, const double *const *weights, size_t count, size_t features);

    /* columns[c][r] = tile[r] . weights[c] for r < tile_padded_rows(rows), c < column_count. */
    void (*multiply)(const void *tile, size_t rows, size_t strips, const void *panels,
                     size_t column_count, void *columns);

    /* Adds intercepts[c] to the logits (classes, TILE_ROWS) and turns them into
     * probabilities; returns the sum over rows of -log p[label]. With `subtract`,
     * 1 is taken from the label's probability, which leaves the residual, and
     * the residuals' sums over the rows are added to sums (classes). */
    double (*softmax)(void *columns, size_t rows, size_t classes, const double *intercepts,
                      const int32_t *labels, bool subtract, double *sums);

    /* targets[c][f] += sum over r < rows of columns[c][r] * tile[r][f], f < strips * lanes:
     * each tile's sum in the kernels' precision, added in double. */
    void (*accumulate)(const void *tile, size_t rows, size_t strips, const void *columns,
                       size_t column_count, double *const *targets);
};

/* For the best instruction set of this CPU; EARMARK_INSTRUCTIONS=avx2 or portable
 * in the environment asks for less. */
const struct tile_kernels *tile_kernels_single(void);
const struct tile_kernels *tile_kernels_double(void);

#endif
