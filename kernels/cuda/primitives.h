/* All PTX: asynchronous copies to shared memory, and tensor cores.
 *
 * No other file of kernels/cuda has assembler, so that the simulator can replace it by plain C++
 * (tests/cudasim/include/cudasim_primitives.h, where a warp's function collects its 32 lanes). All
 * lanes of a warp must call these functions together, except the copies. Layouts are those of mma
 * and ldmatrix in the PTX manual. */
#ifndef EARMARK_CUDA_PRIMITIVES_H
#define EARMARK_CUDA_PRIMITIVES_H

#ifdef EARMARK_SIMULATOR
#include "cudasim_primitives.h"
#else

#include <cuda_bf16.h>
#include <stdint.h>

__device__ __forceinline__ unsigned primitive_shared_address(const void *pointer) {
    return (unsigned)__cvta_generic_to_shared(pointer);
}

/* Copies 16 bytes from global to shared memory, both 16-byte aligned, bypassing the L1 cache. If
 * valid is false, 16 zero bytes are written and nothing is read, but the source must still point
 * into an allocation. */
__device__ __forceinline__ void async_copy_16(void *shared_destination, const void *global_source,
                                              bool valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(
                     primitive_shared_address(shared_destination)),
                 "l"(global_source), "r"(valid ? 16 : 0)
                 : "memory");
}

/* Ends this thread's group of copies, which may be empty. */
__device__ __forceinline__ void async_commit(void) {
    asm volatile("cp.async.commit_group;\n" ::: "memory");
}

/* Waits until at most the `pending` newest of this thread's groups are incomplete. Other threads'
 * copies are visible after a following __syncthreads(). */
template <int pending> __device__ __forceinline__ void async_wait(void) {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(pending) : "memory");
}

/* ldmatrix: four 8 x 8 matrices of 16-bit values. Lane l gives the address of row l % 8
 * (16 bytes, aligned) of matrix l / 8, and gets in result[i] the two values 2 (l % 4) and
 * 2 (l % 4) + 1 of row l / 4 of matrix i, the first in the low half. A row of 16 bytes may
 * also be four 32-bit values, of which lane l then gets value l % 4. */
__device__ __forceinline__ void load_matrix_x4(unsigned result[4], const void *shared_row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(result[0]), "=r"(result[1]), "=r"(result[2]), "=r"(result[3])
                 : "r"(primitive_shared_address(shared_row))
                 : "memory");
}

/* d += a b on bfloat16: a (16, 16) by rows, b (16, 8) by columns, d (16, 8) in float32.
 * With g = lane / 4 and t = lane % 4 (low half first): a[0] row g, columns 2 t, 2 t + 1;
 * a[1] row g + 8; a[2] row g, columns 2 t + 8, + 9; a[3] row g + 8 of those; b[0] column g,
 * rows 2 t, 2 t + 1; b[1] rows 2 t + 8, + 9; d[0], d[1] row g, columns 2 t, 2 t + 1;
 * d[2], d[3] row g + 8. */
__device__ __forceinline__ void mma_m16n8k16_bf16(float d[4], const unsigned a[4],
                                                  const unsigned b[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, "
                 "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* d += a b on TF32 (the bits of float32 of which the lowest 13 do not count): a (16, 8) by
 * rows, b (8, 8) by columns. With g = lane / 4 and t = lane % 4: a[0] row g, column t;
 * a[1] row g + 8; a[2] row g, column t + 4; a[3] row g + 8 of that; b[0] row t, column g;
 * b[1] row t + 4; d as above. */
__device__ __forceinline__ void mma_m16n8k8_tf32(float d[4], const unsigned a[4],
                                                 const unsigned b[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, "
                 "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* The nearest TF32 number, ties away from zero, as a float32 whose lowest 13 bits are 0. */
__device__ __forceinline__ float float_to_tf32(float value) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(bits) : "f"(value));
    return __uint_as_float(bits & 0xffffe000u);
}

/* Two floats rounded to bfloat16 (to nearest, ties to even), the first in the low half. */
__device__ __forceinline__ unsigned floats_to_bf16(float low, float high) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    unsigned bits;
    memcpy(&bits, &pair, sizeof bits);
    return bits;
}

#endif
#endif
