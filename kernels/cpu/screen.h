/* Which pairs of rows may be similar enough, from products of 8-bit numbers, four times as fast as
 * float32: rows of length 1 are rounded to steps of 1/127 of their largest number. How far a row
 * is from what it was rounded to bounds the error of every cosine, so that what is rejected could
 * not have been accepted; the rest is computed as the tile kernels would, bit by bit. */
#ifndef EARMARK_CPU_SCREEN_H
#define EARMARK_CPU_SCREEN_H

#include "kernels/cpu/tile_kernels.h"

#define SCREEN_ROWS 48 /* of a tile, at a time */
#define SCREEN_BLOCKS (TILE_ROWS / SCREEN_ROWS)
#define SCREEN_QUERIES 8 /* at a time: arrays of queries have room for a multiple */

/* Queries, each `strips` strips of numbers. */
struct screen_queries {
    size_t strips;
    int8_t *values; /* (queries, strips * 16) */
    float *scales;  /* (queries): what a step stands for */
    float *errors;  /* (queries): length of what rounding took away */
    int32_t *sums;  /* (queries): of the values */
};

struct screen_tile {
    uint8_t *values; /* (SCREEN_BLOCKS, strips * 4, SCREEN_ROWS, 4), with 128 added */
    float scales[TILE_ROWS];
    float errors[TILE_ROWS]; /* INFINITY: a row that is never rejected */
};

/* Whether this CPU has the instructions, `kernels` are those for AVX-512 in float32, and rows of
 * this many columns gain from it. */
bool screen_is_supported(const struct tile_kernels *kernels, size_t columns);

/* Rounds a query of length 1 (or zeros), strips * 16 numbers with zeros behind the last. */
void screen_pack_query(struct screen_queries *queries, size_t query, const float *unit);

/* Rounds `rows` rows of a packed tile; inverses: 1 / length, 0 for zeros, NaN where that is no
 * ordinary float32. */
void screen_pack_tile(struct screen_tile *tile, const float *packed, size_t rows, size_t strips,
                      const float *inverses);

/* For the first `count` queries: bit r of masks[q][b] is set unless the similarity to row
 * b * SCREEN_ROWS + r of the tile is less than least[q]. masks and least, too, have room for a
 * multiple of SCREEN_QUERIES. Bits of rows from `rows` on are 0. Returns the number of bits. */
size_t screen_search(const struct screen_tile *tile, size_t rows,
                     const struct screen_queries *queries, size_t count, const float *least,
                     uint64_t (*masks)[SCREEN_BLOCKS]);

struct screen_pair {
    const float *unit; /* of a query */
    size_t query, row; /* its number, and a row of the tile */
};

/* products[i] = unit . row of pair i, with the bits that `multiply` gives. */
void screen_products(const float *packed, size_t strips, const struct screen_pair *pairs,
                     size_t count, float *products);

#endif
