/* Sorting that needs no memory: qsort() takes as much as the array has, which no bound would
 * count. */
#ifndef EARMARK_BASE_SORT_H
#define EARMARK_BASE_SORT_H

#include <stddef.h>

/* Sorts `count` items of `size` bytes, at most SORT_ITEM, in place. No two items may be equal, or
 * it must not matter which comes first. */
#define SORT_ITEM 64
void sort_in_place(void *items, size_t count, size_t size,
                   int (*compare)(const void *, const void *));

/* The same, as qsort_r(). */
void sort_in_place_with(void *items, size_t count, size_t size,
                        int (*compare)(const void *, const void *, void *), void *context);

#endif
