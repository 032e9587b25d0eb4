#include "host/base/float16.h"

#include <string.h>

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float float16_to_float32(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    if (exponent == 0x1f) return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent != 0) return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    /* Zero and subnormals: fraction * 2^-24 is exact in float32. */
    float magnitude = (float)fraction * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
}

float bfloat16_to_float32(uint16_t brain) {
    return float_of_bits((uint32_t)brain << 16);
}

/* value / 2^shift, to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t value, uint32_t shift) {
    uint32_t half = 1u << (shift - 1);
    uint32_t rest = value & ((1u << shift) - 1);
    uint32_t whole = value >> shift;
    return whole + (rest > half || (rest == half && (whole & 1u) != 0));
}

uint16_t float16_from_float32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t exponent = bits >> 23 & 0xffu;
    uint32_t fraction = bits & 0x7fffffu;
    if (exponent == 0xff) return (uint16_t)(sign | 0x7c00u | (fraction != 0 ? 0x200u : 0));
    if (exponent > 142) return (uint16_t)(sign | 0x7c00u);
    /* Rounding may carry into the exponent, up to infinity, which the layout makes correct. */
    if (exponent > 112)
        return (uint16_t)(sign | shift_rounded((exponent - 112) << 23 | fraction, 13));
    if (exponent < 102) return (uint16_t)sign;
    return (uint16_t)(sign | shift_rounded(fraction | 0x800000u, 126 - exponent));
}
