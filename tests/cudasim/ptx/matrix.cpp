/* ldmatrix and mma, element by element as the figures of the PTX manual have them ("Matrix
 * Fragments for mma.m16n8k16", "for mma.m16n8k8"). */
#include "loops.h"

#include <math.h>

#define ROWS 16
#define COLUMNS 8
#define DEPTH 16 /* the largest */

static void all_lanes(const struct ptx_warp *warp, const struct ptx_instruction *i,
                      uint32_t lanes) {
    if (lanes != PTX_ALL)
        ptx_fail(warp, i, 0, "aligned: only the lanes %08x of the warp are there", lanes);
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The manual: threads 8 m .. 8 m + 7 have the addresses of the rows of matrix m; thread l gets
 * the elements 2 (l % 4) and 2 (l % 4) + 1 of row l / 4 of each matrix. */
static void load_matrices(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    uint16_t rows[PTX_LANES][8];
    all_lanes(warp, i, lanes);
    for (uint32_t lane = 0; lane < PTX_LANES; lane++)
        memcpy(rows[lane], ptx_shared(warp, i, lane, ptx_address(warp, i, 4, 0, lane), 16), 16);
    for (unsigned m = 0; m < 4; m++)
        for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
            const uint16_t *pair = rows[8 * m + lane / 4] + lane % 4 * 2;
            ptx_row<uint32_t>(warp, i->at[m])[lane] = (uint32_t)pair[0] | (uint32_t)pair[1] << 16;
        }
}

/* ---- sums ---- */

/* The exponent of a positive number that is not tiny, 2^exponent, and the first 24 bits of one. */
static int exponent_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (int)(bits >> 52) - 1023;
}
static double power_of_two(int exponent) {
    const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static float cut(double sum) {
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    bits &= ~(((uint64_t)1 << 29) - 1);
    memcpy(&sum, &bits, sizeof bits);
    return (float)sum;
}

/* A row of a pessimistic tensor core: `group` products and the sum so far are cut to 24 bits below
 * the largest of them, then added, and the sum is cut. */
static void harsh_row(float d[COLUMNS], const float *a, const float b[DEPTH][COLUMNS], int depth,
                      int group) {
    for (int k = 0; k < depth; k += group) {
        double addends[9][COLUMNS], largest[COLUMNS], total[COLUMNS] = {};
        for (int n = 0; n < COLUMNS; n++) {
            addends[group][n] = d[n];
            largest[n] = fabs((double)d[n]) > 0x1p-900 ? fabs((double)d[n]) : 0x1p-900;
        }
        for (int j = 0; j < group; j++)
            for (int n = 0; n < COLUMNS; n++) {
                const double product = (double)a[k + j] * b[k + j][n], size = fabs(product);
                addends[j][n] = product;
                largest[n] = size > largest[n] ? size : largest[n];
            }
        for (int n = 0; n < COLUMNS; n++) {
            const int last = exponent_of(largest[n]) - 23;
            const double unit = power_of_two(last), inverse = power_of_two(-last);
            for (int j = 0; j <= group; j++) total[n] += trunc(addends[j][n] * inverse) * unit;
            d[n] = cut(total[n]);
        }
    }
}

/* d = a b + c. Exact products; each sum is rounded, in the order of k, unless in the harsh mode. */
static void multiply(float d[ROWS][COLUMNS], const float a[ROWS][DEPTH],
                     const float b[DEPTH][COLUMNS], int depth) {
    const int group = (int)ptx_harsh();
    for (int m = 0; m < ROWS; m++)
        if (group == 0)
            for (int k = 0; k < depth; k++)
                for (int n = 0; n < COLUMNS; n++)
                    d[m][n] = __builtin_fmaf(a[m][k], b[k][n], d[m][n]);
        else
            harsh_row(d[m], a[m], b, depth, group);
    cudasim_now.counts->matrix_steps++;
}

/* c0, c1 are in row groupID, c2, c3 in row groupID + 8; column 2 threadID_in_group + (i & 1). */
static float *sum_at(float d[ROWS][COLUMNS], uint32_t lane, unsigned i) {
    return &d[lane / 4 + (i < 2 ? 0 : 8)][lane % 4 * 2 + (i & 1)];
}

/* Operands of mma: d 0 to 3, a 4 to 7, b 8 and 9, c 10 to 13. */
static void multiply_and_store(struct ptx_warp *warp, const struct ptx_instruction *at,
                               const float a[ROWS][DEPTH], const float b[DEPTH][COLUMNS],
                               int depth) {
    float d[ROWS][COLUMNS];
    for (uint32_t lane = 0; lane < PTX_LANES; lane++)
        for (unsigned i = 0; i < 4; i++)
            *sum_at(d, lane, i) = ptx_row<float>(warp, at->at[10 + i])[lane];
    multiply(d, a, b, depth);
    for (uint32_t lane = 0; lane < PTX_LANES; lane++)
        for (unsigned i = 0; i < 4; i++)
            ptx_row<float>(warp, at->at[i])[lane] = *sum_at(d, lane, i);
}

/* Element i of a fragment of bfloat16: register i / 2, its low half first. */
static float half_of(const struct ptx_warp *warp, const struct ptx_instruction *at, unsigned first,
                     unsigned i, uint32_t lane) {
    const uint32_t both = ptx_row<uint32_t>(warp, at->at[first + i / 2])[lane];
    return from_bits(i % 2 == 0 ? both << 16 : both & 0xffff0000u);
}

static void mma_bf16(struct ptx_warp *warp, const struct ptx_instruction *at, uint32_t lanes) {
    float a[ROWS][DEPTH] = {}, b[DEPTH][COLUMNS] = {};
    all_lanes(warp, at, lanes);
    for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
        const uint32_t group = lane / 4, in_group = lane % 4;
        for (unsigned i = 0; i < 8; i++) {
            const bool upper = i < 2 || (i >= 4 && i < 6);
            a[group + (upper ? 0 : 8)][in_group * 2 + (i & 1) + (i < 4 ? 0 : 8)] =
                half_of(warp, at, 4, i, lane);
        }
        for (unsigned i = 0; i < 4; i++)
            b[in_group * 2 + (i & 1) + (i < 2 ? 0 : 8)][group] = half_of(warp, at, 8, i, lane);
    }
    multiply_and_store(warp, at, a, b, 16);
}

/* Of a TF32 number the lowest 13 bits do not count. */
static void mma_tf32(struct ptx_warp *warp, const struct ptx_instruction *at, uint32_t lanes) {
    float a[ROWS][DEPTH] = {}, b[DEPTH][COLUMNS] = {};
    all_lanes(warp, at, lanes);
    for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
        const uint32_t group = lane / 4, in_group = lane % 4;
        for (unsigned i = 0; i < 4; i++)
            a[group + (i == 0 || i == 2 ? 0 : 8)][in_group + (i < 2 ? 0 : 4)] =
                from_bits(ptx_row<uint32_t>(warp, at->at[4 + i])[lane] & 0xffffe000u);
        for (unsigned i = 0; i < 2; i++)
            b[in_group + (i == 0 ? 0 : 4)][group] =
                from_bits(ptx_row<uint32_t>(warp, at->at[8 + i])[lane] & 0xffffe000u);
    }
    multiply_and_store(warp, at, a, b, 8);
}

void ptx_add_matrices(ptx_opcodes *opcodes) {
    const struct ptx_opcode rows[] = {
        {"ldmatrix.sync.aligned.m8n8.x4.shared.b16", "{WWWW}[]", load_matrices, PTX_COLLECTIVE},
        {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", "{WWWW}{wwww}{ww}{wwww}", mma_bf16,
         PTX_COLLECTIVE},
        {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "{WWWW}{wwww}{ww}{wwww}", mma_tf32,
         PTX_COLLECTIVE},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
