/* What the files of tile_kernels_template.h share. */
#ifndef EARMARK_CPU_TILE_KERNELS_INTERNAL_H
#define EARMARK_CPU_TILE_KERNELS_INTERNAL_H

#include <math.h>
#include <string.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

struct tile_kernels;
extern const struct tile_kernels tile_kernels_portable_single, tile_kernels_portable_double;
#if defined(__x86_64__)
extern const struct tile_kernels tile_kernels_avx2_single, tile_kernels_avx2_double;
extern const struct tile_kernels tile_kernels_avx512_single, tile_kernels_avx512_double;
#endif

#endif
