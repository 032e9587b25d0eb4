/* Cholesky factorisation in float64. The order of the sums is fixed; what the processor can do
 * changes no bit. Matrices are row-major. */
#ifndef EARMARK_CLASSIFIER_CHOLESKY_H
#define EARMARK_CLASSIFIER_CHOLESKY_H

#include "host/base/error.h"

/* Numbers that cholesky_factorise() needs as working memory. */
size_t cholesky_memory(size_t n);

/* Replaces the lower triangle of a (n, n), symmetric and positive definite, by L with L L' = a;
 * the upper one is left alone. memory: cholesky_memory(n) numbers. False when a pivot is not a
 * finite number above 0; a is then of no use. */
bool cholesky_factorise(double *a, size_t n, double *memory);

/* Solves L L' x = b for `columns` right-hand sides b (n, columns), in place. */
void cholesky_solve(const double *l, size_t n, double *b, size_t columns);

#endif
