/* Opcodes that move registers as they are: mov, selp, packing, predicates, shuffles; and those
 * that change the order of instructions, which warp.cpp does itself. */
#include "loops.h"

template <typename T> static T same(T a) { return a; }

template <typename T>
static void select(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    T *d = ptx_row<T>(warp, i->at[0]);
    const T *a = ptx_row<T>(warp, i->at[1]), *b = ptx_row<T>(warp, i->at[2]);
    const uint32_t chosen = *ptx_row<uint32_t>(warp, i->at[3]);
    if (lanes == PTX_ALL) {
        PTX_LOOP d[lane] = chosen >> lane & 1 ? a[lane] : b[lane];
    } else {
        PTX_EACH(lane, lanes) d[lane] = chosen >> lane & 1 ? a[lane] : b[lane];
    }
}

/* ---- two halves; the first is the low one ---- */

template <typename W, typename H>
static void pack(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    W *d = ptx_row<W>(warp, i->at[0]);
    const H *low = ptx_row<H>(warp, i->at[1]), *high = ptx_row<H>(warp, i->at[2]);
    PTX_EACH(lane, lanes) d[lane] = (W)((W)low[lane] | (W)high[lane] << 8 * sizeof(H));
}

template <typename W, typename H>
static void unpack(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    H *low = ptx_row<H>(warp, i->at[0]), *high = ptx_row<H>(warp, i->at[1]);
    const W *a = ptx_row<W>(warp, i->at[2]);
    PTX_EACH(lane, lanes) {
        const W whole = a[lane];
        low[lane] = (H)whole;
        high[lane] = (H)(whole >> 8 * sizeof(H));
    }
}

/* ---- predicates: all lanes in one word ---- */

template <uint32_t (*f)(uint32_t, uint32_t)>
static void combine(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    const uint32_t a = *ptx_row<uint32_t>(warp, i->at[1]), b = *ptx_row<uint32_t>(warp, i->at[2]);
    ptx_set_bits(warp, i->at[0], lanes, f(a, b));
}
static uint32_t both(uint32_t a, uint32_t b) { return a & b; }
static uint32_t any(uint32_t a, uint32_t b) { return a | b; }
static uint32_t either(uint32_t a, uint32_t b) { return a ^ b; }

static void invert(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    ptx_set_bits(warp, i->at[0], lanes, ~*ptx_row<uint32_t>(warp, i->at[1]));
}

static void copy_predicate(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    ptx_set_bits(warp, i->at[0], lanes, *ptx_row<uint32_t>(warp, i->at[1]));
}

/* ---- shuffles ---- */

/* shfl.sync.bfly: from lane ^ b, unless that is past the last lane of the segment, which the
 * clamp (c) gives. Operands: d, or d|p with `second`, then a, b, c and the lanes that take part. */
template <unsigned second>
static void butterfly(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    uint32_t *d = ptx_row<uint32_t>(warp, i->at[0]), a[PTX_LANES], valid = 0;
    const uint32_t *b = ptx_row<uint32_t>(warp, i->at[2 + second]),
                   *c = ptx_row<uint32_t>(warp, i->at[3 + second]),
                   *members = ptx_row<uint32_t>(warp, i->at[4 + second]);
    memcpy(a, ptx_row<uint32_t>(warp, i->at[1 + second]), sizeof a);
    PTX_EACH(lane, lanes) {
        if (members[lane] != lanes)
            ptx_fail(warp, i, lane, "lanes %08x are named, %08x are there", members[lane], lanes);
        const uint32_t segment = c[lane] >> 8 & 31,
                       last = (lane & segment) | (c[lane] & 31 & ~segment);
        uint32_t from = lane ^ (b[lane] & 31);
        if (from <= last)
            valid |= 1u << lane;
        else
            from = lane;
        d[lane] = a[from];
    }
    if (second != 0) ptx_set_bits(warp, i->at[1], lanes, valid);
}

void ptx_add_moves(ptx_opcodes *opcodes) {
    for (const char *type : {"b16", "u16", "s16"}) {
        opcodes->push_back({std::string("mov.") + type, "Hh",
                            ptx_unary<uint16_t, uint16_t, same<uint16_t>>, PTX_NEXT});
        opcodes->push_back({std::string("selp.") + type, "Hhhp", select<uint16_t>, PTX_NEXT});
    }
    for (const char *type : {"b32", "u32", "s32", "f32"}) {
        opcodes->push_back({std::string("mov.") + type, "Ww",
                            ptx_unary<uint32_t, uint32_t, same<uint32_t>>, PTX_NEXT});
        opcodes->push_back({std::string("selp.") + type, "Wwwp", select<uint32_t>, PTX_NEXT});
    }
    for (const char *type : {"b64", "u64", "s64", "f64"}) {
        opcodes->push_back({std::string("mov.") + type, "Ll",
                            ptx_unary<uint64_t, uint64_t, same<uint64_t>>, PTX_NEXT});
        opcodes->push_back({std::string("selp.") + type, "Lllp", select<uint64_t>, PTX_NEXT});
    }
    const struct ptx_opcode rows[] = {
        {"cvta.to.global.u64", "Ll", ptx_unary<uint64_t, uint64_t, same<uint64_t>>, PTX_NEXT},
        {"mov.b64", "L{ww}", pack<uint64_t, uint32_t>, PTX_NEXT},
        {"mov.b64", "{WW}l", unpack<uint64_t, uint32_t>, PTX_NEXT},
        {"mov.b32", "W{hh}", pack<uint32_t, uint16_t>, PTX_NEXT},
        {"mov.b32", "{HH}w", unpack<uint32_t, uint16_t>, PTX_NEXT},
        {"and.pred", "Ppp", combine<both>, PTX_NEXT},
        {"or.pred", "Ppp", combine<any>, PTX_NEXT},
        {"xor.pred", "Ppp", combine<either>, PTX_NEXT},
        {"not.pred", "Pp", invert, PTX_NEXT},
        {"mov.pred", "Pp", copy_predicate, PTX_NEXT},
        {"shfl.sync.bfly.b32", "W|Pwwww", butterfly<1>, PTX_COLLECTIVE},
        {"shfl.sync.bfly.b32", "Wwwww", butterfly<0>, PTX_COLLECTIVE},
        {"bra", "@", NULL, PTX_BRANCH},
        {"bra.uni", "@", NULL, PTX_BRANCH},
        {"ret", "", NULL, PTX_RETURN},
        {"exit", "", NULL, PTX_RETURN},
        {"bar.sync", "#", NULL, PTX_BARRIER},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
