/* Loops that take a notable share of the time are compiled twice, for any CPU and for
 * AVX2 with fused multiply-add, and chosen at run time. The body is always
 * inlined into both; what it computes may depend, through the constant `fused`,
 * on the instruction set, but not on the width of vectors:
 *
 *     VECTOR_BODY void add_body(bool fused, float *y, size_t n) { ... }
 *     VECTOR_DISPATCH(add, (float *y, size_t n), y, n)
 *
 * defines `static void add(float *y, size_t n)`. */
#ifndef EARMARK_CPU_VECTOR_H
#define EARMARK_CPU_VECTOR_H

#include <math.h>
#include <stdbool.h>

#define VECTOR_BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)

static inline bool vector_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#define VECTOR_DISPATCH(name, parameters, ...)                                                     \
    __attribute__((target("avx2,fma"))) static void name##_avx2 parameters {                       \
        name##_body(true, __VA_ARGS__);                                                            \
    }                                                                                              \
    static void name##_plain parameters {                                                          \
        name##_body(false, __VA_ARGS__);                                                           \
    }                                                                                              \
    static void name parameters {                                                                  \
        if (vector_has_avx2())                                                                     \
            name##_avx2(__VA_ARGS__);                                                              \
        else                                                                                       \
            name##_plain(__VA_ARGS__);                                                             \
    }

#else

#define VECTOR_DISPATCH(name, parameters, ...)                                                     \
    static void name parameters {                                                                  \
        name##_body(false, __VA_ARGS__);                                                           \
    }

#endif

/* a * b + c, in one rounding where that is one instruction. */
VECTOR_BODY float vector_multiply_add(bool fused, float a, float b, float c) {
    return fused ? fmaf(a, b, c) : a * b + c;
}

#endif
