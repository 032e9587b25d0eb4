/* cvt, from one type to another. */
#include "loops.h"

#include <math.h>

template <typename R, typename T> static R convert(T a) { return (R)a; }

/* To a multiple of 1, towards zero, within the range; NaN becomes 0. */
static int32_t towards_zero(double a) {
    if (a != a) return 0;
    return a >= 2147483647.0 ? INT32_MAX : a <= -2147483648.0 ? INT32_MIN : (int32_t)a;
}

static float saturate(float a) { return a > 0 ? (a < 1 ? a : 1) : 0; }

/* To the nearest TF32, ties away from zero. The lowest 13 bits are not defined: here they are set
 * to something that a kernel would notice. */
static uint32_t to_tf32(uint32_t bits) {
    if ((bits & 0x7f800000u) == 0x7f800000u) return bits & 0x7fffffu ? 0x7fffffffu : bits;
    return ((bits + 0x1000u) & 0xffffe000u) | 0x0badu;
}

/* To the nearest bfloat16, ties to even. */
static uint32_t to_bf16(uint32_t bits) {
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
}

/* cvt.rn.bf16x2.f32 d, a, b: a becomes the upper half. */
static uint32_t to_bf16_pair(uint32_t a, uint32_t b) { return to_bf16(a) << 16 | to_bf16(b); }

template <typename R, typename T>
static void add(ptx_opcodes *opcodes, const char *name, const char *operands) {
    opcodes->push_back(
        {std::string("cvt.") + name, operands, ptx_unary<R, T, convert<R, T>>, PTX_NEXT});
}

/* From an integer type, whose register has that letter, to wider ones and to floats. */
template <typename T>
static void add_from(ptx_opcodes *opcodes, const std::string &type, const std::string &letter) {
    add<float, T>(opcodes, ("rn.f32." + type).c_str(), ("W" + letter).c_str());
    add<double, T>(opcodes, ("rn.f64." + type).c_str(), ("L" + letter).c_str());
    for (const char *sign : {"u", "s"}) {
        add<uint16_t, T>(opcodes, (sign + ("16." + type)).c_str(), ("H" + letter).c_str());
        add<uint32_t, T>(opcodes, (sign + ("32." + type)).c_str(), ("W" + letter).c_str());
        add<uint64_t, T>(opcodes, (sign + ("64." + type)).c_str(), ("L" + letter).c_str());
    }
}

void ptx_add_conversions(ptx_opcodes *opcodes) {
    add_from<uint16_t>(opcodes, "u16", "h");
    add_from<int16_t>(opcodes, "s16", "h");
    add_from<uint32_t>(opcodes, "u32", "w");
    add_from<int32_t>(opcodes, "s32", "w");
    add_from<uint64_t>(opcodes, "u64", "l");
    add_from<int64_t>(opcodes, "s64", "l");
    add<double, float>(opcodes, "f64.f32", "Lw");
    add<float, double>(opcodes, "rn.f32.f64", "Wl");
    const struct ptx_opcode rows[] = {
        {"cvt.rzi.s32.f64", "Wl", ptx_unary<int32_t, double, towards_zero>, PTX_NEXT},
        {"cvt.sat.f32.f32", "Ww", ptx_unary<float, float, saturate>, PTX_NEXT},
        {"cvt.rna.tf32.f32", "Ww", ptx_unary<uint32_t, uint32_t, to_tf32>, PTX_NEXT},
        {"cvt.rn.bf16x2.f32", "Www", ptx_binary<uint32_t, uint32_t, to_bf16_pair>, PTX_NEXT},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
