/* Offering one row to the selections of its class. Included once per precision:
 * REAL, NAME(x), LANES. */

/* row (classes) has given class k; least (classes) is the smallest margin that is of
 * interest for a true class, +infinity where none is wanted. */
static bool NAME(offer_row)(const REAL *row, size_t classes, size_t k, uint32_t place,
                            const REAL *least, struct smallest *selections) {
    REAL mine = row[k];
    bool cut = false;
    size_t j = 0;
    for (; j + LANES <= classes; j += LANES) {
        INDEX any = 0;
        for (size_t l = 0; l < LANES; l++) any |= -(INDEX)(row[j + l] - mine >= least[j + l]);
        if (any == 0) continue;
        for (size_t l = 0; l < LANES; l++)
            if (row[j + l] - mine >= least[j + l])
                cut |= smallest_offer(&selections[j + l], -(double)(row[j + l] - mine), place,
                                      place) != 0;
    }
    for (; j < classes; j++)
        if (row[j] - mine >= least[j])
            cut |= smallest_offer(&selections[j], -(double)(row[j] - mine), place, place) != 0;
    return cut;
}

/* After a cut: takes over the limits; returns the lowest of them. */
static double NAME(update_least)(REAL *least, const struct smallest *selections, size_t classes) {
    REAL lowest = (REAL)INFINITY;
    for (size_t j = 0; j < classes; j++) {
        if (selections[j].wanted > 0 && (REAL)-selections[j].limit > least[j])
            least[j] = (REAL)-selections[j].limit;
        if (least[j] < lowest) lowest = least[j];
    }
    return (double)lowest;
}
