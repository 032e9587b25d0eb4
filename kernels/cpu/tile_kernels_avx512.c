/* Tile kernels for AVX-512F: 32 registers of 64 bytes. */
#if defined(__x86_64__)

#include "kernels/cpu/tile_kernels.h"
#include "kernels/cpu/tile_kernels_internal.h"

#include <immintrin.h>

#define INSTRUCTIONS "avx512"
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define MULTIPLY_ROWS ((size_t)8)
#define MULTIPLY_GROUPS ((size_t)3)
#define MULTIPLY_VECTORS 3
#define ACCUMULATE_COLUMNS 12
#define ACCUMULATE_STRIPS 2
#define ACCUMULATE_CASES                                                                           \
    ACCUMULATE_CASE(1)                                                                             \
    ACCUMULATE_CASE(2)                                                                             \
    ACCUMULATE_CASE(3)                                                                             \
    ACCUMULATE_CASE(4)                                                                             \
    ACCUMULATE_CASE(5)                                                                             \
    ACCUMULATE_CASE(6)                                                                             \
    ACCUMULATE_CASE(7)                                                                             \
    ACCUMULATE_CASE(8)                                                                             \
    ACCUMULATE_CASE(9)                                                                             \
    ACCUMULATE_CASE(10)                                                                            \
    ACCUMULATE_CASE(11)                                                                            \
    ACCUMULATE_CASE(12)

#include "kernels/cpu/tile_kernels_single.h"
#define NAME(x) x##_avx512_single
#define VECTOR __m512
#define LANES 16
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps((p), (v))
#define SET1(x) _mm512_set1_ps(x)
#define FMA(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#include "kernels/cpu/tile_kernels_template.h"

#include "kernels/cpu/tile_kernels_double.h"
#define NAME(x) x##_avx512_double
#define VECTOR __m512d
#define LANES 8
#define LOAD(p) _mm512_loadu_pd(p)
#define STORE(p, v) _mm512_storeu_pd((p), (v))
#define SET1(x) _mm512_set1_pd(x)
#define FMA(a, b, c) _mm512_fmadd_pd((a), (b), (c))
#include "kernels/cpu/tile_kernels_template.h"

#endif
