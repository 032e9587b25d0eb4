#include "kernels/cpu/screen.h"
#include "kernels/cpu/tile_kernels_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 16
#define STEP 4 /* columns that one instruction adds up */
#define STEPS (LANES / STEP)
#define VECTORS (SCREEN_ROWS / LANES)
#define PAIRS ((size_t)8) /* computed side by side: a chain of sums each */
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vnni,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

#define FEWEST_COLUMNS 96
#define MOST_COLUMNS 32768 /* 255 * 127 * 32768 fits int32 */

bool screen_is_supported(const struct tile_kernels *kernels, size_t columns) {
    return columns >= FEWEST_COLUMNS && columns <= MOST_COLUMNS &&
           kernels->element == sizeof(float) && strcmp(kernels->instructions, "avx512") == 0 &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
}

/* What else may be between a cosine in float32 and the exact one: a rounding for each column. */
static float slack(size_t strips) {
    return 1e-5F + 1e-7F * (float)(strips * LANES);
}

/* A rounded row: 16 numbers of a strip at `stride` floats from those of the next. */
struct rounding {
    float inverse; /* the row is multiplied by this first */
    float scale, per_scale;
};

INLINE struct rounding find_scale(const float *row, size_t strips, size_t stride, float inverse) {
    __m512 largest = _mm512_setzero_ps();
    for (size_t s = 0; s < strips; s++)
        largest = _mm512_max_ps(largest, _mm512_abs_ps(_mm512_loadu_ps(row + s * stride)));
    float most = _mm512_reduce_max_ps(largest) * inverse;
    if (!(most > 0)) return (struct rounding){inverse, 0, 0};
    return (struct rounding){inverse, most / 127, 127 / most};
}

/* Rounds the 16 numbers at `row`; adds the squares of what is lost. */
INLINE __m512i round_strip(const float *row, struct rounding rounding, __m512 *lost) {
    __m512 x = _mm512_mul_ps(_mm512_loadu_ps(row), _mm512_set1_ps(rounding.inverse));
    __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(rounding.per_scale)));
    __m512 rest = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(rounded), _mm512_set1_ps(rounding.scale), x);
    *lost = _mm512_fmadd_ps(rest, rest, *lost);
    return rounded;
}

/* The length of what is lost, made a little larger than its rounding error could. */
INLINE float lost_length(__m512 lost) {
    return sqrtf(_mm512_reduce_add_ps(lost)) * 1.001F;
}

TARGET void screen_pack_query(struct screen_queries *queries, size_t query, const float *unit) {
    int8_t *to = queries->values + query * queries->strips * LANES;
    struct rounding rounding = find_scale(unit, queries->strips, LANES, 1);
    __m512 lost = _mm512_setzero_ps();
    __m512i sum = _mm512_setzero_si512();
    for (size_t s = 0; s < queries->strips; s++) {
        __m512i rounded = round_strip(unit + s * LANES, rounding, &lost);
        sum = _mm512_add_epi32(sum, rounded);
        _mm_storeu_si128((__m128i *)(void *)(to + s * LANES), _mm512_cvtepi32_epi8(rounded));
    }
    queries->scales[query] = rounding.scale;
    queries->errors[query] = lost_length(lost);
    queries->sums[query] = _mm512_reduce_add_epi32(sum);
}

static TARGET void pack_row(struct screen_tile *tile, const float *packed, size_t row,
                            size_t strips, float inverse) {
    const float *from = packed + row * LANES;
    uint8_t *to = tile->values +
                  (row / SCREEN_ROWS * strips * STEPS * SCREEN_ROWS + row % SCREEN_ROWS) * STEP;
    bool ordinary = !isnan(inverse);
    struct rounding rounding =
        find_scale(from, strips, (size_t)TILE_ROWS * LANES, ordinary ? inverse : 0);
    __m512 lost = _mm512_setzero_ps();
    for (size_t s = 0; s < strips; s++) {
        __m512i rounded = round_strip(from + s * TILE_ROWS * LANES, rounding, &lost);
        __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, _mm512_set1_epi32(128)));
        uint8_t numbers[LANES];
        _mm_storeu_si128((__m128i *)(void *)numbers, bytes);
        for (size_t k = 0; k < STEPS; k++)
            memcpy(to + (s * STEPS + k) * SCREEN_ROWS * STEP, numbers + k * STEP, STEP);
    }
    tile->scales[row] = rounding.scale;
    tile->errors[row] = ordinary ? lost_length(lost) : INFINITY;
}

void screen_pack_tile(struct screen_tile *tile, const float *packed, size_t rows, size_t strips,
                      const float *inverses) {
    size_t padded = (rows + SCREEN_ROWS - 1) / SCREEN_ROWS * SCREEN_ROWS; /* with rows of zeros */
    for (size_t row = 0; row < padded; row++)
        pack_row(tile, packed, row, strips, row < rows ? inverses[row] : 0);
}

/* results (SCREEN_QUERIES, SCREEN_ROWS) = (rows + 128) . values, for a block of rows of a tile and
 * SCREEN_QUERIES queries. */
INLINE void multiply_block(const uint8_t *rows, const int8_t *values, size_t strips,
                           int32_t *results) {
    __m512i sums[SCREEN_QUERIES][VECTORS];
    UNROLL for (size_t q = 0; q < SCREEN_QUERIES; q++) {
        UNROLL for (size_t v = 0; v < VECTORS; v++) sums[q][v] = _mm512_setzero_si512();
    }
    for (size_t step = 0; step < strips * STEPS; step++, rows += (size_t)SCREEN_ROWS * STEP) {
        __m512i x[VECTORS];
        UNROLL for (size_t v = 0; v < VECTORS; v++) {
            x[v] = _mm512_loadu_si512(rows + v * LANES * STEP);
        }
        UNROLL for (size_t q = 0; q < SCREEN_QUERIES; q++) {
            int32_t four;
            memcpy(&four, values + q * strips * LANES + step * STEP, sizeof four);
            __m512i y = _mm512_set1_epi32(four);
            UNROLL for (size_t v = 0; v < VECTORS; v++) {
                sums[q][v] = _mm512_dpbusd_epi32(sums[q][v], x[v], y);
            }
        }
    }
    UNROLL for (size_t q = 0; q < SCREEN_QUERIES; q++) {
        UNROLL for (size_t v = 0; v < VECTORS; v++) {
            _mm512_storeu_si512(results + q * SCREEN_ROWS + v * LANES, sums[q][v]);
        }
    }
}

/* One block of rows with SCREEN_QUERIES queries from `first` on; masks: of the first one. */
INLINE void screen_block(const struct screen_tile *tile, size_t block,
                         const struct screen_queries *queries, size_t first, const float *least,
                         uint64_t *masks) {
    int32_t sums[SCREEN_QUERIES * SCREEN_ROWS];
    size_t strips = queries->strips;
    const float *scales = tile->scales + block * SCREEN_ROWS;
    const float *errors = tile->errors + block * SCREEN_ROWS;
    multiply_block(tile->values + block * strips * LANES * SCREEN_ROWS,
                   queries->values + first * strips * LANES, strips, sums);
    for (size_t q = 0; q < SCREEN_QUERIES; q++) {
        float error = queries->errors[first + q];
        __m512 own = _mm512_set1_ps(error + slack(strips)), factor = _mm512_set1_ps(1 + error);
        __m512 scale = _mm512_set1_ps(queries->scales[first + q]);
        __m512i added = _mm512_set1_epi32(128 * queries->sums[first + q]);
        uint64_t mask = 0;
        for (size_t v = 0; v < VECTORS; v++) {
            __m512i sum = _mm512_loadu_si512(sums + q * SCREEN_ROWS + v * LANES);
            __m512 steps = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, added));
            __m512 cosine =
                _mm512_mul_ps(_mm512_mul_ps(steps, _mm512_loadu_ps(scales + v * LANES)), scale);
            __m512 most = _mm512_add_ps(
                cosine, _mm512_fmadd_ps(_mm512_loadu_ps(errors + v * LANES), factor, own));
            __mmask16 possible =
                _mm512_cmp_ps_mask(most, _mm512_set1_ps(least[first + q]), _CMP_NLT_UQ);
            mask |= (uint64_t)possible << (v * LANES);
        }
        masks[q * SCREEN_BLOCKS] = mask;
    }
}

TARGET size_t screen_search(const struct screen_tile *tile, size_t rows,
                            const struct screen_queries *queries, size_t count, const float *least,
                            uint64_t (*masks)[SCREEN_BLOCKS]) {
    size_t bits = 0;
    for (size_t block = 0; block < SCREEN_BLOCKS; block++) {
        size_t start = block * SCREEN_ROWS, left = rows > start ? rows - start : 0;
        uint64_t inside = left < SCREEN_ROWS ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0;
        for (size_t q = 0; q < count && left > 0; q += SCREEN_QUERIES)
            screen_block(tile, block, queries, q, least, &masks[q][block]);
        for (size_t q = 0; q < count; q++) {
            masks[q][block] = left > 0 ? masks[q][block] & inside : 0;
            bits += (size_t)__builtin_popcountll(masks[q][block]);
        }
    }
    return bits;
}

/* Column k of the rows at `from` + `offset` becomes columns[k]. */
INLINE void transpose(const float *const *from, size_t offset, __m256 *columns) {
    __m256 pairs[PAIRS], fours[PAIRS];
    UNROLL for (size_t i = 0; i < PAIRS; i += 2) {
        __m256 a = _mm256_loadu_ps(from[i] + offset), b = _mm256_loadu_ps(from[i + 1] + offset);
        pairs[i] = _mm256_unpacklo_ps(a, b);
        pairs[i + 1] = _mm256_unpackhi_ps(a, b);
    }
    UNROLL for (size_t i = 0; i < PAIRS; i += 4) {
        UNROLL for (size_t k = 0; k < 2; k++) {
            __m256 a = pairs[i + k], b = pairs[i + 2 + k];
            fours[i + 2 * k] = _mm256_shuffle_ps(a, b, 0x44);
            fours[i + 2 * k + 1] = _mm256_shuffle_ps(a, b, 0xee);
        }
    }
    UNROLL for (size_t k = 0; k < 4; k++) {
        columns[k] = _mm256_permute2f128_ps(fours[k], fours[4 + k], 0x20);
        columns[4 + k] = _mm256_permute2f128_ps(fours[k], fours[4 + k], 0x31);
    }
}

/* Two times eight chains side by side: one alone would wait for its additions. */
TARGET void screen_products(const float *packed, size_t strips, const struct screen_pair *pairs,
                            size_t count, float *products) {
    for (size_t first = 0; first < count; first += 2 * PAIRS) {
        const float *rows[2 * PAIRS], *units[2 * PAIRS];
        for (size_t i = 0; i < 2 * PAIRS; i++) {
            const struct screen_pair *pair = &pairs[first + i < count ? first + i : first];
            rows[i] = packed + pair->row * LANES;
            units[i] = pair->unit;
        }
        __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
        for (size_t f = 0; f < strips * LANES; f += PAIRS) {
            __m256 x[PAIRS], y[PAIRS];
            size_t at = f / LANES * TILE_ROWS * LANES + f % LANES;
            for (size_t i = 0; i < PAIRS; i++) /* half of them a turn, four strips ahead */
                _mm_prefetch(rows[i + f % LANES] + at + (size_t)4 * TILE_ROWS * LANES, _MM_HINT_T0);
            transpose(rows, at, x);
            transpose(units, f, y);
            UNROLL for (size_t k = 0; k < PAIRS; k++) low = _mm256_fmadd_ps(x[k], y[k], low);
            transpose(rows + PAIRS, at, x);
            transpose(units + PAIRS, f, y);
            UNROLL for (size_t k = 0; k < PAIRS; k++) high = _mm256_fmadd_ps(x[k], y[k], high);
        }
        float results[2 * PAIRS];
        _mm256_storeu_ps(results, low);
        _mm256_storeu_ps(results + PAIRS, high);
        for (size_t i = 0; i < 2 * PAIRS && first + i < count; i++)
            products[first + i] = results[i];
    }
}

#else

bool screen_is_supported(const struct tile_kernels *kernels, size_t columns) {
    (void)kernels;
    (void)columns;
    return false;
}

void screen_pack_query(struct screen_queries *queries, size_t query, const float *unit) {
    (void)queries;
    (void)query;
    (void)unit;
}

void screen_pack_tile(struct screen_tile *tile, const float *packed, size_t rows, size_t strips,
                      const float *inverses) {
    (void)tile;
    (void)packed;
    (void)rows;
    (void)strips;
    (void)inverses;
}

size_t screen_search(const struct screen_tile *tile, size_t rows,
                     const struct screen_queries *queries, size_t count, const float *least,
                     uint64_t (*masks)[SCREEN_BLOCKS]) {
    (void)tile;
    (void)rows;
    (void)queries;
    (void)count;
    (void)least;
    (void)masks;
    return 0;
}

void screen_products(const float *packed, size_t strips, const struct screen_pair *pairs,
                     size_t count, float *products) {
    (void)packed;
    (void)strips;
    (void)pairs;
    (void)count;
    (void)products;
}

#endif
