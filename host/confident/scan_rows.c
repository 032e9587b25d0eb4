/* The second pass: every row is read once, in blocks. */
#include "host/base/memory.h"
#include "host/confident/scan.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct row_view {
    size_t passes; /* classes at or above their threshold */
    size_t guess;  /* meaningful when passes > 0 */
    double other;  /* the highest probability of the other classes */
    bool unequal;  /* STATE_UNEQUAL */
    bool vetoed;   /* STATE_VETOED */
    bool bad;      /* a probability is out of range */
};

/* (classes) numbers in the input's precision, thresholds likewise. */
typedef struct row_view view_row_function(const void *row, size_t classes, size_t given,
                                          const void *thresholds);

#define VECTOR 16
#define TARGET
#define REAL float
#define INDEX int32_t
#define NAME(name) name##_float32
#include "host/confident/scan_row.h"
#undef REAL
#undef INDEX
#undef NAME
#define REAL double
#define INDEX int64_t
#define NAME(name) name##_float64
#include "host/confident/scan_row.h"
#undef REAL
#undef INDEX
#undef NAME
#undef VECTOR
#undef TARGET

#ifdef __x86_64__
#define VECTOR 32
#define TARGET __attribute__((target("avx2")))
#define REAL float
#define INDEX int32_t
#define NAME(name) name##_float32_avx2
#include "host/confident/scan_row.h"
#undef REAL
#undef INDEX
#undef NAME
#define REAL double
#define INDEX int64_t
#define NAME(name) name##_float64_avx2
#include "host/confident/scan_row.h"
#endif

/* The same answer with all of them. */
static view_row_function *choose_function(bool single) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return single ? view_row_float32_avx2 : view_row_float64_avx2;
#endif
    return single ? view_row_float32 : view_row_float64;
}

/* One thread's buffers. */
struct scratch {
    size_t *places;   /* (classes) */
    char *block;      /* (block_rows, classes), when rows are converted */
    void *thresholds; /* (classes) in the input's precision: shared by all threads */
    size_t block_rows;
    view_row_function *view_row;
};

/* The limits that probabilities are compared with: threshold - 1e-6 in numpy's arithmetic.
 * numpy's thresholds of float32 input are float32, but float64 when a class has no rows;
 * rounding the limit up then makes the comparison in float32 exact. */
static void lower_thresholds(const struct scan *scan, const double *thresholds, void *lowered) {
    bool missing = scan_misses_class(scan);
    for (size_t k = 0; k < scan->classes; k++) {
        double limit = thresholds[k] - 1e-6;
        if (!scan->rows.single) {
            ((double *)lowered)[k] = limit;
        } else if (!missing) {
            ((float *)lowered)[k] = (float)thresholds[k] - 1e-6f;
        } else {
            float rounded = (float)limit;
            if ((double)rounded < limit) rounded = nextafterf(rounded, INFINITY);
            ((float *)lowered)[k] = rounded;
        }
    }
}

/* About every other row has a guess: a branch on that would be mispredicted as often. */
static uint32_t state_of(const struct row_view *view, size_t given) {
    uint32_t state = view->passes > 0 ? (uint32_t)view->guess + 1 : 0;
    if (view->passes > 0 && view->guess != given) state |= STATE_OFF_DIAGONAL;
    if (view->vetoed) state |= STATE_VETOED;
    if (view->unequal) state |= STATE_UNEQUAL;
    return state;
}

/* Scans one chunk; returns its first row that is out of range, or SIZE_MAX. */
static size_t scan_chunk(struct scan *scan, size_t chunk, const struct scratch *scratch) {
    struct label_run run = {.count = 0};
    size_t classes = scan->classes;
    size_t row_bytes = classes * rows_element_size(&scan->rows);
    memcpy(scratch->places, scan->starts + chunk * classes, classes * sizeof(size_t));
    while (scan_next_labels(scan, chunk, &run)) {
        for (size_t done = 0; done < run.count; done += scratch->block_rows) {
            size_t count = run.count - done;
            if (count > scratch->block_rows) count = scratch->block_rows;
            const char *block = rows_block(&scan->rows, run.first + done, count, scratch->block);
            for (size_t i = 0; i < count; i++) {
                size_t given = (size_t)run.values[done + i];
                size_t place = scratch->places[given]++;
                struct row_view view =
                    scratch->view_row(block + i * row_bytes, classes, given, scratch->thresholds);
                if (scan->rows.single)
                    ((float *)scan->other)[place] = (float)view.other;
                else
                    ((double *)scan->other)[place] = view.other;
                if (view.bad) return run.first + done + i;
                if (scan->self_confidence != NULL)
                    scan->self_confidence[run.first + done + i] = scan_given(scan, place);
                scan->states[place] = state_of(&view, given);
            }
        }
    }
    return SIZE_MAX;
}

static enum error_code refuse_row(const struct scan *scan, size_t row, struct error *error) {
    for (size_t k = 0; k < scan->classes; k++) {
        double p = rows_element(&scan->rows, row, k);
        if (isnan(p))
            return FAIL(error, ERROR_DATA, "row %zu, class %zu: the probability is NaN", row, k);
        if (p < -1e-6)
            return FAIL(error, ERROR_DATA,
                        "row %zu, class %zu: the probability %.9g is below 0 (by more than 1e-6)",
                        row, k, p);
        if (p > 1 + 1e-6)
            return FAIL(error, ERROR_DATA,
                        "row %zu, class %zu: the probability %.9g is above 1 (by more than 1e-6)",
                        row, k, p);
    }
    return FAIL(error, ERROR_DATA, "row %zu: a probability is not between 0 and 1", row);
}

/* Each class is counted by one thread, so that threads do not share rows of the table. */
static void count_joint(const struct scan *scan, size_t k, int64_t *joint) {
    int64_t same = 0; /* of about every other row: without a branch and a count in memory */
    for (size_t place = scan->class_starts[k]; place < scan->class_starts[k + 1]; place++) {
        uint32_t guess = scan->states[place] & STATE_GUESS;
        same += guess == k + 1;
        if ((scan->states[place] & STATE_OFF_DIAGONAL) != 0) joint[k * scan->classes + guess - 1]++;
    }
    joint[k * scan->classes + k] += same;
}

enum error_code scan_rows(struct scan *scan, const double *thresholds, int64_t *joint,
                          struct error *error) {
    size_t bad = SIZE_MAX;
    size_t element = rows_element_size(&scan->rows);
    size_t threads = (size_t)scan->threads;
    struct scratch shared = {.block_rows = rows_per_block(&scan->rows),
                             .view_row = choose_function(scan->rows.single)};
    size_t block_bytes = (shared.block_rows * scan->classes * element + 63) / 64 * 64;
    size_t *places = memory_array(threads * scan->classes, sizeof *places, "places", error);
    char *blocks =
        memory_array(scan->rows.direct == NULL ? threads : 0, block_bytes, "blocks of rows", error);
    shared.thresholds = memory_array(scan->classes, element, "thresholds", error);
    if (error->code != ERROR_NONE) goto done;
    lower_thresholds(scan, thresholds, shared.thresholds);
#pragma omp parallel num_threads(scan->threads)
    {
        size_t thread = (size_t)omp_get_thread_num();
        struct scratch own = shared;
        own.places = places + thread * scan->classes;
        own.block = scan->rows.direct == NULL ? blocks + thread * block_bytes : NULL;
#pragma omp for schedule(dynamic) reduction(min : bad)
        for (size_t chunk = 0; chunk < scan->chunks; chunk++) {
            size_t row = scan_chunk(scan, chunk, &own);
            if (row < bad) bad = row;
        }
    }
    if (bad != SIZE_MAX) {
        refuse_row(scan, bad, error);
        goto done;
    }
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic)
    for (size_t k = 0; k < scan->classes; k++) count_joint(scan, k, joint);
done:
    free(places);
    free(blocks);
    free(shared.thresholds);
    return error->code;
}
