/* Integer opcodes. Sums and low products are the same for both signs. */
#include "loops.h"

template <typename T> static T add(T a, T b) { return (T)(a + b); }
template <typename T> static T subtract(T a, T b) { return (T)(a - b); }
template <typename T> static T multiply(T a, T b) { return (T)(a * b); }
template <typename T> static T multiply_add(T a, T b, T c) { return (T)(a * b + c); }
template <typename T> static T smaller(T a, T b) { return b < a ? b : a; }
template <typename T> static T larger(T a, T b) { return b > a ? b : a; }
template <typename T> static T bit_and(T a, T b) { return (T)(a & b); }
template <typename T> static T bit_or(T a, T b) { return (T)(a | b); }
template <typename T> static T bit_xor(T a, T b) { return (T)(a ^ b); }
template <typename T> static T bit_not(T a) { return (T)~a; }
template <typename T> static T negate(T a) { return (T)(0 - a); } /* T unsigned */
template <typename T> static T absolute(T a) { return a < 0 ? (T)(0 - (uint64_t)a) : a; }
static int64_t wide_signed(int32_t a, int32_t b) { return (int64_t)a * b; }
static uint64_t wide_unsigned(uint32_t a, uint32_t b) { return (uint64_t)a * b; }
static int32_t high_signed(int32_t a, int32_t b) { return (int32_t)((int64_t)a * b >> 32); }
static uint32_t high_unsigned(uint32_t a, uint32_t b) { return (uint32_t)((uint64_t)a * b >> 32); }

/* A division by zero has no defined result on a GPU, and would end this process. */
template <typename T, bool remainder>
static void divide(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    T *d = ptx_row<T>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]), *b = ptx_row<T>(warp, i->at[2]);
    PTX_EACH(lane, lanes) {
        if (b[lane] == 0) ptx_fail(warp, i, lane, "a division by zero");
        if (b[lane] == (T)-1 && (T)-1 < 0) /* of the least number, too */
            d[lane] = remainder ? 0 : (T)(0 - (uint64_t)a[lane]);
        else
            d[lane] = remainder ? (T)(a[lane] % b[lane]) : (T)(a[lane] / b[lane]);
    }
}

/* Shifts by the width or more: zeros, or copies of the sign. */
template <typename T, bool left>
static void shift(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    T *d = ptx_row<T>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]);
    const uint32_t *count = ptx_row<uint32_t>(warp, i->at[2]), bits = 8 * sizeof(T);
    PTX_EACH(lane, lanes) {
        const uint32_t n = count[lane];
        if (n < bits)
            d[lane] = left ? (T)(a[lane] << n) : (T)(a[lane] >> n);
        else
            d[lane] = left || a[lane] >= 0 ? 0 : (T)-1;
    }
}

/* U unsigned and S signed, of the width of that letter */
template <typename U, typename S>
static void add_width(ptx_opcodes *opcodes, const std::string &bits, const std::string &letter) {
    const std::string capital(1, (char)toupper(letter[0])), two = capital + letter,
                                                            three = two + letter;
    const struct ptx_opcode rows[] = {
        {"min.u", three, ptx_binary<U, U, smaller<U>>, PTX_NEXT},
        {"min.s", three, ptx_binary<S, S, smaller<S>>, PTX_NEXT},
        {"max.u", three, ptx_binary<U, U, larger<U>>, PTX_NEXT},
        {"max.s", three, ptx_binary<S, S, larger<S>>, PTX_NEXT},
        {"div.u", three, divide<U, false>, PTX_NEXT},
        {"div.s", three, divide<S, false>, PTX_NEXT},
        {"rem.u", three, divide<U, true>, PTX_NEXT},
        {"rem.s", three, divide<S, true>, PTX_NEXT},
        {"and.b", three, ptx_binary<U, U, bit_and<U>>, PTX_NEXT},
        {"or.b", three, ptx_binary<U, U, bit_or<U>>, PTX_NEXT},
        {"xor.b", three, ptx_binary<U, U, bit_xor<U>>, PTX_NEXT},
        {"not.b", two, ptx_unary<U, U, bit_not<U>>, PTX_NEXT},
        {"neg.s", two, ptx_unary<U, U, negate<U>>, PTX_NEXT},
        {"abs.s", two, ptx_unary<S, S, absolute<S>>, PTX_NEXT},
        {"shl.b", two + "w", shift<U, true>, PTX_NEXT},
        {"shr.u", two + "w", shift<U, false>, PTX_NEXT},
        {"shr.s", two + "w", shift<S, false>, PTX_NEXT},
    };
    for (const struct ptx_opcode &row : rows)
        opcodes->push_back({row.name + bits, row.operands, row.step, row.flow});
    for (const std::string sign : {".u", ".s"}) {
        opcodes->push_back({"add" + sign + bits, three, ptx_binary<U, U, add<U>>, PTX_NEXT});
        opcodes->push_back({"sub" + sign + bits, three, ptx_binary<U, U, subtract<U>>, PTX_NEXT});
        opcodes->push_back(
            {"mul.lo" + sign + bits, three, ptx_binary<U, U, multiply<U>>, PTX_NEXT});
        opcodes->push_back(
            {"mad.lo" + sign + bits, three + letter, ptx_ternary<U, multiply_add<U>>, PTX_NEXT});
    }
    ptx_add_comparisons<U>(opcodes, "u" + bits, letter);
    ptx_add_comparisons<U>(opcodes, "b" + bits, letter);
    ptx_add_comparisons<S>(opcodes, "s" + bits, letter);
}

void ptx_add_integers(ptx_opcodes *opcodes) {
    add_width<uint32_t, int32_t>(opcodes, "32", "w");
    add_width<uint64_t, int64_t>(opcodes, "64", "l");
    ptx_add_comparisons<uint16_t>(opcodes, "u16", "h");
    ptx_add_comparisons<int16_t>(opcodes, "s16", "h");
    const struct ptx_opcode rows[] = {
        {"mul.wide.s32", "Lww", ptx_binary<int64_t, int32_t, wide_signed>, PTX_NEXT},
        {"mul.wide.u32", "Lww", ptx_binary<uint64_t, uint32_t, wide_unsigned>, PTX_NEXT},
        {"mul.hi.s32", "Www", ptx_binary<int32_t, int32_t, high_signed>, PTX_NEXT},
        {"mul.hi.u32", "Www", ptx_binary<uint32_t, uint32_t, high_unsigned>, PTX_NEXT},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
