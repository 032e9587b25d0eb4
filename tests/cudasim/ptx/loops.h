/* Loops over the lanes of a warp: all lanes at once where all take part. T is the type of the
 * operands, R that of the result. */
#ifndef CUDASIM_PTX_LOOPS_H
#define CUDASIM_PTX_LOOPS_H

#include "ptx.h"

#define PTX_LOOP _Pragma("GCC ivdep") for (uint32_t lane = 0; lane < PTX_LANES; lane++)

template <typename R, typename T, R (*f)(T)>
void ptx_unary(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    R *d = ptx_row<R>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]);
    if (lanes == PTX_ALL) {
        PTX_LOOP d[lane] = f(a[lane]);
    } else {
        PTX_EACH(lane, lanes) d[lane] = f(a[lane]);
    }
}

template <typename R, typename T, R (*f)(T, T)>
void ptx_binary(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    R *d = ptx_row<R>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]), *b = ptx_row<T>(warp, i->at[2]);
    if (lanes == PTX_ALL) {
        PTX_LOOP d[lane] = f(a[lane], b[lane]);
    } else {
        PTX_EACH(lane, lanes) d[lane] = f(a[lane], b[lane]);
    }
}

template <typename T, T (*f)(T, T, T)>
void ptx_ternary(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    T *d = ptx_row<T>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]), *b = ptx_row<T>(warp, i->at[2]),
            *c = ptx_row<T>(warp, i->at[3]);
    if (lanes == PTX_ALL) {
        PTX_LOOP d[lane] = f(a[lane], b[lane], c[lane]);
    } else {
        PTX_EACH(lane, lanes) d[lane] = f(a[lane], b[lane], c[lane]);
    }
}

/* The lanes' bits of a predicate. */
static inline void ptx_set_bits(const struct ptx_warp *warp, uint32_t at, uint32_t lanes,
                                uint32_t bits) {
    uint32_t *predicate = ptx_row<uint32_t>(warp, at);
    *predicate = (*predicate & ~lanes) | (bits & lanes);
}

template <typename T, bool (*f)(T, T)>
void ptx_compare(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    const T *a = ptx_row<T>(warp, i->at[1]), *b = ptx_row<T>(warp, i->at[2]);
    uint32_t bits = 0;
    PTX_LOOP bits |= (uint32_t)f(a[lane], b[lane]) << lane;
    ptx_set_bits(warp, i->at[0], lanes, bits);
}

/* ---- comparisons of any type; floats: false if either is NaN, the ones with u true ---- */

template <typename T> bool ptx_eq(T a, T b) { return a == b; }
template <typename T> bool ptx_ne(T a, T b) { return a < b || a > b; }
template <typename T> bool ptx_lt(T a, T b) { return a < b; }
template <typename T> bool ptx_le(T a, T b) { return a <= b; }
template <typename T> bool ptx_gt(T a, T b) { return a > b; }
template <typename T> bool ptx_ge(T a, T b) { return a >= b; }
template <typename T> bool ptx_equ(T a, T b) { return !(a < b || a > b); }
template <typename T> bool ptx_neu(T a, T b) { return !(a == b); }
template <typename T> bool ptx_ltu(T a, T b) { return !(a >= b); }
template <typename T> bool ptx_leu(T a, T b) { return !(a > b); }
template <typename T> bool ptx_gtu(T a, T b) { return !(a <= b); }
template <typename T> bool ptx_geu(T a, T b) { return !(a < b); }

/* setp of a type, whose register has that letter */
template <typename T>
void ptx_add_comparisons(ptx_opcodes *opcodes, const std::string &type, const std::string &letter) {
    const std::string operands = "P" + letter + letter;
    const struct {
        const char *name;
        ptx_step *step;
    } rows[] = {
        {"eq", ptx_compare<T, ptx_eq<T>>}, {"ne", ptx_compare<T, ptx_ne<T>>},
        {"lt", ptx_compare<T, ptx_lt<T>>}, {"le", ptx_compare<T, ptx_le<T>>},
        {"gt", ptx_compare<T, ptx_gt<T>>}, {"ge", ptx_compare<T, ptx_ge<T>>},
    };
    for (const auto &row : rows)
        opcodes->push_back(
            {"setp." + std::string(row.name) + "." + type, operands, row.step, PTX_NEXT});
}

#endif
