/* Tile kernels for AVX2 with FMA: 16 registers of 32 bytes. */
#if defined(__x86_64__)

#include "kernels/cpu/tile_kernels.h"
#include "kernels/cpu/tile_kernels_internal.h"

#include <immintrin.h>

#define INSTRUCTIONS "avx2"
#define TARGET __attribute__((target("avx2,fma")))
#define MULTIPLY_ROWS ((size_t)6)
#define MULTIPLY_GROUPS ((size_t)1)
#define MULTIPLY_VECTORS 2
#define ACCUMULATE_COLUMNS 6
#define ACCUMULATE_STRIPS 1
#define ACCUMULATE_CASES                                                                           \
    ACCUMULATE_CASE(1)                                                                             \
    ACCUMULATE_CASE(2)                                                                             \
    ACCUMULATE_CASE(3)                                                                             \
    ACCUMULATE_CASE(4)                                                                             \
    ACCUMULATE_CASE(5)                                                                             \
    ACCUMULATE_CASE(6)

#include "kernels/cpu/tile_kernels_single.h"
#define NAME(x) x##_avx2_single
#define VECTOR __m256
#define LANES 8
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps((p), (v))
#define SET1(x) _mm256_set1_ps(x)
#define FMA(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#include "kernels/cpu/tile_kernels_template.h"

#include "kernels/cpu/tile_kernels_double.h"
#define NAME(x) x##_avx2_double
#define VECTOR __m256d
#define LANES 4
#define LOAD(p) _mm256_loadu_pd(p)
#define STORE(p, v) _mm256_storeu_pd((p), (v))
#define SET1(x) _mm256_set1_pd(x)
#define FMA(a, b, c) _mm256_fmadd_pd((a), (b), (c))
#include "kernels/cpu/tile_kernels_template.h"

#endif
