/* Offers one row to the selections of its class. Included once per precision, with REAL, INDEX
 * and NAME(x) defined. */

#include "host/confident/lanes.h"

/* Whether any of LANES margins reaches its limit. */
static inline bool NAME(reaches)(const REAL *row, REAL mine, const REAL *least) {
    NAME(lanes) p;
    NAME(lanes) limit;
    uint64_t words[sizeof(NAME(marks)) / 8];
    memcpy(&p, row, sizeof p);
    memcpy(&limit, least, sizeof limit);
    NAME(marks) reached = p - mine >= limit;
    memcpy(words, &reached, sizeof words);
    uint64_t any = 0;
    for (size_t w = 0; w < sizeof words / 8; w++) any |= words[w];
    return any != 0;
}

/* row (classes) has given class k. least (classes): the smallest useful margin for each true
 * class, +infinity where no row is wanted. True when a selection's limit was lowered. */
static bool NAME(offer_row)(const REAL *row, size_t classes, size_t k, uint32_t place,
                            const REAL *least, struct smallest *selections) {
    REAL mine = row[k];
    bool cut = false;
    for (size_t j = 0; j < classes; j += LANES) {
        size_t end = j + LANES <= classes ? j + LANES : classes;
        if (end == j + LANES && !NAME(reaches)(row + j, mine, least + j)) continue;
        for (size_t l = j; l < end; l++)
            if (row[l] - mine >= least[l])
                cut |= smallest_offer(&selections[l], -(double)(row[l] - mine), place, place) != 0;
    }
    return cut;
}

/* Raises least (classes) to the limits of the selections; returns the lowest of them. */
static double NAME(update_least)(REAL *least, const struct smallest *selections, size_t classes) {
    REAL lowest = (REAL)INFINITY;
    for (size_t j = 0; j < classes; j++) {
        if (selections[j].wanted > 0 && (REAL)-selections[j].limit > least[j])
            least[j] = (REAL)-selections[j].limit;
        if (least[j] < lowest) lowest = least[j];
    }
    return (double)lowest;
}

#undef LANES
