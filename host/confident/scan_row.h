/* Looks at one row. Included once per precision and size of vectors, with REAL, INDEX, VECTOR,
 * NAME(x) and TARGET, the instructions that the functions may use, defined. */

#include "host/confident/lanes.h"

/* What each lane has seen. `second` is the second highest value, which may equal the highest. */
struct NAME(lane_state) {
    NAME(lanes) highest;
    NAME(lanes) second;
    NAME(marks) good;
    NAME(marks) passes;
    NAME(marks) passing; /* the class that passed, if one did */
};

TARGET static inline void NAME(look)(struct NAME(lane_state) * state, const REAL *row,
                                     const REAL *thresholds, NAME(marks) index) {
    NAME(lanes) p;
    NAME(lanes) threshold;
    memcpy(&p, row, sizeof p);
    memcpy(&threshold, thresholds, sizeof threshold);
    NAME(marks) pass = p >= threshold;
    state->passes -= pass;
    state->passing |= pass & index;
    state->good &= (p >= (REAL)-1e-6) & (p <= (REAL)(1 + 1e-6));
    NAME(marks) up = p > state->highest;
    NAME(lanes) lower = (NAME(lanes))((up & (NAME(marks))state->highest) | (~up & (NAME(marks))p));
    state->highest = (NAME(lanes))((up & (NAME(marks))p) | (~up & (NAME(marks))state->highest));
    up = lower > state->second;
    state->second = (NAME(lanes))((up & (NAME(marks))lower) | (~up & (NAME(marks))state->second));
}

/* Combines the lanes. */
TARGET static inline struct row_view NAME(gather)(const struct NAME(lane_state) * state,
                                                  REAL *highest, REAL *second) {
    struct row_view view = {0};
    REAL top = -1;
    REAL next = -1;
    for (size_t l = 0; l < LANES; l++) {
        REAL lower = state->highest[l] < top ? state->highest[l] : top;
        top = state->highest[l] > top ? state->highest[l] : top;
        next = lower > next ? lower : next;
        next = state->second[l] > next ? state->second[l] : next;
        view.passes += (size_t)state->passes[l];
        view.guess |= (size_t)state->passing[l];
        view.bad |= state->good[l] == 0;
    }
    *highest = top;
    *second = next;
    return view;
}

/* Thresholds and row are (classes). */
TARGET static struct row_view NAME(view_row)(const void *numbers, size_t classes, size_t given,
                                             const void *limits_of_classes) {
    const REAL *row = numbers;
    const REAL *thresholds = limits_of_classes;
    struct NAME(lane_state) state = {
        .highest = (NAME(lanes)){0} - 1, .second = (NAME(lanes)){0} - 1, .good = ~(NAME(marks)){0}};
    NAME(marks) index;
    for (size_t l = 0; l < LANES; l++) index[l] = (INDEX)l;
    size_t k = 0;
    for (; k + LANES <= classes; k += LANES, index += (INDEX)LANES)
        NAME(look)(&state, row + k, thresholds + k, index);
    if (k < classes) { /* the rest, padded with values that change nothing */
        REAL rest[LANES] = {0};
        REAL limits[LANES];
        for (size_t l = 0; l < LANES; l++) {
            rest[l] = k + l < classes ? row[k + l] : (REAL)-1e-6;
            limits[l] = k + l < classes ? thresholds[k + l] : (REAL)INFINITY;
        }
        NAME(look)(&state, rest, limits, index);
    }
    REAL top;
    REAL next;
    struct row_view view = NAME(gather)(&state, &top, &next);
    if (view.bad) return view;
    REAL mine = row[given];
    REAL other = mine == top ? next : top;
    REAL raised = mine + (REAL)1e-6;
    size_t first = given;
    if (view.passes > 1 || other >= mine) {
        /* The ends of the two searches are for a mapped row that changes while it is read. */
        first = 0;
        while (first + 1 < classes && row[first] != top) first++;
    }
    if (view.passes > 1) view.guess = first;
    view.unequal = first != given;
    view.vetoed = raised > other;
    if (raised == other) { /* among equals, the first counts */
        size_t equal = 0;
        while (equal < classes && (equal == given || row[equal] != other)) equal++;
        view.vetoed = given < equal;
    }
    view.other = (double)other;
    return view;
}

#undef LANES
