#include "host/confident/select.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/confident/smallest.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define PREFETCH_ROWS 6 /* rows of a class are far apart in memory */

#define VECTOR 16
#define REAL float
#define INDEX int32_t
#define NAME(name) name##_float32
#include "host/confident/select_row.h"
#undef REAL
#undef INDEX
#undef NAME
#define REAL double
#define INDEX int64_t
#define NAME(name) name##_float64
#include "host/confident/select_row.h"

static bool class_is_eligible(const struct scan *scan, size_t k, int64_t min_examples_per_class) {
    uint64_t count = scan_class_count(scan, k);
    if (count <= 1) return false;
    return min_examples_per_class < 0 || count > (uint64_t)min_examples_per_class;
}

/* ---- by noise rate ---- */

/* The selections of one given class, one for each true class. */
struct class_selection {
    struct scan *scan;
    size_t k;
    struct smallest *selections; /* (classes): wanted is 0 where none is wanted */
    void *least;                 /* (classes) in the input's precision: smallest useful margin */
    void *block;                 /* one row, when rows are converted */
    struct candidate *pool;
    double lowest; /* of least: rows whose best margin is below it are skipped */
};

static void set_least(struct class_selection *own, size_t j, double least) {
    if (own->scan->rows.single)
        ((float *)own->least)[j] = (float)least;
    else
        ((double *)own->least)[j] = least;
}

static void update_least(struct class_selection *own) {
    own->lowest = own->scan->rows.single
                      ? update_least_float32(own->least, own->selections, own->scan->classes)
                      : update_least_float64(own->least, own->selections, own->scan->classes);
}

/* Offers the class's rows that are vetoed, or those that are not, to the selections. */
static void offer_rows(struct class_selection *own, bool vetoed) {
    const struct scan *scan = own->scan;
    const struct rows *rows = &scan->rows;
    size_t row_bytes = rows->classes * rows_element_size(rows);
    size_t end = scan->class_starts[own->k + 1];
    for (size_t place = scan->class_starts[own->k]; place < end; place++) {
        size_t ahead = place + PREFETCH_ROWS;
        if (rows->direct != NULL && !vetoed && ahead < end &&
            (scan->states[ahead] & STATE_VETOED) == 0) {
            const char *line = (const char *)rows->direct + scan->row_of[ahead] * row_bytes;
            for (size_t byte = 0; byte < row_bytes; byte += 64) __builtin_prefetch(line + byte);
        }
        if (((scan->states[place] & STATE_VETOED) != 0) != vetoed) continue;
        double best = rows_round(rows, scan_other(scan, place) - scan_given(scan, place));
        if (best < own->lowest) continue;
        const void *row = rows_block(rows, scan->row_of[place], 1, own->block);
        bool cut = rows->single ? offer_row_float32(row, scan->classes, own->k, (uint32_t)place,
                                                    own->least, own->selections)
                                : offer_row_float64(row, scan->classes, own->k, (uint32_t)place,
                                                    own->least, own->selections);
        if (cut) update_least(own);
    }
}

/* Vetoed rows matter only where they displace others: raises `least` to the smallest margin that
 * is selected so far. */
static void narrow_to_selected(struct class_selection *own) {
    uint64_t rows = scan_class_count(own->scan, own->k);
    for (size_t j = 0; j < own->scan->classes; j++) {
        struct smallest *selection = &own->selections[j];
        if (selection->wanted == 0) continue;
        smallest_cut(selection);
        double least = INFINITY;
        for (size_t i = 0; i < selection->count && selection->wanted < rows; i++)
            if (-selection->items[i].value < least) least = -selection->items[i].value;
        set_least(own, j, least);
    }
    update_least(own);
}

static enum error_code plan_class(struct class_selection *own, const int64_t *prune,
                                  struct error *error) {
    size_t classes = own->scan->classes;
    size_t rows = scan_class_count(own->scan, own->k);
    size_t total = 0;
    for (size_t j = 0; j < classes; j++) {
        int64_t wanted = j == own->k ? 0 : prune[own->k * classes + j];
        struct smallest *selection = &own->selections[j];
        *selection = (struct smallest){.limit = INFINITY};
        set_least(own, j, wanted > 0 ? -INFINITY : INFINITY);
        if (wanted <= 0) continue;
        selection->wanted = (uint64_t)wanted < rows ? (size_t)wanted : rows;
        selection->capacity = smallest_capacity(selection->wanted, rows);
        total += selection->capacity;
    }
    own->lowest = total > 0 ? -INFINITY : INFINITY;
    own->pool = scratch_array(total, sizeof *own->pool, "rows to select", error);
    if (own->pool == NULL) return error->code;
    struct candidate *items = own->pool;
    for (size_t j = 0; j < classes; j++) {
        own->selections[j].items = items;
        items += own->selections[j].capacity;
    }
    return ERROR_NONE;
}

static enum error_code select_class(struct class_selection *own, const int64_t *prune,
                                    struct error *error) {
    if (plan_class(own, prune, error) == ERROR_NONE) {
        offer_rows(own, false);
        narrow_to_selected(own);
        offer_rows(own, true);
        for (size_t j = 0; j < own->scan->classes; j++) {
            struct smallest *selection = &own->selections[j];
            smallest_cut(selection);
            for (size_t i = 0; i < selection->count; i++) {
                uint32_t *state = &own->scan->states[selection->items[i].place];
                if ((*state & STATE_VETOED) == 0) *state |= STATE_BY_NOISE_RATE;
            }
        }
    }
    scratch_free(own->pool);
    own->pool = NULL;
    return error->code;
}

enum error_code select_by_noise_rate(struct scan *scan, const int64_t *prune,
                                     int64_t min_examples_per_class, struct error *error) {
    size_t classes = scan->classes;
    size_t threads = (size_t)scan->threads;
    size_t row_bytes = classes * sizeof(double);
    struct smallest *selections =
        memory_array(threads * classes, sizeof *selections, "selections", error);
    char *least = memory_array(threads, row_bytes, "selections", error);
    char *blocks = memory_array(threads, row_bytes, "rows", error);
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel num_threads(scan->threads)
    {
        size_t thread = (size_t)omp_get_thread_num();
        struct class_selection own = {.scan = scan,
                                      .selections = selections + thread * classes,
                                      .least = least + thread * row_bytes,
                                      .block = blocks + thread * row_bytes};
        struct error failure = ERROR_INITIAL;
#pragma omp for schedule(dynamic)
        for (size_t k = 0; k < classes; k++) {
            own.k = k;
            if (failure.code == ERROR_NONE && class_is_eligible(scan, k, min_examples_per_class))
                select_class(&own, prune, &failure);
        }
        if (failure.code != ERROR_NONE)
#pragma omp critical(confident_selection)
            FAIL(error, failure.code, "%s", failure.message);
    }
done:
    free(blocks);
    free(least);
    free(selections);
    return error->code;
}

/* ---- by class, by score ---- */

enum error_code select_by_class(struct scan *scan, const int64_t *prune,
                                int64_t min_examples_per_class, struct error *error) {
    struct candidate *pool = NULL;
    for (size_t k = 0; k < scan->classes && error->code == ERROR_NONE; k++) {
        int64_t kept = prune[k * scan->classes + k];
        int64_t rows = (int64_t)scan_class_count(scan, k);
        if (!class_is_eligible(scan, k, min_examples_per_class) || kept >= rows) continue;
        struct smallest selection = {.wanted = (size_t)(kept < 0 ? rows : rows - kept),
                                     .limit = INFINITY};
        selection.capacity = smallest_capacity(selection.wanted, (size_t)rows);
        pool = scratch_array(selection.capacity, sizeof *pool, "rows to select", error);
        if (pool == NULL) break;
        selection.items = pool;
        for (size_t place = scan->class_starts[k]; place < scan->class_starts[k + 1]; place++)
            smallest_offer(&selection, scan_given(scan, place), (uint32_t)place, (uint32_t)place);
        smallest_cut(&selection);
        for (size_t i = 0; i < selection.count; i++) {
            uint32_t *state = &scan->states[pool[i].place];
            if ((*state & STATE_VETOED) == 0) *state |= STATE_FLAGGED;
        }
        scratch_free(pool);
    }
    return error->code;
}

enum error_code select_lowest(struct scan *scan, enum confident_filter filter, uint64_t count,
                              struct error *error) {
    size_t rows = scan->rows.count;
    struct smallest selection = {.wanted = count < rows ? (size_t)count : rows, .limit = INFINITY};
    selection.capacity = smallest_capacity(selection.wanted, rows);
    selection.items =
        scratch_array(selection.capacity, sizeof *selection.items, "rows to select", error);
    if (selection.items == NULL) return error->code;
    for (size_t place = 0; place < rows; place++) {
        double score = scan_given(scan, place);
        if (filter == FILTER_LOW_NORMALIZED_MARGIN) score = scan_margin(scan, place);
        smallest_offer(&selection, score, scan->row_of[place], (uint32_t)place);
    }
    smallest_cut(&selection);
    for (size_t i = 0; i < selection.count; i++)
        scan->states[selection.items[i].place] |= STATE_FLAGGED;
    scratch_free(selection.items);
    return ERROR_NONE;
}
