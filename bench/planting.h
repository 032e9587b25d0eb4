/* Chooses which labels are changed, and to what, from a seed. What is chosen out of many
 * (clips, cells) is chosen by the first steps of a Fisher-Yates shuffle; another label is
 * one drawn uniformly among the others. */
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

#define PLANTING_LEFT_OUT                                                                          \
    SIZE_MAX /* in place of a label: the clip is no longer part of the set                         \
              */

/* Takes one label out of the set, so that the clips that had it belong to no class: they
 * get another label each until `percent` of the clips that are left are such errors, or
 * all of them have one; the others of that label are left out. label_count is at least 3
 * and every label occurs. Returns the number of changed labels. */
size_t planting_vocabulary(const size_t *labels, size_t count, size_t label_count, double percent,
                           uint64_t seed, size_t *planted);

#define PLANTING_CELL_CLIPS 4 /* a cell with fewer is no systematic error */

/* Errors that a whole group makes: takes `cells` of the cells (all clips of one label in one
 * group) that have PLANTING_CELL_CLIPS clips or more, all if there are fewer, and gives every
 * clip of a cell the same other label. groups (count) are 0 to group_count - 1. Returns the
 * number of changed labels; 0 if no cell is large enough. */
size_t planting_groups(const size_t *labels, size_t count, size_t label_count, const size_t *groups,
                       size_t group_count, size_t cells, uint64_t seed, size_t *planted);

#endif
