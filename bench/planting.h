/* Which labels are changed, and to what. The choice depends on the seed and the
 * number of clips only: clips by the first steps of a Fisher-Yates shuffle, then
 * for each, where errors are symmetric, a label evenly among the others. */
#ifndef EARMARK_BENCH_PLANTING_H
#define EARMARK_BENCH_PLANTING_H

#include <stddef.h>
#include <stdint.h>

enum planting_kind {
    PLANTING_SYMMETRIC, /* any other label */
    PLANTING_PAIR       /* the next label; after the last comes the first */
};

/* The argument of the programs; any other than 0 to 100 ends the program. */
double planting_percent(const char *text);

/* Changes `percent` of the labels, rounded to whole clips, into planted (count);
 * the others are copied. Labels are 0 to label_count - 1, of at least two.
 * Returns how many were changed. */
size_t planting_choose(enum planting_kind kind, const size_t *labels, size_t count,
                       size_t label_count, double percent, uint64_t seed, size_t *planted);

#endif
