/* Floating point. Rounded to nearest as the CPU does it; -ffp-contract=off keeps products and sums
 * apart. */
#include "loops.h"

#include <math.h>

template <typename T> static T add(T a, T b) { return a + b; }
template <typename T> static T subtract(T a, T b) { return a - b; }
template <typename T> static T multiply(T a, T b) { return a * b; }
template <typename T> static T divide(T a, T b) { return a / b; }
template <typename T> static T reciprocal(T a) { return 1 / a; }
template <typename T> static T negate(T a) { return -a; }
/* Of a number and a NaN the number; -0 is less than +0. */
template <typename T> static T smaller(T a, T b) {
    if (a == b) return __builtin_signbit(a) ? a : b;
    return a < b || b != b ? a : b;
}
template <typename T> static T larger(T a, T b) {
    if (a == b) return __builtin_signbit(a) ? b : a;
    return a > b || b != b ? a : b;
}
static float absolute(float a) { return __builtin_fabsf(a); }
static double absolute(double a) { return __builtin_fabs(a); }
static float root(float a) { return __builtin_sqrtf(a); }
static double root(double a) { return __builtin_sqrt(a); }
static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

/* a * b + c rounded down. The product is exact in float64; s + e is the exact sum. */
static float fused_down(float a, float b, float c) {
    const double product = (double)a * b, addend = c, s = product + addend, part = s - product;
    const double e = (product - (s - part)) + (addend - part);
    const float nearest = (float)s;
    if ((double)nearest > s || ((double)nearest == s && e < 0))
        return nextafterf(nearest, -INFINITY);
    return nearest;
}

/* ---- approximations ---- */

static float flushed(float a) { return __builtin_fabsf(a) < 0x1p-126f ? copysignf(0, a) : a; }

/* A GPU's is off by up to 2 units in the last place: in the harsh mode it always is, up or down. */
static float power_of_two(float a) {
    float value = flushed(exp2f(flushed(a)));
    if (ptx_harsh() == 0 || !(value > 0x1p-120f && value < 0x1p120f)) return value;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits += bits & 4 ? 2u : -2u;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* Only the upper 32 bits of the result count. */
static double rough_reciprocal(double a) {
    double value = 1 / (fabs(a) < 0x1p-1022 ? copysign(0, a) : a);
    if (fabs(value) < 0x1p-1022) value = copysign(0, value);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= 0xffffffff00000000u;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

template <typename T>
static void add_type(ptx_opcodes *opcodes, const std::string &type, const std::string &letter) {
    const std::string capital(1, (char)toupper(letter[0])), two = capital + letter,
                                                            three = two + letter;
    const struct ptx_opcode rows[] = {
        {"add.rn", three, ptx_binary<T, T, add<T>>, PTX_NEXT},
        {"sub.rn", three, ptx_binary<T, T, subtract<T>>, PTX_NEXT},
        {"mul.rn", three, ptx_binary<T, T, multiply<T>>, PTX_NEXT},
        {"div.rn", three, ptx_binary<T, T, divide<T>>, PTX_NEXT},
        {"min", three, ptx_binary<T, T, smaller<T>>, PTX_NEXT},
        {"max", three, ptx_binary<T, T, larger<T>>, PTX_NEXT},
        {"rcp.rn", two, ptx_unary<T, T, reciprocal<T>>, PTX_NEXT},
        {"neg", two, ptx_unary<T, T, negate<T>>, PTX_NEXT},
        {"abs", two, ptx_unary<T, T, absolute>, PTX_NEXT},
        {"sqrt.rn", two, ptx_unary<T, T, root>, PTX_NEXT},
        {"fma.rn", three + letter, ptx_ternary<T, fused>, PTX_NEXT},
        {"setp.equ", "P" + letter + letter, ptx_compare<T, ptx_equ<T>>, PTX_NEXT},
        {"setp.neu", "P" + letter + letter, ptx_compare<T, ptx_neu<T>>, PTX_NEXT},
        {"setp.ltu", "P" + letter + letter, ptx_compare<T, ptx_ltu<T>>, PTX_NEXT},
        {"setp.leu", "P" + letter + letter, ptx_compare<T, ptx_leu<T>>, PTX_NEXT},
        {"setp.gtu", "P" + letter + letter, ptx_compare<T, ptx_gtu<T>>, PTX_NEXT},
        {"setp.geu", "P" + letter + letter, ptx_compare<T, ptx_geu<T>>, PTX_NEXT},
    };
    for (const struct ptx_opcode &row : rows)
        opcodes->push_back({row.name + "." + type, row.operands, row.step, row.flow});
    ptx_add_comparisons<T>(opcodes, type, letter);
}

void ptx_add_floats(ptx_opcodes *opcodes) {
    add_type<float>(opcodes, "f32", "w");
    add_type<double>(opcodes, "f64", "l");
    const struct ptx_opcode rows[] = {
        {"fma.rm.f32", "Wwww", ptx_ternary<float, fused_down>, PTX_NEXT},
        {"ex2.approx.ftz.f32", "Ww", ptx_unary<float, float, power_of_two>, PTX_NEXT},
        {"rcp.approx.ftz.f64", "Ll", ptx_unary<double, double, rough_reciprocal>, PTX_NEXT},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
