/* Looks at one row. Included once per precision and size of vectors, with REAL, INDEX, VECTOR,
 * NAME(x) and TARGET, the instructions that the functions may use, defined. */

#include "host/confident/lanes.h"

/* What each lane has seen. */
struct NAME(lane_state) {
    NAME(lanes) other; /* the highest value of the classes that are not given */
    NAME(marks) good;
    NAME(marks) passes;
    NAME(marks) passing; /* the class that passed, if one did */
};

TARGET static inline NAME(lanes) NAME(choose)(NAME(marks) mask, NAME(lanes) yes, NAME(lanes) no) {
    return (NAME(lanes))((mask & (NAME(marks))yes) | (~mask & (NAME(marks))no));
}

TARGET static inline void NAME(look)(struct NAME(lane_state) * state, NAME(lanes) p,
                                     const REAL *thresholds, NAME(marks) index, INDEX given) {
    NAME(lanes) threshold;
    memcpy(&threshold, thresholds, sizeof threshold);
    NAME(marks) pass = p >= threshold;
    state->passes -= pass;
    state->passing |= pass & index;
    state->good &= (p >= (REAL)-1e-6) & (p <= (REAL)(1 + 1e-6));
    NAME(lanes) other = NAME(choose)(index == given, (NAME(lanes)){0} - 1, p);
    state->other = NAME(choose)(other > state->other, other, state->other);
}

/* Combines the lanes. */
TARGET static inline struct row_view NAME(gather)(const struct NAME(lane_state) * state) {
    struct row_view view = {0};
    REAL other = -1;
    INDEX good = -1;
    INDEX passes = 0;
    INDEX passing = 0;
    for (size_t l = 0; l < LANES; l++) {
        other = state->other[l] > other ? state->other[l] : other;
        good &= state->good[l];
        passes += state->passes[l];
        passing |= state->passing[l];
    }
    view.other = (double)other;
    view.bad = good == 0;
    view.passes = (size_t)passes;
    view.guess = (size_t)passing;
    return view;
}

/* Thresholds and row are (classes). */
TARGET static struct row_view NAME(view_row)(const void *numbers, size_t classes, size_t given,
                                             const void *limits_of_classes) {
    const REAL *row = numbers;
    const REAL *thresholds = limits_of_classes;
    REAL wide[LANES];
    REAL limits[LANES];
    size_t width = classes;
    if (classes < LANES) { /* padded with values that change nothing */
        for (size_t l = 0; l < LANES; l++) {
            wide[l] = l < classes ? row[l] : (REAL)-1e-6;
            limits[l] = l < classes ? thresholds[l] : (REAL)INFINITY;
        }
        row = wide;
        thresholds = limits;
        width = LANES;
    }
    struct NAME(lane_state) state = {.other = (NAME(lanes)){0} - 1, .good = ~(NAME(marks)){0}};
    NAME(lanes) p;
    NAME(marks) index;
    for (size_t l = 0; l < LANES; l++) index[l] = (INDEX)l;
    size_t k = 0;
    for (; k + LANES <= width; k += LANES, index += (INDEX)LANES) {
        memcpy(&p, row + k, sizeof p);
        NAME(look)(&state, p, thresholds + k, index, (INDEX)given);
    }
    if (k < width) { /* the last classes, without those that were seen: below every threshold */
        memcpy(&p, row + width - LANES, sizeof p);
        index -= (INDEX)(k + LANES - width);
        p = NAME(choose)(index < (INDEX)k, (NAME(lanes)){0} - (REAL)1e-6, p);
        NAME(look)(&state, p, thresholds + width - LANES, index, (INDEX)given);
    }
    struct row_view view = NAME(gather)(&state);
    if (view.bad) return view;
    REAL mine = row[given];
    REAL other = (REAL)view.other;
    REAL top = other > mine ? other : mine;
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
    return view;
}

#undef LANES
