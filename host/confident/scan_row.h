/* What one row says. Included once per precision: REAL, NAME(x), LANES. */

/* Thresholds and row are (classes). The loop over lanes is what compilers turn into
 * vector instructions. */
static struct row_view NAME(view_row)(const REAL *row, size_t classes, size_t given,
                                      const REAL *thresholds) {
    REAL highest[LANES];
    REAL second[LANES];
    INDEX passes[LANES];
    INDEX passing[LANES];
    INDEX bad[LANES];
    for (size_t l = 0; l < LANES; l++) {
        highest[l] = second[l] = -1;
        passes[l] = passing[l] = bad[l] = 0;
    }
    for (size_t k = 0; k + LANES <= classes; k += LANES)
        for (size_t l = 0; l < LANES; l++) {
            REAL p = row[k + l];
            INDEX pass = -(INDEX)(p >= thresholds[k + l]);
            REAL lower = p < highest[l] ? p : highest[l];
            bad[l] |= -(INDEX) !(p >= (REAL)-1e-6) | -(INDEX) !(p <= (REAL)(1 + 1e-6));
            highest[l] = p > highest[l] ? p : highest[l];
            second[l] = lower > second[l] ? lower : second[l];
            passes[l] -= pass;
            passing[l] |= pass & (INDEX)(k + l);
        }
    for (size_t k = classes - classes % LANES; k < classes; k++) {
        size_t l = k % LANES;
        REAL p = row[k];
        bad[l] |= !(p >= (REAL)-1e-6) | !(p <= (REAL)(1 + 1e-6));
        REAL lower = p < highest[l] ? p : highest[l];
        highest[l] = p > highest[l] ? p : highest[l];
        second[l] = lower > second[l] ? lower : second[l];
        if (p >= thresholds[k]) {
            passes[l]++;
            passing[l] |= (INDEX)k;
        }
    }
    struct row_view view = {0};
    REAL top = -1;
    REAL next = -1;
    for (size_t l = 0; l < LANES; l++) {
        REAL lower = highest[l] < top ? highest[l] : top;
        top = highest[l] > top ? highest[l] : top;
        next = lower > next ? lower : next;
        next = second[l] > next ? second[l] : next;
        view.passes += (size_t)passes[l];
        view.guess |= (size_t)passing[l];
        view.bad |= bad[l] != 0;
    }
    if (view.bad) return view;
    REAL mine = row[given];
    REAL other = mine == top ? next : top;
    REAL raised = mine + (REAL)1e-6;
    size_t first = given;
    if (view.passes > 1 || other >= mine) {
        first = 0;
        while (row[first] != top) first++;
    }
    if (view.passes > 1) view.guess = first;
    view.unequal = first != given;
    view.vetoed = raised > other;
    if (raised == other) { /* the first of equals counts */
        size_t equal = 0;
        while (equal == given || row[equal] != other) equal++;
        view.vetoed = given < equal;
    }
    view.other = (double)other;
    return view;
}
