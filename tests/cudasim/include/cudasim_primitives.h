/* The simulator's half of kernels/cuda/primitives.h: plain C++ for what is PTX on a GPU. The
 * layouts are described there. */
#ifndef CUDASIM_PRIMITIVES_H
#define CUDASIM_PRIMITIVES_H

#include <cuda_runtime.h>

/* ---- asynchronous copies (shared.cpp). The destination is NaN from the issue on, and the
 * source is read at the wait, as late as a GPU may. ---- */

extern "C" {
void cudasim_async_copy(void *to, const void *from, unsigned bytes, bool valid,
                        struct cudasim_place place);
void cudasim_async_commit(void);
void cudasim_async_wait(unsigned pending);
/* Ends the test if an address is outside the block's shared memory or not aligned. */
void cudasim_check_shared(const void *address, unsigned bytes, struct cudasim_place place);
cudasim_finish cudasim_finish_load_matrix, cudasim_finish_mma_bf16, cudasim_finish_mma_tf32;
}

static inline void async_copy_16(void *shared_destination, const void *global_source, bool valid,
                                 CUDASIM_PLACE) {
    cudasim_async_copy(shared_destination, global_source, 16, valid, {file, line});
}
static inline void async_commit(void) { cudasim_async_commit(); }
template <int pending> static inline void async_wait(void) { cudasim_async_wait(pending); }

/* ---- matrices of a warp ---- */

struct cudasim_load_matrix {
    unsigned *result;
    const void *row;
};

static inline void load_matrix_x4(unsigned result[4], const void *shared_row, CUDASIM_PLACE) {
    struct cudasim_load_matrix own = {result, shared_row};
    cudasim_check_shared(shared_row, 16, {file, line});
    cudasim_warp_meet(0xffffffffu, cudasim_finish_load_matrix, &own, {file, line});
}
struct cudasim_mma {
    float *d;
    const unsigned *a, *b;
};

static inline void mma_m16n8k16_bf16(float d[4], const unsigned a[4], const unsigned b[2],
                                     CUDASIM_PLACE) {
    struct cudasim_mma own = {d, a, b};
    cudasim_warp_meet(0xffffffffu, cudasim_finish_mma_bf16, &own, {file, line});
}
static inline void mma_m16n8k8_tf32(float d[4], const unsigned a[4], const unsigned b[2],
                                    CUDASIM_PLACE) {
    struct cudasim_mma own = {d, a, b};
    cudasim_warp_meet(0xffffffffu, cudasim_finish_mma_tf32, &own, {file, line});
}

/* ---- rounding ---- */

static inline float float_to_tf32(float value) {
    const unsigned bits = __float_as_uint(value);
    if ((bits & 0x7f800000u) == 0x7f800000u) return value;
    return __uint_as_float((bits + 0x1000u) & 0xffffe000u);
}
/* To the nearest, ties to even; a NaN stays one. */
static inline unsigned short cudasim_bf16_bits(float value) {
    const unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

static inline unsigned floats_to_bf16(float low, float high) {
    return (unsigned)cudasim_bf16_bits(low) | (unsigned)cudasim_bf16_bits(high) << 16;
}

#endif
