/* Chooses which labels are changed, and to what. The choice depends only on the seed
 * and the number of clips: clips by the first steps of a Fisher-Yates shuffle, then
 * for each clip, if errors are symmetric, a label uniformly among the others. */
#ifndef EARMARK_BENCH_PLANTING_H
#define EARMARK_BENCH_PLANTING_H

#include <stddef.h>
#include <stdint.h>

enum planting_kind {
    PLANTING_SYMMETRIC, /* any other label */
    PLANTING_PAIR       /* the next label; after the last comes the first */
};

/* Parses the programs' argument PERCENT; a value outside 0 to 100 ends the program. */
double planting_percent(const char *text);

/* Copies labels (count) to planted (count) and changes `percent` of them, rounded to
 * whole clips. Labels are 0 to label_count - 1; label_count is at least 2. Returns
 * the number of changed labels. */
size_t planting_choose(enum planting_kind kind, const size_t *labels, size_t count,
                       size_t label_count, double percent, uint64_t seed, size_t *planted);

#endif
