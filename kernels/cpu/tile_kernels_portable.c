/* Tile kernels in the compilers' vectors of 16 bytes, for every other CPU. */
#include "kernels/cpu/tile_kernels.h"
#include "kernels/cpu/tile_kernels_internal.h"

typedef float portable_single __attribute__((vector_size(16)));
typedef double portable_double __attribute__((vector_size(16)));

static inline portable_single load_single(const float *from) {
    portable_single vector;
    memcpy(&vector, from, sizeof vector);
    return vector;
}

static inline portable_double load_double(const double *from) {
    portable_double vector;
    memcpy(&vector, from, sizeof vector);
    return vector;
}

static inline void store_single(float *to, portable_single vector) {
    memcpy(to, &vector, sizeof vector);
}

static inline void store_double(double *to, portable_double vector) {
    memcpy(to, &vector, sizeof vector);
}

#define INSTRUCTIONS "portable"
#define TARGET
#define MULTIPLY_ROWS ((size_t)2)
#define MULTIPLY_GROUPS ((size_t)1)
#define MULTIPLY_VECTORS 4
#define ACCUMULATE_COLUMNS 2
#define ACCUMULATE_STRIPS 1
#define ACCUMULATE_CASES                                                                           \
    ACCUMULATE_CASE(1)                                                                             \
    ACCUMULATE_CASE(2)

#include "kernels/cpu/tile_kernels_single.h"
#define NAME(x) x##_portable_single
#define VECTOR portable_single
#define LANES 4
#define LOAD(p) load_single(p)
#define STORE(p, v) store_single((p), (v))
#define SET1(x) ((portable_single){(x), (x), (x), (x)})
#define FMA(a, b, c) ((a) * (b) + (c))
#include "kernels/cpu/tile_kernels_template.h"

#include "kernels/cpu/tile_kernels_double.h"
#define NAME(x) x##_portable_double
#define VECTOR portable_double
#define LANES 2
#define LOAD(p) load_double(p)
#define STORE(p, v) store_double((p), (v))
#define SET1(x) ((portable_double){(x), (x)})
#define FMA(a, b, c) ((a) * (b) + (c))
#include "kernels/cpu/tile_kernels_template.h"
