#include "kernels/cpu/tile_kernels.h"
#include "kernels/cpu/tile_kernels_internal.h"

#include <stdlib.h>

enum level { PORTABLE = 0, AVX2 = 1, AVX512 = 2 };

static enum level best_level(void) {
    enum level level = PORTABLE;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        level = AVX2;
        if (__builtin_cpu_supports("avx512f")) level = AVX512;
    }
#endif
    return level;
}

static enum level chosen_level(void) {
    enum level best = best_level(), asked = best;
    const char *name = getenv("EARMARK_INSTRUCTIONS");
    if (name != NULL && strcmp(name, "avx2") == 0) asked = AVX2;
    if (name != NULL && strcmp(name, "portable") == 0) asked = PORTABLE;
    return asked < best ? asked : best;
}

static const struct tile_kernels *kernels_of(enum level level, bool single) {
#if defined(__x86_64__)
    if (level == AVX512) return single ? &tile_kernels_avx512_single : &tile_kernels_avx512_double;
    if (level == AVX2) return single ? &tile_kernels_avx2_single : &tile_kernels_avx2_double;
#endif
    (void)level;
    return single ? &tile_kernels_portable_single : &tile_kernels_portable_double;
}

const struct tile_kernels *tile_kernels_single(void) {
    return kernels_of(chosen_level(), true);
}

const struct tile_kernels *tile_kernels_double(void) {
    return kernels_of(chosen_level(), false);
}
