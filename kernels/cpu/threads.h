/* Threads of a parallel region, which OpenMP keeps. */
#ifndef EARMARK_CPU_THREADS_H
#define EARMARK_CPU_THREADS_H

#include "kernels/error.h"

#include <stddef.h>

/* First call in a parallel region whose threads execute products: holds oneDNN to the
 * calling thread. */
void threads_begin(void);

/* Last call: copies the thread's own error to the region's, which keeps the first. */
void threads_end(const struct error *mine, struct error *error);

/* The calling thread's number in its region, 0 .. num_threads - 1. */
size_t threads_number(void);

#endif
