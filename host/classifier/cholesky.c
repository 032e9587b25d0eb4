#include "host/classifier/cholesky.h"

#include <math.h>
#include <string.h>

/* Columns that are factorised at a time; then the rest is updated by their products, in blocks
 * of rows and columns that stay in registers. */
#define PANEL ((size_t)64)
#define BLOCK_ROWS ((size_t)4)
#define BLOCK_COLUMNS ((size_t)8)

/* The extension that gcc and clang share; each element is computed alone, so that the length of
 * the processor's vectors changes no bit. */
#define LANES ((size_t)4)
#define BLOCK_VECTORS (BLOCK_COLUMNS / LANES)
typedef double lanes __attribute__((vector_size(32)));
typedef double unaligned_lanes __attribute__((vector_size(32), aligned(8), may_alias));

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t padded(size_t n) {
    return (n + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS * BLOCK_COLUMNS;
}

size_t cholesky_memory(size_t n) {
    return PANEL * (padded(n) + PANEL);
}

/* The block (size, size) at a, whose rows are `stride` apart. corner (PANEL, PANEL): its
 * transpose. */
static bool factorise_corner(double *a, size_t stride, size_t size, double *corner) {
    for (size_t j = 0; j < size; j++) {
        double *row = a + j * stride;
        for (size_t i = 0; i < j; i++) {
            double sum = row[i];
            for (size_t t = 0; t < i; t++) sum -= row[t] * a[i * stride + t];
            row[i] = sum / a[i * stride + i];
            corner[i * PANEL + j] = row[i];
        }
        double pivot = row[j];
        for (size_t t = 0; t < j; t++) pivot -= row[t] * row[t];
        if (!(pivot > 0) || !isfinite(pivot)) return false;
        corner[j * PANEL + j] = row[j] = sqrt(pivot);
    }
    return true;
}

/* row (size) = row corner^-1: a row of the panel below the corner. */
static void solve_row(double *row, size_t size, const double *corner) {
    for (size_t t = 0; t < size; t++) {
        double x = row[t] /= corner[t * PANEL + t];
        for (size_t j = t + 1; j < size; j++) row[j] -= x * corner[t * PANEL + j];
    }
}

struct update {
    double *a;          /* (n, n) */
    size_t n, first;    /* of the columns that are done */
    size_t size, end;   /* so many, first + size */
    const double *wide; /* (size, stride): the panel's rows from `end` on as columns */
    size_t stride;
};

/* a[i][end ..] -= the panel's products, for BLOCK_ROWS rows from i, up to the diagonal. */
static inline __attribute__((always_inline)) void update_rows(const struct update *update,
                                                              size_t i) {
    size_t rows = least(BLOCK_ROWS, update->n - i);
    const double *left[BLOCK_ROWS];
    for (size_t r = 0; r < BLOCK_ROWS; r++)
        left[r] = update->a + (i + (r < rows ? r : 0)) * update->n + update->first;
    for (size_t j = update->end; j < i + rows; j += BLOCK_COLUMNS) {
        lanes vectors[BLOCK_ROWS][BLOCK_VECTORS] = {{{0}}}, right[BLOCK_VECTORS];
        double sums[BLOCK_ROWS][BLOCK_COLUMNS];
        const double *from = update->wide + (j - update->end);
        for (size_t t = 0; t < update->size; t++, from += update->stride) {
            for (size_t v = 0; v < BLOCK_VECTORS; v++)
                right[v] = *(const unaligned_lanes *)(const void *)(from + v * LANES);
            for (size_t r = 0; r < BLOCK_ROWS; r++)
                for (size_t v = 0; v < BLOCK_VECTORS; v++) vectors[r][v] += left[r][t] * right[v];
        }
        memcpy(sums, vectors, sizeof sums);
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < BLOCK_COLUMNS && j + c <= i + r; c++)
                update->a[(i + r) * update->n + j + c] -= sums[r][c];
    }
}

static void update_plain(const struct update *update) {
    for (size_t i = update->end; i < update->n; i += BLOCK_ROWS) update_rows(update, i);
}

#if defined(__x86_64__)
/* Longer vectors, no fused operations: the same bits. */
static __attribute__((target("avx2"))) void update_avx2(const struct update *update) {
    for (size_t i = update->end; i < update->n; i += BLOCK_ROWS) update_rows(update, i);
}
#endif

static void update_rest(const struct update *update) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        update_avx2(update);
        return;
    }
#endif
    update_plain(update);
}

bool cholesky_factorise(double *a, size_t n, double *memory) {
    double *corner = memory, *wide = memory + PANEL * PANEL;
    for (size_t first = 0; first < n; first += PANEL) {
        size_t size = least(PANEL, n - first), end = first + size, stride = padded(n - end);
        if (!factorise_corner(a + first * n + first, n, size, corner)) return false;
        for (size_t i = end; i < n; i++) {
            double *row = a + i * n + first;
            solve_row(row, size, corner);
            for (size_t t = 0; t < size; t++) wide[t * stride + i - end] = row[t];
        }
        for (size_t t = 0; t < size; t++)
            for (size_t i = n - end; i < stride; i++) wide[t * stride + i] = 0;
        struct update update = {a, n, first, size, end, wide, stride};
        update_rest(&update);
    }
    return true;
}

void cholesky_solve(const double *l, size_t n, double *b, size_t columns) {
    for (size_t i = 0; i < n; i++) {
        double *own = b + i * columns;
        for (size_t j = 0; j < i; j++) {
            double factor = l[i * n + j];
            for (size_t c = 0; c < columns; c++) own[c] -= factor * b[j * columns + c];
        }
        for (size_t c = 0; c < columns; c++) own[c] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        double *own = b + i * columns;
        for (size_t c = 0; c < columns; c++) own[c] /= l[i * n + i];
        for (size_t j = 0; j < i; j++) {
            double factor = l[i * n + j];
            for (size_t c = 0; c < columns; c++) b[j * columns + c] -= factor * own[c];
        }
    }
}
