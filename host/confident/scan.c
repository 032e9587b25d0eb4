#include "host/confident/scan.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/confident/pairwise.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#define CHUNKS 64
#define THREAD_NUMBERS ((size_t)1 << 16)
#define PREFETCH_ROWS ((size_t)24)
#define CHUNK_MINIMUM ((size_t)1024)

/* ---- labels ---- */

bool scan_next_labels(const struct scan *scan, size_t chunk, struct label_run *run) {
    size_t end = (chunk + 1) * scan->chunk_rows;
    if (end > scan->rows.count) end = scan->rows.count;
    size_t first = run->count == 0 ? chunk * scan->chunk_rows : run->first + run->count;
    if (first >= end) return false;
    struct error error = ERROR_INITIAL;
    run->first = first;
    run->count = end - first < SCAN_LABEL_RUN ? end - first : SCAN_LABEL_RUN;
    return npy_copy_int64(scan->labels, first, run->count, run->values, &error) == ERROR_NONE;
}

static enum error_code check_shapes(const struct confident_input *input, struct error *error) {
    const struct npy_array *labels = &input->labels;
    const struct npy_array *p = &input->probabilities;
    if (labels->dimensions != 1)
        return FAIL(error, ERROR_DATA, "the labels have %zu dimensions instead of one",
                    labels->dimensions);
    if (!npy_type_is_integer(labels->type))
        return FAIL(
            error, ERROR_DATA,
            "the labels are %s instead of integers: convert them to class numbers 0, 1, ...",
            npy_type_name(labels->type));
    if (p->dimensions != 2)
        return FAIL(error, ERROR_DATA,
                    "the probabilities have %zu dimensions instead of two (rows, classes)",
                    p->dimensions);
    if (labels->rows != p->rows)
        return FAIL(error, ERROR_DATA, "%zu labels, but %zu rows of probabilities", labels->rows,
                    p->rows);
    if (p->rows == 0) return FAIL(error, ERROR_DATA, "no rows: labels and probabilities are empty");
    if (p->columns < 2)
        return FAIL(error, ERROR_DATA,
                    "the probabilities have %zu column: at least two classes are needed",
                    p->columns);
    if (p->rows > UINT32_MAX || p->columns >= STATE_GUESS)
        return FAIL(error, ERROR_UNSUPPORTED, "%zu rows x %zu classes: at most %u rows are handled",
                    p->rows, p->columns, UINT32_MAX);
    return ERROR_NONE;
}

/* Counts the labels of a chunk; returns its first row with an invalid label, or SIZE_MAX. */
static size_t count_chunk(const struct scan *scan, size_t chunk) {
    size_t *counts = scan->starts + chunk * scan->classes;
    struct label_run run = {.count = 0};
    while (scan_next_labels(scan, chunk, &run))
        for (size_t i = 0; i < run.count; i++) {
            uint64_t label = (uint64_t)run.values[i]; /* negative ones become large */
            if (label >= scan->classes) return run.first + i;
            counts[label]++;
        }
    return SIZE_MAX;
}

static enum error_code count_labels(const struct scan *scan, struct error *error) {
    size_t bad = SIZE_MAX;
    if (scan->labels->type == NPY_UINT64) { /* the only type that may exceed int64 */
        for (size_t i = 0; i < scan->rows.count; i++) {
            int64_t value;
            TRY(npy_copy_int64(scan->labels, i, 1, &value, error));
        }
    }
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic) reduction(min : bad)
    for (size_t chunk = 0; chunk < scan->chunks; chunk++) {
        size_t row = count_chunk(scan, chunk);
        if (row < bad) bad = row;
    }
    if (bad == SIZE_MAX) return ERROR_NONE;
    int64_t value = 0;
    TRY(npy_copy_int64(scan->labels, bad, 1, &value, error));
    if (value < 0)
        return FAIL(error, ERROR_DATA, "row %zu: the label %" PRId64 " is negative", bad, value);
    return FAIL(error, ERROR_DATA,
                "row %zu: the label %" PRId64
                " has no column: the probabilities have classes 0 to %zu",
                bad, value, scan->classes - 1);
}

/* Turns the counts of the chunks into the places where their rows begin. */
static void place_classes(struct scan *scan) {
    size_t place = 0;
    for (size_t k = 0; k < scan->classes; k++) {
        scan->class_starts[k] = place;
        for (size_t chunk = 0; chunk < scan->chunks; chunk++) {
            size_t count = scan->starts[chunk * scan->classes + k];
            scan->starts[chunk * scan->classes + k] = place;
            place += count;
        }
    }
    scan->class_starts[scan->classes] = place;
}

static enum error_code check_classes(const struct scan *scan, bool one_class_allowed,
                                     struct error *error) {
    for (size_t k = 0; k < scan->classes; k++) {
        if (scan_class_count(scan, k) != scan->rows.count) continue;
        if (one_class_allowed && k == 0) continue;
        return FAIL(error, ERROR_DATA,
                    "all %zu labels are class %zu: at least two classes must occur",
                    scan->rows.count, k);
    }
    return ERROR_NONE;
}

/* Waking a thread takes longer than reading a few thousand numbers. */
static int useful_threads(const struct rows *rows, int threads) {
    size_t useful = rows->count / (THREAD_NUMBERS / rows->classes + 1) + 1;
    return threads < 1 ? 1 : (size_t)threads < useful ? threads : (int)useful;
}

enum error_code scan_open(const struct confident_input *input, struct scan *scan,
                          struct error *error) {
    *scan = (struct scan){.labels = &input->labels};
    TRY(check_shapes(input, error));
    scan->rows = rows_of(&input->probabilities);
    scan->classes = scan->rows.classes;
    scan->threads = useful_threads(&scan->rows, input->threads);
    size_t rows = scan->rows.count;
    scan->chunk_rows = (rows + CHUNKS - 1) / CHUNKS;
    if (scan->chunk_rows < CHUNK_MINIMUM) scan->chunk_rows = CHUNK_MINIMUM;
    scan->chunks = (rows + scan->chunk_rows - 1) / scan->chunk_rows;
    scan->starts = memory_array(scan->chunks * scan->classes, sizeof(size_t), "classes", error);
    scan->class_starts = memory_array(scan->classes + 1, sizeof(size_t), "classes", error);
    scan->row_of = scratch_array(rows, sizeof(uint32_t), "rows", error);
    scan->given = scratch_array(rows, rows_element_size(&scan->rows), "rows", error);
    scan->other = scratch_array(rows, rows_element_size(&scan->rows), "rows", error);
    scan->states = scratch_array(rows, sizeof(uint32_t), "rows", error);
    if (error->code == ERROR_NONE && count_labels(scan, error) == ERROR_NONE) {
        place_classes(scan);
        check_classes(scan, input->one_class_allowed, error);
    }
    if (error->code != ERROR_NONE) scan_close(scan);
    return error->code;
}

void scan_close(struct scan *scan) {
    scratch_free(scan->states);
    scratch_free(scan->other);
    scratch_free(scan->given);
    scratch_free(scan->row_of);
    free(scan->class_starts);
    free(scan->starts);
    *scan = (struct scan){.classes = 0};
}

/* ---- first pass ---- */

static void gather_chunk(struct scan *scan, size_t chunk, size_t *places) {
    struct label_run run = {.count = 0};
    for (size_t k = 0; k < scan->classes; k++) places[k] = scan->starts[chunk * scan->classes + k];
    while (scan_next_labels(scan, chunk, &run))
        for (size_t i = 0; i < run.count; i++) {
            size_t k = (size_t)run.values[i];
            size_t place = places[k]++;
            size_t ahead = i + PREFETCH_ROWS;
            if (ahead < run.count)
                rows_prefetch(&scan->rows, run.first + ahead, (size_t)run.values[ahead]);
            double p = rows_element(&scan->rows, run.first + i, k);
            scan->row_of[place] = (uint32_t)(run.first + i);
            if (scan->rows.single)
                ((float *)scan->given)[place] = (float)p;
            else
                ((double *)scan->given)[place] = p;
        }
}

/* The mean is in the input's precision, and so is its lower bound, unless a class without rows
 * makes numpy's array of thresholds float64. */
static double class_threshold(const struct scan *scan, size_t k, double least) {
    size_t start = scan->class_starts[k];
    size_t count = scan->class_starts[k + 1] - start;
    if (count == 0) return 2;
    double sum = scan->rows.single
                     ? (double)pairwise_float32((const float *)scan->given + start, count)
                     : pairwise_float64((const double *)scan->given + start, count);
    double mean = rows_round(&scan->rows, sum / (double)count);
    return fmax(mean, least);
}

enum error_code scan_thresholds(struct scan *scan, double *thresholds, struct error *error) {
    size_t *places = memory_array((size_t)scan->threads * scan->classes, sizeof *places,
                                  "places of the classes", error);
    if (places == NULL) return error->code;
    double least = scan_misses_class(scan) ? 2e-6 : rows_round(&scan->rows, 2e-6);
#pragma omp parallel num_threads(scan->threads)
    {
        size_t *own = places + (size_t)omp_get_thread_num() * scan->classes;
#pragma omp for schedule(dynamic)
        for (size_t chunk = 0; chunk < scan->chunks; chunk++) gather_chunk(scan, chunk, own);
#pragma omp for schedule(dynamic)
        for (size_t k = 0; k < scan->classes; k++) thresholds[k] = class_threshold(scan, k, least);
    }
    free(places);
    return ERROR_NONE;
}
