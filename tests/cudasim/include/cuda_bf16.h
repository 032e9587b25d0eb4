/* The simulator's stand-in for the CUDA toolkit's cuda_bf16.h. */
#ifndef CUDASIM_CUDA_BF16_H
#define CUDASIM_CUDA_BF16_H

#include <cuda_runtime.h>

struct __nv_bfloat16 {
    unsigned short bits;
};
typedef struct __nv_bfloat16 nv_bfloat16;

/* To the nearest, ties to even; a NaN stays one. */
static inline unsigned short cudasim_bf16_bits(float value) {
    const unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

static inline __nv_bfloat16 __float2bfloat16(float value) {
    return __nv_bfloat16{cudasim_bf16_bits(value)};
}
static inline __nv_bfloat16 __float2bfloat16_rn(float value) {
    return __float2bfloat16(value);
}
static inline float __bfloat162float(__nv_bfloat16 value) {
    return __uint_as_float((unsigned)value.bits << 16);
}

#endif
