/* The `wanted` smallest of a stream of values, ties by order: a buffer of about twice that size,
 * cut back to the wanted ones whenever it is full. */
#ifndef EARMARK_CONFIDENT_SMALLEST_H
#define EARMARK_CONFIDENT_SMALLEST_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct candidate {
    double value;
    uint32_t order; /* ties: the lower one is smaller; distinct */
    uint32_t place; /* the caller's */
};

struct smallest {
    struct candidate *items; /* the caller's memory: (capacity) */
    size_t capacity;         /* smallest_capacity(wanted, rows) */
    size_t wanted;
    size_t count;
    double limit; /* values above it are not among the wanted ones */
};

/* Capacity for selecting `wanted` out of `rows` values. */
size_t smallest_capacity(size_t wanted, size_t rows);

/* If there are more than the wanted ones, removes the others and lowers the limit. */
void smallest_cut(struct smallest *smallest);

/* Adds a value unless it is above the limit; returns whether the limit was lowered. */
static inline int smallest_offer(struct smallest *smallest, double value, uint32_t order,
                                 uint32_t place) {
    if (value > smallest->limit) return 0;
    int cut = smallest->count == smallest->capacity;
    if (cut) {
        smallest_cut(smallest);
        /* It is still full where none is wanted. */
        if (value > smallest->limit || smallest->count == smallest->capacity) return 1;
    }
    smallest->items[smallest->count++] = (struct candidate){value, order, place};
    return cut;
}

#endif
